"""What do we know about the data? Facts, facets, full-text search and SQL; any filter becomes a class pool in one click."""

from pathlib import Path

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.bring import BRING
from metadash.dashboard.bring import page as bring
from metadash.dashboard.metadata import audit as auditing
from metadash.dashboard.metadata import explore, keep
from metadash.dashboard.metadata.answering import answered
from metadash.dashboard.parts import reads
from metadash.dashboard.parts.asked import one_of, typed_condition
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.parts.pool_chip import choose_pool
from metadash.dashboard.parts.reads import Refusal
from metadash.dashboard.share.closed import closed
from metadash.data import facets
from metadash.data.filter_bar import parse
from metadash.errors import BadInput
from metadash.stats import words

EPISODES = Path(__file__).with_name("episodes.py")
TABLES = ("classes", "instances", "splits", "sources")
MOST_ROWS, MOST_PICTURES = 5000, 24

LOOK, KEEP = "Look and ask", "Card and export"

top = st.container()
view = one_of(
    st,
    "What to do here",
    [LOOK, KEEP] if closed() else [LOOK, BRING, KEEP],
    default=LOOK,
    key="md_view",
    label_visibility="collapsed",
)
if view == BRING:
    with top:
        header(
            "What would you like to bring?",
            "Photos, sentences or numbers with what is known about them. Nothing is imported before you have seen it.",
        )
    bring.section()
    end_page()

data = server.chosen_dataset()
if view == KEEP:
    with top:
        header(f"What is there to take of {plain(data.description.title)}?", "Its card, its files, the way to make it again.")
    keep.section(data)
    end_page()

with top:
    header(
        "What do we know about the data?",
        f"{words_of(data).title}: look, narrow, ask. Any filter can become the pool of classes that tasks are drawn from.",
    )

with st.container(border=True):
    st.markdown(explore.facts(data))
    st.caption(f"Licence: {words_of(data).licence}. Provenance: {words_of(data).provenance}.")

auditing.section(data)

table = one_of(st, "Table", TABLES, default="classes", key="md_table")
bar = f"md_{table}"
kinds = {summary.name: summary.kind for summary in reads.summaries(data, table)}


def find() -> None:
    """The search bar, and what it leaves: pictures, rows, a pool; the facets beside them."""
    typed = st.text_input(
        "Search and filter",
        key=bar,
        bind="query-params",
        type="search",
        placeholder="words anywhere, or column:value",
        help=(
            "Words are looked for in all text columns. `column:value` narrows one column, `column:one,two` takes either, `column:10..40` a range, "
            "`column:missing` what is not known. The facets write it for you."
        ),
    )
    try:
        filters = parse(typed, kinds)
    except BadInput as problem:
        st.error(plain(problem), icon=":material/error:")
        return
    if filters:
        explore.chips(bar, filters, kinds)
    found = reads.matches(data, table, filters, MOST_ROWS, MOST_PICTURES)
    total = reads.shape(data, table).rows
    left, right = st.columns([2.6, 1], gap="large")
    with right:
        st.caption("Narrow by column: matching / all")
        explore.facet_controls(data, table, bar, filters, kinds)
    with left:
        st.markdown(f"**{words.count(found.n)} of {words.count(total)}** rows of {table}" + (" match" if filters else ""))
        if not found.n:
            st.info(
                "Nothing matches all of this. Take a filter off, or spell the word another way.", icon=":material/search_off:"
            )
            return
        explore.thumbnails(data, found.instances)
        explore.rows_table(found.rows, found.n, table)
        if filters:
            st.code(explore.filters_as_sql(table, filters), language="sql", wrap_lines=True)
        st.subheader("As a class pool", anchor=False)
        with st.container(border=True):
            offer_pool(filters)


def offer_pool(filters: list[facets.Filter]) -> None:
    """The filters and a condition of one's own as the pool, with how many classes that is."""
    own = typed_condition(
        "And this condition on classes, in SQL",
        "md_where",
        "n_instances >= 90",
        "Any SQL expression over the columns of the table classes; it may use subqueries over the other tables.",
    )
    if own.strip() and isinstance(problem := reads.pool_ids(data, own), Refusal):
        explore.refused(problem, own)
        return
    condition = facets.both(facets.class_condition(table, filters), own)
    if not condition:
        st.caption(
            f"Narrow the table above, or write a condition. Without either, all {words.plural(words_of(data).class_noun)} are the pool."
        )
        return
    st.code(f"WHERE {condition}", language="sql", wrap_lines=True)
    ids = reads.pool_ids(data, condition)
    if isinstance(ids, Refusal):
        explore.refused(ids, condition)
        return
    if not len(ids):
        st.info(
            f"No {words_of(data).class_noun} meets this, so there is no pool to draw from. Widen it.",
            icon=":material/search_off:",
        )
        return
    st.markdown(explore.pool_members(data, ids, data.description.default_split or data.split_names[0]))
    if st.button("Use as the class pool", type="primary", icon=":material/grid_view:", key="md_use"):
        choose_pool(data, condition)
        st.switch_page(EPISODES, query_params={"pool": condition})


if table == "sources":
    explore.source_table(data)
else:
    find()
    st.subheader(f"What each column of {table} holds", anchor=False)
    explore.column_table(data, table)

st.subheader("Ask in SQL", anchor=False)
left, right = st.columns([2.6, 1], gap="large")
with right:
    st.caption("Tables and their columns")
    explore.schema(data, TABLES)
with left:
    with st.container(horizontal=True, gap="small"):
        for index, (title, sql) in enumerate(explore.example_queries(data).items()):
            if st.button(title, key=f"md_example_{index}", icon=":material/bolt:"):
                st.session_state["md_sql"] = sql
    with st.form("md_query", border=False):
        st.text_area(
            "Query",
            key="md_sql",
            bind="query-params",
            height=130,
            placeholder="SELECT … FROM classes",
            label_visibility="collapsed",
        )
        asked = st.form_submit_button(
            "Run", icon=":material/play_arrow:", type="primary", help="Ctrl+Enter runs it too. It can only read, for at most 5 s."
        )
    sql = st.session_state["md_sql"]
    if sql.strip():
        answer = reads.answer_of(data, sql, again=asked)
        if isinstance(answer, Refusal):
            explore.refused(answer, sql)
        else:
            answered(data, sql, answer)
    elif asked:
        st.info("Write a query first, or take one of the examples.", icon=":material/edit:")
