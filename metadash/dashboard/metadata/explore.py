"""The parts of the *Metadata* page: the facts, facets that narrow a table, chips that take a filter off, the pool, the SQL box."""

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts import reads
from metadash.dashboard.parts.escape import plain, spoken, words_of
from metadash.dashboard.parts.pictures import input_row
from metadash.dashboard.parts.reads import Refusal
from metadash.dashboard.parts.theme import palette
from metadash.data.columns.facts import is_fractional, storage_of_type
from metadash.data.columns.registry import kind_named
from metadash.data.columns.summary import ColumnSummary, number
from metadash.data.dataset import ROLES, Dataset
from metadash.data.facets import MISSING, Between, Filter, is_facet, is_range, where_text, without
from metadash.data.filter_bar import parse, quoted, to_text
from metadash.data.literals import identifier, marked
from metadash.data.profile import LARGE, SOME, in_words
from metadash.data.sql.query import MOST_BYTES, QueryResult
from metadash.stats import words
from metadash.visitors import visitor

IDS = ("class_id", "instance_id")
FEW_VALUES = 8
"""Up to this many values of a facet are shown as pills; more are searched in a list."""
OPEN_AT_FIRST = 2

Kinds = Mapping[str, str]


def facts(data: Dataset) -> str:
    """A sentence on how much there is; below it, how much of it is described."""
    about = words_of(data)
    classes = {summary.name: summary for summary in reads.summaries(data, "classes")}
    n_classes, n_instances = classes["class_id"].rows, reads.shape(data, "instances").rows
    groups = classes.get(about.sibling_column or "")
    among = f" in {words.count(groups.distinct)} {words.plural(about.group_noun)}" if groups and groups.distinct else ""
    first = f"#### {words.count(n_classes)} {words.plural(about.class_noun)}{among}, {words.count(n_instances)} instances."
    by_level = {level: [source for source in data.sources if source.level == level] for level in ("class", "instance")}
    known = reads.coverage(data)
    gaps = sorted((share, name) for name, share in known.items() if share < 0.9995)
    levels = ", ".join(f"{len(sources)} about each {level}" for level, sources in by_level.items() if sources)
    rest = f"Metadata comes from {words.plural_of(len(data.sources), 'source')}: {levels}" if levels else "Nothing else is known"
    if not gaps:
        return f"{first}\n\n{rest}" + (", and each says something of every one of them." if levels else ".")
    named = ", ".join(f"{plain(name)} ({share:.0%})" for share, name in gaps[:3])
    return f"{first}\n\n{rest}. The least complete: {named}."


def source_table(data: Dataset) -> None:
    """Every source with its columns, and for how many rows it says anything."""
    known = reads.coverage(data)
    frame = pd.DataFrame(
        {
            "source": source.name,
            "about each": source.level,
            "columns": list(source.columns),
            "known for": known.get(source.name, 0.0),
            "what it is": source.description,
            "there at prediction": source.available_at_prediction,
            "sensitive": source.sensitive,
        }
        for source in data.sources
    )
    config = {
        "known for": st.column_config.ProgressColumn(
            format="percent", min_value=0, max_value=1, help="Rows with at least one of its columns known."
        ),
        "source": st.column_config.TextColumn(pinned=True),
        "columns": st.column_config.ListColumn(),
    }
    st.dataframe(
        frame, hide_index=True, height="content", column_config=config, alt="Metadata sources with their columns and coverage"
    )


def column_table(data: Dataset, table: str) -> None:
    """A line for each column: its kind, what is missing, what it holds, and the shape of its values."""
    source_of = {column: source.name for source in data.sources for column in source.columns}
    found = reads.summaries(data, table)
    frame = pd.DataFrame(
        {
            "column": summary.name,
            "kind": summary.kind,
            "missing": summary.missing_share,
            "distribution": shape(summary),
            "what it holds": in_words(summary),
            "source": source_of.get(summary.name, ""),
        }
        for summary in found
    )
    config = {
        "column": st.column_config.TextColumn(pinned=True),
        "missing": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width="small"),
        "distribution": st.column_config.BarChartColumn(
            y_min=0,
            width="small",
            help="Numbers and dates: twenty equal steps from the least to the greatest. Categories: the five most frequent.",
        ),
        "what it holds": st.column_config.TextColumn(width="large"),
    }
    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        column_config=config,
        alt=f"Columns of {table} with kind, missing share and content",
    )
    if found and found[0].rows > LARGE:
        st.caption(
            f"Of {number(found[0].rows)} rows some {number(SOME)} say medians, distributions, the most frequent values and how many differ; rows, what "
            "is missing, the least and the greatest are exact, and so is all that is counted by a filter."
        )


def shape(summary: ColumnSummary) -> list[int] | None:
    if summary.histogram:
        return list(summary.histogram)
    return [count for _, count in summary.top] if summary.top and not summary.identifies else None


# --- filters -----------------------------------------------------------------------------------------------------------------


def chips(bar: str, filters: list[Filter], kinds: Kinds) -> None:
    """One button for each filter, which takes it off."""

    def drop(index: int) -> None:
        left = parse(st.session_state[bar], kinds)
        st.session_state[bar] = to_text(left[:index] + left[index + 1 :])

    def drop_all() -> None:
        st.session_state[bar] = ""

    with st.container(horizontal=True, gap="small"):
        for index, found in enumerate(filters):
            st.button(
                plain(found.words),
                icon=":material/close:",
                key=f"md_chip_{index}",
                on_click=drop,
                args=(index,),
                help="Take this filter off",
            )
        if len(filters) > 1:
            st.button("Clear all", type="tertiary", key="md_clear", on_click=drop_all)


def facet_controls(data: Dataset, table: str, bar: str, filters: list[Filter], kinds: Kinds) -> None:
    """A fold for each column that can be chosen from or slid over. A closed one costs nothing; those with a filter are open."""
    found = reads.summaries(data, table)
    columns = [summary for summary in found if is_facet(summary)]
    columns += [summary for summary in found if is_range(summary) and slides(summary) and summary.name not in IDS]
    for index, summary in enumerate(columns):
        filtered = any(found.column == summary.name for found in filters)
        expanded = filtered or index < OPEN_AT_FIRST
        name = plain(summary.name) + (" :material/filter_alt:" if filtered else "")
        with st.expander(
            name, expanded=expanded, type="compact", on_change="rerun", key=f"md_fold_{table}_{summary.name}"
        ) as fold:
            if fold.open:
                (value_control if is_facet(summary) else range_control)(data, table, summary, bar, filters, kinds)


def value_control(data: Dataset, table: str, summary: ColumnSummary, bar: str, filters: list[Filter], kinds: Kinds) -> None:
    """The values with "n / total", which follow the other filters; null is one of them, as "missing"."""
    found = reads.facet_values(data, table, summary.name, filters, summary.kind)
    by_piece = {MISSING if row.value is None else quoted(row.value): row for row in found}
    key = f"md_facet_{table}_{summary.name}"
    own = [item for item in filters if item.column == summary.name]
    chosen = [MISSING if value is None else quoted(value) for item in own for value in getattr(item, "values", ())]
    st.session_state[key] = [piece for piece in chosen if piece in by_piece]

    def label(piece: str) -> str:
        row = by_piece[piece]
        count = f"{words.count(row.n)} / {words.count(row.total)}"
        return f"{MISSING if row.value is None else row.value}: {count}"

    def choose() -> None:
        rest = to_text(without(parse(st.session_state[bar], kinds), summary.name))
        pieces = ",".join(st.session_state[key])
        st.session_state[bar] = f"{rest} {quoted(summary.name)}:{pieces}".strip() if pieces else rest

    if len(found) <= FEW_VALUES:
        st.pills(
            spoken(summary.name), list(by_piece), selection_mode="multi", format_func=lambda piece: plain(label(piece)), key=key, on_change=choose,
            label_visibility="collapsed", wrap=True,
        )  # fmt: skip
    else:
        top = sorted(found, key=lambda row: (-row.n, -row.total))[:FEW_VALUES]
        st.html(bar_list([(MISSING if row.value is None else str(row.value), row.n, row.total) for row in top]))
        st.multiselect(
            spoken(summary.name), list(by_piece), format_func=label, key=key, on_change=choose, label_visibility="collapsed",
            placeholder=f"Choose among {number(len(found))}", wrap=True,
        )  # fmt: skip
        if summary.distinct > len(found) and not kind_named(summary.kind).several:
            st.caption(f"The {number(len(found))} most frequent of {number(summary.distinct)} values.")


def range_control(data: Dataset, table: str, summary: ColumnSummary, bar: str, filters: list[Filter], kinds: Kinds) -> None:
    """A slider under the histogram; an end left where it is says nothing, so that missing rows stay in until it is moved."""
    key = f"md_range_{table}_{summary.name}"
    own = next((found for found in filters if isinstance(found, Between) and found.column == summary.name), None)
    low, high, step = ends(summary)
    st.html(histogram_bars(summary))
    wanted = [
        low if own is None or own.low is None else as_end(own.low, low),
        high if own is None or own.high is None else as_end(own.high, high),
    ]
    first, last = (min(max(value, low), high) for value in wanted)
    st.session_state[key] = (min(first, last), max(first, last))

    def narrow() -> None:
        left, right = st.session_state[key]
        filters = without(parse(st.session_state[bar], kinds), summary.name)
        if left > low or right < high:
            least = text_end(left) if left > low else None
            most = text_end(right) if right < high else None
            filters.append(Between(summary.name, least, most, summary.kind))
        st.session_state[bar] = to_text(filters)

    form = "YYYY-MM-DD" if kind_named(summary.kind).dated else None
    st.slider(spoken(summary.name), low, high, step=step, key=key, on_change=narrow, label_visibility="collapsed", format=form)
    if summary.missing:
        st.caption(f"{summary.missing_share:.0%} missing")


def slides(summary: ColumnSummary) -> bool:
    """Whether a browser's slider can hold the range: its numbers are doubles, and dates on it are microseconds since 1970."""
    if kind_named(summary.kind).dated:
        return str(summary.low) >= "1700" and str(summary.high) < "2250" and len(str(summary.high)) == len("2000-01-01")
    return all(abs(float(end or 0)) < 2**53 for end in (summary.low, summary.high))


def ends(summary: ColumnSummary) -> tuple[Any, Any, Any]:
    """The slider's two ends and its step, in the column's own terms: whole numbers, fractions or dates."""
    low: Any = summary.low
    high: Any = summary.high
    if kind_named(summary.kind).dated:
        return pd.Timestamp(low).date(), pd.Timestamp(high).date(), None
    if storage_of_type(summary.type) == "number" and not is_fractional(summary.type):
        return int(low), int(high), max(1, int(high - low) // 1000)
    return float(low), float(high), (float(high) - float(low)) / 200


def as_end(value: Any, like: Any) -> Any:
    """A filter's bound as the slider's kind of value."""
    return type(like).fromisoformat(value) if isinstance(value, str) else type(like)(value)


def text_end(value: Any) -> str | int | float:
    """A slider's value as a filter holds it: fractions to six digits, which is finer than the slider's steps."""
    if isinstance(value, int):
        return value
    return float(f"{value:.6g}") if isinstance(value, float) else value.isoformat()


def histogram_bars(summary: ColumnSummary) -> str:
    """The histogram as a strip of bars, as wide as the slider under it."""
    most = max(summary.histogram, default=0) or 1
    colour = palette().plain
    bars = "".join(
        f'<i style="flex:1;height:{max(2, round(100 * n / most)) if n else 0}%;background:{colour};border-radius:1px"></i>'
        for n in summary.histogram
    )
    label = escape(f"{summary.name}: {in_words(summary)}", quote=True)
    return f'<div role="img" aria-label="{label}" style="display:flex;align-items:flex-end;gap:1px;height:36px">{bars}</div>'


def bar_list(rows: list[tuple[str, int, int]]) -> str:
    """Values with a bar each: the pale part is the whole table, the strong part what the other filters leave."""
    colours, most = palette(), max((total for *_, total in rows), default=0) or 1
    lines = "".join(
        f'<div style="font-size:.8rem;line-height:1.3;margin-bottom:5px"><div style="display:flex;justify-content:space-between;gap:8px">'
        f'<span style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap" title="{escape(name, quote=True)}">{escape(name)}</span>'
        f'<span style="color:{colours.muted};white-space:nowrap">{words.count(n)} / {words.count(total)}</span></div>'
        f'<div style="height:4px;border-radius:2px;width:{100 * total / most:.1f}%;background:{colours.grid}">'
        f'<div style="height:4px;border-radius:2px;width:{100 * n / total if total else 0:.1f}%;background:{colours.helps}"></div></div></div>'
        for name, n, total in rows
    )
    return f"<div>{lines}</div>"


def thumbnails(data: Dataset, instances: list[tuple[int, str]], size: int = 52) -> None:
    if not instances:
        return
    rows, names = zip(*instances, strict=True)
    st.html(input_row(data, rows, size=size, alts=list(names)))


def rows_table(frame: pd.DataFrame, n: int, table: str) -> None:
    st.dataframe(
        frame,
        hide_index=True,
        lazy=len(frame) > 1000,
        height=420 if len(frame) > 10 else "content",
        alt=f"Rows of {table} that match the filters",
    )
    if n > len(frame):
        st.caption(
            f"The table shows the first {words.count(len(frame))} rows; there are {words.count(n - len(frame))} more. Narrow it with a filter, or ask in SQL."
        )


def filters_as_sql(table: str, filters: list[Filter]) -> str:
    return f"SELECT * FROM {identifier(table)} WHERE {where_text(filters)}"


# --- a person's SQL ------------------------------------------------------------------------------------------------------------


def how_much(answer: QueryResult) -> str:
    """How many rows of an answer are shown, and where the others are."""
    n = words.count(len(answer.frame))
    most = f"{MOST_BYTES / 2**20:.0f} MB"
    rows = (
        f"The first {n} rows; there are more. The file has them all, or as many as {most} hold." if answer.cut else f"{n} rows."
    )
    return f"{rows} {words.duration(answer.seconds).capitalize()}."


def answer_file(data: Dataset, sql: str, answer: QueryResult) -> Callable[[], bytes]:
    """What makes the CSV of an answer: of what is shown, or, where that is cut, of all that is asked for anew."""
    asked_by = visitor().key  # the click is answered on a thread that knows no visitor
    return partial(reads.file_of, data, sql, asked_by) if answer.cut else lambda: answer.frame.to_csv(index=False).encode()


def refused(problem: Refusal, sql: str) -> None:
    """The sentence, and the place in the SQL."""
    st.error(plain(problem.message), icon=":material/error:")
    if problem.position is not None:
        st.code(marked(sql, problem.position), language=None)


def pool_members(data: Dataset, ids: np.ndarray, split: str) -> str:
    """How many classes a pool has, and where they lie in the split."""
    roles = data.split(split)
    parts = [f"{words.count(len(np.intersect1d(ids, roles[role])))} {role}" for role in ROLES]
    noun = words_of(data).class_noun if len(ids) == 1 else words.plural(words_of(data).class_noun)
    return f"{words.count(len(ids))} {noun}: {', '.join(parts)} in the split {plain(split)}."


def example_queries(data: Dataset) -> dict[str, str]:
    """Questions that make sense for any data set, about this one."""
    examples = {
        "Instances per class": "SELECT class_name, count(*) AS n\nFROM instances JOIN classes USING (class_id)\nGROUP BY ALL ORDER BY n, class_name",
        "Classes per role": "SELECT split, role, count(*) AS n\nFROM splits GROUP BY ALL ORDER BY split, role",
        "Summarize classes": "SUMMARIZE classes",
    }
    if data.description.sibling_column:
        column = identifier(data.description.sibling_column)
        title = f"Largest {words.plural(words_of(data).group_noun)}"
        examples = {title: f"SELECT {column}, count(*) AS n\nFROM classes GROUP BY ALL ORDER BY n DESC, {column}"} | examples
    return examples


def schema(data: Dataset, tables: tuple[str, ...]) -> None:
    """Tables with their columns and types, to write SQL by."""
    for table in tables:
        found = reads.shape(data, table)
        lines = "\n".join(f"{identifier(name)}  {type.lower()}" for name, type in found.columns)
        with st.expander(f"{table} · {words.count(found.rows)} rows", type="compact"):
            st.code(lines, language=None)
