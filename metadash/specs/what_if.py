"""What-if questions to a trained learner: specs of runs that score it again with its metadata changed."""

from dataclasses import dataclass
from typing import Annotated

from metadash.errors import BadInput, nearest
from metadash.fields import SEED, Between
from metadash.metadata.changes import CHOSEN, KINDS, Change, Choice, Edit, InstanceEdit
from metadash.specs.run import RunSpec
from metadash.specs.views import OfRun, check_task


@dataclass(frozen=True)
class WhatIfSpec(OfRun):
    """A trained run, scored again on its own test episodes with some metadata of the test classes changed.

    ``changes`` act on whole sources, ``edits`` on one class's value, ``instance_edits`` on one instance's; ``seed`` decides which classes,
    or which test instances, a change is made to. ``episode`` (from 0) at ``n_shot`` is looked at query by query. Nothing is trained.
    """

    run: RunSpec
    changes: tuple[Change, ...] = ()
    edits: tuple[Edit, ...] = ()
    instance_edits: tuple[InstanceEdit, ...] = ()
    seed: Annotated[int, Between(0, SEED)] = 0
    episode: int = 0
    n_shot: int = 1

    def settle(self) -> None:
        check_rescorable(self.run, {change.source for change in self.changes})
        check_task(self.run, self.episode, self.n_shot)

    @property
    def subject(self) -> str:
        """What is asked, without the learner."""
        asked = [f"{change.source} {KINDS[change.kind]} for {change.fraction:.0%}" for change in self.changes]
        asked += [f"{edit.column} of class {edit.class_id} edited" for edit in self.edits]
        asked += [f"{edit.column} of instance {edit.instance_id} edited" for edit in self.instance_edits]
        return "What if: " + (", ".join(asked) or "nothing changes")

    @property
    def changed(self) -> list[tuple[str, str]]:
        """Each source with a kind of change that is made to it."""
        return [(change.source, change.kind) for change in self.changes]


DOSED = ("missing", "swap", "nearest", "noise")
"""What a curve can be drawn over."""


@dataclass(frozen=True)
class DoseSpec(OfRun):
    """How the accuracy of a trained run falls as ``sources`` (together) are changed for more and more of the test classes, or where they
    describe instances, of these.

    One curve over ``fractions`` for each of ``kinds``, each point the mean over ``draws`` choices of the classes; and the two ends:
    all metadata as they are, and the sources absent everywhere.
    """

    run: RunSpec
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = DOSED
    choice: Annotated[Choice, CHOSEN] = "random"
    fractions: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 1.0)
    draws: Annotated[int, Between(1, 1000)] = 8
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        if not self.sources:
            raise BadInput("A curve needs at least one source to change.")
        check_rescorable(self.run, set(self.sources))
        unknown = [kind for kind in self.kinds if kind not in DOSED]
        if unknown or not self.kinds:
            raise BadInput(
                f"A curve cannot be drawn over {', '.join(unknown) or 'nothing'}; choose missing, swap, nearest or noise."
            )
        if list(self.fractions) != sorted(set(self.fractions)) or not all(0 < f <= 1 for f in self.fractions):
            raise BadInput("The fractions must rise, from above 0 to at most 1.")

    @property
    def subject(self) -> str:
        return f"{', '.join(self.sources)} wrong or missing, more and more"

    @property
    def changed(self) -> list[tuple[str, str]]:
        """Each source with each kind of change that is made to it."""
        return [(source, kind) for source in self.sources for kind in self.kinds]


def check_rescorable(run: RunSpec, sources: set[str]) -> None:
    """Raises BadInput for a run that reads no metadata at test, or not these sources."""
    if not run.reads_at_test:
        raise BadInput("This learner reads no metadata at test, so changing them changes nothing; choose one that reads some.")
    unknown = sorted(sources - set(run.sources))
    if unknown:
        raise BadInput(
            f"The learner was not trained with the source '{unknown[0]}'{nearest(unknown[0], run.sources, known='it has')}"
        )
