"""*Copy link*: the address with everything chosen, in the clipboard with one click."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException

from metadash.dashboard.links import address
from metadash.dashboard.links.history import ONE_ENTRY
from metadash.dashboard.links.pages import leave_page

PLACE = "copy link place"
HTML = """
<div id="copy">
  <button type="button">
    <svg viewBox="0 0 24 24" width="17" height="17" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round">
      <path d="M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1.5 1.5M14 10a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1.5-1.5"/>
    </svg>
    <span id="said" aria-live="polite">Copy link</span>
  </button>
  <input type="text" readonly hidden aria-label="The address of this page with everything chosen on it">
</div>
"""
CSS = """
#copy {position: relative; font-family: var(--st-font)}
button {display: flex; align-items: center; justify-content: center; gap: .5rem; width: 100%; min-height: 2.5rem; padding: .25rem .75rem; cursor: pointer; font: inherit; font-size: .875rem; white-space: nowrap;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 8px)}
button:hover, button:focus-visible {border-color: var(--st-primary-color); color: var(--st-primary-color)}
input {box-sizing: border-box; width: 100%; margin-top: .4rem; padding: .4rem .5rem; font: inherit; font-size: .85rem;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius)}
[hidden] {display: none}
"""
# The browser's own address is the truth of what fragments have changed since; the server adds what an address leaves out.
JS = (
    """
export default function ({ data, parentElement }) {"""
    + ONE_ENTRY
    + """
  const [button, field, said] = ["button", "input", "#said"].map((one) => parentElement.querySelector(one));
  const address = () => {
    const url = new URL(window.location.href);
    const put = (key, values) => { url.searchParams.delete(key); values.forEach((one) => url.searchParams.append(key, one)); };
    Object.entries(data.usual).forEach(([key, values]) => url.searchParams.has(key) || put(key, values));
    Object.entries(data.chosen).forEach(([key, values]) => put(key, values));
    url.hash = "";
    return url.href;
  };
  const say = (text) => {
    said.textContent = text;
    clearTimeout(button.again);
    button.again = setTimeout(() => { said.textContent = "Copy link"; }, 2500);
  };
  // A page that is not served securely has no clipboard: the older command is tried, and the field is there to copy from by hand.
  const byHand = (text) => {
    field.hidden = false;
    field.value = text;
    field.focus();
    field.select();
    let copied = false;
    try { copied = document.execCommand("copy"); } catch (refused) { copied = false; }
    say(copied ? "Copied" : "Press Ctrl+C");
  };
  button.onclick = () => {
    const text = address();
    if (!navigator.clipboard) return byHand(text);
    navigator.clipboard.writeText(text).then(() => say("Copied"), () => byHand(text));
  };
}
"""
)
button = st.components.v2.component("metadash_copy_link", html=HTML, css=CSS, js=JS)


def place() -> None:
    """Keep the room where the button will stand: what is chosen is known when the whole page has been drawn."""
    st.session_state[PLACE] = st.container(key="copy_link")


@contextmanager
def whole_page(page: str, notes: Any, at_end: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Around the script of a page: afterwards what is drawn ``at_end``, its *Copy link*, and in the container ``notes`` what of the link was not possible."""
    if address.is_another_page(page):
        leave_page()
    st.session_state.pop(PLACE, None)
    again = False
    try:
        yield
    except RerunException:
        again = True
        raise
    finally:
        if not again:
            with notes:
                address.notes()
            at_end()
            if found := st.session_state.get(PLACE):
                chosen, usual = address.everything()
                with found:
                    button(data={"chosen": chosen, "usual": usual}, key="copy_link_button")
