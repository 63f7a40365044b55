"""Class columns from which one can read off whether a class is for training or for testing, beyond what chance would do."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ColumnKind
from metadash.metadata.audit.findings import Finding, Material, text_of

PERMUTATIONS = 400
SHUFFLED_CELLS = 2_000_000
"""Permutations times classes; with very many classes there are fewer permutations, though never under 200."""
COMMON = 3
"""A word in fewer classes separates too few to be looked at."""
MOST_WORDS = 1000
CLEAR, TELLING, EXCESS = 0.95, 0.005, 0.1
"""Balanced accuracy from which a column as good as names the role; p, and accuracy above the usual, that make it worth a look."""


def split_reason(material: Material) -> str | None:
    """The column whose whole values the split holds out, if that is how it was made."""
    classes, sibling = material.classes, material.dataset.description.sibling_column
    role = np.full(len(classes), "", object)
    for name, members in material.roles.items():
        role[members] = name
    candidates = [
        name for name in classes.columns if name not in ("class_id", "class_name") and material.split.startswith(str(name))
    ]
    for name in [*sorted(candidates, key=len, reverse=True), *([sibling] if sibling else [])]:
        roles = pd.Series(role)[role != ""].groupby(text_of(classes[name])[role != ""], dropna=False).nunique()
        if len(roles) < (role != "").sum() and (roles == 1).all():
            return str(name)
    return None


def parted_groups(material: Material) -> Iterator[Finding]:
    """Groups of siblings that the split parts: test classes whose relatives training has seen, so that they are not as new as they seem."""
    about = material.dataset.description
    column = about.sibling_column
    if column is None:
        return
    group = text_of(material.classes[column])
    seen = [*material.roles["train"], *material.roles["validation"]]
    test = group.iloc[material.roles["test"]].dropna()
    related = test[test.isin(set(group.iloc[seen].dropna()))]
    if not len(related):
        return
    noun = about.group_noun or column
    such = sorted(related.unique())
    shown = ", ".join(f"'{name}'" for name in such[:3]) + (f" and {len(such) - 3} more" if len(such) > 3 else "")
    holder = next((source.name for source, name in material.class_columns() if name == column), "")
    sentence = (
        f"{len(related)} of the {len(material.roles['test'])} test classes share their {noun} ('{column}') with training or "
        f"validation ({shown}), so what is found holds for new classes of a known {noun}, not of a new one."
    )
    advice = f"{whole_split(material, group)} every {noun} in one role."
    evidence = {"groups": len(such), "test_classes": len(related), "such_as": such[:3]}
    yield Finding("parted-groups", "warn", holder, column, sentence, advice, evidence)


def whole_split(material: Material, group: pd.Series) -> str:
    """What there is that parts no group, as the beginning of an advice: a stored split, else cross-fitting, whose folds never do."""
    for name in material.dataset.split_names:
        if name != material.split and not parts_a_group(material.dataset.split(name), group):
            return f"Choose the split '{name}', which keeps"
    folds = next((folds for folds in (5, 3) if group.nunique() >= folds + 2), None)
    if folds:
        return f"Cross-fit in {folds} folds (on *Ablation*, or `ablate --folds {folds}`), which keeps"
    return "Say so beside every result, or import the data set with a split that keeps"


def parts_a_group(roles: Mapping[str, np.ndarray], group: pd.Series) -> bool:
    seen = set(group.iloc[[*roles["train"], *roles["validation"]]].dropna())
    return bool(group.iloc[roles["test"]].dropna().isin(seen).any())


def separating(material: Material) -> Iterator[Finding]:
    """For each column the best balanced accuracy of one rule "test if ..." (a set of categories, one threshold, one word, being missing),
    against the same after roles were dealt anew: to whole groups where the split holds out groups, else to classes.

    For categories the best rule's balanced accuracy is (1 + total variation distance) / 2, for a threshold (1 + Kolmogorov-Smirnov
    distance) / 2 between training and test classes.
    """
    reason = split_reason(material)
    if reason:
        holder = next((source.name for source, column in material.class_columns() if column == reason), "")
        sentence = f"The split holds out whole values of '{reason}': none is in training and in test. That is how it was made."
        advice = (
            f"The source '{holder}' has only values in test that training never saw; it cannot help, and is no leak."
            if holder
            else "Nothing has to be done: tasks ask about values that are new altogether."
        )
        yield Finding("split-by", "note", holder, reason, sentence, advice, {"values": int(material.classes[reason].nunique())})
    train, test = material.roles["train"], material.roles["test"]
    if len(train) < 2 or len(test) < 2:
        return
    rows = np.concatenate([train, test])
    tested = deals(material, rows, np.arange(len(rows)) >= len(train), reason)
    for source, name in material.class_columns():
        if name == reason or material.kinds[name].reads_as in ("vectors", "nothing"):
            continue
        found = distances(material.classes[name].iloc[rows], material.kinds[name], tested)
        accuracy, usual = (1 + found[0]) / 2, (1 + float(np.median(found[1:]))) / 2
        p = float((1 + (found[1:] >= found[0] - 1e-9).sum()) / len(found))
        evidence = {"balanced_accuracy": round(float(accuracy), 3), "usual": round(usual, 3), "p": round(p, 4)}
        by_chance = f"{accuracy:.0%} right, {usual:.0%} when roles are dealt at random"
        if accuracy - usual < EXCESS:
            continue
        if accuracy >= CLEAR and p <= 0.05:
            sentence = f"'{name}' tells training from test classes ({by_chance}), and it is not what the split was made by."
            advice = "Leave it out, or split by it: what separates the roles cannot be learned from the one for the other."
            yield Finding("encodes-split", "block", source.name, name, sentence, advice, evidence)
        elif p <= TELLING:
            sentence = f"'{name}' differs between training and test classes more than chance allows ({by_chance})."
            advice = "See whether it was collected in the same way for both; if so, it is only a harder test."
            yield Finding("encodes-split", "warn", source.name, name, sentence, advice, evidence)


def deals(material: Material, rows: np.ndarray, is_test: np.ndarray, reason: str | None) -> np.ndarray:
    """[P, R] bool: which classes would be test classes, the first row as it is, the others by chance, always the same ones."""
    generator = np.random.default_rng(0)
    n = int(np.clip(SHUFFLED_CELLS // len(rows), 200, PERMUTATIONS))
    group = pd.factorize(text_of(material.classes[reason]).iloc[rows].fillna(""))[0] if reason else np.arange(len(rows))
    role = np.zeros(group.max() + 1, bool)
    role[group] = is_test
    shuffled = generator.permuted(np.repeat(role[None], n - 1, axis=0), axis=1)
    return np.concatenate([is_test[None], shuffled[:, group]])


def distances(column: pd.Series, kind: ColumnKind, tested: np.ndarray) -> np.ndarray:
    """[P] how far training and test classes lie apart in this column, 0..1, for each way to deal the roles."""
    known = column.notna().to_numpy()
    missing = gap(~known[:, None], tested)
    if not known.any():
        return missing
    if kind.reads_as == "words":
        words = kind.words(column)
        count = Counter(word for row in words for word in row)
        frequent = {word: i for i, (word, n) in enumerate(count.most_common(MOST_WORDS)) if n >= COMMON}
        if not frequent:
            return missing
        held = np.zeros((len(column), len(frequent)), bool)
        for i, row in enumerate(words):
            held[i, [frequent[word] for word in row if word in frequent]] = True
        return np.maximum(missing, gap(held, tested))
    if kind.reads_as == "numbers":
        values = kind.numbers(column)
        order = np.argsort(values[known], kind="stable")
        last = np.r_[np.diff(values[known][order]) > 0, True]
        return np.maximum(missing, kolmogorov_smirnov(tested[:, known][:, order], last))
    code = pd.factorize(text_of(column))[0] + 1
    shares = [np.bincount(code[side], minlength=code.max() + 1) / max(side.sum(), 1) for row in tested for side in (row, ~row)]
    return np.abs(np.array(shares[::2]) - np.array(shares[1::2])).sum(axis=1) / 2


def gap(held: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """[P] the largest difference, over the properties ``held`` [R, L], between the shares of test and of training classes with it."""
    held, chosen = held.astype(np.float32), tested.astype(np.float32)
    in_test = chosen @ held / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
    in_train = (1 - chosen) @ held / np.maximum((1 - chosen).sum(axis=1, keepdims=True), 1)
    return np.abs(in_test - in_train).max(axis=1)


def kolmogorov_smirnov(tested: np.ndarray, last: np.ndarray) -> np.ndarray:
    """[P] for classes in the order of their value; ``last`` marks the last of equal values."""
    below = np.cumsum(tested, axis=1), np.cumsum(~tested, axis=1)
    shares = [(side / np.maximum(side[:, -1:], 1))[:, last] for side in below]
    return np.abs(shares[0] - shares[1]).max(axis=1)
