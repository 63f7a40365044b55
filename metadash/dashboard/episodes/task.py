"""The parts of the *Episodes* page: the task kept between reruns, what a person does to it, its pictures, what the learner sees of it."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from metadash.canonical import canonical_json
from metadash.dashboard.episodes import handmade
from metadash.dashboard.episodes.handmade import Task
from metadash.dashboard.links.address import not_possible
from metadash.dashboard.links.history import came_back
from metadash.dashboard.links.pages import put
from metadash.dashboard.parts import reads
from metadash.dashboard.parts.asked import balance_of
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.pictures import STYLE, input_html, input_row
from metadash.dashboard.parts.pool_chip import drop_pool
from metadash.data.columns.registry import kind_named
from metadash.data.columns.summary import number
from metadash.data.dataset import Dataset, Source
from metadash.data.facets import is_facet
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.saved import SavedEpisode
from metadash.episodes.spec import EpisodeSpec
from metadash.errors import BadInput
from metadash.specs.defaults import fitting
from metadash.stats import words

STATE, PROBLEM, LINK = "ep_task", "ep_problem", "ep_steps"
SHOWN_CLASSES, SHOWN_INSTANCES = 30, 20
MISSING = "missing"


USUAL_QUERIES = 5
"""As many as fit beside each other; a learner is asked more."""


@st.cache_data(max_entries=16, show_spinner=False)
def _usual_numbers(key: str, strategy: str, _data: Dataset) -> dict[str, int]:
    about = _data.description
    column = {"siblings": about.sibling_column, "disjoint": about.disjoint_column}.get(strategy)
    found = fitting(_data, about.default_split or _data.split_names[0], strategy, column, shots=(1,))
    return {"n_way": found.n_way, "n_query": min(USUAL_QUERIES, found.n_query)}


def usual_numbers(data: Dataset, strategy: str) -> dict[str, int]:
    """Ways and queries of the one-shot task that the page opens with: such as the data set can serve."""
    return _usual_numbers(f"{data.fingerprint} {data.description.default_split}", strategy, data)


def current_task(data: Dataset, spec: EpisodeSpec) -> Task:
    """The task of ``spec``: what the link says was done by hand, or the one already on the page with what was done to it, or a fresh
    draw, or only another seed beside what is locked. Raises BadInput, and then the task on the page stays as it was."""
    asked = st.query_params.get_all(LINK)
    if came_back() or (asked and asked != st.session_state.get(f"{LINK} in link")):
        st.session_state.pop(STATE, None)
        from_steps(asked, data, spec)
    task: Task | None = st.session_state.get(STATE)
    if not (task and task.of(spec, data)):
        beside = task and task.locked and task.of(replace(spec, seed=task.spec.seed), data)
        task = handmade.redraw(task, data, spec.seed) if task and beside else handmade.drawn(data, spec)
        st.session_state[STATE] = task
    put(LINK, [task.text] if task.text else [])
    return task


def from_steps(asked: list[str], data: Dataset, spec: EpisodeSpec) -> None:
    """Put the task on the page to which the steps in the link lead."""
    if not asked:
        return
    try:
        if len(asked) > 1:
            raise BadInput("The link says twice what was done to the task.")
        st.session_state[STATE] = handmade.replayed(asked[0], data, spec)
    except BadInput:
        not_possible(LINK, asked, "Locked and swapped by hand", "the task is shown as its seed draws it")


def next_seed() -> None:
    st.session_state["ep_seed"] = st.session_state["ep_seed"] + 1


def toggle_lock(identity: int) -> None:
    change(lambda task: handmade.lock(task, identity))


def swap_class(data: Dataset, slot: int) -> None:
    change(lambda task: handmade.swap_class(task, data, slot))


def swap_instance(data: Dataset, slot: int, key: str) -> None:
    """The instance chosen in the menu ``key``, as (part, index)."""
    chosen = st.session_state[key]
    if chosen:
        part, index = chosen
        change(lambda task: handmade.swap_instance(task, data, slot, part, index))


def change(edited: Callable[[Task], Task]) -> None:
    """Put ``edited`` of the task on the page; what cannot be done is said there, and nothing changes."""
    try:
        st.session_state[STATE] = edited(st.session_state[STATE])
    except BadInput as problem:
        st.session_state[PROBLEM] = str(problem)


def open_saved(data: Dataset, entry: SavedEpisode) -> None:
    """The saved episode on the page, and the controls as they were when it was drawn."""
    try:
        task = handmade.opened(data, entry)
    except BadInput as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    spec = entry.spec
    state = {
        "ep_way": spec.n_way,
        "ep_shot": spec.n_shot,
        "ep_query": spec.n_query,
        "ep_uneven": balance_of(spec.query_dirichlet),
        "ep_strategy": spec.strategy,
        "ep_seed": spec.seed,
        "ep_split": spec.pool.split,
        "ep_role": spec.pool.role,
        "where": spec.pool.where or "",
    }
    if spec.column:
        state[f"ep_{spec.strategy}"] = spec.column
    drop_pool(data.name)  # its condition is in the saved one's, if it was chosen then
    for key, value in state.items():
        st.session_state[key] = value
    st.session_state[STATE] = task


# --- words and pictures --------------------------------------------------------------------------------------------------------


def columns_of(data: Dataset, strategy: str) -> list[str]:
    """What siblings may share (class columns), or support and query may not (instance columns): at least two values, not one a row."""
    table, first = (
        ("classes", data.description.sibling_column)
        if strategy == "siblings"
        else ("instances", data.description.disjoint_column)
    )
    fit = [
        summary.name
        for summary in reads.summaries(data, table)
        if summary.distinct > 1 and not summary.identifies and kind_named(summary.kind).groups and summary.name != "class_id"
    ]
    return [name for name in fit if name == first] + [name for name in fit if name != first]


def asked_words(manifest: EpisodeManifest) -> str:
    """``25 queries are asked``, and of an unbalanced task of how many of a class at least and at most."""
    each = (manifest.query[0] >= 0).sum(axis=1)
    text = f"{words.count(int(each.sum()))} queries are asked"
    return text if each.min() == each.max() else f"{text}, from {each.min()} to {each.max()} of a class"


def shared_value(task: Task) -> str:
    """The value that the siblings share; empty for other strategies."""
    group = int(task.manifest.group[0])
    return task.manifest.group_names[group] if group >= 0 else ""


def facts_of_classes(data: Dataset, manifest: EpisodeManifest, sources: list[Source]) -> dict[int, str]:
    """For each class, the chosen sources' columns in a line of Markdown."""
    columns = list(dict.fromkeys(column for source in sources for column in source.columns))
    return _facts(data.fingerprint, canonical_json([manifest.classes[0].tolist(), columns]), data) if columns else {}


@st.cache_data(max_entries=64, show_spinner=False)
def _facts(fingerprint: str, key: str, _data: Dataset) -> dict[int, str]:
    classes, columns = json.loads(key)
    frame = reads.rows_by_id(_data, "classes", classes, columns)
    return {
        int(str(identity)): " · ".join(f"{plain(named(c))} **{plain(in_short(row[c]))}**" for c in columns)
        for identity, row in frame.iterrows()
    }


def titles_of_instances(data: Dataset, rows: list[int]) -> dict[int, str]:
    """What is known of each instance, one line a column, for the hover text."""
    columns = list(dict.fromkeys(c for source in data.sources if source.level == "instance" for c in source.columns))
    return _titles(data.fingerprint, canonical_json([rows, columns]), data)


@st.cache_data(max_entries=64, show_spinner=False)
def _titles(fingerprint: str, key: str, _data: Dataset) -> dict[int, str]:
    rows, columns = json.loads(key)
    frame = reads.rows_by_id(_data, "instances", rows, columns)
    return {
        int(str(identity)): "\n".join(f"{named(c)}: {in_short(row[c])}" for c in columns) for identity, row in frame.iterrows()
    }


def named(column: str) -> str:
    """``base_letter`` → *base letter*."""
    return column.replace("_", " ")


def in_short(value: object) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return MISSING
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, float, np.number)):  # a row of several kinds of columns holds Python's own numbers
        return number(float(value))
    return str(value)


def telling_sources(data: Dataset, most: int = 3) -> list[str]:
    """The class sources to show at first: those whose values classes share, not names that differ from class to class."""
    shared = {summary.name for summary in reads.summaries(data, "classes") if is_facet(summary)}
    return [source.name for source in data.class_sources() if shared.intersection(source.columns)][:most]


def row_of_pictures(data: Dataset, manifest: EpisodeManifest, slot: int, titles: dict[int, str]) -> str:
    """A class's support and, apart from it, its queries. Each part wraps by itself on a narrow screen."""
    asked = manifest.query[0, slot]
    parts = [("support", "Support", manifest.support[0, slot]), ("query", "Query", asked[asked >= 0])]
    blocks = "".join(
        f'<div><div style="font-size:.75rem;opacity:.85">{label}</div>{instance_pictures(data, rows, part, titles)}</div>'
        for part, label, rows in parts
        if len(rows)
    )
    return f'{STYLE}<div style="display:flex;flex-wrap:wrap;gap:0 20px">{blocks}</div>'


def instance_pictures(data: Dataset, rows: np.ndarray, part: str, titles: dict[int, str], size: int = 52) -> str:
    """Each as its kind is shown, with its number and metadata on hover."""
    cells = []
    for index, row in enumerate(rows[:SHOWN_INSTANCES].tolist(), start=1):
        title = f"{part} {index}, instance {row}\n{titles.get(row, '')}".strip()
        cells.append(f'<div class="md-cell">{input_html(data, row, size, f"{part} {index}", title)}</div>')
    more = (
        f'<div class="md-cell"><span>and {len(rows) - SHOWN_INSTANCES} more</span></div>' if len(rows) > SHOWN_INSTANCES else ""
    )
    return f'<div class="md-grid" style="--md-size:{size}px">{"".join(cells)}{more}</div>'


def learner_sees(data: Dataset, task: Task) -> None:
    """The tensors: their shapes, pixels between 0 and 1, numbers in place of names, and the metadata columns beside them."""
    manifest, shape = task.manifest, data.inputs.shape[1:]
    n_way, n_shot, n_asked = manifest.n_way, manifest.n_shot, manifest.queries_each
    size = ", ".join(map(str, shape))
    st.markdown(
        f"""
| tensor | shape | holds |
|---|---|---|
| support | `[{n_way}, {n_shot}, {size}]` | {n_way * n_shot} labelled inputs, float32 |
| query | `[{n_asked}, {size}]` | {n_asked} inputs to be told apart, in any order |
| labels | `[{n_asked}]` | whole numbers from 0 to {n_way - 1}; the names are gone |
"""
    )
    if n_shot:
        first, kind = manifest.support[0, :, 0], data.modality
        read = ""
        if kind.numbers is not None:
            found = kind.numbers(np.asarray(data.inputs[first]))
            read = f", {kind.numbers_are.format(least=found.min(), most=found.max())} (mean {found.mean():.2f}),"
        st.caption(f"The first support {kind.noun} of each class{read} under the label that the learner is told.")
        labels = [f"label {label}" for label in range(len(first[:SHOWN_CLASSES]))]
        st.html(input_row(data, first[:SHOWN_CLASSES], captions=labels, size=56))
    frame = pd.DataFrame(
        {
            "source": source.name,
            "about each": source.level,
            "columns": list(source.columns),
            "there at prediction": source.available_at_prediction,
            "sensitive": source.sensitive,
        }
        for source in data.sources
    )
    st.caption("Metadata that a learner may be given beside the inputs; those not there at prediction can only help in training.")
    config = {"columns": st.column_config.ListColumn(width="large")}
    st.dataframe(frame, hide_index=True, height="content", column_config=config, alt="Metadata sources a learner may be given")
