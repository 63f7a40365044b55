"""What lies before the learner: examples of new classes, what is known of these, what is to be labelled. Kept in the session, a data set each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import streamlit as st

from metadash.data.dataset import Dataset

STATE = "us_trays"
MOST_EXAMPLES = 200
"""Of a class; more are no longer a few."""


@dataclass(frozen=True)
class Shown:
    """One input: what it is called, what it is (shaped as the data set's own), and its row where it is one of these, else −1. Two are the
    same by name and content."""

    name: str
    value: Any = field(compare=False)
    row: int = -1
    content: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        if self.row < 0:
            plain = self.value.encode() if isinstance(self.value, str) else np.ascontiguousarray(self.value).tobytes()
            object.__setattr__(self, "content", sha256(plain).hexdigest())


@dataclass(frozen=True)
class Tray:
    """``examples`` by class, in the order in which classes were named; of a class that was named alone there are none. ``known``: values as typed, by column by class (an empty one:
    missing, whatever the data set says); ``asked``: what was uploaded, drawn or written to be labelled, by way; ``of_inputs``: what a table said
    of single inputs, values by column by (class, name), of what is to be labelled by ("", name)."""

    examples: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)
    of_inputs: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        return list(self.examples)

    @property
    def rows(self) -> dict[int, str]:
        """The rows of the data set that are examples, with their class."""
        return {one.row: name for name, shown in self.examples.items() for one in shown if one.row >= 0}

    @property
    def bare(self) -> list[str]:
        """The classes without an example, of which only metadata tell."""
        return [name for name, shown in self.examples.items() if not shown]

    def with_class(self, name: str) -> "Tray":
        """A class is named, and nothing shown of it yet."""
        return self.with_examples(name, ())

    def with_examples(self, name: str, shown: Iterable[Shown]) -> "Tray":
        """These too, the first ones of a class included; what is there already is not taken twice."""
        had = self.examples.get(name, ())
        rows = {one.row for one in had if one.row >= 0}
        more = [one for one in shown if one.row not in rows]
        return replace(self, examples={**self.examples, name: (*had, *unlike(more, had))[:MOST_EXAMPLES]})

    def without_example(self, name: str, place: int) -> "Tray":
        """A class goes with its last example."""
        left = tuple(one for index, one in enumerate(self.examples[name]) if index != place)
        return replace(self, examples={**self.examples, name: left}) if left else self.without_class(name)

    def without_class(self, name: str) -> "Tray":
        def others(of: Mapping[str, Any]) -> dict[str, Any]:
            return {key: value for key, value in of.items() if key != name}

        return replace(self, examples=others(self.examples), known=others(self.known))

    def told(self, name: str, column: str, text: str) -> "Tray":
        """What is known of a class in one column, as it was typed."""
        return replace(self, known={**self.known, name: {**self.known.get(name, {}), column: text.strip()}})

    def told_of_inputs(self, rows: Mapping[tuple[str, str], Mapping[str, Any]]) -> "Tray":
        """What is known of single inputs too."""
        return replace(
            self, of_inputs={**self.of_inputs, **{name: {**self.of_inputs.get(name, {}), **row} for name, row in rows.items()}}
        )

    def with_asked(self, way: str, shown: Iterable[Shown]) -> "Tray":
        had = self.asked.get(way, ())
        return replace(self, asked={**self.asked, way: (*had, *unlike(shown, had))})

    def without_asked(self, way: str, place: int | None = None) -> "Tray":
        """Without one of them, or without any."""
        left = () if place is None else tuple(one for index, one in enumerate(self.asked.get(way, ())) if index != place)
        return replace(self, asked={**self.asked, way: left})


def unlike(shown: Iterable[Shown], had: Sequence[Shown]) -> list[Shown]:
    """The same inputs under names that none of those that are there already has: ``drawing``, ``drawing (2)``."""
    taken, found = {one.name for one in had}, []
    for one in shown:
        name, number = one.name, 1
        while name in taken:
            number += 1
            name = f"{one.name} ({number})"
        taken.add(name)
        found.append(replace(one, name=name))
    return found


def of_rows(data: Dataset, rows: Iterable[int]) -> list[Shown]:
    """Instances of the data set."""
    return [Shown(f"{data.name} {row}", data.inputs[int(row)], int(row)) for row in rows]


def class_labels(data: Dataset) -> list[str]:
    """The name of each class, with its number where another has the same."""
    names = data.classes["class_name"].astype(str)
    return [
        f"{name} ({place})" if twice else name
        for place, (name, twice) in enumerate(zip(names, names.duplicated(keep=False), strict=True))
    ]


def rows_of_class(data: Dataset, identity: int) -> np.ndarray:
    return np.flatnonzero(data.class_of == identity)


def drawn_rows(data: Dataset, identity: int, count: int, seed: int, but: Iterable[int] = ()) -> list[int]:
    """Some instances of a class by chance, the same for the same seed; fewer where it has no more. They come from as many different
    places of the data set's order as there are."""
    left = np.setdiff1d(rows_of_class(data, identity), np.fromiter(but, dtype=int))
    return np.random.default_rng([seed, identity]).permutation(left)[:count].tolist()


def own_classes(data: Dataset, tray: Tray) -> list[int]:
    """The classes of the data set that a class of the tray has examples of, or has the name of where it has none."""
    labels = class_labels(data) if tray.bare else []
    named = {labels.index(name) for name in tray.bare if name in labels}
    return sorted(named | {int(data.class_of[row]) for row in tray.rows})


def rest_of(data: Dataset, tray: Tray, split: str, each: int, others: int, seed: int) -> list[Shown]:
    """What is to be labelled of the data set itself: ``each`` more instances of the picked classes, and ``others`` of test classes that
    were not picked, for which none of these is the right answer."""
    picked = own_classes(data, tray)
    found = [row for c in picked for row in drawn_rows(data, c, each, seed, but=tray.rows)]
    strangers = np.setdiff1d(data.split(split)["test"], picked)
    if picked and len(strangers):
        generator = np.random.default_rng([seed, len(picked)])
        chosen, counts = np.unique(generator.choice(strangers, others), return_counts=True)
        found += [
            row for c, count in zip(chosen.tolist(), counts.tolist(), strict=True) for row in drawn_rows(data, c, count, seed)
        ]
    return of_rows(data, found)


# --- in the session ----------------------------------------------------------------------------------------------------------


def tray_of(data: Dataset) -> Tray:
    return st.session_state.setdefault(STATE, {}).get(data.name, Tray())


def put(data: Dataset, tray: Tray) -> None:
    st.session_state[STATE] = {**st.session_state.get(STATE, {}), data.name: tray}
