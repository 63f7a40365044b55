"""The trained learner of a run, read back from its weights: what every view of a run starts from."""

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.training.arms import Arm
from metadash.training.spec import RunSpec
from metadash.training.store import Run, RunStore


def restored(spec: RunSpec, dataset: Dataset, run: Run, store: RunStore) -> Arm:
    """In evaluation mode. Raises BadInput when the backbone is gone or the weights are damaged."""
    backbone = store.find(spec.backbone, dataset)
    if backbone is None:
        raise BadInput("The backbone of this run is no longer in the workspace; train the run again.")
    arm = Arm(spec, dataset, backbone)
    if spec.trains:
        arm.learner.load_state_dict(run.weights())
    arm.learner.eval()
    return arm
