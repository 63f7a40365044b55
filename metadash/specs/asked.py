"""What a run asks of its learner: what that cannot do, or would ignore, is refused."""

from typing import TYPE_CHECKING

from metadash.errors import BadInput
from metadash.learners.core.fusions import PLACING
from metadash.learners.core.options import OF_NETWORKS, ONLY_WITH
from metadash.learners.registry import check_fusion, entry_of
from metadash.networks.encoders.registry import is_trained

if TYPE_CHECKING:
    from metadash.specs.run import RunSpec


def check_learner(spec: "RunSpec") -> None:
    """Raises BadInput where the learner cannot do what the spec asks, or would ignore it."""
    entry = entry_of(spec.learner)
    check_fusion(spec.learner, spec.fusion)
    if spec.distance != "euclidean" and spec.distance not in entry.distances:
        raise BadInput(f"The learner '{spec.learner}' would ignore the distance '{spec.distance}'.")
    for name, _ in spec.options:
        if spec.mode == "quick" and name in OF_NETWORKS:
            raise BadInput(
                f"The mode quick would ignore the option {name}: a frozen embedding has no batch norm; use the mode full."
            )
        if (other := ONLY_WITH.get(name)) and not dict(spec.options).get(other):
            raise BadInput(f"The learner '{spec.learner}' would ignore the option {name} without {other}=true.")
    check_steps(spec)
    if spec.mode == "full" and not is_trained(spec.backbone.backbone):
        raise BadInput(
            f"The mode full trains a backbone end to end, and over the features '{spec.backbone.backbone}' there is none; use the mode quick, "
            "or choose a backbone that is trained here, such as mlp."
        )
    if spec.mode == "full" and entry.family == "reference":
        raise BadInput(
            f"The learner '{spec.learner}' is a reference over a fixed embedding and has nothing to train end to end; use the mode quick."
        )


def check_steps(spec: "RunSpec") -> None:
    """Raises BadInput where tests make no step from a head that knows nothing of the task: its answers would be guesses."""
    entry = entry_of(spec.learner)
    steps = dict(spec.options).get("eval_steps")
    if steps == 0 and entry.least and spec.fusion not in PLACING:
        raise BadInput(
            f"eval_steps is 0, and without a step the learner '{spec.learner}' only guesses; give it 1 or more, or metadata that place "
            "the classes (the fusion pseudo-shots)."
        )
