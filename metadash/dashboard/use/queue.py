"""The review queue: what was labelled, the most doubtful first, each with its label in a list that a person can change."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

HTML = """
<ol id="queue">
</ol>
"""
CSS = """
#queue {list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(var(--least, 250px), 100%), 1fr)); gap: 10px;
  font-family: var(--st-font); color: var(--st-text-color)}
li {display: flex; gap: 10px; padding: 9px; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius, 8px); background: var(--st-background-color); min-width: 0}
li.none {border-style: dashed}
li.mended {border-color: var(--st-primary-color)}
img {width: 64px; height: 64px; object-fit: contain; border-radius: 5px; flex: none; align-self: flex-start}
img.coarse {image-rendering: pixelated}
.words {font-size: .875rem; line-height: 1.35; overflow-wrap: anywhere}
mark {background: color-mix(in srgb, var(--st-primary-color) 22%, transparent); color: inherit; font-weight: 600; padding: 0 2px; border-radius: 3px; border-bottom: 2px solid currentColor}
li.said {flex-direction: column}
.beside {flex: 1; min-width: 0; display: flex; flex-direction: column; gap: 4px}
select {font: inherit; font-size: 1rem; font-weight: 600; width: 100%; min-height: 2rem; color: inherit; background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: 6px; padding: 2px 4px; text-overflow: ellipsis}
select:focus-visible {outline: 2px solid var(--st-primary-color); outline-offset: 1px}
.sure {display: flex; align-items: center; gap: 8px; font-size: .875rem; font-variant-numeric: tabular-nums}
.track {flex: 1; height: 6px; border-radius: 3px; background: var(--st-secondary-background-color); overflow: hidden}
.track span {display: block; height: 100%; background: var(--st-primary-color)}
img.why {width: 24px; height: 24px; float: right; margin: 1px 0 0 6px; border-radius: 3px; border: 1px solid var(--st-border-color)}
small {font-size: .8125rem; line-height: 1.3; opacity: .88; overflow-wrap: anywhere}
"""
JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#queue");
  const drawn = JSON.stringify(data);
  if (root.drawn === drawn) return;
  root.drawn = drawn;
  const widest = Math.max(...data.labels.map((label) => label.length));
  root.style.setProperty("--least", `${Math.min(400, Math.max(240, 130 + 8.6 * widest))}px`);
  const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const said = (place, item) => {
    if (item.marks) place.append(item.marks[0], make("mark", item.marks[1]), item.marks[2]);
    else place.textContent = item.words;
    return place;
  };
  root.replaceChildren(...data.items.map((item) => {
    const card = make("li", "", { className: [item.none && "none", item.mended && "mended", item.picture ? "" : "said"].filter(Boolean).join(" ") });
    card.title = item.name;
    card.append(item.picture ? make("img", "", { src: item.picture, alt: item.name, className: item.coarse ? "coarse" : "" }) : said(make("div", "", { className: "words" }), item));
    const beside = make("div", "", { className: "beside" }), choice = make("select"), sure = make("div", "", { className: "sure" });
    choice.setAttribute("aria-label", `Label of ${item.name}`);
    data.labels.forEach((label, place) => choice.append(make("option", label, { value: String(place), selected: place === item.label })));
    choice.onchange = () => setTriggerValue("correct", { item: item.id, label: Number(choice.value) });
    beside.append(choice);
    if (item.sure) {
      const track = make("div", "", { className: "track" }), filled = make("span");
      filled.style.width = `${Math.round(100 * item.share)}%`;
      track.append(filled);
      sure.append(track, make("span", item.sure));
      beside.append(sure);
    }
    const note = make("small", item.note);
    if (item.why) note.prepend(make("img", "", { src: item.why, alt: "", title: item.because, className: "why" + (item.coarse ? " coarse" : "") }));
    beside.append(note);
    card.append(beside);
    return card;
  }));
}
"""
cards = st.components.v2.component("metadash_queue", html=HTML, css=CSS, js=JS)


def queue(key: str, items: Sequence[dict[str, Any]], labels: Sequence[str], on_correct: Callable[[], None]) -> None:
    """``items``: id, how it is shown (``press.seen``), name, place of its label among ``labels``, its probability as ``share`` and in words
    (``sure``; without these there is no bar), a ``note``, whether it is none of these, whether a person mended it; ``why``
    is the picture of the example that decided, ``because`` what that is called. A change of a label calls ``on_correct`` with
    ``{"item": id, "label": place}`` in ``st.session_state[key].correct``."""
    cards(key=key, data={"items": list(items), "labels": list(labels)}, on_correct_change=on_correct)
