"""Whole data sets of chance: classes and instances with columns of any type, inputs, sources, names that mean something to somebody."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd

from benchmarks.randomness.columns import COLUMNS, columns, texts

NAMES = ("Age", "age", "v", "class", "select", "a b", "a.b", "a:b", "a,b", "a=b", "x[1]", "1", '"', "'", "%", "$x$", "*b*", "é", "rowid", "split", "role", "n" * 70)  # fmt: skip
"""Of columns: words of SQL, of filters, of Markdown."""


def names() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(NAMES), st.text(min_size=1, max_size=8))


@st.composite
def tables(draw: st.DrawFn, n_classes: int = 8, each: int = 3, sorts: tuple[str, ...] = tuple(COLUMNS)) -> dict[str, Any]:
    """What ``metadash.from_tables`` takes, and ``sorts``: of which sort each column is."""
    found: dict[str, str] = {}
    classes = pd.DataFrame({"class_name": draw(st.lists(texts(), min_size=n_classes, max_size=n_classes, unique=True))})
    instances = pd.DataFrame({"class_name": classes["class_name"].repeat(each).to_numpy()})
    sources: dict[str, list[str]] = {}
    for table, most in ((classes, 3), (instances, 2)):
        level = {}
        for name in draw(st.lists(names(), max_size=most, unique=True)):
            found[name], column = draw(columns(len(table), sorts))
            level[name] = column
        for name, column in level.items():
            table[name] = column
            if not draw(st.booleans()) or not sources:
                sources[draw(texts()).strip() or f"s{len(sources)}"] = [name]
            elif (last := list(sources.values())[-1])[-1] in level and name not in last:
                last.append(name)
    kind = draw(st.sampled_from(("vector", "image", "text")))
    rows = len(instances)
    numbers = np.random.default_rng(0).normal(size=(rows, 4)).astype("float32") + np.repeat(np.arange(n_classes), each)[:, None]
    inputs: Any = {
        "vector": numbers,
        "image": (np.abs(numbers) * 20).astype("uint8").reshape(rows, 2, 2).repeat(4, 1).repeat(4, 2),
        "text": [f"word{row // each} and {row % 5}" for row in range(rows)],
    }[kind]
    about: dict[str, Any] = {
        "sources": sources or None,
        "title": draw(texts()) or None,
        "licence": draw(texts()),
        "class_noun": draw(texts()) or "class",
    }
    for said, table in (("siblings", classes), ("disjoint", instances)):
        if len(table.columns) > 1 and draw(st.integers(0, 3)) == 0:
            about[said] = table.columns[-1]
    return {"classes": classes, "instances": instances, "inputs": inputs, **about, "sorts": found}


def written(value: Any) -> str:
    try:
        return repr(value)
    except (ArithmeticError, ValueError):  # a time that no calendar has
        return "?"


def as_code(table: dict[str, Any]) -> str:
    """A table as Python text from which it can be made again."""
    lines = []
    for name in ("classes", "instances"):
        frame = table[name]
        held = {column: (str(frame[column].dtype), list(map(written, frame[column].to_numpy()))) for column in frame.columns}
        lines.append(f"{name} = {held!r}")
    lines += [f"{name} = {value!r}" for name, value in table.items() if name not in ("classes", "instances", "inputs")]
    return "\n".join([*lines, f"inputs: {type(table['inputs']).__name__} of {len(table['inputs'])}"])
