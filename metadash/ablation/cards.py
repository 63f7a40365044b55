"""The card of a source: what it adds and how sure that is, against which control, worth how many labelled examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from metadash.ablation.plan import Tier
from metadash.ablation.values import Values
from metadash.answers.doses import BreakEven, DoseCurve
from metadash.metadata.audit.findings import Severity
from metadash.specs.subsets import SourceArm
from metadash.stats.afresh import drawn_afresh
from metadash.stats.paired import Difference, at_fewest, tested_together, with_intervals
from metadash.stats.shapley import alone, leave_one_out, sampled_shapley, shapley
from metadash.stats.shots import WorthInShots, resampled_means, with_new, worth_of_resampled
from metadash.stats.verdict import ROPE, Decision, Verdict, chance_above, graded, p_value

WORTH_AT = (0, 1, 2, 5)
"""Labelled examples per class at which worth in shots is told."""


@dataclass(frozen=True)
class Badge:
    """A warning that stays with a source, such as a leak; ``text`` is one sentence. With one that blocks, nothing may be claimed."""

    kind: str
    text: str
    severity: Severity = "block"


@dataclass(frozen=True)
class SourceCard:
    """Everything known of one source. Tuples run over the shots of the ablation.

    ``delta`` leave-one-out; ``phi`` Shapley (empty where not every subset was scored), ``phi_error`` the sampling error of a sampled
    φ; ``alone`` against no metadata; ``credit`` real − shuffled among the other sources, ``credit_alone`` the same without them (both
    empty where no control was trained). Each of these carries the decision that holds among all sources, beside its control where
    that is asked for (``decision`` is that of Δ at the fewest shots). ``p_zero`` tests "Δ is 0 on new classes", by itself; ``chance`` that Δ exceeds the
    practical threshold, by itself. ``worth`` in shots where measured; ``coverage`` the share of the classes (of the
    instances, where ``level`` says that it describes those) that have the source. ``controls`` real − falsified by each control that
    was trained, among the other sources, ``controls_alone`` without them; shuffled is ``credit``. ``claim`` is True where the verdict may be quoted. ``break_even`` (one for each way of being wrong), ``missingness``
    (the gain at each share of classes without the source) and what the audit adds to ``badges`` come from :mod:`beside`; None means
    not measured.
    """

    source: str
    tier: Tier
    delta: tuple[Difference, ...]
    phi: tuple[Difference, ...]
    phi_error: tuple[float, ...]
    alone: tuple[Difference, ...]
    credit: tuple[Difference, ...]
    credit_alone: tuple[Difference, ...]
    p_zero: tuple[float | None, ...]
    chance: tuple[float | None, ...]
    worth: tuple[WorthInShots, ...]
    coverage: float
    level: Literal["class", "instance", "task"] = "class"
    controls: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    controls_alone: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    reason: str = ""
    claim: bool = False
    disagreement: str = ""
    break_even: tuple[BreakEven, ...] | None = None
    missingness: DoseCurve | None = None
    badges: tuple[Badge, ...] = ()

    @property
    def first(self) -> int:
        """The place, in what runs over the shots, of the fewest that have an example."""
        return self.delta.index(at_fewest(self.delta))

    @property
    def decision(self) -> Decision:
        """On Δ on new classes at the fewest shots, among all sources tested together."""
        return self.delta[self.first].decision

    @property
    def verdict(self) -> Verdict:
        """Of any grade; ``decision.certain`` says whether it holds."""
        return self.decision.verdict

    @property
    def limited(self) -> str:
        """Why there is no interval for new classes, with the number needed; empty where there is one."""
        return self.delta[self.first].new_classes.note


@dataclass(frozen=True)
class Effects:
    """Every linear effect of an ablation, one Difference a source, by shot: [shots][sources]."""

    delta: tuple[tuple[Difference, ...], ...]
    alone: tuple[tuple[Difference, ...], ...]
    phi: tuple[tuple[Difference, ...], ...]
    phi_error: tuple[tuple[float, ...], ...]


Rows = tuple[tuple[Difference, ...], ...]
"""[shots][sources]."""

Controls = Sequence[dict[str, tuple[Difference, ...]]]
"""By source, real − falsified by each control at every number of shots."""


def effects_of(values: Values, count: int, orders: np.ndarray | None, rope: float = ROPE) -> Effects:
    """``orders`` are the sampled orders of the sources where not all subsets were scored; None and no full lattice: no φ."""
    masks = values.masks
    sampled = sampled_shapley(orders, masks) if orders is not None else None
    exact = len(masks) == 2**count
    phi = shapley(count, masks) if exact else sampled.mean(axis=0) if sampled is not None else np.zeros((0, len(masks)))

    def by_shot(weights: np.ndarray) -> tuple[tuple[Difference, ...], ...]:
        return tuple(
            tuple(with_intervals(points, values, shot, rope) for points in values.effects(weights, shot)) for shot in values.shots
        )

    errors: tuple[tuple[float, ...], ...] = ()
    if sampled is not None and not exact:
        pairs, n_sources, _ = sampled.shape
        estimates = [
            values.effects(sampled.reshape(pairs * n_sources, -1), shot).mean(axis=(1, 2)).reshape(pairs, -1)
            for shot in values.shots
        ]
        errors = tuple(tuple((found.std(axis=0, ddof=1) / np.sqrt(pairs)).tolist()) for found in estimates)
    return Effects(by_shot(leave_one_out(count, masks)), by_shot(alone(count, masks)), by_shot(phi), errors)


def credits(values: Values, real: int, falsified: int, control: str, rope: float = ROPE) -> tuple[Difference, ...]:
    """Real − falsified within the subset ``real``, at every number of shots; empty where that control was not trained."""
    wrong = SourceArm(real, control, falsified)
    if wrong not in values.arms:
        return ()
    return tuple(with_intervals(values.difference(SourceArm(real), wrong, shot), values, shot, rope) for shot in values.shots)


def by_control(values: Values, real: int, falsified: int, rope: float = ROPE) -> dict[str, tuple[Difference, ...]]:
    """``credits`` by each control that was trained."""
    trained = dict.fromkeys(arm.control for arm in values.arms if arm.control != "none")
    return {name: found for name in trained if (found := credits(values, real, falsified, name, rope))}


def worths(values: Values, pairs: Sequence[tuple[int, int]]) -> list[tuple[WorthInShots, ...]]:
    """For each pair of subsets: how many more labelled examples the second needs to do as well as the first, where shots were measured.

    All are read off the same resampled episodes.
    """
    chosen = [shot for shot in WORTH_AT if shot in values.shots and shot < values.shots[-1]]
    if not chosen:
        return [()] * len(pairs)
    masks = sorted({mask for pair in pairs for mask in pair})
    scores = values.metric.sign * np.stack([values.of(SourceArm(mask)).mean(axis=0) for mask in masks])  # [M, K, E]
    means, draws = scores.mean(axis=2), resampled_means(scores, np.random.default_rng(0))
    flat = scores.reshape(-1, scores.shape[2])
    new = drawn_afresh(flat, values.manifest.classes, values.group, np.random.default_rng(0))
    found = []
    for m, n in ((masks.index(more), masks.index(less)) for more, less in pairs):
        here = [worth_of_resampled(values.shots, (means[m], means[n]), (draws[:, m], draws[:, n]), shot) for shot in chosen]
        if new is not None:
            curves = new.draws.reshape(-1, *means.shape)
            here = [with_new(one, values.shots, (curves[:, m], curves[:, n]), new.unit, new.n) for one in here]
        found.append(tuple(here))
    return found


def judged(card: SourceCard, n_sources: int) -> str:
    """In a few words what the decision on a source rests on. A source that helps alone, and not beside the others, is said to."""
    found, alone = card.decision, card.alone[card.first].decision
    reason = found.reason or IN_WORDS[found.verdict]
    if n_sources == 1 or alone.verdict is not Verdict.HELPS:
        return reason
    if found.verdict is Verdict.EQUIVALENT:
        said = graded("makes no practical difference", found.grade)
        return f"{said[0].upper()}{said[1:]} beside the others, which say the same; alone it {alone.words}."
    return f"{reason} Alone it {alone.words}." if found.verdict is Verdict.UNDETERMINED else reason


IN_WORDS = {
    Verdict.HELPS: "Helps beside all the others.",
    Verdict.HURTS: "Hurts beside all the others: better left out.",
    Verdict.EQUIVALENT: "Makes no practical difference.",
}


def decided(effects: Effects, tier: Tier, beside: Controls, alone: Controls) -> Effects:
    """With the decisions that hold among all sources, at each number of shots and for each effect a family of its own.

    Where arms were trained anew (*confirm*), whatever helps must do so beside shuffled rows: Δ beside those among the other sources, *alone* and
    the share beside those of the source alone (among the others, where alone they were not trained).
    """

    def of(rows: Rows, *controls: Controls) -> Rows:
        return tuple(
            tested_together(found, None if tier != "confirm" else [shuffled(s, shot, *controls) for s in range(len(found))])
            for shot, found in enumerate(rows)
        )

    def shuffled(source: int, shot: int, *controls: Controls) -> Difference | None:
        return next((rows[shot] for by_name in controls if (rows := by_name[source].get("shuffled"))), None)

    return replace(effects, delta=of(effects.delta, beside), alone=of(effects.alone, alone), phi=of(effects.phi, alone, beside))


def cards_of(
    values: Values,
    sources: Sequence[str],
    tier: Tier,
    effects: Effects,
    coverage: Sequence[float],
    badges: Sequence[tuple[Badge, ...]],
    *,
    levels: Sequence[Literal["class", "instance", "task"]] = (),
    complete: bool,
    rope: float = ROPE,
) -> tuple[SourceCard, ...]:
    """One card a source, those worth most first. ``levels`` say what each describes (by default classes); ``complete``: every seed is there, so that what is
    confirmed, and certain, may be quoted."""
    count, full = len(sources), 2 ** len(sources) - 1
    beside, alone = (
        [by_control(values, real(s), 1 << s, rope) for s in range(count)] for real in (lambda s: full, lambda s: 1 << s)
    )
    effects = decided(effects, tier, beside, alone)
    worth = worths(values, [(full, full & ~(1 << s)) for s in range(count)])
    cards = []
    for s, source in enumerate(sources):
        delta = tuple(found[s] for found in effects.delta)
        card = SourceCard(
            source=source,
            tier=tier,
            delta=delta,
            phi=tuple(found[s] for found in effects.phi if found),
            phi_error=tuple(found[s] for found in effects.phi_error),
            alone=tuple(found[s] for found in effects.alone),
            credit=beside[s].get("shuffled", ()),
            credit_alone=alone[s].get("shuffled", ()),
            p_zero=tuple(p_value(one.new_classes) for one in delta),
            chance=tuple(chance_above(one.new_classes, rope) for one in delta),
            worth=worth[s],
            coverage=coverage[s],
            level=levels[s] if levels else "class",
            controls=beside[s],
            controls_alone=alone[s],
            badges=badges[s],
        )
        quotable = tier == "confirm" and complete and card.decision.certain and not badges[s]
        cards.append(replace(card, reason=judged(card, count), claim=quotable))
    return tuple(sorted(cards, key=worth_first))


def worth_first(card: SourceCard) -> float:
    """What the headline ranks by, most first: the share, which twins divide; left out where there are no shares."""
    return -(card.phi or card.delta)[card.first].episodes.estimate
