"""The first step: files from the browser, a folder, or a path on the server where a setting allows it."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.bring.bringing import Bringing
from metadash.dashboard.bring.staging import allowed_folders, discard, listed, on_the_server, root_of, stage, sweep
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain
from metadash.errors import BadInput
from metadash.stats import words

FILES, FOLDER, SERVER = "Files or a zip", "A folder", "A path on the server"
WHAT = """
- **Photos**: a zip or a folder with one folder a class (or a table that names each photo's class), and a table about the classes beside it.
- **Sentences**: one table with a column of text and a column that says the class of each row.
- **Numbers**: one table whose columns, or one column of lists, are the features.
"""


def upload(ours: Bringing) -> None:
    """What there is to import is in ``ours`` afterwards; what is wrong with an upload is said here, and those before it stay."""
    with st.container(border=True):
        if ours.path is not None:
            brought(ours)
        else:
            ways = [FILES, FOLDER, *([SERVER] if allowed_folders() else [])]
            how = one_of(st, "What would you bring?", ways, default=FILES, key="bring_how")
            by_path(ours) if how == SERVER else by_browser(ours, how)
            st.markdown(WHAT)
            st.caption(limits() if how != SERVER else "It is read where it lies; nothing is changed there.")


def brought(ours: Bringing) -> None:
    """The files that are here, whatever page was looked at meanwhile; more can be added, and a corrected one takes its old one's place."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":material/folder_open: {names(ours)}")
        st.button("Start over", icon=":material/close:", key="bring_over", on_click=start_over, args=(ours,))
    if ours.place is not None:
        with st.expander("Add a file, or put a corrected one in its place", icon=":material/add:"):
            by_browser(ours, FILES)
            st.caption(limits())


def names(ours: Bringing) -> str:
    if ours.place is None:
        return f"**{plain(ours.path.name)}** on the server" if ours.path else ""
    ours.listing = ours.listing or listed(ours.place)  # a folder may hold ten thousand photos, and every touch of the page asks
    few, n = ours.listing
    told = ", ".join(f"**{plain(name)}** ({size_words(size)})" for name, size in few)
    return told + (f" and {words.count(n - len(few))} more" if n > len(few) else "")


def size_words(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"


def start_over(ours: Bringing) -> None:
    if ours.place:
        discard(ours.place)
    ours.forget()


def by_browser(ours: Bringing, how: str) -> None:
    files = st.file_uploader(
        "Tables (CSV, TSV, Excel, Parquet, JSON, DuckDB), a zip of photos, or several of these together"
        if how == FILES
        else "A folder with its folders: photos, and the tables beside them",
        accept_multiple_files=True if how == FILES else "directory",
        key=f"bring_{'files' if how == FILES else 'folder'}_{ours.batch}",
    )
    if not files:
        return
    try:
        sweep(server.workspace())
        place = stage(server.workspace(), files, ours.place)
        ours.take(root_of(place), place)
    except BadInput as problem:
        st.error(plain(problem), icon=":material/error:")
        return
    st.rerun()  # the field for files starts anew: what it held lies on the disk now, and need not lie in memory too


def by_path(ours: Bringing) -> None:
    typed = st.text_input(
        "Path",
        key=f"bring_path_{ours.batch}",
        placeholder="a file or a folder",
        help=f"Inside {', '.join(plain(folder.name) for folder in allowed_folders())}.",
    )
    if not typed.strip():
        return
    try:
        ours.take(on_the_server(typed), None)
    except BadInput as problem:
        st.error(plain(problem), icon=":material/error:")
        return
    st.rerun()


def limits() -> str:
    return (
        f"At most {st.get_option('server.maxUploadSize')} MB a file. What you upload stays on this server, is removed once it is imported, and "
        "after a day otherwise."
    )
