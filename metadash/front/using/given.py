"""``give``: what a person brings to a trained learner, checked to the last value and stored. Reads no torch."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.data.given.given import Given, Said, keep, keep_inputs
from metadash.data.given.making_room import make_room
from metadash.data.given.pictures import scaled_like
from metadash.errors import BadInput, nearest
from metadash.front.using.checks import TakesInputs, rows_like
from metadash.metadata.told import Metadata

Known = pd.DataFrame | Sequence[Mapping[str, Any]] | None
"""What is known of single inputs, a row each."""
MOST = 100_000
"""Inputs given at once."""


def give(
    data: Dataset,
    support: Sequence[Any] | np.ndarray,
    labels: Sequence[Any],
    queries: Sequence[Any] | np.ndarray,
    metadata: Metadata | None = None,
    names: Sequence[str] | None = None,
    *,
    example_names: Sequence[str] | None = None,
    zero_shot: Sequence[Any] = (),
    notes: Sequence[str] = (),
    support_metadata: Known = None,
    query_metadata: Known = None,
) -> Given:
    """Examples of new classes and inputs to label, for learners of ``data``.

    Parameters
    ----------
    support, labels : [n, ...] examples, each with the name of its class; one class may have more than another.
    queries : [Q, ...] what to label. Inputs are as the data set's own; pictures may be of any size, grey or in colour, and are scaled.
    metadata : what is known of the classes, a row each: a frame whose index holds the labels, or a mapping of mappings.
    names, example_names : what queries and examples are called in the result; numbers from 1 where nothing is said.
    zero_shot : classes without an example, of which only ``metadata`` tell.
    notes : sentences of how the inputs were read, for the result.
    support_metadata, query_metadata : what is known of each single example, and of each input to label: a row each, in their order.

    Raises
    ------
    BadInput
        One sentence, for whatever does not fit together or does not fit the data set.
    """
    said, rows = checked(data, support, labels, queries, metadata, names, example_names, zero_shot)
    said = replace(
        said,
        of_examples=each_known(support_metadata, len(said.support), "labelled examples"),
        of_queries=each_known(query_metadata, len(said.queries), "queries"),
    )
    said = replace(said, inputs=keep_inputs(data.workspace, said.modality, rows), notes=(*notes, *said.notes))
    given = keep(data.workspace, said)
    make_room(data.workspace, {given.digest, said.inputs})
    return given


def checked(
    data: TakesInputs,
    support: Sequence[Any] | np.ndarray,
    labels: Sequence[Any],
    queries: Sequence[Any] | np.ndarray,
    metadata: Metadata | None,
    names: Sequence[str] | None,
    example_names: Sequence[str] | None = None,
    zero_shot: Sequence[Any] = (),
) -> tuple[Said, Any]:
    """What is said, and the inputs [n, ...] as the data set's own, examples first; the inputs have no name yet. As ``give`` otherwise."""
    found_labels = [label_in(place, label) for place, label in enumerate(labels)]
    support, queries = listed(support, "labelled examples"), listed(queries, "queries")
    if len(support) != len(found_labels):
        raise BadInput(f"The support has {len(support)} inputs and {len(found_labels)} labels; give each input its label.")
    if len(support) + len(queries) > MOST:
        raise BadInput(
            f"{len(support) + len(queries):,} inputs are given at once, and the most are {MOST:,}; label them in parts."
        )
    classes = list(dict.fromkeys(found_labels))
    for one in zero_shot:
        name = label_in(len(classes), one)
        if name in classes:
            raise BadInput(
                f"The class '{name}' is said to have no example, and has {found_labels.count(name)}; leave out the one or the other."
            )
        classes.append(name)
    if len(classes) < 2:
        raise BadInput(
            f"Only one class is named{f' ({classes[0]})' if classes else ''}; a learner tells two or more apart."
            if classes
            else "No class is named; give at least two classes an example each."
        )
    if not len(queries):
        raise BadInput("There is nothing to label; give at least one input.")
    rows, note = inputs_like(data, support, queries)
    said = Said(
        dataset=data.name,
        modality=data.modality.name,
        inputs="",
        support=tuple(range(len(support))),
        labels=tuple(found_labels),
        example_names=called(example_names, len(support), "labelled examples"),
        queries=tuple(range(len(support), len(support) + len(queries))),
        names=called(names, len(queries), "queries"),
        classes=tuple(classes),
        metadata=known_of(metadata, classes),
        notes=tuple(filter(None, [note])),
    )
    return said, rows


def with_corrections(given: Given, corrections: Mapping[int, Any]) -> Given:
    """The same, with labels that a person gave to queries (by their place, from 0): each is a further example from now on, of a class that
    is there or of a new one. A correction of a correction takes its place. The queries stay, so that places stay.

    Raises BadInput for a query that there is not, and for a label that names no class.
    """
    corrected = given.corrected
    for place, label in corrections.items():
        if not isinstance(place, int | np.integer) or not 0 <= place < len(given.names):
            raise BadInput(f"There is no query {place!r}; there are {len(given.names)}, counted from 0.")
        corrected[int(place)] = label_in(int(place), label)
    said, own = given.said, len(given.said.support) - len(given.corrected)
    of_examples = said.of_examples
    if of_examples is not None or said.of_queries is not None:
        of_queries = said.of_queries or ({},) * len(said.names)
        of_examples = (*(of_examples or ({},) * own)[:own], *[of_queries[place] for place in sorted(corrected)])
    places = sorted(corrected)
    labels = (*said.labels[:own], *[corrected[place] for place in places])
    known = [name for name in given.classes if name in labels or name in said.labels[:own] or name not in said.labels]
    now = replace(
        said,
        support=(*said.support[:own], *[said.queries[place] for place in places]),
        labels=labels,
        example_names=(*said.example_names[:own], *[said.names[place] for place in places]),
        classes=tuple(dict.fromkeys([*known, *labels])),
        corrected=dict(sorted(corrected.items())),
        of_examples=of_examples,
    )
    return keep(given.kept_in, now)


def listed(inputs: Any, name: str) -> Any:
    """Raises BadInput for what is no list of inputs."""
    if inputs is None or isinstance(inputs, str | bytes | Mapping) or not hasattr(inputs, "__len__"):
        raise BadInput(f"The {name} must be a list of inputs; they are {inputs!r:.40}.")
    return inputs


def label_in(place: int, label: Any) -> str:
    """A label as a text. Raises BadInput for one that names no class."""
    if isinstance(label, bool) or not isinstance(label, str | int | np.integer | np.str_) or not str(label).strip():
        raise BadInput(f"Label {place} is {label!r:.40}; it must be the name of a class.")
    return str(label).strip()


def called(names: Sequence[str] | None, n: int, what: str) -> tuple[str, ...]:
    """A name for each. Raises BadInput where there are not as many."""
    if names is None:
        return tuple(str(place + 1) for place in range(n))
    if len(names) != n:
        raise BadInput(f"There are {n} {what} and {len(names)} names of them; give each its name.")
    return tuple(map(str, names))


def inputs_like(data: TakesInputs, support: Any, queries: Any) -> tuple[Any, str]:
    """All inputs as the data set stores its own, support first, and what was done to them; empty where nothing was."""
    parts, notes = [], []
    for rows, name in ((support, "labelled examples"), (queries, "queries")):
        if not len(rows):
            continue
        if data.modality.parts == "pixels":
            rows, note = scaled_like(rows, data.inputs.shape[1:], name)
            notes += [note] * bool(note)
        parts.append(rows_like(rows, data, name))
    return np.concatenate(parts), " ".join(notes)


def known_of(metadata: Metadata | None, classes: Collection[str]) -> dict[str, dict[str, Any]] | None:
    """What is known, by column by class, as plain values. Raises BadInput for a class that is not named, and for one named twice."""
    if metadata is None:
        return None
    if not isinstance(metadata, pd.DataFrame):
        if not isinstance(metadata, Mapping) or not all(isinstance(row, Mapping | pd.Series) for row in metadata.values()):
            raise BadInput(
                "The metadata must be a table with a row a class, or values by column by class: {'a': {'colour': 'red'}}."
            )
        metadata = pd.DataFrame.from_dict({label: dict(row) for label, row in metadata.items()}, orient="index")
    if "class_name" in metadata and not any(str(label).strip() in classes for label in metadata.index):
        metadata = metadata.set_index("class_name")
    if len(set(map(str, metadata.columns))) < metadata.shape[1]:
        raise BadInput("The metadata have two columns of one name; rename one of them.")
    found: dict[str, dict[str, Any]] = {}
    for label, row in zip(metadata.index, metadata.to_dict("records"), strict=True):
        name = str(label).strip()
        if name not in classes:
            raise BadInput(f"The metadata speak of '{name}', which the support does not show{nearest(name, classes)}")
        if name in found:
            raise BadInput(f"The metadata have two rows of '{name}'; each class has one.")
        found[name] = {str(column): plain_value(value) for column, value in row.items() if is_known(value)}
    return found


def each_known(rows: Known, n: int, what: str) -> tuple[dict[str, Any], ...] | None:
    """Of each input what is known, by column; None where nothing is known of any. Raises BadInput where there are not as many rows."""
    if rows is None:
        return None
    found = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    if len(found) != n or not all(isinstance(row, Mapping) for row in found):
        raise BadInput(
            f"There are {n} {what} and {len(found)} rows of metadata of them; give each a row, empty where nothing is known."
        )
    kept = tuple({str(column): plain_value(value) for column, value in row.items() if is_known(value)} for row in found)
    return kept if any(kept) else None


def is_known(value: Any) -> bool:
    if isinstance(value, list | tuple | np.ndarray):
        return True
    return value is not None and not pd.isna(value) and value != ""


def plain_value(value: Any) -> Any:
    """As JSON holds it: times as texts, lists as lists."""
    if isinstance(value, np.ndarray | list | tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") and not isinstance(value, pd.Timedelta) else str(value)
