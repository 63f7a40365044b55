"""What instance columns give away: the class itself, and class columns that are a summary of all of a class's instances."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from metadash.data.columns.facts import AS_NUMBER, storage_of_type
from metadash.data.columns.registry import kind_of
from metadash.data.literals import identifier
from metadash.metadata.audit.findings import Finding, Material

SPELLED = 0.9
TOLD, TELLING = 0.95, 0.5
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
    rows, spelled, told, largest = material.dataset.frame(
        f"WITH cells AS (SELECT {identifier(name)} AS v, class_id, count(*) AS n FROM instances WHERE v IS NOT NULL GROUP BY ALL), "
        "known AS (SELECT n, v, class_id, max(n) OVER (PARTITION BY v ORDER BY n DESC ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS rival, "
        "row_number() OVER (PARTITION BY v ORDER BY n DESC) AS place FROM cells), "
        "spelled AS (SELECT n, lower(CAST(v AS VARCHAR)) AS x, CAST(class_id AS VARCHAR) AS id, lower(CAST(class_name AS VARCHAR)) AS word "
        "FROM cells JOIN (SELECT class_id, class_name FROM classes) USING (class_id)) "
        "SELECT (SELECT sum(n) FROM cells), (SELECT sum(n) FROM spelled WHERE x IN (id, word) OR (length(word) > 2 AND contains(x, word))), "
        "(SELECT sum(n) FROM known WHERE place = 1 AND n - 1 > coalesce(rival, 0)), "
        "(SELECT max(n) FROM (SELECT sum(n) AS n FROM cells GROUP BY class_id))"
    ).iloc[0]
    if pd.isna(rows):
        return 0, 0.0, 0.0, 0.0
    return int(rows), *(float(np.nan_to_num(float(part))) / float(rows) for part in (spelled, told, largest))  # type: ignore[return-value]


def aggregates(material: Material) -> Iterator[Finding]:
    """Numeric class columns that are the count, or the mean, sum, least, greatest or median of an instance column, of all instances."""
    wanted = [(source, name) for source, name in material.class_columns() if material.kinds[name].reads_as == "numbers"]
    if not wanted:
        return
    table = summaries(material)
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


def summaries(material: Material) -> dict[str, pd.Series]:
    """By what they are ("mean of ink"), the values [C] that a class column might have been filled with."""
    dataset = material.dataset
    described = dataset.frame("SELECT column_name, column_type FROM (DESCRIBE instances)").itertuples(index=False)
    parts, words = ["count(*) AS a0"], ["number of instances"]
    for name, type in described:
        as_number = AS_NUMBER.get(storage_of_type(type))
        if name in ("instance_id", "class_id") or as_number is None:
            continue
        column = as_number.format(identifier(name))
        for how in AGGREGATES:
            parts.append(f"{'avg' if how == 'mean' else how}({column}) AS a{len(words)}")
            words.append(f"{how} of '{name}'")
    frame = dataset.frame(f"SELECT class_id, {', '.join(parts)} FROM instances GROUP BY class_id ORDER BY class_id")
    frame = frame.set_index("class_id").reindex(range(len(material.classes)))
    return {what: frame[f"a{i}"] for i, what in enumerate(words)}


def equal(column: pd.Series, values: pd.Series) -> bool:
    """Whether a class column holds these values, perhaps rounded to as many decimals as it has."""
    held = kind_of(column).numbers(column)
    theirs = values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(held) & np.isfinite(theirs)
    if known.sum() < 3 or known.sum() < EQUAL_FOR * np.isfinite(held).sum() or np.ptp(theirs[known]) == 0:
        return False
    decimals = next((d for d in range(7) if np.allclose(held[known], np.round(held[known], d), rtol=0, atol=1e-9)), 7)
    room = 0.5000001 * 10.0**-decimals + 1e-7 * np.abs(theirs[known])
    return bool((np.abs(held - theirs)[known] <= room).mean() >= EQUAL_FOR)
