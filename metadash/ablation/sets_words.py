"""What sets of sources say, in sentences: which would do, which say the same, which had better be left out."""

from collections.abc import Sequence
from dataclasses import replace

from metadash.ablation.cards import SourceCard
from metadash.ablation.plan import Tier
from metadash.ablation.sets import FEWEST, SourceSet, SourceSets, Twins, upper
from metadash.stats.intervals import Interval
from metadash.stats.verdict import Verdict
from metadash.stats.words import MINUS, count, plural, plural_of

MOST_INSTEAD = 2
"""Other sets that would do as well and are named; more are counted."""


def set_lines(found: SourceSets | None, noun: str, tier: Tier) -> list[str]:
    """The sentences, what matters most first; none for a single source. ``noun`` is what would be new, in the singular."""
    if found is None:
        return []
    new = plural(noun)
    if found.limited:
        return [f"Which of the {len(found.sources)} sources would do cannot be said of new {new} ({found.limited})."]
    lines = [better_words(found, new)] if found.better else []
    if not found.better or (found.smallest and found.smallest.sources not in ((), found.better.sources)):
        lines.append(smallest_words(found, new, tier))
    return [*lines, *(twin_words(one, found, tier) for one in found.twins)]


def search_words(found: SourceSets | None, noun: str) -> str:
    """What those sentences rest on: how much was looked at, and how the bounds allow for it."""
    if found is None or found.limited:
        return ""
    text = f"Sets were judged on {plural_of(found.total.n, noun)}, with bounds that hold for all {count(found.looked)} sets at once (95 %)"
    if found.looked < found.possible:
        text += f"; of {count(found.possible)} possible sets {count(found.looked)} were scored, so a smaller one may do"
    if found.total.n < FEWEST:
        text += f"; of fewer than {FEWEST} nothing is shown"
    if found.pairs_looked < found.pairs:
        scored = "none" if not found.pairs_looked else f"only {count(found.pairs_looked)}"
        text += f"; whether two say the same was asked of {scored} of {plural_of(found.pairs, 'pair')}"
    return f"{text}."


def better_words(found: SourceSets, new: str) -> str:
    assert found.better is not None
    kept, short = found.better.sources, found.better.shortfall
    dropped = [name for name in found.sources if name not in kept]
    gain = short.turned.words.removeprefix("+")
    than = f"{named(kept)}{' alone' if len(kept) == 1 else ''}" if kept else "none"
    return f"{all_of(found)} together are worse than {than} by {gain} on new {new}: leave out {listed([quoted(name) for name in dropped])}."


def smallest_words(found: SourceSets, new: str, tier: Tier) -> str:
    """The smallest set that would do; where none is shown to, the best candidate and what is still open."""
    n, gives = len(found.sources), gives_words(tier)
    if found.smallest is None:
        return still_open(found, new, tier)
    kept, short = found.smallest.sources, found.smallest.shortfall
    if not kept:
        return f"No source is needed: {all_of(found).lower()} together {gives} {at_most(short, found)} on new {new}."
    rest = n - len(kept)
    others = "the other one adds" if rest == 1 else f"the other {rest} together add"
    beyond = f"{others} {at_most(short, found)} to that, nothing you would notice"
    return f"{carries(found, found.smallest)} that all {n} sources {gives} on new {new}; {beyond}{instead_words(found)}."


def still_open(found: SourceSets, new: str, tier: Tier) -> str:
    n = len(found.sources)
    if found.needed:
        return (
            f"All {n} sources are needed: every set without one of them loses more than {found.rope:g} {found.unit} on new {new}."
        )
    if found.candidate is None:
        return f"No smaller set comes within {found.rope:g} {found.unit} of all {n} sources; whether each is needed cannot be told yet."
    kept, most = found.candidate.sources, plainly(max(upper(found.candidate.shortfall), 0), found)
    if not kept:
        gives = gives_words(tier)
        return f"Whether any source is needed cannot be told yet: all {n} together may {gives} up to {most} {found.unit} on new {new}."
    rest = n - len(kept)
    others = "the other one" if rest == 1 else f"the other {rest}"
    return (
        f"Which sources would do cannot be told yet. The smallest candidate: {carries(found, found.candidate)} that all {n} sources "
        f"{gives_words(tier)}; {others} may add up to {most} {found.unit} to that on new {new}."
    )


def carries(found: SourceSets, some: SourceSet) -> str:
    """``“name” + “accents” carry +4.5 points [3.9, 5.1] of the +4.6 [4.0, 5.2]``; *against* where they carry more than all do."""
    assert some.gain is not None
    whole = found.total
    verb = "alone carries" if len(some.sources) == 1 else "carry"
    of = "of" if some.gain.estimate <= whole.estimate + found.least else "against"
    return f"{named(some.sources)} {verb} {some.gain.words} {of} the {whole.bare}"


def instead_words(found: SourceSets) -> str:
    if not found.instead:
        return ""
    if len(found.instead) > MOST_INSTEAD:
        return f" ({len(found.instead)} other sets of that size would do as well)"
    return f" ({' or '.join(named(some) for some in found.instead)} would do as well)"


def twin_words(one: Twins, found: SourceSets, tier: Tier) -> str:
    alone = listed([each.signed for each in one.alone])
    verb = "gives this model" if tier == "reliance" else "adds"
    beside = "beside the other neither" if len(one.sources) == 2 else "beside another none of them"
    return (
        f"{listed([quoted(name) for name in one.sources])} say the same: alone each {verb} about as much ({alone} {found.unit}), "
        f"{beside} {verb} anything you would notice."
    )


def with_twins(cards: Sequence[SourceCard], found: SourceSets | None) -> tuple[SourceCard, ...]:
    """On the card of a source whose worth beside the others is nothing, or is not known, which other source says the same."""
    return tuple(with_twin(card, found) for card in cards)


def with_twin(card: SourceCard, found: SourceSets | None) -> SourceCard:
    twins = found.twin_of(card.source) if found else ()
    if not twins or card.verdict not in (Verdict.EQUIVALENT, Verdict.UNDETERMINED):
        return card
    same = f"Says the same as {listed([quoted(name) for name in twins])}: either will do, and leaving one out costs little while the other is there."
    if card.verdict is Verdict.EQUIVALENT:
        return replace(card, reason=f"{same} Makes no practical difference beside the others; alone it helps.")
    return replace(card, reason=f"{same} {card.reason}")


def gives_words(tier: Tier) -> str:
    return "give this model" if tier == "reliance" else "add"


def all_of(found: SourceSets) -> str:
    return f"{'Both' if len(found.sources) == 2 else f'All {len(found.sources)}'} sources"


def at_most(shortfall: Interval, found: SourceSets) -> str:
    """Of what the sources left out add: its upper bound."""
    assert shortfall.high is not None
    return "nothing" if shortfall.high < found.least else f"at most {plainly(shortfall.high, found)} {found.unit}"


def plainly(number: float, found: SourceSets) -> str:
    return f"{number:.{found.decimals}f}".replace("-", MINUS)


def quoted(name: str) -> str:
    return f"“{name}”"


def named(sources: Sequence[str]) -> str:
    """A set: ``“name” + “accents”``."""
    return " + ".join(map(quoted, sources)) or "none"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
