"""The card of a source: what it adds and how sure that is, against which control, worth how many labelled examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from metadash.analysis.compare import Difference, with_intervals
from metadash.analysis.doses import BreakEven, DoseCurve
from metadash.analysis.plan import Tier
from metadash.analysis.shapley import alone, leave_one_out, sampled_shapley, shapley
from metadash.analysis.shots import WorthInShots, resampled_means, worth_of_resampled
from metadash.analysis.values import Values
from metadash.analysis.verdict import ROPE, Verdict, chance_above, holm, p_value
from metadash.metadata.findings import Severity
from metadash.training.subsets import SourceArm

ALPHA = 0.05
WORTH_AT = (1, 2, 5)
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
    empty where no control was trained). ``p`` and ``p_holm`` of Δ on new classes, the latter over all sources tested together;
    ``chance`` that Δ exceeds the practical threshold. ``worth`` in shots where measured; ``coverage`` the share of the classes (of the
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
    p: tuple[float | None, ...]
    p_holm: tuple[float | None, ...]
    chance: tuple[float | None, ...]
    worth: tuple[WorthInShots, ...]
    coverage: float
    level: Literal["class", "instance"] = "class"
    controls: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    controls_alone: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    verdict: Verdict = Verdict.UNDETERMINED
    reason: str = ""
    claim: bool = False
    disagreement: str = ""
    break_even: tuple[BreakEven, ...] | None = None
    missingness: DoseCurve | None = None
    badges: tuple[Badge, ...] = ()

    @property
    def limited(self) -> str:
        """Why there is no interval for new classes, with the number needed; empty where there is one."""
        return self.delta[0].new_classes.note


@dataclass(frozen=True)
class Effects:
    """Every linear effect of an ablation, one Difference a source, by shot: [shots][sources]."""

    delta: tuple[tuple[Difference, ...], ...]
    alone: tuple[tuple[Difference, ...], ...]
    phi: tuple[tuple[Difference, ...], ...]
    phi_error: tuple[tuple[float, ...], ...]


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
    scores = np.stack([values.accuracy(SourceArm(mask)).mean(axis=0) for mask in masks])  # [M, K, E]
    means, draws = scores.mean(axis=2), resampled_means(scores, np.random.default_rng(0))
    places = [(masks.index(more), masks.index(less)) for more, less in pairs]
    return [
        tuple(worth_of_resampled(values.shots, (means[m], means[n]), (draws[:, m], draws[:, n]), shot) for shot in chosen)
        for m, n in places
    ]


def adjusted(delta: Sequence[Difference]) -> tuple[list[float | None], list[float | None]]:
    """p of each source's Δ on new classes at one number of shots, and Holm's adjustment over them."""
    p = [p_value(one.new_classes) for one in delta]
    known = [value for value in p if value is not None]
    corrected = iter(holm(known).tolist() if known else [])
    return p, [None if value is None else next(corrected) for value in p]


def judged(card: SourceCard, n_sources: int) -> tuple[Verdict, str]:
    """The verdict on a source at the fewest shots, and in a few words what it rests on.

    From the interval of Δ on new classes, and then two doubts: several sources were tested together (Holm), and the gain may be one
    of mere shape (the shuffled control, where arms are retrained). A source that helps alone, and not beside the others, is said to.
    """
    found, p_holm = card.delta[0].decision.verdict, card.p_holm[0]
    verdict, reason = found, card.delta[0].decision.reason or IN_WORDS[found]
    if found in (Verdict.HELPS, Verdict.HURTS) and (p_holm is None or p_holm > ALPHA):
        verdict = Verdict.UNDETERMINED
        reason = f"Cannot tell yet: with {n_sources} sources tested together, this could be chance."
    elif found is Verdict.HELPS and card.tier == "confirm" and not holds(card.credit):
        verdict = Verdict.UNDETERMINED
        reason = "Cannot tell yet: its shuffled rows may do as well, so the gain need not lie in what it says."
    by_itself = n_sources > 1 and holds(card.alone) and (card.tier != "confirm" or holds(card.credit_alone))
    if by_itself and verdict is Verdict.EQUIVALENT:
        return verdict, "Makes no practical difference beside the others, which say the same; alone it helps."
    if by_itself and verdict is Verdict.UNDETERMINED:
        return verdict, f"{reason} Alone it helps."
    return verdict, reason


def holds(differences: Sequence[Difference]) -> bool:
    """Whether a gain is there at the fewest shots: measured, and wholly above the practical threshold."""
    return bool(differences) and differences[0].decision.verdict is Verdict.HELPS


IN_WORDS = {
    Verdict.HELPS: "Helps beside all the others.",
    Verdict.HURTS: "Hurts beside all the others: better left out.",
    Verdict.EQUIVALENT: "Makes no practical difference.",
}


def cards_of(
    values: Values,
    sources: Sequence[str],
    tier: Tier,
    effects: Effects,
    coverage: Sequence[float],
    badges: Sequence[tuple[Badge, ...]],
    *,
    levels: Sequence[Literal["class", "instance"]] = (),
    complete: bool,
    rope: float = ROPE,
) -> tuple[SourceCard, ...]:
    """One card a source, those worth most first. ``levels`` say what each describes (by default classes); ``complete``: every seed is there, so that a confirmed verdict may be quoted."""
    count, full = len(sources), 2 ** len(sources) - 1
    p, p_holm = zip(*(adjusted(delta) for delta in effects.delta), strict=True)
    worth = worths(values, [(full, full & ~(1 << s)) for s in range(count)])
    cards = []
    for s, source in enumerate(sources):
        delta = tuple(found[s] for found in effects.delta)
        controls, controls_alone = (by_control(values, real, 1 << s, rope) for real in (full, 1 << s))
        card = SourceCard(
            source=source,
            tier=tier,
            delta=delta,
            phi=tuple(found[s] for found in effects.phi if found),
            phi_error=tuple(found[s] for found in effects.phi_error),
            alone=tuple(found[s] for found in effects.alone),
            credit=controls.get("shuffled", ()),
            credit_alone=controls_alone.get("shuffled", ()),
            p=tuple(found[s] for found in p),
            p_holm=tuple(found[s] for found in p_holm),
            chance=tuple(chance_above(one.new_classes, rope) for one in delta),
            worth=worth[s],
            coverage=coverage[s],
            level=levels[s] if levels else "class",
            controls=controls,
            controls_alone=controls_alone,
            badges=badges[s],
        )
        verdict, reason = judged(card, count)
        quotable = tier == "confirm" and complete and verdict is not Verdict.UNDETERMINED and not badges[s]
        cards.append(replace(card, verdict=verdict, reason=reason, claim=quotable))
    return tuple(sorted(cards, key=worth_first))


def worth_first(card: SourceCard) -> tuple[float, float]:
    """What is worth more examples first; where the measured shots do not reach, or there is one number of shots, what adds more."""
    worth = card.worth[0].value if card.worth else 0.0
    return -worth, -(card.phi or card.delta)[0].episodes.estimate
