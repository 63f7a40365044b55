"""An ablation in words and as plain values: the headline, the table of the cards, and everything for machines."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from metadash.ablation.cards import SourceCard
from metadash.ablation.result import Ablation
from metadash.ablation.sets_words import search_words, set_lines
from metadash.answers.advice import advice
from metadash.answers.export import metric_values, simple
from metadash.answers.ledger import Looks
from metadash.answers.looks import looked_at_many
from metadash.answers.sentence import both, chance_sentence, examples, number, plain_fact
from metadash.canonical import plain
from metadash.specs.subsets import members
from metadash.stats.caveats import single_seed
from metadash.stats.paired import Difference, at_fewest
from metadash.stats.shots import WorthInShots
from metadash.stats.verdict import SURELY, Verdict
from metadash.stats.words import MINUS, count, likelihood, percent, plural, plural_of, points

TIERS = {
    "reliance": "Reliance: how far one trained model leans on each source. It says nothing of what a source is worth.",
    "screen": "Screen: what each source adds to one model that was trained to do without any, beside no shuffled rows. Confirm before quoting it.",
    "confirm": "Confirm: every arm trained anew, beside the same arm with shuffled rows.",
}


def headline(found: Ablation) -> str:
    """What all sources add together, and which adds most, at the fewest shots."""
    first = at_fewest(found.total)
    n = len(found.spec.sources)
    subject = f"“{found.spec.sources[0]}” adds" if n == 1 else f"all {n} sources together add"
    if found.tier == "reliance":
        subject = subject.replace("adds", "gives this model").replace("add", "give this model")
    text = f"With {examples(first.shot)} per class, {subject} {both(first, found.unit_noun)}."
    return " ".join(filter(None, [partial_words(found), text, most_words(found) if n > 1 else ""]))


def partial_words(found: Ablation) -> str:
    if not found.partial:
        return ""
    return f"Partial, {len(found.seeds)} of {len(found.spec.seeds)} seeds:"


def told_measure(found: Ablation) -> str:
    """What the headline ranks sources by, and so the chart at first: the share, which twins divide; left out where there are no shares."""
    return "share" if found.cards[0].phi else "left out"


def most_words(found: Ablation) -> str:
    """The source that is first by ``told_measure``, and so among the cards."""
    shared, best = told_measure(found) == "share", found.cards[0]
    one = (best.phi if shared else best.delta)[best.first]
    what = "the largest share" if shared else "the most beside the others"
    return f"“{best.source}” has {what}: {both(one, found.unit_noun)}."


def total_words(found: Ablation) -> str:
    """Beside the headline: how many groups gain from all sources together, how sure that is, and what would decide."""
    first, noun = at_fewest(found.total), found.unit_noun
    parts = [
        plain_fact(first, noun),
        chance_sentence(first, noun),
        advice(first, noun, found.n_in_data),
        single_seed(len(found.seeds)),
    ]
    return " ".join(filter(None, parts))


def told_sets(found: Ablation) -> tuple[list[str], str]:
    """Which sources would do and which say the same, with the doubts that belong to it; and what that rests on."""
    lines = set_lines(found.sets, found.unit_noun, found.tier)
    if found.partial and lines:
        lines[0] = f"So far: {lines[0]}"
    leaking = [card.source for card in found.cards if any(badge.severity == "block" for badge in card.badges)]
    doubts = [f"Not confirmed: {found.tier}."] if found.tier == "screen" else []
    doubts += [f"“{name}” has a badge that forbids quoting it." for name in leaking]
    return lines, " ".join([search_words(found.sets, found.unit_noun), *doubts]).strip() if lines else ""


def looks_words(found: Ablation, now: Looks | None = None) -> str:
    """How often these test classes were asked, and which verdicts hold among all that; ``now`` is the count where it has gone on."""
    said = [(card.source, card.decision) for card in found.cards]
    return looked_at_many(now or found.looks, plural(found.unit_noun), said)


def efficiency_words(found: Ablation) -> str:
    """The check that the shares add up."""
    if not found.efficiency:
        return found.spec.limitation
    first, unit = at_fewest(found.efficiency), found.metric.gain
    state = "adds up" if all(one.holds for one in found.efficiency) else "DOES NOT ADD UP: report this as a defect"
    text = f"The shares sum to {points(first.shapley_sum, unit=unit)}, all sources together give {points(first.total, unit=unit)}: {state}."
    return " ".join(filter(None, [text, found.spec.limitation]))


def verdict_words(card: SourceCard) -> str:
    """The verdict with the doubts that belong to it."""
    doubts = []
    if card.tier == "reliance":
        return leaning(card)
    if card.tier == "screen" and card.verdict in (Verdict.HELPS, Verdict.HURTS):
        doubts.append("Not confirmed.")
    doubts += [badge.text for badge in card.badges if badge.severity == "block"]
    return " ".join([card.reason, *doubts, card.disagreement]).strip()


def leaning(card: SourceCard) -> str:
    """Of *reliance*, where an effect says what one model does, not what a source is worth."""
    surely = SURELY[card.decision.grade]
    if card.verdict is Verdict.UNDETERMINED:
        return "It cannot be told yet whether this model leans on it."
    return f"This model {surely}leans on it." if card.verdict is Verdict.HELPS else f"This model {surely}does not lean on it."


def worth_words(worth: WorthInShots) -> str:
    """``0.4 [0.3, 0.5], new [0.1, 0.8]`` extra examples per class; ``≥ 9.0`` where the measured shots do not reach."""
    value = number(worth.value)
    if worth.censored:
        value = f"{'≥' if worth.censored == 'above' else '≤'} {value}"
    elif worth.low is not None and worth.high is not None:
        value += f" [{number(worth.low)}, {number(worth.high)}]"
    if worth.new_low is None and worth.new_high is None:
        return value
    low = f"{MINUS}∞" if worth.new_low is None else number(worth.new_low)
    return f"{value}, new [{low}, {'∞' if worth.new_high is None else number(worth.new_high)}]"


def cell(one: Difference | None) -> str:
    """Estimate, then its interval for new classes, or for these where there is no other."""
    if one is None:
        return "not measured"
    new, inside = one.new_classes, one.episodes
    return (new if new.low is not None else inside).bare


def cards_table(found: Ablation) -> pd.DataFrame:
    """One row a source, worth most first, at the fewest shots; its verdict last."""
    rows = [
        {
            "source": card.source,
            "left out": cell(card.delta[card.first]),
            "share": cell(card.phi[card.first] if card.phi else None),
            "real − shuffled": cell(card.credit[card.first] if card.credit else None),
            "worth": worth_words(at_fewest(card.worth)) if card.worth else "not measured",
            "chance": "—" if card.decision.chance is None else likelihood(card.decision.chance),
            "coverage": percent(card.coverage),
            "": f"{card.verdict.value} {verdict_words(card)}",
        }
        for card in found.cards
    ]
    return pd.DataFrame(rows)


def table(found: Ablation) -> list[str]:
    """The cards in lines, then how each goes on with more labelled examples."""
    cards, shot, noun = cards_table(found), at_fewest(found.total).shot, plural(found.unit_noun)
    rows = [list(cards.columns), *cards.to_numpy().tolist()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
    note = f"In {found.metric.gain}, with {examples(shot)} per class; 95 % intervals for new {noun}; worth in examples per class for these {noun}, then for new. Chance: of what the estimate claims, among all sources."
    return [note, *lines, "", *curves(found)]


def curves(found: Ablation) -> list[str]:
    """How much each source adds beside the others at every number of shots."""
    shots = [one.shot for one in found.total]
    if len(shots) == 1:
        return []
    rows = [["left out, at", *(plural_of(shot, "shot") for shot in shots)]]
    rows += [[card.source, *map(cell, card.delta)] for card in found.cards]
    rows.append(["all together", *map(cell, found.total)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_text(found: Ablation) -> str:
    seeds = f"{len(found.seeds)} seeds, {count(len(found.values.manifest))} test episodes, {found.n_classes} {plural(found.class_noun)}"
    groups = f" in {found.n_groups} {plural(found.group_noun)}" if found.n_groups else ""
    rests_on = f"{TIERS[found.tier]} {seeds}{groups}."
    folds = [*fold_lines(found), ""] if found.by_fold else []
    sets, searched = told_sets(found)
    return "\n".join(
        [
            headline(found),
            total_words(found),
            *sets,
            rests_on,
            *filter(None, [searched, looks_words(found)]),
            "",
            *table(found),
            *control_lines(found),
            "",
            *folds,
            efficiency_words(found),
        ]
    )


def fold_lines(found: Ablation) -> list[str]:
    """One line a fold of a cross-fitting: how many classes it tests, the mean without metadata, and what all sources add."""
    lines = [f"Fold by fold, with {examples(at_fewest(found.total).shot)} per class (brackets: these {plural(found.unit_noun)}):"]
    for part in found.by_fold:
        groups = f" in {plural_of(part.n_groups, found.group_noun)}" if part.n_groups else ""
        lines.append(
            f"  {part.split}: {plural_of(part.n_episodes, 'episode')}, {plural_of(part.n_classes, found.class_noun)}{groups}, "
            f"{found.metric.said(part.plain.estimate)} {part.plain.bracket} without metadata, {part.total.episodes.words} with all"
        )
    return lines


def control_lines(found: Ablation) -> list[str]:
    """Real − falsified by each control besides shuffled that was trained: all sources, and each among the others."""
    return [
        f"real − {name}: all {cell(at_fewest(rows))}; "
        + "; ".join(f"{card.source} {cell(at_fewest(card.controls[name]))}" for card in found.cards)
        for name, rows in found.total_credit.items()
        if name != "shuffled"
    ]


def as_values(found: Ablation) -> dict[str, Any]:
    """Every number of an ablation, for JSON; each interval says what it is counted in."""
    spec, shots = found.spec, found.values.shots
    means = found.values.totals.mean(axis=(0, 3)) / found.values.queries * found.metric.scale
    return {
        "headline": headline(found),
        "all_together_in_words": total_words(found),
        "tier": found.tier,
        "label": TIERS[found.tier],
        "partial": found.partial,
        "sources": list(spec.sources),
        "shots": list(shots),
        "seeds": list(found.seeds),
        "seeds_asked": list(spec.seeds),
        "metric": metric_values(found.metric),
        "rope": spec.rope,
        "limitation": spec.limitation,
        "folds": spec.folds,
        "by_fold": [simple(part) for part in found.by_fold],
        "n_episodes": len(found.values.manifest),
        "n_test_classes": found.n_classes,
        "n_test_groups": found.n_groups,
        "cards": [card_values(card) for card in found.cards],
        "all_together": [simple(one) for one in found.total],
        "all_together_worth_in_shots": [simple(one) for one in found.total_worth],
        "all_together_real_minus_falsified": {name: [simple(one) for one in rows] for name, rows in found.total_credit.items()},
        "sets": sets_values(found),
        "looks": {**asdict(found.looks), "words": looks_words(found)} if found.looks else None,
        "efficiency": [{**asdict(one), "holds": one.holds} for one in found.efficiency],
        "interactions": [
            {"sources": list(pair), "by_shot": [simple(one) for one in rows]} for pair, rows in found.interactions.items()
        ],
        "arms": [
            {
                "sources": list(members(arm.mask, spec.sources)),
                "control": arm.control,
                "falsified": list(members(arm.falsified, spec.sources)),
                found.metric.name: dict(zip(map(str, shots), row.tolist(), strict=True)),
            }
            for arm, row in zip(found.values.arms, means, strict=True)
        ],
        "run": plain(spec.run),
        "manifest": found.values.manifest.hash,
        "digests": list(found.values.digests),
        "digest": found.digest,
        "seconds_computed": round(found.seconds, 1),
    }


def card_values(card: SourceCard) -> dict[str, Any]:
    """A card as plain values; what nobody has measured is null."""
    decision = {"verdict": card.verdict.name.lower(), "grade": card.decision.grade.name.lower(), "words": card.decision.words}
    told = {"verdict_words": verdict_words(card), "limited": card.limited}
    return {**simple(card), **decision, "chance_claimed": card.decision.chance, **told}


def sets_values(found: Ablation) -> dict[str, Any] | None:
    """Sets of sources as plain values, with their sentences; null for one source."""
    lines, searched = told_sets(found)
    return {"sentences": lines, "rests_on": searched, **simple(found.sets)} if found.sets else None
