"""Which classes are taken for each other most often, and whether what is known of them tells them apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.stats.words import count, plural_of


@dataclass(frozen=True)
class Confused:
    """Two classes: of ``asked`` queries of either in tasks with both, ``taken`` were answered as the other, ``plainly`` without metadata."""

    first: int
    second: int
    asked: int
    taken: int
    plainly: int


def of_task(points: pd.DataFrame) -> pd.DataFrame:
    """The ordered pairs of one task, read off the points of its map: class_id, other_id, asked, taken, plainly_taken."""
    queries = points[points["kind"] == "query"]
    classes = points.loc[points["kind"] == "plain prototype", "class_id"].tolist()
    rows = []
    for c in classes:
        own = queries[queries["class_id"] == c]
        rows += [
            (c, d, len(own), int((own["predicted"] == d).sum()), int((own["plainly_predicted"] == d).sum()))
            for d in classes
            if d != c
        ]
    return pd.DataFrame(rows, columns=["class_id", "other_id", "asked", "taken", "plainly_taken"])


def most_confused(pairs: pd.DataFrame, most: int) -> list[Confused]:
    """Pairs either way together, those that were most often taken for each other first; with or without metadata."""
    ends = pairs[["class_id", "other_id"]].to_numpy(dtype=int).reshape(-1, 2)
    together = pairs.assign(first=ends.min(axis=1, initial=np.iinfo(int).max), second=ends.max(axis=1, initial=-1))
    found = together.groupby(["first", "second"])[["asked", "taken", "plainly_taken"]].sum().reset_index()
    found = found[(found["taken"] > 0) | (found["plainly_taken"] > 0)]
    found = found.sort_values(["taken", "plainly_taken", "first", "second"], ascending=[False, False, True, True]).head(most)
    return [Confused(*map(int, row)) for row in found.itertuples(index=False)]


def count_words(pair: Confused, reads: bool) -> str:
    """``Taken for each other in 9 of 30 queries; by plain prototypes in 14.``"""
    text = f"Taken for each other in {count(pair.taken)} of {plural_of(pair.asked, 'query')}"
    return f"{text}; without metadata in {count(pair.plainly)}." if reads else f"{text}."


def told_apart(dataset: Dataset, first: int, second: int, sources: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The class sources in which two classes differ, in which they are the same, and of which nothing is known of one or both."""
    differ: list[str] = []
    same: list[str] = []
    unknown: list[str] = []
    for name in sources:
        table = dataset.classes[list(dataset.source(name).columns)]
        one, other = ([value_of(value) for value in table.iloc[c]] for c in (first, second))
        known = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
        (unknown if not known else differ if any(a != b for a, b in known) else same).append(name)
    return differ, same, unknown


def value_of(value: object) -> object:
    """Comparable, and None where it is missing."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(map(str, value))
    return None if value is None or pd.isna(value) else value  # type: ignore[call-overload]


def metadata_words(differ: Sequence[str], same: Sequence[str], reads: bool) -> str:
    """Whether metadata tell two classes apart; ``reads``: the learner reads these sources, else they are what is known."""
    differ, same = ([name.replace("_", " ") for name in names] for names in (differ, same))
    if differ:
        return f"{'Of what it reads' if reads else 'Of what is known'}, {in_a_row(differ)} {'differs' if len(differ) == 1 else 'differ'}."
    alike = f": {in_a_row(same)} {'is' if len(same) == 1 else 'are'} the same" if same else ""
    return f"Nothing that {'it reads' if reads else 'is known'} tells them apart{alike}."


def in_a_row(names: Sequence[str]) -> str:
    """``name, script and case``"""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
