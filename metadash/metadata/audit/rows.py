"""Class rows that stand on both sides of the split, exactly or nearly: metadata that was copied tells what training has seen already."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ColumnKind
from metadash.metadata.audit.findings import Finding, Material, text_of

NEAR = 0.95
MOST_CLASSES = 2000
"""Classes of a role that are compared, chosen by a fixed seed where there are more."""
MOST_WORDS = 4096
MARGIN = 0.05


def repeated_rows(material: Material) -> Iterator[Finding]:
    """Test classes whose whole metadata row (over all class sources) also belongs to a training class.

    Twins are a leak only where they are commoner across the split than within training: coarse metadata has twins everywhere.
    """
    columns = [name for _, name in material.class_columns() if material.kinds[name].reads_as != "nothing"]
    columns = list(dict.fromkeys(columns))
    train, test = material.roles["train"], material.roles["test"]
    if not columns or len(train) < 2 or not len(test):
        return
    text = pd.DataFrame({name: text_of(material.classes[name]).fillna("\0missing") for name in columns})
    row = text.groupby(columns, sort=False).ngroup().to_numpy()
    across = np.isin(row[test], row[train])
    counts = np.bincount(row[train], minlength=row.max() + 1)
    within = float((counts[row[train]] > 1).mean())
    yield from exact_twins(material, row, across, within, len(columns))
    yield from near_twins(material, columns, test[~across])


def exact_twins(material: Material, row: np.ndarray, across: np.ndarray, within: float, n_columns: int) -> Iterator[Finding]:
    train, test = material.roles["train"], material.roles["test"]
    share = float(across.mean())
    if not share:
        return
    twins = [(int(t), int(train[np.flatnonzero(row[train] == row[t])[0]])) for t in test[across][:5]]
    pairs = [(str(material.names[a]), str(material.names[b])) for a, b in twins]
    evidence = {
        "test_classes": int(across.sum()),
        "share": round(share, 3),
        "share_within_training": round(within, 3),
        "pairs": pairs,
    }
    first = f"such as “{pairs[0][0]}” and “{pairs[0][1]}”"
    if share <= 1.5 * within + MARGIN:
        sentence = f"{share:.0%} of the test classes have the metadata of a training class to the letter ({first}); so do {within:.0%} of the training classes among themselves."
        advice = "The metadata is coarse, which is no leak; it cannot tell these classes apart."
        yield Finding("indistinct", "note", "", "", sentence, advice, evidence)
        return
    sentence = f"{int(across.sum())} test classes repeat the metadata row of a training class ({first}), which training classes rarely do among themselves."
    advice = "See whether they are one class under two names; if so, merge them or put both into one role."
    yield Finding("duplicate-rows", "warn", "", "", sentence, advice, evidence)


def near_twins(material: Material, columns: list[str], rest: np.ndarray) -> Iterator[Finding]:
    """The test class that is most like a training class, and whether such likeness is commoner than within training."""
    generator = np.random.default_rng(0)
    train = some(material.roles["train"], generator)
    test = some(rest, generator)
    if not len(test):
        return
    across = similarity(material, columns, test, train)
    within = similarity(material, columns, train, train)
    np.fill_diagonal(within, 0)
    nearest, i = across.max(axis=1), across.argmax(axis=1)
    best = int(nearest.argmax())
    if nearest[best] < NEAR:
        return
    share, usual = float((nearest >= NEAR).mean()), float((within.max(axis=1) >= NEAR).mean())
    pair = (str(material.names[test[best]]), str(material.names[train[i[best]]]))
    evidence = {
        "test_classes": int((nearest >= NEAR).sum()),
        "share": round(share, 3),
        "share_within_training": round(usual, 3),
        "largest": round(float(nearest[best]), 4),
        "pair": pair,
        "sampled": len(test) < len(rest) or len(train) < len(material.roles["train"]),
    }
    leak = share > 1.5 * usual + MARGIN
    sentence = (
        f"{int((nearest >= NEAR).sum())} test classes nearly repeat the metadata of a training class; the closest are “{pair[0]}” and “{pair[1]}” ({nearest[best]:.0%} alike)"
        + (", closer than training classes are among themselves." if leak else ", as training classes do among themselves.")
    )
    advice = (
        "See whether they are one class under two names; if so, put both into one role."
        if leak
        else "Nothing has to be done: that much likeness is usual here."
    )
    yield Finding("near-duplicates", "warn" if leak else "note", "", "", sentence, advice, evidence)


def some(rows: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= MOST_CLASSES else np.sort(generator.choice(rows, MOST_CLASSES, replace=False))


def similarity(material: Material, columns: list[str], one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[A, B] in 0..1, the mean over the columns that either row has (Gower 1971): equal or not for categories, 1 − distance/range
    for numbers and times, the share of words in common for texts and labels, the cosine for vectors."""
    total = np.zeros((len(one), len(other)), np.float32)
    weight = np.zeros_like(total)
    for name in columns:
        column, kind = material.classes[name], material.kinds[name]
        known = column.notna().to_numpy()
        a, b = known[one][:, None], known[other][None]
        total += np.where(a & b, alike(column, kind, one, other), 0)
        weight += a | b
    return total / np.maximum(weight, 1)


def alike(column: pd.Series, kind: ColumnKind, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if kind.reads_as == "words":
        words = kind.words(column)
        place = {word: i % MOST_WORDS for i, word in enumerate(sorted(set().union(*words)))}
        matrix = np.zeros((len(column), min(len(place), MOST_WORDS)), np.float32)
        for row, found in enumerate(words):
            matrix[row, [place[word] for word in found]] = 1
        common = matrix[one] @ matrix[other].T
        size = matrix.sum(axis=1)
        return common / np.maximum(size[one][:, None] + size[other][None] - common, 1)
    if kind.reads_as == "vectors":
        vectors = kind.vectors(column)
        vectors = np.nan_to_num(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
        return np.clip(vectors[one] @ vectors[other].T, 0, 1)
    if kind.reads_as == "numbers":
        values = kind.numbers(column)
        spread = np.nanmax(values) - np.nanmin(values)
        values = np.nan_to_num(values)
        return 1 - np.abs(values[one][:, None] - values[other][None]) / (spread or 1.0)
    code = pd.factorize(text_of(column))[0]
    return (code[one][:, None] == code[other][None]).astype(np.float32)
