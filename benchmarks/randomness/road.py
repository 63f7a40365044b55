"""All that is done with a table, one after the other; whatever is no sentence to a person is a crash."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

import metadash as md
from metadash.data.columns.registry import kind_named, kind_of, rung_named
from metadash.data.dataset import Dataset
from metadash.data.facets import AnyOf, Between, Containing, Filter, count, facet_values, is_facet, is_range, rows
from metadash.data.filter_bar import parse, to_text
from metadash.data.profile import coverage, in_words, profile
from metadash.errors import BadInput
from metadash.metadata.audit.anonymity import anonymity
from metadash.metadata.audit.audit import audit
from metadash.metadata.blur import blur_column, ladder_of, noise_of, read_blur, rung_sql, strengths
from metadash.metadata.changes import Change, blurred_to, change_table
from metadash.metadata.encoder import encode_instance_source, encode_source
from metadash.workspace import Workspace

TABLES = ("classes", "instances")
BUDGET: dict[str, Any] = {"width": 4, "steps": 5, "n_episodes": 20, "progress": False}


@contextmanager
def step(name: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"at: {name}")
        raise


def written(table: dict[str, Any], workspace: Workspace) -> Dataset | None:
    """None where it was refused in a sentence; nothing is left of it then."""
    parts = {name: value for name, value in table.items() if name != "sorts"}
    try:
        with step("write"):
            data = md.from_tables(**parts, workspace=workspace)
    except BadInput as problem:
        check_sentence(problem)
        assert not workspace.datasets.is_dir() or not any(workspace.datasets.iterdir()), "something half-made was left"
        return None
    return Dataset.open(workspace, data.name)


def check_sentence(problem: BadInput) -> None:
    text = str(problem)
    assert text.endswith((".", "?")) and "Traceback" not in text and len(text) < 600, text


def looked_at(data: Dataset) -> None:
    """Profile, facets, filters, coverage, rungs, noise: nothing here may refuse anything."""
    for table in TABLES:
        frame = getattr(data, table)
        with step(f"profile of {table}"):
            summaries = profile(data, table)
        kinds = {summary.name: summary.kind for summary in summaries}
        for summary in summaries:
            column = frame[summary.name]
            with step(f"{summary.name!r} ({summary.type}) of {table}"):
                assert in_words(summary)
                assert kind_of(column).name == summary.kind, f"{kind_of(column).name} in pandas, {summary.kind} in SQL"
                assert int(column.isna().sum()) == summary.missing, "missing in pandas and in SQL"
                for found in filters_of(data, table, summary):
                    with data.connect() as connection:
                        count(connection, table, [found])
                        rows(connection, table, [found], 5)
                    again = parse(to_text([found]), kinds)
                    assert again == [found], (again, found)
                made_less_exact(data, table, column)
    with step("coverage"):
        coverage(data)


def filters_of(data: Dataset, table: str, summary: Any) -> list[Filter]:
    """What a person could click for this column."""
    filters: list[Filter] = []
    if is_facet(summary):
        with data.connect() as connection:
            offered = facet_values(connection, table, summary.name, [], summary.kind)
            for value in offered[:5]:
                found = AnyOf(summary.name, (value.value,), summary.kind)
                assert count(connection, table, [found]) == value.n, (value, "is counted otherwise when it is chosen")
                filters += [found] if isinstance(value.value, (str, int, float, bool, type(None))) else []
    if is_range(summary):
        with data.connect() as connection:
            found = Between(summary.name, summary.low, summary.high, summary.kind)
            count(connection, table, [found])
    if kind_named(summary.kind).searched:
        with data.connect() as connection:
            count(connection, table, [Containing((summary.name,), "a")])
    return filters


def made_less_exact(data: Dataset, table: str, column: pd.Series) -> None:
    for rung in ladder_of(column):
        with step(f"rung {rung}"):
            assert len(rung_named(rung).apply(column)) == len(column)
            with data.connect() as connection:
                connection.execute(f"SELECT {rung_sql(rung, str(column.name), table)} FROM {table}").fetchall()
    for noise in noise_of(column):
        with step(noise):
            for strength in strengths(column, noise):
                blur_column(column, read_blur(("s", str(column.name), noise, strength)), np.random.default_rng(0))


def audited(data: Dataset) -> None:
    with step("audit"):
        audit(data)
    described = [name for name in data.classes.columns if name not in ("class_id", "class_name")]
    if described:
        with step("anonymity"):
            anonymity(data, described[:1])


def encoded(data: Dataset) -> None:
    """A source is encoded, or refused in a sentence; what is encoded is finite, whatever becomes of it in *What if*."""
    roles = data.split(data.description.default_split)
    train, members = roles["train"], roles["test"]
    for source in data.sources:
        with step(f"encoding {source.name!r}"):
            try:
                if source.level == "instance":
                    found = encode_instance_source(data.instances, source, np.flatnonzero(np.isin(data.class_of, train)))
                    assert np.isfinite(found.vectors(np.arange(len(data.instances)))).all()
                    continue
                whole = encode_source(data.classes, source, train)
            except BadInput as problem:
                check_sentence(problem)
                continue
            assert np.isfinite(whole.vectors).all()
        for rung in {rung for name in source.columns for rung in ladder_of(data.classes[name])} & set(blurred_to()):
            with step(f"what if {source.name!r} were blurred to {rung}"):
                told = change_table(
                    data.classes, {source.name: source.columns}, [Change(source.name, "blur", to=rung)], members, 0
                )
                assert np.isfinite(encode_source(told, source, train).vectors).all()


def trained(data: Dataset) -> None:
    """An answer's learner with every source that can be learned from, and what it answers where they miss."""
    chosen = []
    for source in data.class_sources():
        try:
            encode_source(data.classes, source, data.split(data.description.default_split)["train"])
            chosen.append(source.name)
        except BadInput:
            continue
    budget = dict(BUDGET) if data.modality.name != "image" else {**BUDGET, "backbone_episodes": 5}
    with step(f"training with {chosen}"):
        try:
            run = md.train(data, sources=chosen, **budget)
        except BadInput as problem:
            check_sentence(problem)
            return
    if chosen:
        with step(f"what if {chosen[0]!r} were missing"):
            md.what_if(run, Change(chosen[0], "missing", 1.0), progress=False)


def travelled(table: dict[str, Any], workspace: Workspace, train: bool = False) -> bool:
    """Whether it was accepted, and then understood by everything; raises what crashes."""
    data = written(table, workspace)
    if data is None:
        return False
    with data.held_open():
        for part in ROAD:
            part(data)
    if train:
        trained(data)
    return True


ROAD: tuple[Callable[[Dataset], None], ...] = (looked_at, audited, encoded)
