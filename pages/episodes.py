"""What does one task look like? Draw one, look at it, keep what is telling, swap what is not, save it."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.episodes import task
from metadash.dashboard.episodes.ratings import show_user
from metadash.dashboard.metadata import explore
from metadash.dashboard.parts import reads
from metadash.dashboard.parts.asked import one_of, query_balance, typed_condition
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import end_page, header, one_sentence, term
from metadash.dashboard.parts.pool_chip import chosen_pool
from metadash.dashboard.parts.reads import Refusal
from metadash.dashboard.share.closed import closed
from metadash.data.dataset import ROLES
from metadash.data.facets import both
from metadash.data.ratings.rated import rated_in
from metadash.episodes.saved import as_table, save, saved_episodes
from metadash.episodes.spec import STRATEGIES, EpisodeSpec, Pool
from metadash.stats import words
from metadash.stats.metric import Ways, guessing_one_of

data = server.chosen_dataset()
if rated_in(data):
    show_user(data)
    end_page()
about = words_of(data)
header(
    "What does one task look like?",
    "A learner is always asked small tasks like this one. Draw one, keep what is telling, swap what is not.",
)
pooled = chosen_pool(data)
answer = st.container(border=True)

columns = {strategy: task.columns_of(data, strategy) for strategy in ("siblings", "disjoint")}
strategies = [strategy for strategy in STRATEGIES if strategy == "uniform" or columns[strategy]]
first = strategies.index("siblings") if about.sibling_column and "siblings" in strategies else 0
column = None
usual = task.usual_numbers(data, strategies[first])
with st.container(horizontal=True):
    n_way = st.number_input("n-way", 2, 1000, usual["n_way"], key="ep_way", bind="query-params", help=term("n_way"), width=130)
    n_shot = st.number_input("Shots", 0, 100, 1, key="ep_shot", bind="query-params", help=term("n_shot"), width=130)
    n_query = st.number_input(
        "Queries", 1, 100, usual["n_query"], key="ep_query", bind="query-params", help=term("n_query"), width=130
    )
    uneven = query_balance("ep_uneven")
    explained = " ".join(map(term, strategies))
    strategy = st.selectbox(
        "Strategy", strategies, index=first, key="ep_strategy", bind="query-params", help=explained, width=150
    )
    if strategy == "siblings":
        explained = "All classes of the task have the same value here."
        column = st.selectbox(
            "Classes share", columns["siblings"], key="ep_siblings", bind="query-params", help=explained, width=200
        )
    elif strategy == "disjoint":
        column = st.selectbox(
            "Support and query differ in",
            columns["disjoint"],
            key="ep_disjoint",
            bind="query-params",
            help=term("disjoint"),
            width=200,
        )
narrowed = bool(st.session_state.get("where") or st.query_params.get("where"))
with st.expander("Which classes may be drawn", icon=":material/filter_alt:", expanded=narrowed, key="ep_pool"):
    left, right = st.columns(2)
    names = data.split_names
    first = names.index(about.default_split) if about.default_split in names else 0
    split = left.selectbox(
        "Split",
        names,
        index=first,
        key="ep_split",
        bind="query-params",
        help="How the classes were dealt to training, validation and test.",
    )
    role = one_of(right, "Role", ROLES, default="test", key="ep_role")
    where = typed_condition(
        "Only classes that meet this condition (SQL)",
        "where",
        "script = 'Greek'",
        "Metadata writes one for you from its filters.",
    )

with st.container(horizontal=True, vertical_alignment="bottom"):
    seed = st.number_input(
        "Seed", 0, 2**31, 0, key="ep_seed", bind="query-params", width=140, help="The same seed draws the same task."
    )
    st.button(
        "Redraw",
        type="primary",
        icon=":material/refresh:",
        key="ep_redraw",
        on_click=task.next_seed,
        help="The next seed; locked classes stay.",
    )
    keep = st.popover("Save", icon=":material/bookmark_add:")
    entries = saved_episodes(server.workspace(), data)
    with st.popover(f"Saved ({len(entries)})", icon=":material/bookmarks:"):
        if not entries:
            st.caption("Nothing saved yet. A saved episode can be opened again by everybody who uses this workspace.")
        for entry in entries[:20]:
            kind = f"{entry.spec.n_way}-way {entry.spec.n_shot}-shot, {entry.saved[:16]}"
            st.button(
                plain(entry.name),
                key=f"ep_open_{entry.hash}",
                help=kind,
                on_click=task.open_saved,
                args=(data, entry),
                width="stretch",
            )
    sources = [source.name for source in data.class_sources()]
    telling = task.telling_sources(data)
    chosen = st.multiselect(
        "Metadata under each class", sources, default=telling, key="ep_sources", bind="query-params", width=430, wrap=False
    )

if problem := st.session_state.pop(task.PROBLEM, ""):
    st.warning(plain(problem), icon=":material/warning:")

condition = both(pooled or "", where)
if condition and isinstance(refusal := reads.pool_ids(data, condition), Refusal):
    with answer:
        explore.refused(refusal, condition)
    end_page()
with answer, one_sentence():
    spec = EpisodeSpec(
        Pool(split, role, condition or None), n_way, n_shot, n_query, strategy, column, seed, query_dirichlet=uneven
    )
    drawn = task.current_task(data, spec)
manifest = drawn.manifest
pool = reads.pool(data, spec)

with answer:
    nouns = words.plural(about.class_noun)
    given = f"after seeing {words.plural_of(n_shot, 'example')} of each" if n_shot else "from their metadata alone"
    st.markdown(f"#### Tell {n_way} {nouns} apart {given}.")
    together = (
        f"All share the {plain(column)} **{plain(task.shared_value(drawn))}**, so they are likely to be alike. "
        if strategy == "siblings"
        else ""
    )
    apart = f"Support and query share no {plain(column)}. " if strategy == "disjoint" else ""
    st.markdown(
        f"{together}{apart}{task.asked_words(manifest)}; guessing gets {guessing_one_of(Ways(n_way)):.0f} % of them right."
    )
    touched = [f"{len(drawn.locked)} locked"] * bool(drawn.locked) + [f"{drawn.swaps} swapped by hand"] * bool(drawn.swaps)
    counted = f"Pool: {words.count(len(pool.classes))} {role} {nouns} of {plain(split)}" + (
        " that meet the condition" if condition else ""
    )
    st.caption(" · ".join([counted, f"seed {seed}", *touched, f"episode {manifest.hash}"]))

with keep:
    if not closed():
        title = st.text_input("Name", key="ep_name", placeholder=f"{n_way}-way {n_shot}-shot", max_chars=80)
        if st.button("Save in this workspace", type="primary", key="ep_save", width="stretch"):
            with one_sentence():
                save(server.workspace(), data, manifest, title, spec)
            st.rerun()
    download("Download .npz", manifest.to_bytes, f"{manifest.hash}.npz", "application/octet-stream", width="stretch")
    download(
        "Download ids as CSV",
        lambda: as_table(manifest, data).to_csv(index=False).encode(),
        f"{manifest.hash}.csv",
        width="stretch",
    )

facts = task.facts_of_classes(data, manifest, [data.source(name) for name in chosen])
class_names = data.classes["class_name"].to_numpy()
visible = (
    manifest.support[0, : task.SHOWN_CLASSES, : task.SHOWN_INSTANCES],
    manifest.query[0, : task.SHOWN_CLASSES, : task.SHOWN_INSTANCES],
)
titles = task.titles_of_instances(data, [row for part in visible for row in part.ravel().tolist() if row >= 0])

asked = (manifest.query[0] >= 0).sum(axis=1).tolist()
for slot, identity in enumerate(manifest.classes[0, : task.SHOWN_CLASSES].tolist()):
    locked = identity in drawn.locked
    with st.container(border=True, key=f"ep_class_{slot}"):
        name, shown, tools = st.columns([2, 3.3, 1.6], vertical_alignment="center")
        with name.container(gap="xsmall"):
            st.markdown(f"**{plain(class_names[identity])}**")
            if facts.get(identity):
                st.caption(facts[identity])
        shown.html(task.row_of_pictures(data, manifest, slot, titles))
        with tools.container(horizontal=True, gap="xsmall", wrap=False):
            st.button(
                ":material/lock:" if locked else ":material/lock_open:",
                key=f"ep_lock_{slot}",
                type="primary" if locked else "secondary",
                help="Unlock: redrawing may change it" if locked else "Lock: it stays when you redraw",
                on_click=task.toggle_lock,
                args=(identity,),
            )
            st.button(
                ":material/swap_horiz:",
                key=f"ep_swap_{slot}",
                help="Swap this class for another",
                on_click=task.swap_class,
                args=(data, slot),
            )
            options = [("support", index) for index in range(n_shot)] + [("query", index) for index in range(asked[slot])]
            st.menu_button(
                ":material/image:",
                options,
                key=f"ep_instance_{slot}",
                format_func=lambda option: f"Swap {option[0]} {option[1] + 1}",
                help="Swap one instance for another of this class",
                on_click=task.swap_instance,
                args=(data, slot, f"ep_instance_{slot}"),
            )
if n_way > task.SHOWN_CLASSES:
    st.caption(f"The first {task.SHOWN_CLASSES} of {n_way} classes are shown; the download holds all.")

with st.expander("What the learner sees", icon=":material/visibility:", on_change="rerun", key="ep_learner") as learner:
    if learner.open:
        task.learner_sees(data, drawn)
