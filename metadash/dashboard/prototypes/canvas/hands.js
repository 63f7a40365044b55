// Mouse, finger, wheel and keys. The wheel and one finger move the page unless the map has the focus.
const SLACK = 4;

function hands(m, pane) {
  const { canvas } = pane;
  const at = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const touches = new Map();
  let drag = null;
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    const focused = m.focused();
    canvas.focus({ preventScroll: true });
    if (event.pointerType === "touch" && !focused && !m.lasso) return; // the first touch gives the focus; the page may be scrolled with it
    canvas.setPointerCapture(event.pointerId);
    touches.set(event.pointerId, at(event));
    const start = at(event);
    if (touches.size === 2) { const [a, b] = [...touches.values()]; drag = { pinch: Math.hypot(a[0] - b[0], a[1] - b[1]) }; m.loop = null; return; }
    m.gone = null;
    drag = { start, last: start, moved: false, more: event.shiftKey || event.ctrlKey || event.metaKey };
    if (m.lasso || event.shiftKey) m.loop = { pane, points: [start] };
  };
  canvas.onpointermove = (event) => {
    const here = at(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, here);
    if (drag?.pinch) {
      const [a, b] = [...touches.values()], far = Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoom(m, far / drag.pinch, pane, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
      drag.pinch = far;
      return;
    }
    if (!drag) { point(m, pane, under(m, pane, here)); return; }
    if (!drag.moved && Math.hypot(here[0] - drag.start[0], here[1] - drag.start[1]) < SLACK) return;
    if (!drag.moved) { drag.moved = true; point(m, pane, -1); canvas.classList.add("drag"); }
    if (m.loop) m.loop.points.push(here);
    else { m.view = { ...m.view, x: m.view.x - (here[0] - drag.last[0]) / m.view.scale, y: m.view.y + (here[1] - drag.last[1]) / m.view.scale }; drag.last = here; }
    m.ask();
  };
  const end = (event) => {
    touches.delete(event.pointerId);
    canvas.classList.remove("drag");
    const was = drag;
    drag = null;
    if (!was || was.pinch) { m.loop = null; return; }
    if (m.loop && was.moved) enclosed(m, pane, was.more);
    else if (!was.moved && event.type === "pointerup") press(m, pane, under(m, pane, was.start), was.more);
    m.loop = null;
    m.ask();
  };
  canvas.onpointerup = canvas.onpointercancel = end;
  canvas.onpointerleave = () => { if (!drag) point(m, pane, -1); };
  canvas.ondblclick = (event) => zoom(m, 2, pane, at(event));
  if (!canvas.wheels) {
    canvas.wheels = true;
    canvas.addEventListener("wheel", (event) => canvas.onrolled(event), { passive: false });
  }
  canvas.onrolled = (event) => {
    if (!m.focused() && !event.ctrlKey) { hint(m, pane, "Click the map, and the wheel zooms"); return; }
    event.preventDefault();
    zoom(m, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), pane, at(event));
    point(m, pane, under(m, pane, at(event)));
  };
  canvas.onkeydown = (event) => keys(m, pane, event);
  canvas.onblur = () => point(m, pane, -1);
  pane.inset.onpointerdown = pane.inset.onpointermove = (event) => {
    if (!event.buttons) return;
    const box = pane.inset.getBoundingClientRect(), by = Math.min((box.width - 8) / m.span[0], (box.height - 8) / m.span[1]);
    m.view = { ...m.view, x: m.whole.x + (event.clientX - box.left - box.width / 2) / by, y: m.whole.y - (event.clientY - box.top - box.height / 2) / by };
    m.ask();
  };
}

// A click chooses one, or with shift or control one more; beside all points it chooses none.
function press(m, pane, at, more) {
  const row = at >= 0 ? pane.row[at] : -1;
  if (row < 0 && at >= 0) { choose(m, rowsOfClass(m, pane, pane.of[at]), more); return; }
  if (row < 0) { if (!more) choose(m, [], false); return; }
  if (more && m.selected.has(row)) { m.selected.delete(row); choose(m, [], true); }
  else choose(m, [row], more);
}

const rowsOfClass = (m, pane, one) => [...pane.kind.keys()].filter((at) => pane.row[at] >= 0 && pane.of[at] === one).map((at) => pane.row[at]);

function enclosed(m, pane, more) {
  const loop = m.loop.points.map((one) => unscreen(m, pane, one)), rows = [];
  for (let at = 0; at < pane.x.length; at++) if (pane.row[at] >= 0 && shown(m, pane, at) && inside(loop, pane.x[at], pane.y[at])) rows.push(pane.row[at]);
  choose(m, rows, more);
}

function keys(m, pane, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const move = (dx, dy) => { m.view = { ...m.view, x: m.view.x + (dx * 60) / m.view.scale, y: m.view.y + (dy * 60) / m.view.scale }; m.ask(); };
  const done = {
    ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, 1), ArrowDown: () => move(0, -1),
    "+": () => zoom(m, 1.3), "=": () => zoom(m, 1.3), "-": () => zoom(m, 1 / 1.3), 0: () => go(m, theTask(m)), Home: () => go(m, everything(m)),
    n: () => stepTo(m, pane, 1), p: () => stepTo(m, pane, -1), l: () => setLasso(m, !m.lasso),
    Enter: () => m.hover && press(m, pane, m.hover.at, event.shiftKey), " ": () => m.hover && press(m, pane, m.hover.at, true),
    Escape: () => (m.hover ? point(m, pane, -1) : m.selected.size ? choose(m, [], false) : pane.canvas.blur()),
  }[event.key];
  if (done) { event.preventDefault(); done(); }
}

// The points of the task one after the other, wrong answers first: what a mouse finds by looking.
function stepTo(m, pane, by) {
  const rank = (at) => (isWrong(pane, at) ? 0 : pane.kind[at] === QUERY ? 1 : pane.kind[at] === SUPPORT ? 2 : 3);
  const order = pane.task.filter((at) => shown(m, pane, at)).sort((a, b) => rank(a) - rank(b) || a - b);
  if (!order.length) return;
  const now = m.hover ? order.indexOf(m.hover.at) : by > 0 ? -1 : 0;
  const next = order[(now + by + order.length) % order.length], [x, y] = screen(m, pane, next);
  if (x < 30 || y < 30 || x > pane.wide - 30 || y > pane.high - 30) m.view = { ...m.view, x: pane.x[next], y: pane.y[next] };
  m.ask();
  point(m, pane, next, true);
}
