"""Class columns that say who the class is instead of what it is like, that say nothing, or that say what another column says."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ColumnKind
from metadash.data.dataset import Source
from metadash.data.literals import identifier
from metadash.metadata.audit.findings import Finding, Material, named, text_of

NEARLY_ALL = 0.95
FIRST_ROWS = 20_000
"""Instances that are looked at before all of them are."""
SHARED_WORDS = 0.3
"""A text whose words are shared between classes less than this (as a share of all its words) is a name, not a description."""
ID_WORDS = frozenset(["id", "uuid", "guid", "key", "index", "idx", "no", "nr", "number", "code", "serial"])
OUTSIDE = re.compile(
    r"pre-?trained|word2vec|\bglove\b(?! box)|fasttext|\w*\bs?bert\b|\bCLIP\b|\bGPT|\bLLMs?\b|language model|embedding",
    re.IGNORECASE,
)


def class_identity(material: Material) -> Iterator[Finding]:
    """Columns equal to the class id or the class name, and those that are all different without describing anything."""
    ids, names = material.classes["class_id"], pd.Series(material.names)
    for source, name in material.class_columns():
        column, kind = material.classes[name], material.kinds[name]
        known = column.notna().to_numpy()
        if known.sum() < 3 or kind.reads_as == "vectors":
            continue
        values, n, different = column[known], int(known.sum()), int(text_of(column[known]).nunique())
        shared = shared_words(values, kind) if kind.reads_as == "words" else 0.0
        alike = (text_of(values).str.casefold() == names[known].str.casefold()).mean()
        if alike >= NEARLY_ALL:
            describes = shared >= SHARED_WORDS
            sentence = f"'{name}' is the name of the class" + (
                ", whose words other classes share." if describes else ", and its words are in no other name."
            )
            advice = (
                "Fine where a new class has its name before its first example; withhold it where it does not."
                if describes
                else f"Leave '{name}' out: what one name means teaches nothing about the next."
            )
            evidence = {"share_equal": round(float(alike), 3), "share_of_words_shared": round(shared, 3)}
            yield Finding("class-name", "note" if describes else "warn", source.name, name, sentence, advice, evidence)
            continue
        if same_number(values, ids[known]):
            sentence = f"'{name}' is the class id in other words: it numbers the classes and describes none."
            advice = f"Leave '{name}' out of the source '{source.name}'."
            yield Finding("class-id", "block", source.name, name, sentence, advice, {"classes": n})
            continue
        if kind.counts and different == n and abs(rank_correlation(values, ids[known])) > 0.999999:
            sentence = f"'{name}' rises (or falls) with the class id throughout."
            advice = "Harmless if the table was sorted by it; leave it out if it only numbers the classes."
            yield Finding("class-order", "note", source.name, name, sentence, advice, {"classes": n})
        elif n >= 10 and different >= NEARLY_ALL * n and identifies(name, values, kind, shared):
            sentence = f"'{name}' has {different} different values for {n} classes: it says which class, not what it is like."
            advice = "Leave it out, or replace it by what it stands for; a value that no training class has can teach nothing."
            yield Finding("identifier", "warn", source.name, name, sentence, advice, {"different": different, "classes": n})


def same_number(values: pd.Series, ids: pd.Series) -> bool:
    """Equal to the class id but for a constant, as a number or as the only number in a text."""
    if pd.api.types.is_bool_dtype(values) or (values.dtype == object and not isinstance(values.iloc[0], str)):
        return False
    if values.nunique() < len(values):
        return False
    if not pd.api.types.is_numeric_dtype(values):
        if not isinstance(values.iloc[0], str):
            return False
        digits = values.astype("string").str.extract(r"^\D*(\d{1,15})\D*$", expand=False)
        if digits.isna().any():
            return False
        values = digits.astype("int64")
    return bool(np.ptp(values.to_numpy(dtype=float) - ids.to_numpy(dtype=float)) == 0)


def rank_correlation(values: pd.Series, ids: pd.Series) -> float:
    return float(np.corrcoef(values.rank().to_numpy(), ids.rank().to_numpy())[0, 1])


def shared_words(values: pd.Series, kind: ColumnKind) -> float:
    """The share of all words that occur in more than one class."""
    rows = kind.words(values)
    count = Counter(word for row in rows for word in row)
    total = sum(count.values())
    return sum(n for n in count.values() if n > 1) / total if total else 0.0


def identifies(name: str, values: pd.Series, kind: ColumnKind, shared: float) -> bool:
    """Whether different values mean different names: measures and times may well differ from class to class."""
    if kind.vocabulary:
        return kind.reads_as != "words" or shared < SHARED_WORDS
    if not kind.counts or not (values % 1 == 0).all():
        return False
    dense = values.max() - values.min() + 1 <= 1.02 * len(values)
    return bool(dense or set(re.split(r"[\W_]+", name.lower())) & ID_WORDS)


def says_nothing(material: Material) -> Iterator[Finding]:
    """Sources and columns that are empty, never vary, or are known for few of the training classes."""
    train = material.roles["train"]
    for source in material.sources:
        states = states_of(material, source, train)
        if not states:
            continue
        if set(states.values()) <= {"empty", "constant"}:
            code = "empty" if set(states.values()) == {"empty"} else "constant"
            what = "is empty for every training class" if code == "empty" else "is the same for every training class"
            sentence = f"The source '{source.name}' {what}; there is nothing to learn from."
            yield Finding(code, "warn", source.name, "", sentence, "Leave it out, or fill it.", {"columns": len(states)})
            continue
        for column, state in states.items():
            if state in ("empty", "constant"):
                what = "is empty" if state == "empty" else "has one value"
                sentence = f"'{column}' {what} for every training class and adds nothing to the source '{source.name}'."
                yield Finding(state, "note", source.name, column, sentence, "Nothing has to be done; it takes no part.")


def states_of(material: Material, source: Source, train: np.ndarray) -> dict[str, str]:
    """Each column as *empty*, *constant* (one value, none missing) or *varies*, over the training classes."""
    if source.level == "class":
        texts = [text_of(material.classes[column].iloc[train]) for column in source.columns]
        counts = [(int(text.notna().sum()), text.nunique(), len(text)) for text in texts]
    else:
        counts = [instance_counts(material, identifier(name), train) for name in source.columns]
    states = (
        "empty" if not known else "constant" if different == 1 and known == rows else "varies"
        for known, different, rows in counts
    )
    return dict(zip(source.columns, states, strict=True))


def instance_counts(material: Material, name: str, train: np.ndarray) -> tuple[int, int, int]:
    """(known, 1 or 2 for one value or several, rows) over the instances of the training classes; the first that differ are enough."""
    found = (0, 1, 0)
    for limit in (f"LIMIT {FIRST_ROWS}", ""):
        rows = f"SELECT {name} AS x FROM instances WHERE class_id IN (SELECT unnest(?)) {limit}"
        counted = f"SELECT count(x), 1 + CAST(min(x) IS DISTINCT FROM max(x) AS INTEGER), count(*) FROM ({rows})"
        found = tuple(map(int, material.dataset.frame(counted, [train.tolist()]).iloc[0]))  # type: ignore[assignment]
        if found[1] > 1 or found[2] < FIRST_ROWS:
            break
    return found


def repeated(material: Material) -> Iterator[Finding]:
    """Pairs of class sources with columns that hold the same, or the same in other words (one value for one value)."""
    sources = material.of_level("class")
    codes = {name: pd.factorize(text_of(material.classes[name]))[0] for _, name in material.class_columns()}
    for i, one in enumerate(sources):
        for other in sources[i + 1 :]:
            pairs = [(a, b) for a in one.columns for b in other.columns if same_partition(codes[a], codes[b])]
            if not pairs:
                continue
            whole = {a for a, _ in pairs} == set(one.columns) and {b for _, b in pairs} == set(other.columns)
            sentence = (
                f"The sources '{one.name}' and '{other.name}' say the same of every class."
                if whole
                else f"'{pairs[0][0]}' (source '{one.name}') and '{pairs[0][1]}' (source '{other.name}') say the same of every class."
            )
            advice = "Keep one: with both, neither seems worth anything when the other is there."
            code = "identical-sources" if whole else "identical-columns"
            yield Finding(code, "warn", other.name, pairs[0][1], sentence, advice, {"other": one.name, "pairs": pairs})


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns group the classes alike (codes [C] by first appearance, −1 missing); all different or all alike does not count."""
    levels = one.max() + 1
    return 2 <= levels <= 0.8 * len(one) and np.array_equal(one, other)


def outside_knowledge(material: Material) -> Iterator[Finding]:
    """Vectors, and sources whose description says that something trained elsewhere made them: it may have seen the test classes."""
    for source in material.sources:
        vectors = [c for c in source.columns if source.level == "class" and material.kinds[c].embeds]
        said = OUTSIDE.search(source.description)
        if vectors or said:
            why = f"its description says “{said.group()}”" if said else f"'{vectors[0]}' holds vectors"
            sentence = f"The source '{source.name}' brings knowledge from outside ({why}), which may have seen the test classes."
            advice = "Say so beside every result; new classes gain as much only if that knowledge covers them too."
            yield Finding("external-knowledge", "note", source.name, vectors[0] if vectors else "", sentence, advice)


def unseen_values(material: Material) -> Iterator[Finding]:
    """Categories, labels and words that only test classes have: the encoder is fitted on training classes and cannot know them."""
    train, test = material.roles["train"], material.roles["test"]
    for source, name in material.class_columns():
        kind = material.encoded_as[name]
        if not kind.vocabulary:
            continue
        column = material.classes[name]
        if kind.reads_as != "words":
            text = text_of(column)
            known, asked = set(text.iloc[train].dropna()), text.iloc[test].dropna()
            unseen = asked[~asked.isin(known)]
            share, what = len(unseen) / max(len(asked), 1), "test classes have a value"
            rows = unseen.index.to_numpy()
        else:
            words = kind.words(column)
            known = set().union(*words.iloc[train]) if len(train) else set()
            told = [word for row in words.iloc[test] for word in row]
            share = sum(word not in known for word in told) / max(len(told), 1)
            what = f"{'labels' if kind.several else 'words'} of test classes are ones"
            rows = np.array([row for row in test if words[row] - known])
        if share:
            much = f"{share:.0%}" if share >= 0.005 else "A few"
            sentence = f"{much} of the {what} in '{name}' that no training class has."
            advice = (
                "Nothing has to be done: what is new counts as unknown. Much of it makes the source worth less for new classes."
            )
            evidence = {"share": round(share, 4), "test_classes": len(rows), "such_as": named(material.names, rows)}
            yield Finding("unseen-values", "note", source.name, name, sentence, advice, evidence)
