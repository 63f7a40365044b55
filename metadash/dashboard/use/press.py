"""Inputs as buttons, group by group: pressed ones are chosen, or a press takes one away. What comes from data goes in as text, never as HTML."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from metadash.data.modality import Modality

SIDE = 56
"""Pixels of a picture's place."""

HTML = """
<div id="groups">
</div>
"""
CSS = """
#groups {font-family: var(--st-font); color: var(--st-text-color); display: flex; flex-direction: column; gap: .75rem}
section {border: 0; margin: 0; padding: 0}
header {display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .6rem; margin-bottom: .35rem}
header b {font-weight: 600; overflow-wrap: anywhere}
header small {font-size: .875rem; opacity: .85}
.row {display: flex; flex-wrap: wrap; gap: 8px}
button, .one {font: inherit; color: inherit; background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 8px)}
button {cursor: pointer}
button:focus-visible {outline: 2px solid var(--st-primary-color); outline-offset: 2px}
button:hover {border-color: var(--st-primary-color)}
.one {position: relative; padding: 3px; line-height: 0; max-width: 15rem}
.one img {width: 56px; height: 56px; object-fit: contain; border-radius: 4px; display: block}
.one img.coarse {image-rendering: pixelated}
.one span {display: block; line-height: 1.3; font-size: .875rem; text-align: left; padding: 2px 5px; overflow-wrap: anywhere}
mark {background: color-mix(in srgb, var(--st-primary-color) 22%, transparent); color: inherit; font-weight: 600; padding: 0 2px; border-radius: 3px; border-bottom: 2px solid currentColor}
.one[aria-pressed=true] {border-color: var(--st-primary-color); box-shadow: 0 0 0 2px var(--st-primary-color)}
.one i {position: absolute; right: -6px; top: -6px; width: 18px; height: 18px; border-radius: 50%; font: 700 12px/18px var(--st-font); text-align: center;
  background: var(--st-primary-color); color: var(--st-background-color)}
.one i.away {background: var(--st-secondary-background-color); color: var(--st-text-color); border: 1px solid var(--st-border-color); line-height: 16px; width: 16px; height: 16px}
header button {font-size: .875rem; padding: .1rem .5rem}
"""
JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#groups");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  const focused = root.getRootNode().activeElement?.dataset?.id;
  const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const said = (place, item) => {
    if (item.marks) place.append(item.marks[0], make("mark", item.marks[1]), item.marks[2]);
    else place.textContent = item.words;
    return place;
  };
  root.replaceChildren(...data.groups.map((group) => {
    const section = make("section"), head = make("header"), row = make("div", "", { className: "row" });
    if (group.name) {
      head.append(make("b", group.name), make("small", group.note));
      if (group.action) {
        const act = make("button", group.action, { type: "button", onclick: () => setTriggerValue("press", group.id) });
        act.setAttribute("aria-label", `${group.action} ${group.name}`);
        act.dataset.id = group.id;
        head.append(act);
      }
      section.append(head);
    }
    group.items.forEach((item) => {
      const button = data.fixed ? make("div", "", { className: "one", title: item.title })
        : make("button", "", { type: "button", className: "one", title: item.title, onclick: () => setTriggerValue("press", item.id) });
      button.dataset.id = item.id;
      if (data.fixed) button.setAttribute("role", "img");
      button.setAttribute("aria-label", item.label);
      if (data.choosing) button.setAttribute("aria-pressed", String(item.pressed));
      button.append(item.picture ? make("img", "", { src: item.picture, alt: "", className: item.coarse ? "coarse" : "" }) : said(make("span"), item));
      if (data.fixed) { row.append(button); return; }
      if (!data.choosing) button.append(make("i", "×", { className: "away" }));
      else if (item.pressed) button.append(make("i", "✓"));
      row.append(button);
    });
    section.append(row);
    return section;
  }));
  if (focused) [...root.querySelectorAll("button")].find((one) => one.dataset.id === focused)?.focus();
}
"""
groups_to_press = st.components.v2.component("metadash_press", html=HTML, css=CSS, js=JS)


def seen(kind: Modality, value: Any, side: int = SIDE) -> dict[str, Any]:
    """How an input is shown, for a browser: its picture as a data URI, or its words."""
    if kind.picture is None:
        return kind.shown_words(value)
    image = np.asarray(value)
    return {"picture": kind.picture(image, side), "coarse": kind.is_coarse(image)}


def item(identity: str, kind: Modality, value: Any, label: str, title: str = "", pressed: bool = False) -> dict[str, Any]:
    """One input as a button: ``label`` is what it is called where it is not seen (and what it says is added), ``title`` is shown on hover."""
    shown = seen(kind, value)
    heard = f"{label}: {shown['words']}" if "words" in shown and shown["words"] not in label else label
    return {"id": identity, "label": heard, "title": title or label, "pressed": pressed, **shown}


def group(
    items: Iterable[dict[str, Any]], name: str = "", note: str = "", action: str = "", identity: str = ""
) -> dict[str, Any]:
    """Some inputs under a name, with a button that does ``action`` to all of them."""
    return {"name": name, "note": note, "action": action, "id": identity, "items": list(items)}


def press(
    key: str, groups: Sequence[dict[str, Any]], on_press: Callable[[], None], choosing: bool = True, fixed: bool = False
) -> None:
    """The groups, under ``key``; ``on_press`` is called with the id that was pressed in ``st.session_state[key].press``. ``choosing``:
    whether a press chooses, or takes away. ``fixed``: they are shown only."""
    groups_to_press(key=key, data={"groups": list(groups), "choosing": choosing, "fixed": fixed}, on_press_change=on_press)
