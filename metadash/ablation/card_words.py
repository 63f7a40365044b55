"""A source's card as lines of words: the same on the page and in the report."""

from metadash.ablation.cards import SourceCard
from metadash.ablation.result import Ablation
from metadash.ablation.words import worth_words
from metadash.answers.doses import break_even_words, dose_name
from metadash.answers.sentence import examples, on_new, plain_fact
from metadash.stats.paired import Difference, at_fewest
from metadash.stats.words import percent, plural

NOT_MEASURED = "not measured"
MARKS = {"block": "■", "warn": "▲", "note": "·"}
"""Of badges, by severity."""

FALSIFIED = {"shuffled": "shuffled", "noise": "noise", "constant": "one constant", "random-id": "random tags"}
"""What falsified sources are, in words."""


def three(one: Difference, found: Ablation) -> str:
    """``+2.4 points [2.1, 2.7] on these letters, [1.5, 3.2] on new letters (28 letters tested), [2.0, 2.8] over 5 seeds``."""
    noun = plural(found.unit_noun)
    new, seeds = one.new_classes, one.seeds
    text = f"{one.episodes.words} on these {noun}"
    text += f", {on_new(new, found.unit_noun)}" if new.low is not None else f" ({new.note})"
    if seeds is not None and seeds.low is not None:
        return f"{text}, {seeds.bracket} over {seeds.n} training seeds"
    return f"{text}, one training seed"


def control_words(found: Ablation) -> list[str]:
    """``All sources real less all shuffled: +2.1 points …``, by each control that was trained."""
    return [
        f"All sources real less all {FALSIFIED[name]}: {three(at_fewest(rows), found)}."
        for name, rows in found.total_credit.items()
    ]


def card_lines(card: SourceCard, found: Ablation) -> list[tuple[str, str]]:
    """What is known of the source at the fewest shots: what it is, and its value with intervals."""
    noun = plural(found.unit_noun)
    chance = card.chance[card.first]
    lines = [
        ("Left out", f"{three(card.delta[card.first], found)}: what is lost when it alone is taken away"),
        *(
            [("Of these " + noun, plain_fact(card.delta[card.first], found.unit_noun).rstrip("."))]
            if card.delta[card.first].shares
            else []
        ),
        ("Share (Shapley)", share_words(card, found)),
        ("Real − shuffled", three(card.credit[card.first], found) if card.credit else no_control(found)),
        *((f"Real − {name}", three(at_fewest(rows), found)) for name, rows in card.controls.items() if name != "shuffled"),
        (
            f"Chance of more than {found.spec.rope:g} {found.metric.gain} on new {noun}, by itself",
            percent(chance) if chance is not None else f"cannot be said ({card.limited})",
        ),
        ("Worth in labelled examples", worths_words(card)),
        ("Known for", f"{percent(card.coverage)} of the {described(card, found)}"),
        ("How wrong may it get", wrong_words(card)),
        ("How much may be missing", missing_words(card, found)),
    ]
    return lines


def described(card: SourceCard, found: Ablation) -> str:
    """What the source describes, in the plural."""
    return plural(found.class_noun) if card.level == "class" else "instances"


def share_words(card: SourceCard, found: Ablation) -> str:
    if not card.phi:
        return f"{NOT_MEASURED}: {found.spec.limitation}"
    error = f"; sampling error ± {card.phi_error[card.first]:.2f} {found.metric.gain}" if card.phi_error else ""
    return three(card.phi[card.first], found) + error


def no_control(found: Ablation) -> str:
    return (
        f"{NOT_MEASURED}: only confirm trains shuffled rows" if found.tier != "confirm" else f"{NOT_MEASURED} (no such control)"
    )


def worths_words(card: SourceCard) -> str:
    if not card.worth:
        return f"{NOT_MEASURED}: it takes more than one number of shots"
    return (
        "; ".join(f"{worth_words(one)} beside {examples(int(one.at)).replace(' labelled', '')}" for one in card.worth)
        + " per class"
    )


def wrong_words(card: SourceCard) -> str:
    if card.break_even is None:
        return NOT_MEASURED
    return "; ".join(f"told {dose_name(one.kind, one.hit)}: {break_even_words(one)}" for one in card.break_even)


def missing_words(card: SourceCard, found: Ablation) -> str:
    """The gain that is left when half of the classes, or of the instances, lack it."""
    if card.missingness is None:
        return NOT_MEASURED
    curve = card.missingness
    half = min(range(len(curve.fractions)), key=lambda index: abs(curve.fractions[index] - 0.5))
    inside, start = curve.gain[half], curve.gain[0]
    if start.estimate <= 0:
        return f"there is no gain to lose: {start.words} with all of it, on one model trained with source dropout"
    return (
        f"of {start.words}, {inside.words} are left on these "
        f"{plural(found.unit_noun)} with {curve.fractions[half]:.0%} of the {curve.hit} without it (one model trained with source dropout)"
    )


def detail_lines(card: SourceCard, found: Ablation) -> list[tuple[str, str]]:
    """For those who ask: what p tests, the source alone, and every number of shots."""
    lines = [("p on new " + plural(found.unit_noun), p_pair(card, len(found.cards), found.spec.rope))]
    lines.append(("Alone, against no metadata", three(card.alone[card.first], found)))
    lines += [(f"Real − {name}, alone", three(at_fewest(rows), found)) for name, rows in card.controls_alone.items()]
    lines += [
        (f"Left out, {examples(one.shot)}", three(one, found)) for place, one in enumerate(card.delta) if place != card.first
    ]
    return lines


def p_pair(card: SourceCard, count: int, rope: float) -> str:
    """Each p by what it tests; only the second decides."""
    zero, claim = card.p_zero[card.first], card.decision.p
    if zero is None or claim is None:
        return "none: there is no interval for what is new"
    return f"{p_words(zero)} against no difference, by itself; {p_words(claim)} for the claim against ± {rope:g}, after Holm's correction for {count} sources"


def p_words(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
