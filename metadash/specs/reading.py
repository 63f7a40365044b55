"""How a run reads its metadata, in the one spelling of each meaning; what would be ignored is refused."""

from typing import TYPE_CHECKING, Any

from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH, PLACING
from metadash.learners.registry import check_options
from metadash.metadata.blur import read_blur

if TYPE_CHECKING:
    from metadash.specs.run import RunSpec

AUXILIARY_WEIGHT = 0.2
"""Of the auxiliary loss beside a cross-entropy of about one: enough to be heard, too little to drown it (the literature has 0.1 to 0.5)."""


def normalise_fusion(spec: "RunSpec") -> None:
    """Sets ``modulating`` in the order of the sources, and a fusion of both kinds with sources of one kind to that one.

    Raises BadInput for a modulating source that is not read, and where the fusion would ignore which they are.
    """
    stray = [name for name in spec.modulating if name not in spec.sources]
    if stray:
        raise BadInput(f"The source '{stray[0]}' is to modulate embeddings, and is not among the run's sources.")
    if spec.modulating and spec.fusion != BOTH:
        raise BadInput(f"Which sources modulate would be ignored by the fusion '{spec.fusion}'; it belongs to the fusion {BOTH}.")
    if spec.fusion != BOTH or not spec.sources:
        return
    modulating = tuple(name for name in spec.sources if name in spec.modulating)
    if not modulating or modulating == spec.sources:
        spec.set(fusion="film" if modulating else "pseudo-shots")
        modulating = ()
    spec.set(modulating=modulating)


def check_zero_shots(spec: "RunSpec") -> None:
    """Raises BadInput where there is to be no example and the metadata that are read say nothing of where a class lies, or batch norm asks
    for examples. Without metadata a run may be asked: it guesses, as the others' reference."""
    if 0 not in spec.evaluation.shots or spec.fusion == "none":
        return
    if spec.fusion not in PLACING:
        raise BadInput(
            f"shots holds 0, and the fusion '{spec.fusion}' does not say where a class lies before its first example; leave 0 out, or use "
            "the fusion pseudo-shots."
        )
    if spec.adapts_network and check_options(spec.learner, dict(spec.options), spec.mode).batch_norm == "support":
        raise BadInput(
            "shots holds 0, and batch norm takes its statistics from the support, which is empty then; leave 0 out, or give the option "
            "batch_norm=running."
        )


def check_auxiliary(spec: "RunSpec") -> None:
    if spec.fusion != "auxiliary":
        if spec.auxiliary_weight != AUXILIARY_WEIGHT:
            raise BadInput(
                f"auxiliary_weight would be ignored by the fusion '{spec.fusion}'; it belongs to the fusion auxiliary."
            )
    elif spec.mode == "quick":
        raise BadInput(
            "The fusion auxiliary teaches the embedding, and in quick mode the embedding is frozen, so nothing would change; use the "
            "mode full, or another fusion."
        )


def normal_blur(sources: tuple[str, ...], blur: tuple[tuple[Any, ...], ...]) -> tuple[tuple[Any, ...], ...]:
    """Sorted, and without what leaves a column as it is, so that equal meanings stay one run.

    Raises BadInput for an entry that is no blur, a source that the run does not read, and a column that is blurred twice.
    """
    read = [read_blur(entry) for entry in blur]
    for found in read:
        if found.source not in sources:
            raise BadInput(f"The source '{found.source}' is to be blurred, and the run does not read it; add it or leave it.")
    if len({(found.source, found.column) for found in read}) < len(read):
        raise BadInput("A column is blurred twice; name each column of a source once.")
    return tuple(sorted(found.plain for found in read if found.how != "as it is"))


def normal_falsified(spec: "RunSpec") -> tuple[str, ...]:
    """In the order of the sources, and empty where it is all of them, so that equal meanings stay one run."""
    stray = [name for name in spec.falsified if name not in spec.sources]
    if stray:
        raise BadInput(f"The source '{stray[0]}' is to be falsified, and is not among the run's sources.")
    if spec.falsified and spec.control == "none":
        raise BadInput(f"To falsify '{spec.falsified[0]}' a control is needed, such as shuffled.")
    return tuple(name for name in spec.sources if name in spec.falsified) if set(spec.falsified) < set(spec.sources) else ()
