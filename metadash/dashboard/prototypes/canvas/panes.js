// What was sent, as arrays; where a point lies on the screen; what is in view. A point is known by its row of the data set, never by its place here.
const INSTANCE = 0, SUPPORT = 1, QUERY = 2, PLAIN = 3, FUSED = 4, ANCHOR = 5, NO_CODE = 255;

function paneOf(sent) {
  const raw = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer;
  const pane = {
    title: sent.title, x: new Float32Array(raw(sent.x)), y: new Float32Array(raw(sent.y)), kind: new Uint8Array(raw(sent.kind)),
    of: new Uint16Array(raw(sent.of)), row: new Int32Array(raw(sent.row)), code: new Uint8Array(raw(sent.code)),
    said: new Map(sent.said.map(([at, by, plainly]) => [at, { by, plainly }])), worth: new Map(sent.worth), placed: [], layer: null, ways: sent.ways,
  };
  pane.task = [];
  pane.at = new Map();
  pane.stands = { [PLAIN]: new Map(), [FUSED]: new Map(), [ANCHOR]: new Map() };
  pane.kind.forEach((kind, at) => {
    if (kind !== INSTANCE) pane.task.push(at);
    if (pane.row[at] >= 0) pane.at.set(pane.row[at], at);
    else pane.stands[kind].set(pane.of[at], at);
  });
  pane.number = new Map([...pane.stands[PLAIN].keys()].map((one, place) => [one, place + 1]));
  return pane;
}

const isWrong = (pane, at) => pane.said.has(at) && pane.said.get(at).by !== pane.of[at];
const finalKind = (pane) => (pane.stands[FUSED].size ? FUSED : PLAIN);
const colourOf = (m, pane, at) => (pane.code[at] === NO_CODE ? m.data.theme.text : m.data.colours[pane.code[at]]);

// Where a point stays the same however the map is coloured: its row, or for a prototype or an anchor its class and what it is.
const sameIn = (other, pane, at) => (pane.row[at] >= 0 ? other.at.get(pane.row[at]) : other.stands[pane.kind[at]].get(pane.of[at]));

function screen(m, pane, at) {
  const { x, y, scale } = m.view;
  return [(pane.x[at] - x) * scale + pane.wide / 2, pane.high / 2 - (pane.y[at] - y) * scale];
}

function unscreen(m, pane, [sx, sy]) {
  return [(sx - pane.wide / 2) / m.view.scale + m.view.x, (pane.high / 2 - sy) / m.view.scale + m.view.y];
}

// The view in which these points fill the pane, with room for marks at its edge.
function viewOf(m, members, room = 46, below = 0) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  members.forEach(([pane, places]) => places.forEach((at) => {
    left = Math.min(left, pane.x[at]); right = Math.max(right, pane.x[at]);
    low = Math.min(low, pane.y[at]); high = Math.max(high, pane.y[at]);
  }));
  if (left > right) return { x: 0, y: 0, scale: 200 };
  const { wide, high: tall } = m.panes[0];
  const scale = Math.min((wide - 2 * room) / Math.max(right - left, 0.02), (tall - below - 2 * room) / Math.max(high - low, 0.02));
  return { x: (left + right) / 2, y: (low + high) / 2, scale: Math.max(scale, 10) };
}

const everything = (m) => viewOf(m, m.panes.map((pane) => [pane, [...pane.kind.keys()]]), 14);
// Above the overview, which would lie on some of it.
function theTask(m) {
  const view = viewOf(m, m.panes.map((pane) => [pane, pane.task]), 46, 64);
  return { ...view, y: view.y - 32 / view.scale };
}

function zoom(m, factor, pane = m.panes[0], about = [pane.wide / 2, pane.high / 2]) {
  const [x, y] = unscreen(m, pane, about);
  const scale = Math.min(Math.max(m.view.scale * factor, m.least), m.least * 800);
  m.view = { x: x - (about[0] - pane.wide / 2) / scale, y: y + (about[1] - pane.high / 2) / scale, scale };
  m.ask();
}

function go(m, view) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) { m.view = view; m.ask(); return; }
  const from = m.view, start = performance.now();
  const step = (now) => {
    if (m.gone !== step) return;
    const t = Math.min(1, (now - start) / 260), e = t * (2 - t), mix = (a, b) => a + (b - a) * e;
    m.view = { x: mix(from.x, view.x), y: mix(from.y, view.y), scale: Math.exp(mix(Math.log(from.scale), Math.log(view.scale))) };
    m.ask();
    if (t < 1) requestAnimationFrame(step); else m.gone = null;
  };
  m.gone = step;
  requestAnimationFrame(step);
}

// Points of the task that lie elsewhere than before on the same map go there.
function glide(m, before) {
  const moves = [];
  m.panes.forEach((pane, place) => pane.task.forEach((at) => {
    const was = before[place], from = was && sameIn(was, pane, at);
    if (from !== undefined && Math.hypot(was.x[from] - pane.x[at], was.y[from] - pane.y[at]) > 1e-5) moves.push([pane, at, was.x[from], was.y[from], pane.x[at], pane.y[at]]);
  }));
  m.gliding = null;
  if (!moves.length || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const start = performance.now();
  const step = (now) => {
    if (m.gliding !== step) return;
    const t = Math.max(0, Math.min(1, (now - start) / 700)), e = t * (2 - t);
    moves.forEach(([pane, at, x, y, tx, ty]) => { pane.x[at] = x + (tx - x) * e; pane.y[at] = y + (ty - y) * e; });
    if (t < 1) requestAnimationFrame(step); else { m.gliding = null; m.key++; }
    m.ask();
  };
  m.gliding = step;
  step(start);
}

// The point under the pointer: a picture that it is on, else the nearest within reach; what belongs to the task before what does not.
function under(m, pane, [sx, sy], reach = 13) {
  const on = pane.placed.findLast((one) => Math.abs(sx - one.x) <= one.w / 2 && Math.abs(sy - one.y) <= one.h / 2);
  let best = -1, least = reach;
  const look = (at, ahead) => {
    const [x, y] = screen(m, pane, at), far = Math.hypot(x - sx, y - sy) - ahead;
    if (far < least) { least = far; best = at; }
  };
  pane.task.forEach((at) => look(at, pane.kind[at] >= FUSED ? 9 : 5));
  if (best >= 0 && pane.row[best] < 0) return best;
  if (on) return on.at;
  if (best >= 0) return best;
  const [x, y] = unscreen(m, pane, [sx, sy]), near = reach / m.view.scale;
  for (let at = 0; at < pane.x.length; at++) {
    if (pane.kind[at] === INSTANCE && Math.abs(pane.x[at] - x) < near && Math.abs(pane.y[at] - y) < near && shown(m, pane, at)) look(at, 0);
  }
  return best;
}

// Whether a point is among those that a legend entry or the search asks for.
const shown = (m, pane, at) => (m.only === null || pane.code[at] === m.only) && (!m.sought || m.sought.has(pane.of[at]));

function inside(polygon, x, y) {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i], [bx, by] = polygon[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
