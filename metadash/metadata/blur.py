"""Metadata made less exact on purpose: rungs of a ladder towards "withheld", and noise of a stated strength.

Each rung is one transform in two spellings that a test holds together: of a DataFrame's column, for learners, and of a column in
SQL, for counting who could be recognised in a table of any size. Which rungs a column has is its kind's to say.

Noise shows how much chance a learner bears. It is no promise of privacy, and no ε is given for it: whoever knows the run knows its
seed and can take the noise off again, and doubles betray what was added to them (Mironov 2012). A library that keeps an ε (OpenDP)
draws from the system's entropy, so that no run could be computed twice.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ADDED, REPLACED
from metadash.data.columns.registry import kind_of, rung_named, rungs
from metadash.data.columns.rungs import AS_IT_IS
from metadash.data.literals import identifier
from metadash.errors import BadInput
from metadash.fields import Checked

NOISES: dict[str, str] = {ADDED: "scale", REPLACED: "share"}
"""The two kinds of noise, and what states their strength."""
SCALES = (0.125, 0.25, 0.5, 1.0, 2.0)
"""Noise that a curve adds, as multiples of the column's own standard deviation."""
SHARES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Values that a curve replaces."""
WITHDRAWN = {"randomised response": REPLACED, "Laplace noise": ADDED}
"""What noise was called while it came with an ε, and what is closest to it now."""


def ladder_of(column: pd.Series) -> tuple[str, ...]:
    """The rungs of a column by its kind, from the most exact down."""
    return (AS_IT_IS.name, *(rung.name for rung in kind_of(column).ladder(column)))


def noise_of(column: pd.Series) -> tuple[str, ...]:
    """The kind of noise that the column's kind takes, if any."""
    noise = kind_of(column).noise
    return (noise,) if noise else ()


def strengths(column: pd.Series, noise: str) -> tuple[float, ...]:
    """From weak to strong, in what ``Blur`` states it in; none for a column that never varies.

    Scales are suggested from the column's own spread, to two digits; a run holds the number itself and reads nothing from the data.
    """
    if noise == REPLACED:
        return SHARES
    kind = kind_of(column)
    numbers = kind.numbers(column) / kind.per_unit
    known = numbers[np.isfinite(numbers)]
    largest = float(np.abs(known).max(initial=0.0))
    spread = float((known / largest).std()) * largest if largest else 0.0  # squares of the largest doubles are none
    scales = (float(f"{spread * scale:.2g}") for scale in SCALES)
    return tuple(scale for scale in scales if 0 < scale < np.inf)


@dataclass(frozen=True)
class Blur(Checked):
    """One column of one source made less exact: ``how`` is a rung, or a noise with its ``strength``. Raises BadInput.

    *added noise*: Laplace noise of the scale ``strength`` (how far a value moves on average), in the column's own unit, for times and
    durations in days; *random replacement*: the share of values that another of the column's values stands for.
    """

    source: str
    column: str
    how: str
    strength: float = 0.0

    def settle(self) -> None:
        if self.how in WITHDRAWN:
            raise BadInput(
                f"'{self.how}' on '{self.column}' promised an ε that it could not keep and is no longer offered; choose "
                f"'{WITHDRAWN[self.how]}' with its {NOISES[WITHDRAWN[self.how]]}."
            )
        if self.how not in rungs() and self.how not in NOISES:
            known = ", ".join([*rungs(), *NOISES])
            raise BadInput(f"'{self.column}' cannot be blurred by '{self.how}'; choose one of {known}.")
        if self.how in rungs() and self.strength:
            raise BadInput(f"'{self.how}' on '{self.column}' takes no number; only {' and '.join(NOISES)} do.")
        if self.how == ADDED and not 0 < self.strength < np.inf:
            raise BadInput(f"The {self.how} on '{self.column}' needs a scale above 0; it is {self.strength:g}.")
        if self.how == REPLACED and not 0 < self.strength <= 1:
            raise BadInput(f"The {self.how} on '{self.column}' needs a share above 0 (and at most 1); it is {self.strength:g}.")

    @property
    def plain(self) -> tuple[Any, ...]:
        """As a spec holds it: (source, column, rung), or (source, column, noise, strength)."""
        return (self.source, self.column, self.how, *([self.strength] if self.strength else []))

    @property
    def words(self) -> str:
        return f"{self.column}: {how_words(self.how, self.strength)}"


def how_words(how: str, strength: float) -> str:
    """``year``; ``added noise, scale 2.5``; ``random replacement of 20 %``."""
    if how == REPLACED:
        return f"{how} of {100 * strength:.3g} %"
    return f"{how}, scale {strength:g}" if strength else how


def read_blur(entry: Sequence[Any]) -> Blur:
    """Raises BadInput for what is no (source, column, how) or (source, column, how, strength)."""
    texts, rest = tuple(entry[:3]), tuple(entry[3:])
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in rest)
    if len(texts) < 3 or len(rest) > 1 or not numbers or not all(isinstance(text, str) for text in texts):
        raise BadInput(f"A blur is {tuple(entry)!r}; it must name a source, a column and how, and a number for noise.")
    return Blur(*texts, *map(float, rest))


def check_fits(blur: Blur, column: pd.Series) -> None:
    """Raises BadInput where a column's kind has no such rung or noise."""
    known = (*ladder_of(column), *noise_of(column))
    if blur.how not in known:
        kind = kind_of(column).name
        raise BadInput(f"'{blur.column}' is {kind} and cannot be blurred by '{blur.how}'; choose {', '.join(known)}.")


def blur_table(table: pd.DataFrame, source: str, blurs: Iterable[Blur], seed: int) -> pd.DataFrame:
    """The table as one source shows it, with that source's blurred columns replaced.

    Noise is drawn for each column by itself from ``seed``, so that blurring one more column leaves the noise of the others alone.
    """
    changes = {
        blur.column: blur_column(table[blur.column], blur, np.random.default_rng([seed, 4, zlib.crc32(blur.column.encode())]))
        for blur in blurs
        if blur.source == source
    }
    return table.assign(**changes) if changes else table


def blur_column(column: pd.Series, blur: Blur, generator: np.random.Generator) -> pd.Series:
    if blur.how == REPLACED:
        return replaced(column, blur.strength, generator)
    if blur.how == ADDED:
        return moved(column, blur.strength, generator)
    return rung_named(blur.how).apply(column)


def replaced(column: pd.Series, share: float, generator: np.random.Generator) -> pd.Series:
    """Each value with probability ``share`` as another of the column's values, all alike; what is missing stays so."""
    code, levels = pd.factorize(column, sort=True)
    if len(levels) < 2:
        return column
    lies = generator.random(len(code)) < share
    told = np.where(lies, (code + generator.integers(1, len(levels), len(code))) % len(levels), code)
    return pd.Series(levels.take(told), column.index, name=column.name).where(column.notna())


def moved(column: pd.Series, scale: float, generator: np.random.Generator) -> pd.Series:
    """Each value with Laplace noise of density exp(−|x|/b)/2b added, b the ``scale`` in the kind's unit; what is missing stays so."""
    kind = kind_of(column)
    if kind.reads_as != "numbers":
        return column
    noise = generator.laplace(0.0, 1.0, len(column)) * (scale * kind.per_unit)
    return kind.from_numbers(kind.numbers(column) + noise, column)


def rung_sql(rung: str, column: str, table: str) -> str:
    """The SQL expression of ``column`` on a rung, over the rows of ``table`` (names as they are, not yet quoted)."""
    return rung_named(rung).sql(identifier(column), identifier(table))
