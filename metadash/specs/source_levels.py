"""What sources describe, classes or single instances, and what that asks of a run: how they enter, and on which tasks they show."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.episodes.spec import Strategy
from metadash.learners.core.fusions import BOTH
from metadash.metadata.changes import OF_CLASSES_ONLY
from metadash.specs.what_if import DOSED


def of_instances(sources: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """Those that describe instances. Raises BadInput for one that the data set does not have."""
    return tuple(name for name in sources if dataset.source(name).level == "instance")


def usual_fusion(sources: Sequence[str], dataset: Dataset) -> str:
    """Pseudo-shots for sources that describe classes, FiLM for those that describe instances, both for both."""
    instances = of_instances(sources, dataset)
    if not sources:
        return "none"
    return "pseudo-shots" if not instances else "film" if len(instances) == len(sources) else BOTH


def modulating(fusion: str, sources: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The ``modulating`` of a run with that fusion: in any but the one of both kinds the fusion says it already."""
    return of_instances(sources, dataset) if fusion == BOTH else ()


def dose_kinds(sources: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The ways of being wrong or missing that all of these sources have."""
    return tuple(kind for kind in DOSED if kind not in OF_CLASSES_ONLY or not of_instances(sources, dataset))


def usual_strategy(sources: Sequence[str], dataset: Dataset) -> Strategy:
    """What describes instances shows where support and query differ in it (*disjoint*); what describes classes, where classes are
    alike (*siblings*). Each only where the data set names a column for it, else *uniform*."""
    about = dataset.description
    if of_instances(sources, dataset) and about.disjoint_column:
        return "disjoint"
    return "siblings" if about.sibling_column else "uniform"


def column_for(strategy: str, dataset: Dataset) -> str | None:
    """The data set's own column that such tasks are drawn by."""
    return {"siblings": dataset.description.sibling_column, "disjoint": dataset.description.disjoint_column}.get(strategy)
