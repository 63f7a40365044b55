"""A square to draw on with mouse, finger or pen. The browser sends the strokes; what becomes of them, the server says and shows beside it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from metadash.data.drawn import Habit

HTML = """
<div id="draw">
  <canvas width="560" height="560" tabindex="0" role="img"></canvas>
  <div id="beside">
    <figure><img alt="" hidden><figcaption></figcaption></figure>
    <div id="tools">
      <button type="button" id="undo">Undo</button>
      <button type="button" id="clear">Clear</button>
      <button type="button" id="done"></button>
    </div>
  </div>
</div>
"""
CSS = """
#draw {display: flex; flex-wrap: wrap; gap: 1rem; font-family: var(--st-font); color: var(--st-text-color)}
canvas {width: min(240px, 100%); aspect-ratio: 1; touch-action: none; cursor: crosshair; border-radius: var(--st-base-radius, 8px);
  border: 1px solid var(--st-border-color); box-sizing: border-box}
canvas:focus-visible, button:focus-visible {outline: 2px solid var(--st-primary-color); outline-offset: 2px}
#beside {display: flex; flex-direction: column; justify-content: space-between; gap: .75rem; min-width: 150px; flex: 1}
figure {margin: 0; min-height: 112px}
img {width: 84px; height: 84px; object-fit: contain; image-rendering: pixelated; border-radius: 6px; border: 1px solid var(--st-border-color); display: block}
figcaption {font-size: .875rem; margin-top: .3rem; line-height: 1.3}
#tools {display: flex; flex-wrap: wrap; gap: .5rem}
button {min-height: 2.5rem; padding: .25rem .75rem; cursor: pointer; font: inherit; font-size: 1rem; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 8px)}
button:hover:enabled {border-color: var(--st-primary-color); color: var(--st-primary-color)}
button:disabled {cursor: default; opacity: .6}
#done:enabled {border-color: var(--st-primary-color); color: var(--st-primary-color); font-weight: 600}
[hidden] {display: none}
"""
# The strokes live in the browser until they are taken: the server hears of each as it ends, and says by another `round` that it has them.
JS = """
const NEAR = 0.004;
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const [root, canvas, image, caption] = ["#draw", "canvas", "img", "figcaption"].map((one) => parentElement.querySelector(one));
  const [undo, clear, done] = ["#undo", "#clear", "#done"].map((one) => parentElement.querySelector(one));
  const pen = canvas.getContext("2d");
  if (root.round !== data.round) { root.round = data.round; root.strokes = []; root.line = null; }
  canvas.setAttribute("aria-label", data.label);
  const side = canvas.width;
  const draw = (line) => {
    pen.lineWidth = data.width * side; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = pen.fillStyle = data.ink;
    pen.beginPath();
    pen.arc(line[0][0] * side, line[0][1] * side, pen.lineWidth / 2, 0, 2 * Math.PI);
    pen.fill();
    pen.beginPath();
    line.forEach(([x, y], place) => place ? pen.lineTo(x * side, y * side) : pen.moveTo(x * side, y * side));
    pen.stroke();
  };
  const show = () => {
    pen.fillStyle = data.paper;
    pen.fillRect(0, 0, side, side);
    [...root.strokes, ...(root.line ? [root.line] : [])].forEach(draw);
    const empty = !root.strokes.length;
    [undo, clear, done].forEach((one) => { one.disabled = empty || (one === done && !data.ready); });
    image.hidden = empty || !data.preview;
    caption.textContent = empty ? data.empty : data.preview ? "What the learner sees" : "";
  };
  const told = () => { show(); setStateValue("strokes", root.strokes); };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((one) => +Math.min(1, Math.max(0, one)).toFixed(4));
  };
  canvas.onpointerdown = (event) => {
    if (event.button || root.line) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    root.line = [at(event)];
    root.pointer = event.pointerId;
    show();
  };
  canvas.onpointermove = (event) => {
    if (!root.line || event.pointerId !== root.pointer) return;
    const found = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (found.length ? found : [event]).map(at).forEach((point) => {
      const last = root.line[root.line.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) > NEAR) root.line.push(point);
    });
    draw(root.line);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!root.line || event.pointerId !== root.pointer) return;
    root.strokes = [...root.strokes, root.line];
    root.line = null;
    told();
  };
  undo.onclick = () => { root.strokes = root.strokes.slice(0, -1); told(); };
  clear.onclick = () => { root.strokes = []; told(); };
  done.onclick = () => setTriggerValue("done", root.strokes);
  canvas.onkeydown = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && root.strokes.length) { event.preventDefault(); undo.onclick(); }
    if (event.key === "Enter" && !done.disabled) { event.preventDefault(); done.onclick(); }
  };
  done.textContent = data.done;
  if (data.preview) { image.src = data.preview; image.alt = "The drawing as the learner sees it"; }
  show();
}
"""
square = st.components.v2.component("metadash_canvas", html=HTML, css=CSS, js=JS)

EMPTY = "Draw in the square with mouse, finger or pen. With the keyboard alone, upload a picture instead."


def canvas(
    key: str, habit: Habit, done: str, taken: int, preview: str, on_done: Callable[[], None], *, label: str, ready: bool = True
) -> Any:
    """The square under ``key``. Its state ``strokes`` are the lines so far; pressing ``done`` (possible where ``ready``) sends them as the
    trigger ``done``. ``taken``: how many drawings were taken from it; another number empties it. ``preview``: a data URI, or empty."""
    shades = {name: f"rgb({value}, {value}, {value})" for name, value in (("paper", habit.paper), ("ink", habit.ink))}
    return square(
        key=key,
        data={
            **shades,
            "width": min(1.6 * habit.pen / max(habit.shape), 0.12),
            "label": f"{label}: a square to draw on",
            "done": done,
            "round": taken,
            "preview": preview,
            "ready": ready,
            "empty": EMPTY,
        },
        on_strokes_change=lambda: None,
        on_done_change=on_done,
    )
