"""What can be taken of a data set, or done away with: its card, its files, itself."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.which_data import KEY, take
from metadash.dashboard.share.closed import closed
from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.data.library import EMBEDDED, remove_dataset
from metadash.errors import BadInput
from metadash.figures.data_card import balance_chart, missing_chart
from metadash.front.card import CardResult, card
from metadash.runs.queue.jobs import active_jobs
from metadash.stats import words

SAID = "md_removed"
MOST_BYTES = 400e6
"""Of inputs that a browser is sent in one file; more is exported by the command."""


@st.cache_resource(max_entries=8, show_spinner="Looking it over …")
def _card(fingerprint: str, _data: Dataset) -> CardResult:
    return card(_data)


def section(data: Dataset) -> None:
    carded(data)
    exported(data)
    remove(data)


def carded(data: Dataset) -> None:
    """What a reader should know before training on it; the file has thumbnails, columns and findings too."""
    found = _card(data.fingerprint, data).found
    st.markdown(f"#### {plain(found.headline)}")
    for told in found.told[1:]:
        st.markdown(plain(told))
    uneven = found.sizes.nunique() > 1
    left, right = st.columns([1, 1], gap="large") if uneven or found.missing else (st.container(), st.container())
    with left:
        st.dataframe(
            found.about,
            hide_index=True,
            height="content",
            column_config={"what": st.column_config.TextColumn("What", pinned=True, width=215), "said": "It says"},
            alt="What the data set is, whose, and how much of it there is",
        )
    with right:
        if uneven:
            chart(
                partial(balance_chart, found.sizes, palette(), data.description.class_noun),
                key="md_balance",
                alt=f"Instances of each {data.description.class_noun}",
            )
        for table, holes in found.missing.items():
            chart(
                partial(missing_chart, holes, palette(), table),
                key=f"md_missing_{table}",
                alt=f"Missing values in the table {table}",
            )
    download(
        "Download the data card (HTML)", lambda: card_page(_card(data.fingerprint, data)), f"{data.name}-card.html", "text/html"
    )


def card_page(found: CardResult) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return found.to_html(Path(folder) / "card.html").read_bytes()


def exported(data: Dataset) -> None:
    """All of it as files that any Parquet or Croissant reader reads, and that import as the same data set again."""
    st.subheader("Export it", anchor=False)
    st.markdown("Tables as Parquet, the inputs, and a Croissant description. Imported again, it is the same data set.")
    size = data.whole("inputs").stat().st_size
    if size <= MOST_BYTES:
        download("Download everything (zip)", lambda: zipped(data), f"{data.name}.zip", "application/zip")
    else:
        st.caption(
            f"Its inputs are {words.count(round(size / 1e6))} MB, too much for one file from a browser; the command writes a folder."
        )
    st.code(f"python -m metadash datasets export {data.name} --out {data.name}-export", language="bash", wrap_lines=True)


def zipped(data: Dataset) -> bytes:
    with tempfile.TemporaryDirectory(prefix="metadash-export-") as folder:
        whole = export(data, Path(folder) / "all" / data.name)
        return Path(shutil.make_archive(f"{folder}/all-of-it", "zip", whole.parent, whole.name)).read_bytes()


def remove(data: Dataset) -> None:
    """Delete a data set of one's own, once its name was typed."""
    if closed():
        return
    st.subheader("Delete it", anchor=False)
    if data.name in EMBEDDED:
        st.caption(f"*{plain(data.name)}* comes with MetaDash: it would be made anew, and cannot be deleted.")
        return
    st.markdown("Its tables and inputs go; the runs on it stay, with their numbers. What you imported it from is not touched.")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    typed = left.text_input("Type its name to delete it", key="md_remove_name", placeholder=data.name)
    right.button(
        "Delete this data set",
        icon=":material/delete:",
        key="md_remove",
        disabled=typed.strip() != data.name,
        on_click=removed,
        args=(data.name,),
    )
    if problem := st.session_state.pop(SAID, ""):
        st.error(plain(problem), icon=":material/error:")


def removed(name: str) -> None:
    """Refused while something computes on it: that would fail halfway."""
    workspace = server.workspace()
    try:
        if busy := [job for job in active_jobs(workspace) if job.spec.dataset == name]:
            raise BadInput(f"{len(busy)} of the runs on their way are about '{name}'; cancel them on *Train*, or wait for them.")
        remove_dataset(workspace, name)
    except BadInput as problem:
        st.session_state[SAID] = str(problem)
        return
    st.session_state.pop("md_remove_name", None)
    st.session_state.pop(KEY, None)
    take(next(iter(EMBEDDED)))
