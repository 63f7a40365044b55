"""Numbers in the words of the house: signs, units, separators and roundings, the same on every page and in every report."""

import math

MINUS = "−"
THIN = "\u202f"  # narrow no-break space: a number never breaks over two lines


def points(difference: float, low: float | None = None, high: float | None = None, unit: str = "points") -> str:
    """A difference with its interval, in points or another ``unit``: ``+2.6 points [1.9, 3.3]``.

    One decimal, none when the interval reaches 10 points either side, more only when it is narrower than 0.1: at most two
    digits of the uncertainty are shown. Without bounds, the number alone; one missing bound reads as infinite.
    """
    if low is None and high is None:
        return f"{_signed(difference, 1)} {unit}".rstrip()
    reach = max(abs(bound - difference) for bound in (low, high) if bound is not None)
    decimals = 0 if reach >= 10 else 1 if reach >= 0.095 or reach == 0 else min(3, math.ceil(-math.log10(reach)))
    left = f"{MINUS}∞" if low is None else _plain(low, decimals)
    right = "∞" if high is None else _plain(high, decimals)
    return f"{_signed(difference, decimals)} {unit + ' ' if unit else ''}[{left}, {right}]"


def bracket(estimate: float, low: float | None, high: float | None) -> str:
    """``[1.9, 3.3]``, as exact as around that estimate."""
    return "[" + points(estimate, low, high, unit="").split("[")[1]


def percent(fraction: float) -> str:
    """A fraction as a percentage with one decimal: ``76.9 %``."""
    return f"{_plain(100 * fraction, 1)} %"


def likelihood(chance: float) -> str:
    """A probability in percent, never rounded up: ``84 %``, ``97.5 %`` (a tenth where verdicts part), ``over 99 %``, ``under 1 %``."""
    percentage = 100 * chance + 1e-9
    if percentage >= 99:
        return "over 99 %"
    if percentage >= 95:
        return f"{math.floor(10 * percentage) / 10:.1f} %"
    return "under 1 %" if percentage < 1 else f"{math.floor(percentage)} %"


def count(number: int) -> str:
    """A whole number with thin separators: ``73 056``."""
    return f"{number:,}".replace(",", THIN).replace("-", MINUS)


def about(number: float) -> int:
    """Two significant digits, rounded up: how many more it takes is no number to be exact about."""
    step = 10 ** max(0, math.floor(math.log10(number)) - 1) if number >= 1 else 1
    return math.ceil(round(number / step, 6)) * step


def plural(noun: str) -> str:
    """``letters``, ``families``, ``classes``, ``species``: of the nouns that a data set gives its classes and groups."""
    if noun.endswith(("species", "series")):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in ("a", "e", "i", "o", "u"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def with_article(noun: str) -> str:
    """``a letter``, ``an object``, ``an hour``, ``a unit``: of the nouns that a data set gives its classes and groups, by how they are said."""
    said = noun.lower()
    vowel = said.startswith(("a", "e", "i", "o", "u")) and not said.startswith(("eu", "ewe", "one", "uni", "use", "usu", "uti"))
    silent_h = said.startswith(("hour", "honest", "honour", "honor", "heir"))
    return f"{'an' if vowel or silent_h or said.startswith(('unin', 'unim')) else 'a'} {noun}"


def capital(text: str) -> str:
    """With its first letter large, and the rest, names among it, as it is."""
    return text[:1].upper() + text[1:]


def plural_of(number: int, noun: str) -> str:
    """``1 seed``, ``3 seeds``, ``2 000 families``."""
    return f"{count(number)} {noun if number == 1 else plural(noun)}"


def memory(size: float) -> str:
    """Of bytes: ``940 bytes``, ``281 kB``, ``9.5 MB``"""
    for unit, each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= 0.9995 * each:  # which three digits say as one of the unit
            return f"{size / each:.3g} {unit}" if size < 999.5 * each else f"{count(round(size / each))} {unit}"
    return plural_of(int(size), "byte")


def duration(seconds: float, most: float | None = None) -> str:
    """How long something takes, as one would say it: ``about 40 s``, ``about 2.5 h``; where ``most`` says that it is not that sure, the
    range: ``1 to 2 min``."""
    if most is not None and most > seconds * SURE:
        return _range(seconds, most)
    middle = seconds if most is None else math.sqrt(seconds * most)
    return "under 1 s" if middle < 1 else f"about {_time(middle)}"


def left(seconds: float, most: float | None = None) -> str:
    """How long something still takes: ``1 to 2 min left``, ``under 10 s left``; ``nearly done`` in the last second."""
    most = seconds if most is None else most
    if most < 1:
        return "nearly done"
    return f"{_time(seconds) if most == seconds else _range(seconds, most)} left"


def span(seconds: float, most: float) -> tuple[float, float]:
    """The range widened to bounds that one would say; a range of such bounds stays as it is."""
    high = next((mark for mark in MARKS if mark * NEARLY >= most), None)
    high = _half_days(most) if high is None else high
    return max((mark for mark in MARKS if mark <= seconds * NEARLY and mark < high), default=0.0), high


def silent(seconds: float) -> str:
    """In place of what is left where nothing is heard any more: a number that stands still would be a lie."""
    return f"waiting for the machine, nothing new for {_time(seconds)}"


def busy(times: float) -> str:
    """``this machine is busy: about 3 × slower than usual``"""
    return f"this machine is busy: {'more than 10' if times > 10 else f'about {times:.0f}'} × slower than usual"


SURE = 1.5
"""A range whose ends are closer to each other than so many times is said as one number."""

NEARLY = 1.1
"""Bounds as close to the range as so many times count as within it."""

MARKS = (
    *(10, 15, 20, 30, 40, 50, 60, 90),
    *(60 * minutes for minutes in (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)),
    *(3600 * hours for hours in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 24, 36)),
)
"""Seconds between which ranges are said."""


def _half_days(seconds: float) -> float:
    return math.ceil(seconds / 43200) * 43200


def _range(seconds: float, most: float) -> str:
    low, high = span(seconds, most)
    (first, unit), (last, larger) = (_in_unit(low, high), _in_unit(high, high))
    if not low or first == last:
        return f"under {last} {larger}"
    return f"{first} to {last} {larger}" if unit == larger else f"{first} {unit} to {last} {larger}"


def _in_unit(seconds: float, beside: float) -> tuple[str, str]:
    """In the unit in which ``beside`` is said, where that makes half units at the least."""
    for size, until, unit in ((1, 90, "s"), (60, 3599, "min"), (3600, 36 * 3600, "h"), (86400, math.inf, "days")):
        if beside <= until:
            return (
                (f"{seconds / size:g}", unit)
                if seconds in (0, beside) or (seconds >= size and not seconds * 2 % size)
                else _in_unit(seconds, seconds)
            )
    raise AssertionError(beside)


def _time(seconds: float) -> str:
    if seconds < 90:
        step = 1 if seconds < 10 else 5
        return f"{max(1, step * round(seconds / step))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 36 * 3600:
        return f"{round(seconds / 1800) / 2:g} h"
    return f"{round(seconds / 43200) / 2:g} days"


def _plain(number: float, decimals: int) -> str:
    text = f"{abs(number):.{decimals}f}"
    return text if number >= 0 or float(text) == 0 else MINUS + text


def _signed(number: float, decimals: int) -> str:
    text = _plain(number, decimals)
    return text if text.startswith(MINUS) or float(text) == 0 else "+" + text
