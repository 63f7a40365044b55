"""The trained learner of a run, read back from its weights: what every view of a run starts from."""

from metadash.data.dataset import Dataset
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.choosing.tuning import as_chosen
from metadash.specs.run import RunSpec
from metadash.training.trainer import Arm


def restored(spec: RunSpec, dataset: Dataset, run: Run, store: RunStore) -> Arm:
    """In evaluation mode, of a tuned run in the form that was chosen. A backbone that is gone, or was damaged, is trained anew. Raises BadInput
    when the weights are damaged."""
    spec = as_chosen(spec, run.summary)
    arm = Arm(spec, dataset, *[train(need, store.workspace) for need in spec.starts_from])
    if spec.trains:
        arm.learner.load_state_dict(run.weights())
    arm.learner.eval()
    return arm
