"""Tuning, said completely: the same few candidates for a learner, tried on validation classes, before test classes are touched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Annotated, Any

import numpy as np

from metadash.errors import BadInput
from metadash.fields import Between
from metadash.learners.core.options import OPTION_NAMES
from metadash.learners.core.tuning import TRIED, TRIED_RATES
from metadash.learners.registry import entry_of, options_for
from metadash.specs.normalising import NORMALISATIONS, usual_normalise
from metadash.specs.run import MOST_TRIED, Evaluation, OverBackbone, RunSpec

Choice = dict[str, Any]
"""Values by name: options of the learner, and the fields normalise, distance and learning_rate of its run."""


@dataclass(frozen=True)
class TuneSpec(OverBackbone):
    """``candidates`` forms of ``run`` tried on its validation tasks: first as it comes, then others drawn from the grid that its learner's
    options make. What the run gives another value than the usual one is kept. All seeds of a run, and all its tests, share one tuning, by seed 0.

    Raises BadInput where there is nothing to tune.
    """

    run: RunSpec
    candidates: Annotated[int, Between(2, MOST_TRIED)] = 8

    def settle(self) -> None:
        tests = replace(self.run.evaluation, where=None, n_episodes=Evaluation.n_episodes, ways=(), query_dirichlet=None)
        self.set(run=replace(self.run, tune=0, seed=0, evaluation=tests))

    @property
    def tried(self) -> list[tuple[Choice, RunSpec]]:
        """Each candidate, and the run that it is."""
        return candidates_of(self.run, self.candidates)


def check_tune(run: RunSpec) -> int:
    """How many forms are tried, which are as many as there are at most. Raises BadInput, in one sentence, where a run cannot be tuned."""
    if run.tune == 1:
        raise BadInput("tune is 1, and one candidate is no choice; give it 2 or more, or 0.")
    if run.mode == "full":
        raise BadInput(
            f"tune would train the whole network {run.tune} times in the mode full; tune in the mode quick, and give what was chosen as options."
        )
    forms = forms_of(replace(run, tune=0, seed=0), run.tune)
    if forms < 2:
        kept = "is given a value already" if grid_of(replace(run, options=(), normalise="usual", tune=0)) else "is to be tuned"
        raise BadInput(
            f"Nothing of the learner '{run.learner}' {'' if 'given' in kept else 'that could be chosen '}{kept}; leave tune out."
        )
    return forms


@lru_cache(maxsize=256)
def forms_of(run: RunSpec, most: int) -> int:
    """How many there are, up to ``most``."""
    return len(candidates_of(run, most))


def grid_of(run: RunSpec) -> dict[str, tuple[Any, ...]]:
    """Of all that may be tuned of a run and that it leaves as it comes: the values that are tried."""
    entry, usual = entry_of(run.learner), options_for(run.learner, run.mode)
    given = dict(run.options)
    found = {name: TRIED[name](getattr(usual, name)) for name in entry.options if name in TRIED and name not in given}
    if run.normalise == "usual" and entry.reads_embeddings:
        found["normalise"] = tuple(dict.fromkeys((usual_normalise(run.learner, run.backbone.backbone), *NORMALISATIONS)))
    if run.distance == "euclidean" and len(entry.distances) > 1:
        found["distance"] = entry.distances
    if run.trains and entry.optimiser == "adamw" and run.learning_rate == entry.outer_rate(run.mode):
        found["learning_rate"] = TRIED_RATES(run.learning_rate)
    return found


def candidates_of(run: RunSpec, count: int) -> list[tuple[Choice, RunSpec]]:
    """At most ``count`` of all combinations, each another run: the usual one first, the others in an order that nobody chose."""
    grid = grid_of(run)
    every = list(product(*grid.values()))
    order = np.random.default_rng(len(every)).permutation(np.arange(1, len(every)))  # the first of each is the usual one
    found: dict[RunSpec, Choice] = {}
    for place in [0, *order.tolist()] if grid else []:
        choice = dict(zip(grid, every[place], strict=True))
        try:
            found.setdefault(with_choice(run, choice), choice)
        except BadInput:  # what would change nothing, or is out of range
            continue
        if len(found) == count:
            break
    return [(choice, one) for one, choice in found.items()]


def with_choice(run: RunSpec, choice: Mapping[str, Any]) -> RunSpec:
    """The run, untuned, with what was chosen."""
    options = {name: value for name, value in choice.items() if name in OPTION_NAMES}
    fields = {name: value for name, value in choice.items() if name not in OPTION_NAMES}
    return replace(run, tune=0, options=tuple({**dict(run.options), **options}.items()), **fields)


def as_chosen(run: RunSpec, summary: Mapping[str, Any]) -> RunSpec:
    """The run that was trained in fact, from what is stored of it: of an untuned one, itself."""
    return with_choice(run, summary["tuned"]["chosen"]) if run.tune else run


def choice_in_words(choice: Mapping[str, Any]) -> str:
    """``inner_lr=0.1, normalise=l2``"""
    return ", ".join(
        f"{name}={':'.join(map(str, value)) if isinstance(value, list | tuple) else value}" for name, value in choice.items()
    )
