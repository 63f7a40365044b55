"""What a plan makes of what was found: the tables of classes and instances as they will be stored, the rows that stay, the split."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Source
from metadash.data.importing.candidates import codes_of
from metadash.data.importing.found import Found
from metadash.data.importing.lineage import Lineage, lineage_of
from metadash.data.importing.linking import as_key
from metadash.data.importing.plan import Column, Plan
from metadash.data.importing.words import SPLIT_WORDS
from metadash.data.modality import modality_of
from metadash.data.splits import split_by_group
from metadash.errors import BadInput
from metadash.stats.words import plural, plural_of

KEPT_NAMES = ("class_id", "class_name", "instance_id")
PATH = "path"
"""In the place of a table: of a parent's column, the one that is made of it."""
NO_ROLE = ""
"""Of a class that no task may draw."""


@dataclass
class Arranged:
    """``classes``: a row a class with ``class_name``; ``instances``: those ``rows`` of what was found, with ``class_name``; ``roles`` [C] of the
    split called ``split``; ``sources``; ``counts`` [C] of instances. ``notes``: what was left out, and why."""

    classes: pd.DataFrame
    instances: pd.DataFrame
    rows: np.ndarray
    roles: np.ndarray
    split: str
    sources: tuple[Source, ...]
    counts: np.ndarray
    siblings: str | None
    disjoint: str | None
    notes: list[str] = field(default_factory=list)


def arranged(found: Found, plan: Plan, faults: dict[int, str]) -> Arranged:
    """``faults``: rows whose input cannot be read. Raises BadInput where nothing is left, or the plan does not fit what was found."""
    check_columns(found, plan)
    notes: list[str] = []
    assert plan.class_column is not None
    named = names_of(found.instances[plan.class_column])
    rows = kept_rows(found, plan, named, faults, notes)
    own = named.iloc[rows].reset_index(drop=True)
    names = sorted(own.unique()) if found.classes is None else order_of(own, found, plan)
    renamed = new_names(plan)
    classes = class_table(found, plan, own, rows, names, renamed, notes)
    instances = pd.DataFrame({"class_name": own})
    for column in stored(plan, "instances"):
        if column.level == "instance" or column.role == "id":
            values = found.instances[column.name].iloc[rows].reset_index(drop=True)
            instances[renamed[column.name, column.table]] = relabelled(values, column)
    counts = own.value_counts().reindex(names).to_numpy()
    siblings = renamed_column(plan, plan.siblings, "class", renamed)
    disjoint = renamed_column(plan, plan.disjoint, "instance", renamed)
    roles, split = roles_for(found, plan, classes, own, rows, counts, siblings, notes)
    sources = tuple(
        Source(s.name, s.level, tuple(name_in(renamed, plan, c, s.level) for c in s.columns), sensitive=s.sensitive)
        for s in plan.sources
        if s.columns
    )
    return Arranged(classes, instances, rows, roles, split, sources, counts, siblings, disjoint, notes)


def check_columns(found: Found, plan: Plan) -> None:
    """A recipe may be repeated on other files: its columns must be there."""
    if plan.class_column is None:
        raise BadInput("No column has the role class; give one that says whose each row is (--class-column).")
    tables = {"instances": found.instances, "classes": found.classes}
    for column in plan.columns:
        frame = tables[column.table]
        if column.role != "ignored" and (frame is None or column.name not in frame):
            where = "there is no table of classes" if frame is None else f"the table of {column.table} has none of that name"
            raise BadInput(f"The recipe names the column '{column.name}' of {column.table}, and {where}.")
    if (
        plan.class_key is None
        and found.classes is not None
        and any(c.role in ("metadata", "parent") and c.table == "classes" for c in plan.columns)
    ):
        raise BadInput("No column of the table of classes has the role class; give one that names them.")


def names_of(column: pd.Series) -> pd.Series:
    """Class names as texts, missing where there is none."""
    if column.dtype.kind == "f":
        whole = column.dropna()
        if len(whole) and (whole % 1 == 0).all():
            column = column.astype("Int64")
    texts = column.astype("string").str.strip().astype(object)
    return texts.where(texts.notna() & (texts != ""), None)


def kept_rows(found: Found, plan: Plan, named: pd.Series, faults: dict[int, str], notes: list[str]) -> np.ndarray:
    total = len(found.instances)
    nameless = named.isna().to_numpy()
    if nameless.any():
        notes.append(
            f"{int(nameless.sum())} of {total} rows have no value in ‘{plan.class_column}’, the first row {int(nameless.argmax()) + 1}, and {was(nameless.sum())} left out."
        )
    bad = np.zeros(total, dtype=bool)
    bad[list(faults)] = True
    lost = bad & ~nameless
    if lost.any():
        notes.append(fault_sentence(found, plan, faults, lost))
    rows = np.flatnonzero(~nameless & ~bad)
    if not len(rows):
        first = f"; the first {faults[min(faults)]}" if faults else ""
        raise BadInput(f"None of the {total} rows has both a class and an input that can be read{first}.")
    return rows


def was(count: int) -> str:
    return "was" if count == 1 else "were"


def fault_sentence(found: Found, plan: Plan, faults: dict[int, str], lost: np.ndarray) -> str:
    rows = np.flatnonzero(lost)
    kind = modality_of(plan.modality)
    noun = "pictures" if kind.parts == "pixels" else plural(kind.noun)
    said = ", ".join(f"{input_name(found, plan, int(row))} {faults[int(row)]}" for row in rows[:3])
    more = f", and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{len(rows)} of {len(lost)} {noun} cannot be read and {was(len(rows))} left out ({said}{more})."


def input_name(found: Found, plan: Plan, row: int) -> str:
    names = getattr(found.inputs, "names", None)
    return f"‘{str(names[row])[-60:]}’" if names is not None and not plan.input_columns else f"row {row + 1}"


def order_of(own: pd.Series, found: Found, plan: Plan) -> list[str]:
    """Classes in the order of their table, those that it misses behind."""
    assert found.classes is not None
    keys = as_key(found.classes[plan.class_key].astype(object)) if plan.class_key is not None else []
    seen = set(own.unique())
    listed = [key for key in dict.fromkeys(keys) if key in seen]
    return listed + sorted(seen - set(listed))


def stored(plan: Plan, table: str) -> list[Column]:
    """Those that go into the data set beside names and inputs."""
    tasks = (plan.siblings, plan.disjoint)
    return [
        c
        for c in plan.columns
        if c.table == table
        and (c.role in ("metadata", "parent", "id", "kept") or (c.name in tasks and c.role not in ("class", "input")))
    ]


def new_names(plan: Plan) -> dict[tuple[str, str], str]:
    """The name of each stored column: its own, but for those that a data set has for itself, and for two of one table of the data set that
    would have the same."""
    names: dict[tuple[str, str], str] = {}
    taken: dict[str, set[str]] = {"class": set(KEPT_NAMES), "instance": set(KEPT_NAMES)}
    for column in [*stored(plan, "classes"), *stored(plan, "instances")]:
        level = "instance" if column.role == "id" else column.level
        name = column.name
        if name.casefold() in taken[level]:
            name = f"{name} given" if name.casefold() in KEPT_NAMES else f"{name} of {column.table}"
        while name.casefold() in taken[level]:
            name += " 2"
        taken[level].add(name.casefold())
        names[column.name, column.table] = name
        if column.role == "parent":
            path = f"{column.name} path"
            while path.casefold() in taken[level]:
                path += " 2"
            taken[level].add(path.casefold())
            names[column.name, PATH] = path
    return names


def name_in(renamed: dict[tuple[str, str], str], plan: Plan, name: str, level: str) -> str:
    column = next(c for c in plan.columns if c.name == name and c.level == level and c.role in ("metadata", "parent"))
    return renamed[column.name, PATH if column.role == "parent" else column.table]


def renamed_column(plan: Plan, name: str | None, level: str, renamed: dict[tuple[str, str], str]) -> str | None:
    if name is None:
        return None
    for column in plan.columns:
        if column.name == name and column.level == level and (name, column.table) in renamed:
            return renamed[name, column.table]
    plan.column(name)
    raise BadInput(
        f"'{name}' does not describe {'classes' if level == 'class' else 'single instances'}, and so cannot be the column of such tasks."
    )


def relabelled(values: pd.Series, column: Column) -> pd.Series:
    """Labels in one text as the house joins them."""
    if not column.separator:
        return values
    parts = values.map(
        lambda text: "; ".join(p.strip() for p in text.split(column.separator) if p.strip()) if isinstance(text, str) else None
    )
    return parts.astype("str")


def class_table(
    found: Found,
    plan: Plan,
    own: pd.Series,
    rows: np.ndarray,
    names: list[str],
    renamed: dict[tuple[str, str], str],
    notes: list[str],
) -> pd.DataFrame:
    """A row a class. Raises BadInput where a column said to be of classes differs within one."""
    table = pd.DataFrame({"class_name": pd.Series(names, dtype="str")})
    if found.classes is not None and plan.class_key is not None:
        keys = pd.Series(as_key(found.classes[plan.class_key].astype(object)))
        if keys.duplicated().any():
            twice = keys[keys.duplicated()].iloc[0]
            raise BadInput(f"The table of classes has two rows of {plan.class_key} '{twice}'; each class needs a row of its own.")
        places = pd.Series(np.arange(len(keys)), index=keys).reindex(names)
        lost = places.index[places.isna()]
        if len(lost):
            notes.append(
                f"The table of classes does not have {len(lost)} of {len(names)} classes ({', '.join(lost[:3])}{'…' if len(lost) > 3 else ''}); what it says is missing for them."
            )
        lineages = {c.name: lineage_of(found.classes, plan.class_key, c) for c in plan.of("parent", "classes")}
        above: frozenset[str] = frozenset().union(*(lineage.above for lineage in lineages.values()))
        unused = len(set(keys) - set(names) - above)
        if unused:
            notes.append(
                f"{plural_of(unused, 'class')} of the table of classes {'has' if unused == 1 else 'have'} no instances, and {was(unused)} left out."
            )
        for column in stored(plan, "classes"):
            if column.role == "parent":
                put_lineage(table, column, lineages[column.name], renamed)
                continue
            values = found.classes[column.name].reset_index(drop=True).reindex(places.to_numpy())
            table[renamed[column.name, column.table]] = relabelled(values.reset_index(drop=True), column).to_numpy()
    codes = pd.Categorical(own, categories=names).codes.astype(np.int64)
    for column in stored(plan, "instances"):
        if column.level == "class" and column.role != "id":
            values = found.instances[column.name].iloc[rows].reset_index(drop=True)
            check_constant(column.name, values, codes, names)
            known = np.flatnonzero(values.notna().to_numpy())
            first = np.unique(codes[known], return_index=True)
            firsts = np.full(len(names), -1)
            firsts[first[0]] = known[first[1]]
            values = relabelled(values.reindex(firsts).reset_index(drop=True), column)
            table[renamed[column.name, column.table]] = values.to_numpy()
            if column.role == "parent":
                told = pd.DataFrame({"class_name": table["class_name"], column.name: values})
                put_lineage(table, column, lineage_of(told, "class_name", column), renamed)
    return table


def put_lineage(table: pd.DataFrame, column: Column, lineage: Lineage, renamed: dict[tuple[str, str], str]) -> None:
    """The parent of each class by its name, for tasks of siblings, and the path to it, which is metadata."""
    names = table["class_name"]
    table[renamed[column.name, column.table]] = lineage.parents.reindex(names).to_numpy()
    table[renamed[column.name, PATH]] = lineage.paths.reindex(names).to_numpy()


def check_constant(name: str, values: pd.Series, codes: np.ndarray, names: list[str]) -> None:
    value = codes_of(values)
    known = value >= 0
    pairs = np.unique(np.stack([codes[known], value[known]]), axis=1)[0]
    several = np.flatnonzero(np.bincount(pairs, minlength=len(names)) > 1)
    if len(several):
        raise BadInput(
            f"The column '{name}' has several values in the class '{names[several[0]]}', and so describes single instances; give it the role "
            "instance-metadata."
        )


# --- the split -------------------------------------------------------------------------------------------------------------


def roles_for(
    found: Found,
    plan: Plan,
    classes: pd.DataFrame,
    own: pd.Series,
    rows: np.ndarray,
    counts: np.ndarray,
    siblings: str | None,
    notes: list[str],
) -> tuple[np.ndarray, str]:
    """[C] by the column that says it, else dealt; classes of one instance have no role, since a task needs an example and a query."""
    drawable = counts >= 2
    if (~drawable).any():
        lone = classes["class_name"][~drawable]
        notes.append(
            f"{int((~drawable).sum())} of {len(classes)} classes {'has' if (~drawable).sum() == 1 else 'have'} one instance ({', '.join(lone.head(3))}{'…' if len(lone) > 3 else ''}); kept, but in no task."
        )
    if int(drawable.sum()) < 3:
        raise BadInput(
            f"There {'is 1 class' if drawable.sum() == 1 else f'are {int(drawable.sum())} classes'} of two instances or more in "
            f"‘{plan.class_column}’, and at least 3 are needed, to train, validate and test on different ones; bring more, or choose another class column."
        )
    roles = np.full(len(classes), NO_ROLE, dtype=object)
    said = None if plan.split_column is None else said_roles(found, plan.split_column, plan, classes, own, rows, notes)
    if said is not None:
        roles[drawable] = said[drawable]
        fill_validation(roles, classes, plan.seed, notes)
        missing = [role for role in ROLES if role not in roles]
        if not missing:
            assert plan.split_column is not None
            return roles, plan.split_column.name
        notes.append(f"The split in ‘{plan.split_column.name}’ leaves no class to {missing[0]} on, so another was dealt.")  # type: ignore[union-attr]
    groups = groups_of(classes, siblings)
    try:
        roles[drawable] = split_by_group(groups[drawable], plan.seed)
    except BadInput:
        roles[drawable] = split_by_group(classes.index.to_series()[drawable], plan.seed)
        notes.append(f"‘{siblings}’ has too few groups to keep together, so the split parts them.")
    return roles, "default"


def groups_of(classes: pd.DataFrame, siblings: str | None) -> pd.Series:
    """What a split keeps together; a class without a group is one by itself."""
    alone = "class " + pd.Series(np.arange(len(classes))).astype(str) + " alone"
    if siblings is None:
        return alone
    values = classes[siblings]
    return values.astype("string").astype(object).where(values.notna(), alone)


def said_roles(
    found: Found, column: Column, plan: Plan, classes: pd.DataFrame, own: pd.Series, rows: np.ndarray, notes: list[str]
) -> np.ndarray | None:
    """[C] as a column says; None where it parts instances of a class, which is another thing than a split of classes."""
    if column.table == "classes":
        assert found.classes is not None
        values = pd.Series(found.classes[column.name].to_numpy(), index=as_key(found.classes[plan.class_key].astype(object)))
        words = values.reindex(classes["class_name"]).reset_index(drop=True)
        pairs = pd.DataFrame({"class": classes["class_name"], "word": words})
    else:
        pairs = pd.DataFrame({"class": own, "word": found.instances[column.name].iloc[rows].reset_index(drop=True)})
    pairs["role"] = pairs["word"].map(lambda word: SPLIT_WORDS.get(str(word).strip().casefold()), na_action="ignore")
    strange = pairs["role"].isna() & pairs["word"].notna()
    if strange.any():
        raise BadInput(
            f"The split column '{column.name}' holds '{pairs['word'][strange].iloc[0]}'; its values have to be train, validation or test."
        )
    several = pairs.dropna().groupby("class")["role"].nunique()
    shared = int((several > 1).sum())
    if shared:
        notes.append(
            f"In the split in ‘{column.name}’ {shared} of {len(classes)} classes are in several parts; here classes are to be new, so the split "
            "was dealt over classes instead."
        )
        return None
    said = pairs.dropna().drop_duplicates("class").set_index("class")["role"]
    return said.reindex(classes["class_name"]).fillna(NO_ROLE).to_numpy(dtype=object)


def fill_validation(roles: np.ndarray, classes: pd.DataFrame, seed: int, notes: list[str]) -> None:
    """A split of two parts lends a quarter of its training classes to validation."""
    train = np.flatnonzero(roles == "train")
    if "validation" in roles or len(train) < 4:
        return
    lent = np.random.default_rng(seed).permutation(train)[: max(2, len(train) // 4)]
    roles[lent] = "validation"
    notes.append(f"The split has no validation classes; {len(lent)} of its {len(train)} training classes were taken for it.")
