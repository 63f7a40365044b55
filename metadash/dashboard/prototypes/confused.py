"""Beside the map: the pairs of classes that are most often taken for each other, with their pictures, and whether metadata tell them apart."""

import html

import pandas as pd
import streamlit as st

from metadash.answers.mapping.confusions import Confused, count_words, metadata_words, most_confused, of_task, told_apart
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.pictures import input_html
from metadash.dashboard.prototypes.chosen import see
from metadash.data.dataset import Dataset
from metadash.specs.run import RunSpec
from metadash.stats import words

MOST = 3
WHERE = "pr_confused"
STYLE = """<style>
.md-pair {display: flex; flex-wrap: wrap; gap: .5rem .7rem; align-items: center; line-height: 1.3}
.md-pair > div {display: flex; gap: 4px}
.md-pair img {width: 46px; height: 46px; object-fit: contain; border-radius: 5px; image-rendering: pixelated; border: 1px solid rgba(128, 128, 128, .35)}
.md-pair p {margin: 0; flex: 1 1 7rem; font-size: .8125rem; overflow-wrap: anywhere}
</style>"""


def confused_part(
    digest: str, points: pd.DataFrame, everywhere: pd.DataFrame, n_tasks: int, run: RunSpec, data: Dataset, wide: bool = False
) -> None:
    """The pairs of this task, or those of the ``n_tasks`` that were asked; side by side where it is ``wide``."""
    st.markdown("##### Most often confused")
    places = {"task": "In this task", "all": f"In {words.count(n_tasks)} tasks"}
    where = one_of(
        st, "Where", list(places), default="task", key=WHERE, format_func=places.__getitem__, label_visibility="collapsed"
    )
    pairs = _pairs(f"{digest} {where}", points if where == "task" else everywhere, where == "task", run, data)
    if not pairs:
        st.caption("No query is answered wrongly.")
    room = st.columns(MOST) if wide else [st.container() for _ in range(MOST)]
    for place, ((pair, told), here) in enumerate(zip(pairs, room, strict=False)):
        with here:
            card(place, pair, told, points, data)


@st.cache_data(max_entries=16, show_spinner=False)
def _pairs(key: str, _pairs: pd.DataFrame, _is_map: bool, _run: RunSpec, _data: Dataset) -> list[tuple[Confused, str]]:
    """The pairs with what is said of each; counted once a map."""
    known = [source.name for source in _data.class_sources()]
    reads = [name for name in known if name in _run.sources] if _run.reads_at_test else []
    found = []
    for pair in most_confused(of_task(_pairs) if _is_map else _pairs, MOST):
        differ, same, _ = told_apart(_data, pair.first, pair.second, reads or known)
        told = f" {plain(metadata_words(differ, same, bool(reads)))}" if known else ""
        found.append((pair, f"{count_words(pair, _run.reads_at_test)}{told}"))
    return found


def card(place: int, pair: Confused, told: str, points: pd.DataFrame, data: Dataset) -> None:
    """Two pictures, two names, two sentences, and a way to see both on the map."""
    both = [pair.first, pair.second]
    names = [str(data.classes["class_name"][c]) for c in both]
    pictures = "".join(input_html(data, example(points, c, data), 46, name) for c, name in zip(both, names, strict=True))
    on_map = points.loc[points["class_id"].isin(both) & (points["row"] >= 0), "row"].tolist()
    with st.container(border=True, gap="xsmall"):
        st.html(
            f'{STYLE}<div class="md-pair"><div>{pictures}</div><p>{html.escape(names[0])}<br>{html.escape(names[1])}</p></div>'
        )
        st.caption(told)
        if st.button(
            "See both",
            icon=":material/frame_inspect:",
            key=f"pr_pair_{place}",
            type="tertiary",
            disabled=not on_map,
            help=f"Selects the instances of both {words.plural(words_of(data).class_noun)} on the map.",
        ):
            see(on_map)
            st.rerun()


def example(points: pd.DataFrame, c: int, data: Dataset) -> int:
    """One instance of a class: its support where it is in the task, else its first."""
    own = points[(points["class_id"] == c) & (points["kind"] == "support")]
    return int(own["row"].iloc[0]) if len(own) else int((data.class_of == c).argmax())
