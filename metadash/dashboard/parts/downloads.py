"""The download button of every page: the file is made when it is asked for, and asking for it runs nothing else."""

import re
from collections.abc import Callable
from typing import Literal

import streamlit as st

LONGEST = 180
"""Bytes of a file's name before its ending; a file system takes 255, and a browser adds a number."""


def file_named(name: str) -> str:
    """A name that every file system takes, whatever a split or a data set is called: letters of any script, digits, ``-`` and ``_``; no
    folder, no hidden file."""
    ending = found[0] if (found := re.search(r"(\.log)?\.[a-z0-9]{1,8}$", name, re.ASCII)) else ""
    stem = re.sub(r"[^\w-]+", "-", name.removesuffix(ending)).strip("-_")
    short = stem.encode()[:LONGEST].decode(errors="ignore")
    return f"{short or 'file'}{ending}"


def download(
    label: str,
    content: str | bytes | Callable[[], str | bytes],
    file_name: str,
    mime: str = "text/csv",
    icon: str = ":material/download:",
    width: Literal["content", "stretch"] = "content",
) -> None:
    """A button that hands out ``file_name`` (made one that can be: ``file_named``) with ``content``; a function is called on a click, on a thread beside the script.

    The click must not rerun the page, as it does in Streamlit by default: the start of a run clears the messages that have not left yet
    (``ForwardMsgQueue.clear``), with them the address of the file, and drops the function that the click asked for
    (``MediaFileManager.remove_orphaned_files``). On a busy machine the download then never begins.
    """
    st.download_button(label, content, file_named(file_name), mime, icon=icon, width=width, on_click="ignore")
