"""Class columns that are worked out from the class's own inputs: they tell of the very instances that tests ask about."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import factorial, stdtr

from metadash.data.columns.kind import ColumnKind
from metadash.data.dataset import Dataset, Source
from metadash.data.inputs.texts import TextColumn
from metadash.metadata.audit.findings import Finding, Material, Severity

SAME, NEAR = 0.999, 0.99
"""r² from which a column is a summary of the inputs, and from which it may be."""
ALIKE_RANKS = 0.9
"""r² of the ranks that must go with it: one class far off would else decide alone."""
BY_CHANCE = 1e-4
"""What the best of all candidates may be by chance; so few classes are never enough for many inputs."""
FEWEST, DIFFERENT = 8, 5
"""Classes with a value, and different values among them, below which nothing is said."""
MOST_CELLS = 2**26
"""Numbers that are read: of larger inputs every k-th place (vectors), or some instances of each class (images)."""
MOST_TOGETHER = 256
"""Inputs from which a column may be a mixture; there must be twice as many classes and some more."""
SPARE = 10
MANY, FEW, POSSIBLE = 200_000, 36, 0.4
"""Instances from which on so few classes (more where many inputs could be mixed) are looked at first, and the r² that they must show there."""
HOW = ("mean", "standard deviation", "least", "greatest", "median", "sum")


@dataclass(frozen=True)
class Summaries:
    """What could have been computed of each class: ``values`` [C, S] with the words of each ([S], "mean of input 3"), NaN for a class
    without instances; ``means`` [C, F] are those that may be mixed."""

    values: np.ndarray
    words: list[str]
    means: np.ndarray


@dataclass(frozen=True)
class Match:
    """The closest that a column comes to the inputs: r², and what it would be."""

    r2: float
    what: str


def input_aggregates(material: Material) -> Iterator[Finding]:
    """One finding a source: its numeric columns (and those of vectors, place by place) that are a summary of the inputs, or a mixture of
    their means, exactly or nearly."""
    wanted = [(source, name) for source, name in material.class_columns() if measured(material.kinds[name])]
    if not wanted:
        return
    columns = {name: columns_of(material, name) for _, name in wanted}
    columns = plausible(material.dataset, columns)
    if not columns:
        return
    summaries = summaries_of(material.dataset)
    matches = {name: match_of(column, summaries) for name, column in columns.items()}
    for source in material.of_level("class"):
        known = {name: matches[name] for name in source.columns if name in matches and matches[name].r2 >= NEAR}
        same = {name: match for name, match in known.items() if match.r2 >= SAME}
        if known:
            yield finding_of(source, same or known, "block" if same else "warn")


def finding_of(source: Source, found: dict[str, Match], severity: Severity) -> Finding:
    name, match = max(found.items(), key=lambda item: item[1].r2)
    others = len(found) - 1
    more = f" ({others} more column{'s' * (others > 1)} of the source '{source.name}' likewise)" if others else ""
    nearly = "" if severity == "block" else "nearly "
    sentence = (
        f"'{name}' is {nearly}{match.what} of each class (r² = {match.r2:.4f}){more}, and so tells about the very instances that tests "
        "ask about."
    )
    shown = ", ".join(f"'{column}'" for column in list(found)[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    whole = set(found) == set(source.columns)
    what = f"the source '{source.name}'" if whole else f"{shown} of the source '{source.name}'"
    advice = (
        f"Leave {what} out, or compute it anew from instances that are in no task."
        if severity == "block"
        else f"See whether it was measured on these very instances; if so, leave {what} out."
    )
    evidence = {"equals": match.what, "r2": round(match.r2, 6), "columns": list(found)}
    return Finding("input-aggregate", severity, source.name, name, sentence, advice, evidence)


# --- the columns -----------------------------------------------------------------------------------------------------------


def measured(kind: ColumnKind) -> bool:
    """Whether it holds what could have been worked out from inputs: numbers, or vectors of them, but no points in time."""
    return kind.reads_as == "vectors" or (kind.reads_as == "numbers" and not kind.dated)


def columns_of(material: Material, name: str) -> np.ndarray:
    """[C, d] numbers of a column, d = 1 but for vectors; NaN where missing."""
    kind, column = material.kinds[name], material.classes[name]
    found = kind.numbers(column)[:, None] if kind.reads_as == "numbers" else kind.vectors(column)
    return np.where(np.isfinite(found), found, np.nan)


def match_of(columns: np.ndarray, summaries: Summaries) -> Match:
    """Of a vector the middle one of its places, so that half of them say what all are."""
    found = sorted((match_one(column, summaries) for column in columns.T), key=lambda match: match.r2)
    return found[len(found) // 2]


def match_one(column: np.ndarray, summaries: Summaries) -> Match:
    """The best r² of one column [C], plain or of ranks, among the summaries and the mixtures that there are classes enough for."""
    known = np.isfinite(column) & np.isfinite(summaries.values).all(axis=1)
    y, n = column[known], int(known.sum())
    if n < FEWEST or len(np.unique(y)) < DIFFERENT:
        return Match(0.0, "")
    x = summaries.values[known]
    plain = squared_correlations(x, y)
    close = np.flatnonzero(plain >= NEAR / 2)  # ranks are dearer, and looked at where they can matter
    ranks = np.zeros_like(plain)
    ranks[close] = squared_correlations(ranked(x[:, close]), ranked(y[:, None])[:, 0]) if len(close) else 0
    in_order = ranks >= SAME if 2 / factorial(n) * len(plain) <= BY_CHANCE else np.zeros(len(plain), bool)
    either = np.maximum(np.where(ranks >= ALIKE_RANKS, plain, 0), np.where(in_order, ranks, 0))
    best = int((either >= either.max() - 1e-9).argmax())  # where classes are of one size, the mean and not the sum
    match = Match(float(either[best]), f"the {summaries.words[best]}")
    if match.r2 < NEAR or by_chance(match.r2, n) * len(plain) > BY_CHANCE:
        match = Match(0.0, "")
    mixed = mixture(summaries.means[known], y)
    return Match(mixed, "a mixture of the mean inputs") if match.r2 < SAME and mixed > match.r2 else match


def ranked(x: np.ndarray) -> np.ndarray:
    """Ranks within each column of [n, S], equal values sharing their middle one (pandas: SciPy's are too slow for a server to load)."""
    return pd.DataFrame(x).rank().to_numpy()


def squared_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """r² [S] of the columns of [n, S] with [n]; 0 for a column that does not vary."""
    x, y = x - x.mean(axis=0), y - y.mean()
    size = np.sqrt(np.square(x).sum(axis=0))
    varies = size > 1e-9 * np.sqrt(len(x)) * (1 + np.abs(x).max(axis=0, initial=0))
    r = (x.T @ y) / np.where(varies, size, np.inf) / np.sqrt(np.square(y).sum())
    return np.square(r)


def by_chance(r2: float, n: int) -> float:
    """The p-value of a correlation of ``n`` pairs."""
    return float(2 * stdtr(n - 2, -np.sqrt(r2 * (n - 2) / max(1 - r2, 1e-15))))


def mixture(means: np.ndarray, y: np.ndarray) -> float:
    """r² with which each class's value is foretold by a linear map fitted on the others (the PRESS statistic, Allen 1974); 0 where there are
    too few classes for so many inputs."""
    means = means[:, np.ptp(means, axis=0) > 0]
    n, size = means.shape
    if not 1 <= size <= MOST_TOGETHER or n < 2 * (size + 1) + SPARE:
        return 0.0
    scaled = (means - means.mean(axis=0)) / means.std(axis=0)
    basis, values, _ = np.linalg.svd(np.column_stack([np.ones(n), scaled]), full_matrices=False)
    basis = basis[:, values > 1e-10 * values[0]]
    left = (y - basis @ (basis.T @ y)) / np.maximum(1 - np.square(basis).sum(axis=1), 1e-9)
    return float(max(0.0, 1 - np.square(left).sum() / np.square(y - y.mean()).sum()))


def plausible(dataset: Dataset, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of many inputs, the columns that those of some classes do not rule out; else all of them."""
    width = int(dataset.inputs[:1].size)
    few = max(FEW, 2 * (width + 1) + 2 * SPARE)
    n_classes = len(dataset.classes)
    if len(dataset.class_of) <= MANY or dataset.modality.parts == "pixels" or 4 * few > n_classes:
        return columns
    chosen = np.linspace(0, n_classes - 1, few).astype(int)
    tried = summaries_of(dataset, chosen)
    return {name: column for name, column in columns.items() if any(near(one[chosen], tried) for one in column.T)}


def near(column: np.ndarray, summaries: Summaries) -> bool:
    """Whether a column of a few classes could be a summary, or a mixture of means."""
    known = np.isfinite(column) & np.isfinite(summaries.values).all(axis=1)
    y = column[known]
    if len(y) < FEWEST or len(np.unique(y)) < 2:
        return True
    simple = squared_correlations(summaries.values[known], y).max() >= POSSIBLE
    return bool(simple or mixture(summaries.means[known], y) >= POSSIBLE)


# --- the inputs ------------------------------------------------------------------------------------------------------------


def summaries_of(dataset: Dataset, chosen: np.ndarray | None = None) -> Summaries:
    """Of all classes, or of those ``chosen``, a row each. Of vectors every place (and their sum and length); of images their ink, how it varies, and where it lies; of texts their length."""
    class_of, n_classes = dataset.class_of, len(dataset.classes)
    if chosen is None:
        order = np.argsort(class_of, kind="stable")
    else:
        place = np.full(n_classes, -1)
        place[chosen] = np.arange(len(chosen))
        class_of, n_classes = place[class_of], len(chosen)
        order = np.flatnonzero(class_of >= 0)
        order = order[np.argsort(class_of[order], kind="stable")]
    if dataset.modality.parts == "pixels":
        rows = some_of_each(order, class_of, MOST_CELLS // max(1, dataset.inputs[:1].size))
        features, words = of_images(dataset.inputs, rows), of_image_words(dataset.inputs.shape[1:])
    elif dataset.modality.stored == "texts":
        rows, words = order, ["number of letters", "number of words"]
        features = of_texts(dataset.inputs)[rows]
    else:
        rows, flat = order, dataset.inputs.reshape(len(class_of), -1)
        places = np.arange(0, flat.shape[1], max(1, -(-flat.size // MOST_CELLS)))
        some = flat[rows] if chosen is not None else flat  # few rows first, else few places first
        vectors = np.asarray(some[:, places] if len(places) < flat.shape[1] else some, dtype=np.float64)
        vectors = vectors if chosen is not None else vectors[rows]
        features = np.column_stack([vectors, vectors.sum(axis=1), np.linalg.norm(vectors, axis=1)])
        words = [*(f"input {place}" for place in places), "sum of the inputs", "length of the inputs"]
    found = by_class(features, class_of[rows], n_classes)
    mixable = found["mean"][:, :-2] if dataset.modality.parts == "places" else found["mean"]
    return Summaries(np.concatenate(list(found.values()), axis=1), [f"{how} of {word}" for how in HOW for word in words], mixable)


def by_class(features: np.ndarray, class_of: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
    """[R, F], a class's rows together, to [C, F] by each of ``HOW``."""
    found, start = np.unique(class_of, return_index=True)
    size = np.diff(np.r_[start, len(class_of)])[:, None]
    total = np.add.reduceat(features, start)
    centred = features - np.repeat(total / size, size[:, 0], axis=0)
    parts = (
        total / size,
        np.sqrt(np.add.reduceat(np.square(centred), start) / size),
        np.minimum.reduceat(features, start),
        np.maximum.reduceat(features, start),
        medians(features, start, size[:, 0]),
        total,
    )
    whole = {how: np.full((n_classes, features.shape[1]), np.nan) for how in HOW}
    for how, part in zip(HOW, parts, strict=True):
        whole[how][found] = part
    return whole


def medians(features: np.ndarray, start: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Classes of one size together: a loop over thousands of them would take longer than all the rest."""
    found = np.empty((len(start), features.shape[1]))
    for n in np.unique(size):
        alike = np.flatnonzero(size == n)
        found[alike] = np.median(features[start[alike][:, None] + np.arange(n)], axis=1)
    return found


def some_of_each(order: np.ndarray, class_of: np.ndarray, most: int) -> np.ndarray:
    """``order`` (a class's instances together), thinned evenly by a fixed draw where there are more than ``most``."""
    if len(order) <= most:
        return order
    kept = np.sort(np.random.default_rng(0).choice(len(order), most, replace=False))
    first = np.searchsorted(class_of[order], np.unique(class_of))  # one of each at least
    return order[np.union1d(kept, first)]


def of_texts(inputs: TextColumn) -> np.ndarray:
    """[I, 2]: letters and words of each text."""
    return np.array([(len(text), len(text.split())) for texts in inputs.pieces() for text in texts], dtype=np.float64)


def of_image_words(shape: tuple[int, ...]) -> list[str]:
    """What ``of_images`` finds, in words."""
    colours = ["red", "green", "blue"] if len(shape) > 2 else []
    return ["ink", "spread of the ink", "height of the ink", "side of the ink", *colours]


def of_images(inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """[R, 4 or 7]: the mean of an image's numbers, their standard deviation, how far down and to the right their weight lies, and the
    mean of each colour where there are colours."""
    height, width = inputs.shape[1:3]
    found = np.empty((len(rows), len(of_image_words(inputs.shape[1:]))))
    at_once = max(1, 2**22 // inputs[:1].size)
    for start in range(0, len(rows), at_once):
        part = np.asarray(inputs[rows[start : start + at_once]], dtype=np.float32).reshape(
            -1, height, width, inputs[:1].size // height // width
        )
        across, down = part.mean(axis=(1, 3)), part.mean(axis=(2, 3))
        ink = np.maximum(across.mean(axis=1), 1e-9)
        found[start : start + at_once] = np.column_stack(
            [
                across.mean(axis=1),
                np.sqrt(np.maximum(np.square(part).mean(axis=(1, 2, 3)) - np.square(across.mean(axis=1)), 0)),
                (down * np.arange(height)).mean(axis=1) / ink,
                (across * np.arange(width)).mean(axis=1) / ink,
                *(part.mean(axis=(1, 2)).T if inputs.ndim > 3 else ()),
            ]
        )
    return found
