"""What is each source worth? The cards that the finished runs of an ablation give, and the numbers they must agree with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from metadash.ablation.cards import Badge, SourceCard, cards_of, credits, effects_of, worths
from metadash.ablation.folds import FoldPart, fold_parts
from metadash.ablation.plan import AblationSpec, Tier, leaks
from metadash.ablation.sets import SourceSets, source_sets
from metadash.ablation.sets_words import with_twins
from metadash.ablation.values import Values, gathered, pooled, stacked
from metadash.answers.advice import units_in
from metadash.answers.ledger import Asked, Looks, asked_of_run, record
from metadash.canonical import digest
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.specs.subsets import SourceArm
from metadash.stats.intervals import Interval
from metadash.stats.metric import Metric, refuse_mixed
from metadash.stats.paired import Difference, at_fewest, tested_together, with_intervals
from metadash.stats.shapley import interactions, together
from metadash.stats.shots import WorthInShots, fewest_shots

CLOSE = 2.0
"""Times what makes no practical difference: within so much two tiers agree (a point of accuracy)."""


@dataclass(frozen=True)
class Efficiency:
    """Σφ beside v(all) − v(none): they are equal, or something is broken."""

    shot: int
    shapley_sum: float
    total: float

    @property
    def holds(self) -> bool:
        return abs(self.shapley_sum - self.total) < 1e-6


@dataclass(frozen=True)
class Ablation:
    """Everything behind the cards. Tuples run over ``values.shots``; ``seeds`` are those that are finished.

    ``total`` all sources against none, and ``total_worth`` in shots;
    ``total_credit`` all real − all falsified, by control. ``interactions`` by pair of sources, positive where they complement each other
    (only with every subset). ``sets`` which of them would do and which say the same (None of one source). ``by_fold`` the folds of a
    cross-fitting by themselves, else empty. ``looks`` says which question it was of all ``asked`` of these test classes, when it was
    read; None while seeds are missing. ``n_in_data`` counts what would be new as far as the data set has it: groups that tasks can be
    drawn within, else classes.
    """

    spec: AblationSpec
    seeds: tuple[int, ...]
    values: Values
    cards: tuple[SourceCard, ...]
    total: tuple[Difference, ...]
    total_worth: tuple[WorthInShots, ...]
    total_credit: dict[str, tuple[Difference, ...]]
    interactions: dict[tuple[str, str], tuple[Difference, ...]]
    efficiency: tuple[Efficiency, ...]
    sets: SourceSets | None
    by_fold: tuple[FoldPart, ...]
    seconds: float
    class_noun: str
    group_noun: str
    n_classes: int
    asked: Asked
    looks: Looks | None = None
    n_in_data: int | None = None

    @property
    def tier(self) -> Tier:
        return self.spec.tier

    @property
    def metric(self) -> Metric:
        return self.values.metric

    @property
    def partial(self) -> bool:
        """Whether seeds are still missing: the numbers may move, and nothing may be quoted."""
        return len(self.seeds) < len(self.spec.seeds)

    @property
    def n_groups(self) -> int | None:
        return len(set(self.values.manifest.group.tolist())) if self.values.group is not None else None

    @property
    def unit_noun(self) -> str:
        """What would be new: the group where tasks are drawn within groups, else the class."""
        return self.group_noun if self.n_groups else self.class_noun

    @property
    def digest(self) -> str:
        """Names the ablation by the runs it was read from."""
        return digest(self.values.digests)

    def card(self, source: str) -> SourceCard:
        return next(card for card in self.cards if card.source == source)

    def shuffled(self, source: str, among: bool = True) -> Difference | None:
        """What the source adds with its rows shuffled, among the others or alone, at the fewest shots: the control of Δ, or of *alone*."""
        own = 1 << self.spec.sources.index(source)
        real = 2 ** len(self.spec.sources) - 1 if among else own
        wrong, shot = SourceArm(real, "shuffled", own), fewest_shots(self.values.shots)
        if wrong not in self.values.arms:
            return None
        return with_intervals(self.values.difference(wrong, SourceArm(real & ~own), shot), self.values, shot, self.spec.rope)

    def mean(self, sources: Sequence[str], shot: int) -> tuple[Interval, Interval]:
        """v of a subset of the sources in the metric's unit, for these test classes and for new ones. Raises BadInput when it was not scored."""
        mask = sum(1 << self.spec.sources.index(name) for name in sources)
        if mask not in self.values.masks:
            raise BadInput(f"The subset {', '.join(sources)} was not scored; {self.spec.limitation}")
        return self.values.mean(SourceArm(mask), shot)


def ablation(spec: AblationSpec, dataset: Dataset, store: RunStore, look: bool = True) -> Ablation | None:
    """Read the ablation off the seeds whose runs are all stored; None while there is none.

    Read whole (every seed is there), it counts in the ledger as a look at its test classes, unless it is read beside another (``look``).
    """
    found = {seed: [store.find(cell, dataset) for cell in spec.cells(seed)] for seed in spec.seeds}
    finished = {seed: [run for run in runs if run is not None] for seed, runs in found.items() if all(runs)}
    if not finished:
        return None
    values = values_of(spec, finished, store)
    count, masks = len(spec.sources), values.masks
    orders = None if spec.every_subset or spec.tier == "confirm" else spec.masked(spec.seeds[0]).orders
    effects = effects_of(values, count, orders, spec.rope)
    total = tuple(
        with_intervals(values.effects(together(count, masks), shot)[0], values, shot, spec.rope) for shot in values.shots
    )
    total_credit = {
        name: gained for name in spec.controls if (gained := credits(values, 2**count - 1, 2**count - 1, name, spec.rope))
    }
    if spec.tier == "confirm":
        against: Sequence[Difference | None] = total_credit.get("shuffled", (None,) * len(total))
        total = tuple(tested_together([one], [check])[0] for one, check in zip(total, against, strict=True))
    badges = leaks(spec, dataset)
    sets = source_sets(values, spec.sources, fewest_shots(values.shots), spec.rope)
    asked = asked_of_run(spec.run, dataset.fingerprint, spec.seeds, folds=spec.folds, how=spec.tier)
    runs = {run.digest: run for of_seed in finished.values() for run in of_seed}
    return Ablation(
        spec=spec,
        seeds=tuple(finished),
        values=values,
        cards=with_twins(
            cards_of(
                values,
                spec.sources,
                spec.tier,
                effects,
                [coverage(dataset, name) for name in spec.sources],
                [(Badge("leak", badges[name]),) if name in badges else () for name in spec.sources],
                levels=[dataset.source(name).level for name in spec.sources],
                complete=len(finished) == len(spec.seeds),
                rope=spec.rope,
            ),
            sets,
        ),
        total=total,
        total_worth=worths(values, [(2**count - 1, 0)])[0],
        total_credit=total_credit,
        interactions=pair_effects(values, spec),
        efficiency=tuple(
            Efficiency(one.shot, sum(phi.episodes.estimate for phi in shares), one.episodes.estimate)
            for one, shares in zip(total, effects.phi, strict=True)
            if shares
        ),
        sets=sets,
        by_fold=fold_parts(values, spec.splits, count, spec.rope),
        seconds=sum(run.about["seconds"] for run in runs.values()),
        class_noun=dataset.description.class_noun,
        group_noun=dataset.description.group_noun,
        n_classes=len(np.unique(values.manifest.classes)),
        n_in_data=units_in(dataset, spec.run.evaluation),
        asked=asked,
        looks=record(store, asked) if look and len(finished) == len(spec.seeds) else None,
    )


def values_of(spec: AblationSpec, finished: dict[int, list[Run]], store: RunStore) -> Values:
    """The values of every arm; of several folds, pooled."""
    size = len(next(iter(finished.values()))) // len(spec.splits)
    parts = [
        {seed: runs[start : start + size] for seed, runs in finished.items()} for start in range(0, size * len(spec.splits), size)
    ]
    folds = [values_of_split(spec, part, store) for part in parts]
    return pooled(folds) if spec.folds else folds[0]


def values_of_split(spec: AblationSpec, finished: dict[int, list[Run]], store: RunStore) -> Values:
    if spec.tier != "confirm" or spec.light:
        return stacked([run for (run,) in finished.values()], spec.arms, store)
    by_arm: dict[SourceArm, dict[str, Run]] = {arm: {} for arm in spec.arms}
    for runs in finished.values():
        for arm, run in zip(spec.arms, runs, strict=True):
            by_arm[arm][run.digest] = run
    return gathered({arm: list(runs.values()) for arm, runs in by_arm.items()}, tuple(finished), store)


def pair_effects(values: Values, spec: AblationSpec) -> dict[tuple[str, str], tuple[Difference, ...]]:
    count = len(spec.sources)
    if not spec.every_subset or count < 2:
        return {}
    pairs, weights = interactions(count, values.masks)
    by_shot = [
        tested_together([with_intervals(gains, values, shot, spec.rope) for gains in values.effects(weights, shot)])
        for shot in values.shots
    ]
    return {(spec.sources[s], spec.sources[t]): tuple(found[index] for found in by_shot) for index, (s, t) in enumerate(pairs)}


def coverage(dataset: Dataset, source: str) -> float:
    """The share of the classes, or of the instances where it describes those, that have a value in one of its columns at least."""
    if dataset.source(source).level == "instance":
        return float(dataset.instance_columns(dataset.source(source).columns).notna().any(axis=1).mean())
    columns = list(dataset.source(source).columns)
    return float(dataset.classes[columns].notna().any(axis=1).mean())


def with_agreement(first: Ablation, other: Ablation) -> Ablation:
    """``first`` with a flag on each card where ``other``, another tier of the same sources, says otherwise at the fewest shots:
    opposite signs, one of them of practical size, or more than twice that apart as the metric has it. Compared by φ where both have it, else by Δ."""
    refuse_mixed({first.metric, other.metric})
    cards = []
    for card in first.cards:
        beside = other.card(card.source)
        both = (
            ("phi", at_fewest(card.phi), at_fewest(beside.phi))
            if card.phi and beside.phi
            else ("delta", at_fewest(card.delta), at_fewest(beside.delta))
        )
        here, there = both[1].episodes.estimate, both[2].episodes.estimate
        opposite = here * there < 0 and max(abs(here), abs(there)) > first.spec.rope
        apart = opposite or abs(here - there) > CLOSE * first.metric.rope
        name = "its share" if both[0] == "phi" else "leaving it out"
        told = f"{both[2].episodes.centre} there and {both[1].episodes.signed} here"
        text = f"The {other.tier} disagrees: {name} is {told}." if apart else ""
        cards.append(replace(card, disagreement=text))
    return replace(first, cards=tuple(cards))
