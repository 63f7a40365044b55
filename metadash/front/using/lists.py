"""Lists of names on the command line: separated by commas; a name that holds one stands in quotes, as in a CSV file."""

import csv
import io
from collections.abc import Sequence


def names_in(text: str) -> tuple[str, ...]:
    """``a,"b, c"`` as (``a``, ``b, c``)."""
    return tuple(part.strip() for row in csv.reader(io.StringIO(text), skipinitialspace=True) for part in row if part.strip())


def as_list(names: Sequence[str]) -> str:
    """What ``names_in`` reads as these."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue().removesuffix("\n")
