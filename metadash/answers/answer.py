"""The question a page asks, as runs to be made, and the answer those runs give, as numbers and as a sentence.

By default a question is cross-fitted: every class is a test class in one fold, and the folds' test episodes are pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from metadash.answers.advice import units_in
from metadash.answers.scores import load_scores, pooled_scores
from metadash.canonical import digest
from metadash.data.dataset import Dataset, Question
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.specs.builder import folded, run_for, usual_folds
from metadash.specs.defaults import fitting
from metadash.specs.run import Mode, RunSpec
from metadash.specs.source_levels import column_for, usual_strategy
from metadash.specs.subsets import LoopSpec
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY, Metric
from metadash.stats.paired import Difference, at_fewest, beside_control, difference, worth
from metadash.stats.scored import Scores
from metadash.stats.shots import WorthInShots, fewest_shots
from metadash.stats.words import plural

ARMS = ("plain", "metadata", "shuffled")
USUAL_SEEDS = (0, 1, 2)
OWN = "own"
"""The id of a question that is not one of the data set's."""
Runs = dict[str, list[RunSpec]]
"""Of each arm, one run a seed (one for all seeds where nothing is trained)."""


@dataclass(frozen=True)
class AnswerSpec:
    """A question about one data set, and how thoroughly to answer it.

    ``run`` reads the question's metadata (its own seed does not matter); ``folds`` are those of cross-fitting, 0 for the split of the run
    as it is, and ``fold_runs`` the run on each fold.
    """

    question: Question
    run: RunSpec
    seeds: tuple[int, ...] = USUAL_SEEDS
    folds: int = 0
    fold_runs: tuple[RunSpec, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise BadInput("An answer needs at least one seed, each named once.")
        if len(self.shots) < 2:
            raise BadInput(
                f"An answer tells what metadata is worth in shots, which takes two numbers of shots or more, not {self.shots[0]} alone."
            )

    @property
    def dataset(self) -> str:
        return self.run.dataset

    @property
    def mode(self) -> Mode:
        return self.run.mode

    @property
    def shots(self) -> tuple[int, ...]:
        return self.run.evaluation.shots

    @property
    def splits(self) -> list[str]:
        return [run.split for run in self.fold_runs]

    @property
    def n_episodes(self) -> int:
        """Test episodes in all."""
        return self.run.evaluation.n_episodes * len(self.fold_runs)

    @property
    def by_fold(self) -> list[Runs]:
        """The runs of each arm in each fold; of one split, there is one."""
        return arms_by_fold(self)

    @property
    def arms(self) -> Runs:
        """The runs of each arm, fold after fold."""
        return {arm: [run for fold in self.by_fold for run in fold[arm]] for arm in ARMS}

    @property
    def runs(self) -> list[RunSpec]:
        return [run for fold in self.by_fold for arm in fold.values() for run in arm]

    def jobs(self, dataset: Dataset, store: RunStore) -> list[Spec]:
        """What has to be computed, fold after fold: light runs of a fold train in one loop, any others one by one."""
        found: list[Spec] = []
        for runs, loop in parts_of(self):
            if loop is None:
                found += runs
                continue
            missing = [run for run in runs if store.find(run, dataset) is None]
            if store.find(loop, dataset) is None:
                found += [loop] if missing else []
            else:  # a run of a loop that has been may be damaged since: it is made again by itself
                found += missing or [loop]
        return found

    @property
    def ahead(self) -> "AnswerSpec":
        """The same question asked with the first of the seeds alone."""
        return replace(self, seeds=self.seeds[:1])


@lru_cache(maxsize=32)
def arms_by_fold(spec: AnswerSpec) -> list[Runs]:
    """Kept, since a page asks at every click, and with the specs their digests; nobody writes into it."""
    return [arms_of(run, spec.seeds) for run in spec.fold_runs]


@lru_cache(maxsize=32)
def parts_of(spec: AnswerSpec) -> list[tuple[list[RunSpec], LoopSpec | None]]:
    """The runs of each job, and the loop that they train in, if they do; kept, since a page asks at every click."""
    parts = spec.by_fold
    if spec.run.light and len(spec.seeds) > 1:
        # of the first fold one seed goes ahead, so that there is something to read early; the others fill the gap at the end
        later = arms_of(spec.fold_runs[0], spec.seeds[1:]) | {"plain": []}
        parts = [arms_of(spec.fold_runs[0], spec.seeds[:1]), *parts[1:], later]
    every = [[run for arm in part.values() for run in arm] for part in parts]
    return [(runs, LoopSpec(tuple(runs)) if spec.run.light else None) for runs in every]


def arms_of(run: RunSpec, seeds: Sequence[int]) -> Runs:
    """Plain prototypes over a frozen backbone have nothing to train, so one run serves every seed."""
    plain = replace(run, sources=(), modulating=(), fusion="none", control="none", blur=())
    return {
        "plain": [replace(plain, seed=seed) for seed in (seeds if plain.trains else seeds[:1])],
        "metadata": [replace(run, seed=seed) for seed in seeds],
        "shuffled": [replace(run, control="shuffled", seed=seed) for seed in seeds],
    }


def answer_spec(
    dataset: Dataset,
    question: Question,
    *,
    seeds: Sequence[int] = USUAL_SEEDS,
    folds: int | None = None,
    **choices: Any,
) -> AnswerSpec:
    """The default way to answer ``question`` on ``dataset``; ``choices`` are those of ``run_for`` and override what the question says.

    ``folds`` None is what is usual: cross-fitting where the data allow it, unless a split is chosen. Raises BadInput for what
    ``run_for`` refuses, and for folds beside a split of one's own choice.
    """
    own = {"strategy": question.strategy, "n_way": question.n_way}
    if choices.get("split") and folds:
        raise BadInput(
            "A split and cross-fitting were both chosen, and cross-fitting makes its own splits; leave one of them out."
        )
    run = run_for(dataset, question.sources, **{**own, **{name: value for name, value in choices.items() if value is not None}})
    if folds is None:
        folds = 0 if choices.get("split") else usual_folds(dataset, run)
    return AnswerSpec(question, run, tuple(seeds), folds, folded(dataset, run, folds) or (run,))


def own_question(dataset: Dataset, sources: Sequence[str], strategy: str | None = None, n_way: int | None = None) -> Question:
    """A question of one's own: do these sources help to tell such classes apart?"""
    for name in sources:
        dataset.source(name)
    strategy = strategy or usual_strategy(sources, dataset)
    if n_way is None:
        n_way = fitting(
            dataset, dataset.description.default_split or dataset.split_names[0], strategy, column_for(strategy, dataset)
        ).n_way
    nouns = plural(dataset.description.class_noun)
    task = f"tell sibling {nouns} apart" if strategy == "siblings" else f"tell any {n_way} {nouns} apart"
    return Question(OWN, f"the metadata “{', '.join(sources)}”", task, tuple(sources), strategy, n_way)


@dataclass(frozen=True)
class FoldAnswer:
    """What one fold says by itself at the fewest shots."""

    split: str
    n_groups: int | None
    n_classes: int
    gain: Difference


@dataclass(frozen=True)
class Answer:
    """Everything behind the sentence: of each arm the ``means`` of ``metric`` (these test classes, new ones). Lists over shots are in the order of ``spec.shots``. ``gain`` carries decisions beside ``credit``;
    ``worth`` is at the fewest shots, ``worth_alone`` that of the metadata alone, before the first example, where 0 shots were asked for.
    ``n_in_data`` counts what would be new as far as the data set has it: groups that tasks can be drawn within, else classes."""

    spec: AnswerSpec
    means: dict[str, list[tuple[Interval, Interval]]]
    gain: list[Difference]
    shuffled: list[Difference]
    credit: list[Difference]
    worth: WorthInShots
    kappa: float
    n_classes: int
    n_groups: int | None
    digests: dict[str, tuple[str, ...]]
    manifest: str
    batch_norm: str
    seconds: float
    class_noun: str
    group_noun: str
    n_episodes: int
    folds: tuple[FoldAnswer, ...] = ()
    n_in_data: int | None = None
    metric: Metric = ACCURACY
    worth_alone: WorthInShots | None = None

    @property
    def first(self) -> Difference:
        """The gain that the headline is about: that with the fewest examples."""
        return at_fewest(self.gain)

    @property
    def digest(self) -> str:
        """Names the answer by the runs it was read from."""
        return digest(self.digests)

    @property
    def unit_noun(self) -> str:
        """What would be new: the group where tasks are drawn within groups, else the class."""
        return self.group_noun if self.n_groups else self.class_noun

    @property
    def partial(self) -> bool:
        """Whether folds are still missing: the numbers will move, and there is no verdict yet."""
        return len(self.folds) < len(self.spec.fold_runs)


def stored_folds(spec: AnswerSpec, dataset: Dataset, store: RunStore) -> list[dict[str, list[Run]] | None]:
    """The finished runs of each arm, fold by fold; None for a fold of which one is missing."""
    return [stored_runs(fold, dataset, store) for fold in spec.by_fold]


def stored_runs(runs: Runs, dataset: Dataset, store: RunStore) -> dict[str, list[Run]] | None:
    found = {arm: [store.find(run, dataset) for run in of_arm] for arm, of_arm in runs.items()}
    if any(run is None for of_arm in found.values() for run in of_arm):
        return None
    return {arm: [run for run in of_arm if run is not None] for arm, of_arm in found.items()}


def answer(spec: AnswerSpec, dataset: Dataset, store: RunStore) -> Answer | None:
    """Read the answer off the stored runs; None while one of them is missing."""
    found = so_far(spec, dataset, store)
    return None if found is None or found.partial else found


def so_far(spec: AnswerSpec, dataset: Dataset, store: RunStore) -> Answer | None:
    """The answer of the folds that are finished; None while there is none."""
    folds = [(run.split, found) for run, found in zip(spec.fold_runs, stored_folds(spec, dataset, store), strict=True) if found]
    if not folds:
        return None
    parts = [{arm: load_scores(runs, store) for arm, runs in found.items()} for _, found in folds]
    scores = {arm: pooled_scores([part[arm] for part in parts]) for arm in ARMS}
    manifest = scores["plain"].manifest
    every = {arm: [run for _, found in folds for run in found[arm]] for arm in ARMS}
    credit = differences(scores["metadata"], scores["shuffled"])
    return Answer(
        spec=spec,
        means={arm: [scores[arm].means(shot) for shot in spec.shots] for arm in ARMS},
        gain=beside_control(differences(scores["metadata"], scores["plain"]), credit),
        shuffled=differences(scores["shuffled"], scores["plain"]),
        credit=credit,
        worth=worth(scores["metadata"], scores["plain"], fewest_shots(spec.shots)),
        worth_alone=None if spec.shots[0] else worth(scores["metadata"], scores["plain"], 0),
        kappa=sum(run.summary["kappa"] for run in every["metadata"]) / len(every["metadata"]),
        n_classes=len(np.unique(manifest.classes)),
        n_groups=groups_of(scores["plain"]),
        digests={arm: tuple(run.digest for run in found) for arm, found in every.items()},
        manifest=manifest.hash,
        batch_norm=every["plain"][0].summary["batch_norm"],
        seconds=sum(run.about["seconds"] for found in every.values() for run in found),
        class_noun=dataset.description.class_noun,
        group_noun=dataset.description.group_noun,
        n_episodes=len(manifest),
        folds=tuple(fold_answer(split, part) for (split, _), part in zip(folds, parts, strict=True)),
        n_in_data=units_in(dataset, spec.run.evaluation),
        metric=scores["plain"].metric,
    )


def fold_answer(split: str, scores: dict[str, Scores]) -> FoldAnswer:
    plain = scores["plain"]
    gain = difference(scores["metadata"], plain, fewest_shots(plain.shots))
    return FoldAnswer(split, groups_of(plain), len(np.unique(plain.manifest.classes)), gain)


def groups_of(scores: Scores) -> int | None:
    """How many groups the tasks were drawn within; None where they were not."""
    return None if scores.group is None else len(np.unique(scores.group))


def differences(first: Scores, second: Scores) -> list[Difference]:
    return [difference(first, second, shot) for shot in first.shots]
