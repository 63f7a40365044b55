"""What a page shows, once more elsewhere: as a line for a terminal, as lines of Python, and a learner in the controls of *Train*."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.share.closed import closed
from metadash.dashboard.train.again import controls_of
from metadash.errors import BadInput
from metadash.front.keeping.spelling import as_command, as_python
from metadash.runs.store import Run
from metadash.specs.run import RunSpec

Lines = tuple[str, str, str]
"""For a terminal (empty where no verb does it), in Python, and what either gives."""


def copied(make: Callable[[], Lines], key: str, label: str = "Copy as command, as Python") -> None:
    """Made when somebody opens it; where there are no such lines, why."""
    with st.expander(label, icon=":material/terminal:", on_change="rerun", key=key) as shown:
        if not shown.open:
            return
        try:
            command, python, note = make()
        except BadInput as problem:
            st.caption(plain(problem))
            return
        if command:
            st.code(command, language="bash", wrap_lines=True)
        st.code(python, language="python", wrap_lines=True)
        st.caption(note)


def repeat(run: Run, key: str = "rn_repeat", label: str = "Copy as command, as Python") -> None:
    """A learner, by lines that give this very digest."""
    copied(partial(lines_of, run), key, label)


def lines_of(run: Run) -> Lines:
    data, spec = server.dataset(run.dataset), run.spec_as(RunSpec)
    note = f"Either gives the run {run.digest}, as long as the data and the code stay what they are."
    return as_command(spec, data), as_python(spec, data), note


def duplicate(run: Run, label: str = "Duplicate with changes") -> None:
    """A link to *Train* with all of its choices there; nothing where no run can be started, or its data are gone."""
    if closed():
        return
    try:
        controls, lost = controls_of(run.spec_as(RunSpec), server.dataset(run.dataset))
    except BadInput:
        return
    but = f" But for what *Train* has no control of: {', '.join(lost)}." if lost else ""
    link_to("train", label, "content_copy", help=f"Opens Train with every choice of it, to change some.{but}", **controls)
