"""Specs of runs that score many subsets of the metadata sources at once: retrained heads, and one trained model with sources masked.

A subset is a whole number whose bit s is set where source s of the run is in it.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked
from metadash.metadata.controls import CONTROLS, read_control
from metadash.specs.run import AboutRun, AnyFeatures, OverBackbone, RunSpec

MOST_SOURCES = 8
"""Sources up to which every subset is scored: 256 of them."""


@dataclass(frozen=True)
class SourceArm:
    """One arm of an ablation: it reads the sources of ``mask``, those of ``falsified`` by the ``control``."""

    mask: int
    control: str = "none"
    falsified: int = 0


def arms_of(count: int, subsets: str, controls: tuple[str, ...]) -> list[SourceArm]:
    """The arms of an ablation of ``count`` sources: each once, whatever coincides where there is one source."""
    full = 2**count - 1
    arms = [SourceArm(mask) for mask in (range(full + 1) if subsets == "all" else planned_masks(count))]
    for name in controls:
        for s in range(count):
            arms += [SourceArm(full, name, 1 << s), SourceArm(1 << s, name, 1 << s)]
        arms.append(SourceArm(full, name, full))
    return list(dict.fromkeys(arms))


def run_of(run: RunSpec, arm: SourceArm) -> RunSpec:
    """The run with all sources made into that of one arm: with the one fusion that its sources need, where the run has two.

    One seed serves every seed where nothing is trained.
    """
    kept = members(arm.mask, run.sources)
    changed = replace(
        run,
        sources=kept,
        modulating=tuple(name for name in run.modulating if name in kept),
        fusion=run.fusion if arm.mask else "none",
        control=read_control(arm.control),
        falsified=members(arm.falsified, run.sources),
    )
    return changed if changed.trains else replace(changed, seed=0)


@dataclass(frozen=True)
class HeadsSpec(OverBackbone):
    """One seed of an ablation by retraining: a head for every arm, all trained in one loop on the same sequence of tasks.

    ``run`` is the run with all sources; every head is the run that differs from it in its sources alone. ``subsets`` *all* trains
    every subset, *planned* none, all, each left out and each alone. For each of ``controls``, and each source, there is one head
    with that source falsified among the others and one with it falsified and alone, and one with all falsified. Raises BadInput
    for a run whose heads cannot be stacked, and for all subsets of too many sources.
    """

    run: RunSpec
    subsets: Literal["all", "planned"] = "all"
    controls: tuple[str, ...] = ("shuffled",)

    def settle(self) -> None:
        run, count = self.run, len(self.run.sources)
        if run.control != "none" or run.source_dropout:
            raise BadInput("The heads of an ablation start from a run with real metadata and no source dropout.")
        if not run.light:
            raise BadInput("Only quick prototypes with pseudo-shots train as heads in one loop; other learners train arm by arm.")
        at_all_ways = replace(run.evaluation, ways=())  # heads are scored at n_way alone, so others are no other run
        self.set(run=replace(run, evaluation=at_all_ways))
        wrong = [name for name in self.controls if name not in CONTROLS[1:]]
        if wrong:
            raise BadInput(f"The control is '{wrong[0]}'; it must be one of {', '.join(CONTROLS[1:])}.")
        self.set(controls=tuple(name for name in CONTROLS if name in self.controls))
        if self.subsets == "all" and count > MOST_SOURCES:
            raise BadInput(
                f"{count} sources have {2**count} subsets; every one of them is retrained up to {MOST_SOURCES} sources. Use the planned arms."
            )

    @property
    def arms(self) -> list[SourceArm]:
        """In the order in which they are stored; each once, whatever coincides with one source."""
        return arms_of(len(self.run.sources), self.subsets, self.controls)

    def run_of(self, arm: SourceArm) -> RunSpec:
        """The ordinary run that an arm equals, but for the draws of its dropout."""
        return run_of(self.run, arm)


@dataclass(frozen=True)
class LoopSpec(Checked):
    """Runs over one backbone that train in one loop, each stored as the ordinary run that it is: every one alike but for its sources, their
    control and its seed, the seeds the same for all that train. Raises BadInput for runs that cannot.
    """

    runs: tuple[RunSpec, ...]

    def settle(self) -> None:
        if not self.runs:
            raise BadInput("A loop needs at least one run.")
        if any(run.tune or (run.trains and not run.light) for run in self.runs):
            raise BadInput("Only quick prototypes train in one loop with others; another learner trains by itself.")
        plain = {replace(run, sources=(), fusion="none", control="none", falsified=(), blur=(), seed=0) for run in self.runs}
        if len(plain) > 1 or len({(run.blur, run.text_encoder) for run in self.runs if run.light}) > 1:
            raise BadInput("Runs of one loop may differ in their sources, their control and their seed alone.")
        if {(replace(run, seed=seed)) for run in self.arms for seed in self.seeds} != {run for run in self.runs if run.light}:
            raise BadInput("Every run of a loop must be there with every seed.")

    @property
    def dataset(self) -> str:
        return self.runs[0].dataset

    @property
    def needs(self) -> list[AnyFeatures]:
        return [self.runs[0].backbone]

    @property
    def arms(self) -> list[RunSpec]:
        """The different runs that train, whatever their seed."""
        return list(dict.fromkeys(replace(run, seed=0) for run in self.runs if run.light))

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted({run.seed for run in self.runs if run.light}))


@dataclass(frozen=True)
class MaskedSpec(AboutRun):
    """Subsets of one trained run's sources, scored by hiding the others at evaluation; nothing is trained.

    Of a run with source dropout it *screens* the sources, of an ordinary run it tells what this one model relies on. Up to
    eight sources every subset is scored; above, those that ``permutations`` random orders of the sources pass through.
    """

    run: RunSpec
    permutations: Annotated[int, Between(4, 4096)] = 32
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        if not self.run.sources:
            raise BadInput("A run without metadata has no sources to hide.")
        if self.permutations % 2:
            raise BadInput(f"permutations is {self.permutations}; it must be even, since every order comes with its reverse.")

    @property
    def needs(self) -> list[AnyFeatures | RunSpec]:
        return [*self.run.starts_from, self.run]

    @property
    def complete(self) -> bool:
        """Whether every subset is scored."""
        return len(self.run.sources) <= MOST_SOURCES

    @property
    def orders(self) -> np.ndarray:
        """The random orders [P, S] that the subsets are taken from where there are too many."""
        return antithetic_orders(len(self.run.sources), self.permutations, self.seed)

    @property
    def masks(self) -> list[int]:
        """In the order in which they are stored."""
        count = len(self.run.sources)
        if self.complete:
            return list(range(2**count))
        passed = np.cumsum(1 << self.orders, axis=1).ravel().tolist()
        return sorted({*planned_masks(count), *passed})


def members(mask: int, sources: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for s, name in enumerate(sources) if mask >> s & 1)


def planned_masks(count: int) -> list[int]:
    """None, each alone, each left out, all: each once, smallest number first."""
    full = 2**count - 1
    return sorted({0, full, *(1 << s for s in range(count)), *(full & ~(1 << s) for s in range(count))})


def antithetic_orders(count: int, orders: int, seed: int) -> np.ndarray:
    """Random orders [orders, count] of the sources, each followed by its reverse: what a source adds early in one it adds late in the
    other, so that the errors of the two partly cancel (Mitchell, Cooper, Frank & Holmes, JMLR 2022)."""
    generator = np.random.default_rng([seed, count])
    drawn = np.stack([generator.permutation(count) for _ in range(orders // 2)])
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(-1, count)
