"""What a whole Omniglot consists of, from the small tables beside this module (or beside the drawings, where they lie there)."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metadash.errors import BadInput

TABLES = Path(__file__).with_name("tables")
DRAWERS = 20
"""Each character was drawn once by each of 20 people; a drawer's number means a person within one alphabet only."""

FACTS = ("origin", "writing_system", "iso15924", "region")
PARTS = ("background", "evaluation")
"""The two halves in which the authors publish their alphabets."""


@dataclass(frozen=True)
class Known:
    """``alphabets``: one row an alphabet, index its name in the authors' spelling. ``vinyals``: rows of (alphabet, character, split).
    ``pixels``: a hash of each alphabet's drawings, or empty where the tables came with other drawings than the authors'."""

    alphabets: pd.DataFrame
    vinyals: pd.DataFrame
    pixels: dict[str, str]


def load_known(folder: Path = TABLES) -> Known:
    """Tables that lie in ``folder`` go before those of the package. Raises BadInput when one is damaged."""
    alphabets = _table(folder, "alphabets.csv", ("alphabet", "split", "n_characters", *FACTS)).set_index("alphabet")
    if alphabets.index.has_duplicates or not alphabets["split"].isin(PARTS).all():
        raise BadInput("alphabets.csv must name each alphabet once, with the split background or evaluation.")
    vinyals = _table(folder, "vinyals_split.csv", ("alphabet", "character", "split"))
    pixels = {}
    if set(alphabets.index) == set(_table(TABLES, "alphabets.csv", ("alphabet",))["alphabet"]):
        table = _table(TABLES, "pixels.csv", ("alphabet", "hash"))
        pixels = dict(zip(table["alphabet"], table["hash"], strict=True))
    return Known(alphabets, vinyals, pixels)


def _table(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    path = folder / name if (folder / name).is_file() else TABLES / name
    whole = {"n_characters": "int64", "character": "int64"}
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={c: whole.get(c, "object") for c in columns})
        return frame[list(columns)].astype({"alphabet": "str"})
    except (OSError, ValueError, KeyError) as problem:
        raise BadInput(
            f"{name} is damaged: it needs the columns {', '.join(columns)}, with numbers where they count."
        ) from problem


def check_whole(index: pd.DataFrame, known: Known) -> None:
    """Every character of every alphabet is there, in its half, with its 20 drawings, and nothing else. Raises BadInput otherwise.

    ``index`` has one row a drawing with ``alphabet``, ``character``, ``drawer`` and ``part``.
    """
    parts, sizes = known.alphabets["split"].to_dict(), known.alphabets["n_characters"].to_dict()
    for name, rows in index.groupby("alphabet", sort=True):
        alphabet = str(name)
        if alphabet not in parts:
            raise BadInput(f"'{alphabet}' is no alphabet of Omniglot; this looks like another data set.")
        part, last = parts[alphabet], sizes[alphabet]
        if (rows["part"] != part).any():
            raise BadInput(f"The drawings of {alphabet} belong to the {part} set, but stand in the other one.")
        expected = set(range(1, last + 1))
        found = set(rows["character"])
        if found - expected:
            raise BadInput(f"{alphabet} has a character {min(found - expected)}, but it should end at {last}.")
        if expected - found:
            raise BadInput(f"{alphabet} lacks character {min(expected - found)}: Omniglot is partial; get the whole of it again.")
        for number, drawings in rows.groupby("character"):
            if sorted(drawings["drawer"]) != list(range(1, DRAWERS + 1)):
                raise BadInput(
                    f"{alphabet}, character {number!s} has {len(drawings)} drawings of {drawings['drawer'].nunique()} drawers, not one "
                    f"of each of {DRAWERS}: Omniglot is partial; get the whole of it again."
                )
    lacking = sorted(set(known.alphabets.index) - set(index["alphabet"]))
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise BadInput(f"The alphabet {lacking[0]}{more} is missing: Omniglot is partial; get the whole of it again.")
