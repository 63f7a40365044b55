"""The download button of every page: the file is made when it is asked for, and asking for it runs nothing else."""

from collections.abc import Callable
from typing import Literal

import streamlit as st


def download(
    label: str,
    content: str | bytes | Callable[[], str | bytes],
    file_name: str,
    mime: str = "text/csv",
    icon: str = ":material/download:",
    width: Literal["content", "stretch"] = "content",
) -> None:
    """A button that hands out ``file_name`` with ``content``; a function is called on a click, on a thread beside the script.

    The click must not rerun the page, as it does in Streamlit by default: the start of a run clears the messages that have not left yet
    (``ForwardMsgQueue.clear``), with them the address of the file, and drops the function that the click asked for
    (``MediaFileManager.remove_orphaned_files``). On a busy machine the download then never begins.
    """
    st.download_button(label, content, file_name, mime, icon=icon, width=width, on_click="ignore")
