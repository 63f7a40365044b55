"""What instance columns give away: the class itself, and class columns that are a summary of all of a class's instances."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from metadash.data.columns.facts import AS_NUMBER, storage_of_type
from metadash.data.columns.registry import kind_of
from metadash.data.literals import identifier
from metadash.metadata.audit.findings import Finding, Material

SPELLED = 0.9
TOLD, TELLING = 0.95, 0.5
NEARLY_OWN = 0.9
"""Different values for each instance from which on at most a fifth of the instances can share theirs with another, far from ``TELLING``;
estimated to a few percent (HyperLogLog), which takes no memory."""
SOME = 20_000
"""Instances that are looked at first."""
PLAUSIBLE, FEW = 0.5, 25
"""Of so few classes this share must hold a summary before it is worked out for all."""
AGGREGATES = ("mean", "sum", "min", "max", "median")
EQUAL_FOR = 0.98


def class_tellers(material: Material) -> Iterator[Finding]:
    """Instance columns that spell the class's name or id, or whose value all but says the class.

    The second is counted by leaving one out: how often the commonest class among the *other* instances with the same value is the
    instance's own. A value of its own for each instance tells nothing by that, as it should.
    """
    for source, name in material.instance_columns():
        rows, spelled, told, largest = tell_tale(material, name)
        if not rows:
            continue
        if spelled >= SPELLED:
            sentence = f"'{name}' spells the name or the id of the class in {spelled:.0%} of the instances: it is the answer."
            advice = f"Leave '{name}' out of the source '{source.name}', or cut the name out of it."
            yield Finding("names-class", "block", source.name, name, sentence, advice, {"share": round(spelled, 4)})
        elif told >= TELLING:
            evidence = {"accuracy": round(told, 4), "chance": round(largest, 4), "instances": rows}
            sentence = (
                f"'{name}' alone gives away the class of {told:.0%} of the instances (the commonest class is {largest:.0%})."
            )
            advice = "If a query would come with it, its class is known beforehand; leave it out, or mask it on queries."
            yield Finding("tells-class", "block" if told >= TOLD else "warn", source.name, name, sentence, advice, evidence)


def tell_tale(material: Material, name: str) -> tuple[int, float, float, float]:
    """(instances with a value, and of these the shares: that spell the class, whose class the other instances with their value tell,
    that belong to the commonest class)."""
    column, frame = identifier(name), material.dataset.frame
    known = f"FROM instances WHERE {column} IS NOT NULL"
    rows, different, largest = frame(
        f"SELECT sum(n), (SELECT approx_count_distinct(hash({column})) {known}), max(n) FROM (SELECT count(*) AS n {known} GROUP BY class_id)"
    ).iloc[0]
    if pd.isna(rows):
        return 0, 0.0, 0.0, 0.0
    told = 0
    if different < NEARLY_OWN * rows:
        (told,) = frame(
            f"WITH cells AS (SELECT {column} AS v, class_id, count(*) AS n {known} GROUP BY ALL), "
            "best AS (SELECT max(n, 2) AS n FROM cells WHERE v IN (SELECT v FROM cells WHERE n > 1) GROUP BY v) "
            "SELECT sum(n[1]) FROM best WHERE n[1] - 1 > coalesce(n[2], 0)"
        ).iloc[0]
    shares = (float(np.nan_to_num(float(part))) / float(rows) for part in (told, largest))
    return int(rows), spelling(material, column), *shares  # type: ignore[return-value]


def spelling(material: Material, column: str) -> float:
    """The share of instances with a value in this column (an identifier) that spell their class there. Where of some of many, always the
    same, hardly any do, that is the answer."""
    spells = "x IN (id, word) OR (length(word) > 2 AND contains(x, word))"
    names = "(SELECT class_id, CAST(class_id AS VARCHAR) AS id, lower(CAST(class_name AS VARCHAR)) AS word FROM classes)"
    every = len(material.dataset.class_of) // SOME
    share = 0.0
    for some in [f"hash(instance_id) % {every} = 0", "TRUE"] if every > 1 else ["TRUE"]:
        cells = f"SELECT {column} AS v, class_id, count(*) AS n FROM instances WHERE {column} IS NOT NULL AND {some} GROUP BY ALL"
        texts = f"SELECT n, class_id, lower(CAST(v AS VARCHAR)) AS x FROM ({cells})"
        counted = f"SELECT sum(n) FILTER ({spells}), sum(n) FROM ({texts}) JOIN {names} USING (class_id)"
        spelled, rows = material.dataset.frame(counted).iloc[0].fillna(0)
        share = float(spelled) / max(float(rows), 1.0)
        if share < SPELLED / 2:
            break
    return share


def aggregates(material: Material) -> Iterator[Finding]:
    """Numeric class columns that are the count, or the mean, sum, least, greatest or median of an instance column, of all instances."""
    wanted = [(source, name) for source, name in material.class_columns() if material.kinds[name].reads_as == "numbers"]
    if not wanted:
        return
    table = summaries(material, [name for _, name in wanted])
    for source, name in wanted:
        column = material.classes[name]
        if column.nunique() < 2:
            continue
        found = next((what for what, values in table.items() if equal(column, values)), None)
        if found is None:
            continue
        sentence = f"'{name}' is the {found} over all instances of the class, and so tells about the very instances that tests ask about."
        advice = f"Count it anew from the labelled examples of a task, or leave '{name}' out."
        yield Finding("aggregate", "warn", source.name, name, sentence, advice, {"equals": found})


def summaries(material: Material, wanted: Sequence[str]) -> dict[str, pd.Series]:
    """By what they are ("mean of ink"), the values [C] that one of the ``wanted`` class columns might have been filled with; of many
    instances those alone that some classes do not rule out."""
    dataset = material.dataset
    described = dataset.frame("SELECT column_name, column_type FROM (DESCRIBE instances)").itertuples(index=False)
    asked = {"number of instances": "count(*)"}
    for name, type in described:
        as_number = AS_NUMBER.get(storage_of_type(type))
        if name in ("instance_id", "class_id") or as_number is None:
            continue
        column = as_number.format(identifier(name))
        asked |= {f"{how} of '{name}'": f"{'avg' if how == 'mean' else how}({column})" for how in AGGREGATES}
    if len(dataset.class_of) > SOME and len(material.classes) > FEW:
        few = np.linspace(0, len(material.classes) - 1, FEW).astype(int).tolist()
        tried = computed(material, asked, f"WHERE class_id IN ({', '.join(map(str, few))})")
        held = [material.classes[name] for name in wanted]
        asked = {what: sql for what, sql in asked.items() if any(alike(c, tried[what]) >= PLAUSIBLE for c in held)}
    return computed(material, asked) if asked else {}


def computed(material: Material, asked: Mapping[str, str], where: str = "") -> dict[str, pd.Series]:
    """Each of the SQL expressions by class [C], NaN for classes without instances (``where``)."""
    parts = ", ".join(f"{sql} AS a{i}" for i, sql in enumerate(asked.values()))
    frame = material.dataset.frame(f"SELECT class_id, {parts} FROM instances {where} GROUP BY class_id ORDER BY class_id")
    frame = frame.set_index("class_id").reindex(range(len(material.classes)))
    return {what: frame[f"a{i}"] for i, what in enumerate(asked)}


def equal(column: pd.Series, values: pd.Series) -> bool:
    """Whether a class column holds these values, perhaps rounded to as many decimals as it has."""
    held, theirs = kind_of(column).numbers(column), values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(held) & np.isfinite(theirs)
    if known.sum() < 3 or known.sum() < EQUAL_FOR * np.isfinite(held).sum() or np.ptp(theirs[known]) == 0:
        return False
    return alike(column, values) >= EQUAL_FOR


def alike(column: pd.Series, values: pd.Series) -> float:
    """The share of the classes with both of which the column holds the value; 0 where none has both."""
    held, theirs = kind_of(column).numbers(column), values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(held) & np.isfinite(theirs)
    if not known.any():
        return 0.0
    decimals = next((d for d in range(7) if np.allclose(held[known], np.round(held[known], d), rtol=0, atol=1e-9)), 7)
    room = 0.5000001 * 10.0**-decimals + 1e-7 * np.abs(theirs[known])
    return float((np.abs(held - theirs)[known] <= room).mean())
