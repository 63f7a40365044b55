"""What is selected on the map: its rows as a table, and what may become of them. A row is known by its number in the data set."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.episodes import task
from metadash.dashboard.links.address import not_possible
from metadash.dashboard.links.pages import put as put_in_link
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import words_of
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.parts.pool_chip import MOST_POOL, choose_pool
from metadash.dashboard.places import PAGES
from metadash.dashboard.prototypes.canvas.component import answer, heard
from metadash.dashboard.prototypes.map_figure import PICTURE, TABLE_ROWS, in_order_of_task, nearest_rows, selected_table
from metadash.dashboard.prototypes.map_view import vectors_of
from metadash.dashboard.share.closed import closed
from metadash.dashboard.use.tray import Tray, class_labels, of_rows, put
from metadash.data.dataset import Dataset
from metadash.episodes.chosen import MOST_WAYS, classes_of, condition_of, episode_of_rows
from metadash.episodes.saved import save
from metadash.specs.run import RunSpec
from metadash.stats import words

KEY, NEAR, BACK, SEEN = "pr_picked", "pr_near", "pr_back_to", "pr_seen"
"""The relay; in the session, the selection whose neighbours are shown, that it is to be seen on the map again, and what another part of the
page wants to be selected."""
LINK, MOST_IN_LINK = "pr_rows", 60
"""The parameter of a link that names the selected rows; more of them are left out."""
NEIGHBOURS = 24


def selected(points: pd.DataFrame, data: Dataset) -> list[int]:
    """The rows that are selected and on this map, whatever was on the map on which they were selected; at first those that the link names."""
    own = set(points.loc[points["row"] >= 0, "row"].tolist())
    asked = st.query_params.get_all(LINK) if st.session_state.get(key_of(data)) is None else []
    named = [int(row) for row in asked if row.isascii() and row.isdigit() and len(row) < 13]
    if len([row for row in named if row in own]) < len(asked):
        not_possible(LINK, asked[:3], "Selected on the map", "what of it is on this map is selected")
    return [row for row in dict.fromkeys(named or heard(key_of(data))) if row in own]


def key_of(data: Dataset) -> str:
    """Rows of one data set are none of another's."""
    return f"{KEY}_{data.name}"


def see(rows: Sequence[int]) -> None:
    """Select these on the map when the page runs next."""
    st.session_state[SEEN] = list(rows)


@st.fragment
def chosen_part(
    points: pd.DataFrame, beside: pd.DataFrame | None, digest: str, run_id: str, run: RunSpec, n_shot: int, data: Dataset
) -> None:
    """The table of what is selected, of the task where nothing is, with what may be done with these rows."""
    mine = selected(points, data)
    put_in_link(LINK, list(map(str, mine)) if len(mine) <= MOST_IN_LINK else [])
    near = bool(mine) and st.session_state.get(NEAR) == (digest, mine)
    rows, distance = (nearest_rows(points, vectors_of(digest), mine, NEIGHBOURS)) if near else (mine, None)
    back, seen = st.session_state.pop(BACK, False), st.session_state.pop(SEEN, None)
    focus = {"focus": seen or rows, "said": bool(seen), "id": f"{seen} {mine} {near}"} if seen or near or back else None
    answer(key_of(data), "picked", focus, kept=True)
    shown = (
        rows if near else in_order_of_task(points, mine or points.loc[points["kind"].isin(["query", "support"]), "row"].tolist())
    )
    st.markdown(f"##### {title(len(mine), len(shown), near)}")
    with one_sentence():
        actions(points, shown, mine, near, digest, run_id, run, n_shot, data)
    if len(shown) > TABLE_ROWS:
        st.caption(f"The first {TABLE_ROWS} are shown; the CSV file holds all.")
    table = table_of(f"{digest} {shown[:TABLE_ROWS]}", points, shown[:TABLE_ROWS], data)
    if beside is not None:
        table.insert(4, "answered beside", selected_table(beside, shown[:TABLE_ROWS], data, pictures=False)["answered"])
    if distance is not None:
        table.insert(2, "distance", np.round(distance[: len(table)], 3))
    st.dataframe(
        table,
        hide_index=True,
        height="auto" if len(table) < 9 else 330,
        column_config={PICTURE: st.column_config.ImageColumn(PICTURE, width="small")},
        alt="The selected instances with their metadata",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def table_of(key: str, _points: pd.DataFrame, _rows: Sequence[int], _data: Dataset) -> pd.DataFrame:
    """The rows of one map by their numbers, read and drawn once."""
    return selected_table(_points, _rows, _data)


def title(n_selected: int, n_shown: int, near: bool) -> str:
    if near:
        return f"The {n_shown} instances nearest to {'the one' if n_selected == 1 else f'the {words.count(n_selected)}'} selected"
    return f"{words.plural_of(n_selected, 'instance')} selected" if n_selected else "The instances of this task"


def actions(
    points: pd.DataFrame,
    rows: Sequence[int],
    mine: Sequence[int],
    near: bool,
    digest: str,
    run_id: str,
    run: RunSpec,
    n_shot: int,
    data: Dataset,
) -> None:
    """What may be done with ``rows``, those of the table."""
    about = words_of(data)
    nouns, classes = words.plural(about.class_noun), classes_of(data, rows)
    several = len(classes) >= 2
    with st.container(horizontal=True, gap="small"):
        if not closed() and st.button(
            "Episode from these",
            icon=":material/grid_view:",
            key="pr_episode_of",
            disabled=not several or len(classes) > MOST_WAYS,
            help=f"A task of their {nouns}, 2 to {MOST_WAYS}, with these rows; it is saved in this workspace and opened on Episodes.",
        ):
            manifest, spec = episode_of_rows(data, rows, n_shot, run.split)
            entry = save(
                server.workspace(),
                data,
                manifest,
                f"From the map: {len(classes)} {words.plural(data.description.class_noun)}",
                spec,
            )
            task.open_saved(data, entry)
            st.switch_page(PAGES / "episodes.py", query_params={})  # none would be those of this page
        if st.button(
            f"Use these {nouns} as pool",
            icon=":material/filter_alt:",
            key="pr_pool_of",
            disabled=not several or len(classes) > MOST_POOL,
            help=f"From here on tasks are drawn from their {words.plural_of(len(classes), about.class_noun)} only, until you take the chip off.",
        ):
            condition = condition_of(classes)
            choose_pool(data, condition)
            st.switch_page(PAGES / "episodes.py", query_params={"pool": condition})
        if near:
            if st.button("Back to the selection", icon=":material/undo:", key="pr_back"):
                st.session_state.pop(NEAR, None)
                st.session_state[BACK] = True
                st.rerun(scope="fragment")
        elif st.button(
            "Nearest neighbours",
            icon=":material/hub:",
            key="pr_near_go",
            disabled=not mine,
            help="By distance in the full space, where the learner decides, not on the map. Select something first.",
        ):
            st.session_state[NEAR] = (digest, list(mine))
            st.rerun(scope="fragment")
        if not closed() and st.button(
            "Label with Use",
            icon=":material/new_label:",
            key="pr_use",
            help="This learner labels them on the page Use, with the support of this task as its examples.",
        ):
            label_with_use(points, rows, data)
            st.switch_page(PAGES / "use.py", query_params={"us_run": run_id, "us_step": "2 · To label"})
        download("CSV", lambda: selected_table(points, rows, data, pictures=False).to_csv(index=False), f"selected-{digest}.csv")


def label_with_use(points: pd.DataFrame, rows: Sequence[int], data: Dataset) -> None:
    """Lay out on *Use* the task's support as examples and ``rows`` as what is to be labelled."""
    support = points[points["kind"] == "support"]
    tray, labels = Tray(), class_labels(data)
    for c in classes_of(data, support["row"].tolist()):
        tray = tray.with_examples(labels[c], of_rows(data, support.loc[support["class_id"] == c, "row"]))
    given = set(support["row"].tolist())
    put(data, tray.with_asked("pick", of_rows(data, [row for row in rows if row not in given])))
