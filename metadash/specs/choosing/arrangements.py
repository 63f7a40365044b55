"""The arrangements that are worth comparing on a data set: every kind of features, what may be done to them, every light head."""

from dataclasses import replace
from typing import Any

from metadash.data.dataset import Dataset
from metadash.networks.encoders.registry import ENCODERS, is_trained, worth_trying
from metadash.specs.builder import run_for
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.specs.normalising import normalisations_of
from metadash.specs.run import Distance

HEADS: tuple[tuple[str, Distance], ...] = (("prototypical", "euclidean"), ("prototypical", "cosine"), ("logistic", "euclidean"))
"""Light heads: with nothing to train, each scores a validation task in a millisecond."""

SHOTS = (1, 5)


def proposal_for(data: Dataset, n_tasks: int | None = None, **choices: Any) -> ProposalSpec:
    """Every light head over every kind of features that suits the data (and is installed), and all that may be done to them; on ``n_tasks`` validation
    tasks; ``choices`` of tasks, split and
    training of the network as for ``run_for``. Of the networks that could be trained here, the usual one stands for all."""
    chosen = {name: value for name, value in choices.items() if value is not None}
    usual = run_for(data, **chosen)
    shots = chosen.pop("shots", None) or tuple(k for k in SHOTS if k in usual.evaluation.shots) or usual.evaluation.shots[:1]
    numbers = {"n_way": usual.evaluation.n_way, "n_query": usual.evaluation.n_query, "shots": shots}
    names = worth_trying(data)
    network = next((name for name in names if is_trained(name)), None)
    first = names[0] if names[0] in ENCODERS and ENCODERS[names[0]].packages else network
    of_networks: dict[str, Any] = {
        name: chosen.pop(name) for name in ("backbone_episodes", "own_backbone", "width") if name in chosen
    }
    found = []
    for name in sorted((name for name in names if name == network or not is_trained(name)), key=lambda name: name != first):
        for learner, distance in HEADS:
            more = of_networks if name == network else {}
            given: dict[str, Any] = {**chosen, **numbers, **more, "backbone": name, "learner": learner}
            run = run_for(data, **given)
            run = replace(run, distance=distance)
            kinds = (
                normalisations_of(run) if distance == "euclidean" else ("none", "centred")
            )  # lengths hardly matter to directions
            found += [replace(run, normalise=how) for how in kinds]
    return ProposalSpec(tuple(found), ProposalSpec.tasks if n_tasks is None else n_tasks)
