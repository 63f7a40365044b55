// Drawing. The many small dots lie on a larger canvas of their own, which is only shifted while the map is moved and drawn anew when it rests.
const ROOM = 0.3, MANY = 4000;

function paint(m) {
  m.asked = false;
  m.panes.forEach((pane) => {
    if (!pane.wide) return;
    const ink = pane.canvas.getContext("2d"), dots = m.sharp;
    ink.setTransform(dots, 0, 0, dots, 0, 0);
    ink.clearRect(0, 0, pane.wide, pane.high);
    blit(m, pane, ink);
    pane.placed = [];
    pane.taken = new Set();
    reserve(m, pane);
    paintPictures(m, pane, ink);
    paintTask(m, pane, ink);
    paintChosen(m, pane, ink);
    paintInset(m, pane);
  });
}

// --- the many ----------------------------------------------------------------------------------------------------------------

function blit(m, pane, ink) {
  const { view } = m, layer = pane.layer;
  const ratio = layer ? view.scale / layer.view.scale : 0;
  const shift = layer && [(layer.view.x - view.x) * view.scale, (view.y - layer.view.y) * view.scale];
  const covers = layer && layer.key === m.key && Math.abs(shift[0]) < ROOM * pane.wide && Math.abs(shift[1]) < ROOM * pane.high;
  if (!layer || layer.key !== m.key || (ratio === 1 && !covers) || ratio > 3 || ratio < 0.5) paintLayer(m, pane);
  else if (ratio !== 1) {
    clearTimeout(pane.later);
    pane.later = setTimeout(() => { pane.layer = null; m.ask(); }, 70);
  }
  const drawn = pane.layer, by = view.scale / drawn.view.scale, w = drawn.wide * by, h = drawn.high * by;
  ink.drawImage(drawn.canvas, pane.wide / 2 - w / 2 + (drawn.view.x - view.x) * view.scale, pane.high / 2 - h / 2 + (view.y - drawn.view.y) * view.scale, w, h);
}

const dotRadius = (m) => Math.min(5, Math.max(1.5, 1.9 * Math.pow(m.view.scale / m.least, 0.35)));

function paintLayer(m, pane) {
  const wide = Math.ceil(pane.wide * (1 + 2 * ROOM)), high = Math.ceil(pane.high * (1 + 2 * ROOM));
  const canvas = pane.layer?.canvas ?? document.createElement("canvas");
  canvas.width = wide * m.sharp; canvas.height = high * m.sharp;
  const ink = canvas.getContext("2d"), { x: cx, y: cy, scale } = m.view, r = dotRadius(m);
  ink.scale(m.sharp, m.sharp);
  const groups = new Map();
  let n = 0;
  for (let at = 0; at < pane.x.length; at++) {
    if (pane.kind[at] !== INSTANCE) continue;
    const sx = (pane.x[at] - cx) * scale + wide / 2, sy = high / 2 - (pane.y[at] - cy) * scale;
    if (sx < -r || sy < -r || sx > wide + r || sy > high + r) continue;
    const faint = shown(m, pane, at) && (!m.selected.size || m.selected.has(pane.row[at])) ? 0 : 1;
    const group = pane.code[at] * 2 + faint;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(sx, sy);
    n++;
  }
  const square = n > MANY || r < 1.6;
  [...groups].sort(([a], [b]) => (b % 2) - (a % 2) || b - a).forEach(([group, places]) => {
    ink.fillStyle = group >> 1 === NO_CODE ? m.data.theme.muted : m.data.colours[group >> 1];
    ink.globalAlpha = group % 2 ? 0.13 : 0.62;
    if (square) for (let i = 0; i < places.length; i += 2) ink.fillRect(places[i] - r * 0.9, places[i + 1] - r * 0.9, r * 1.8, r * 1.8);
    else {
      ink.beginPath();
      for (let i = 0; i < places.length; i += 2) { ink.moveTo(places[i] + r, places[i + 1]); ink.arc(places[i], places[i + 1], r, 0, 7); }
      ink.fill();
    }
  });
  pane.layer = { canvas, wide, high, view: { ...m.view }, key: m.key, n };
}

// --- pictures ----------------------------------------------------------------------------------------------------------------

const CELL = 7;

function cells(x, y, w, h, each) {
  for (let cx = Math.floor((x - w / 2) / CELL); cx <= Math.floor((x + w / 2) / CELL); cx++) {
    for (let cy = Math.floor((y - h / 2) / CELL); cy <= Math.floor((y + h / 2) / CELL); cy++) if (each(cx * 10007 + cy)) return true;
  }
  return false;
}

const free = (pane, x, y, w, h) => !cells(x, y, w, h, (cell) => pane.taken.has(cell));
const take = (pane, x, y, w, h) => cells(x, y, w, h, (cell) => { pane.taken.add(cell); });

// Prototypes and anchors are never covered.
function reserve(m, pane) {
  pane.task.forEach((at) => { if (pane.kind[at] >= FUSED || pane.kind[at] === finalKind(pane)) take(pane, ...screen(m, pane, at), 22, 22); });
}

function paintPictures(m, pane, ink) {
  if (!m.pictures) return;
  const inView = (at, edge = 0) => { const [x, y] = screen(m, pane, at); return x > -edge && y > -edge && x < pane.wide + edge && y < pane.high + edge; };
  const size = m.data.words ? 0 : Math.min(58, 30 + 4 * Math.log2(Math.max(1, m.view.scale / m.least)));
  const order = (at) => (pane.kind[at] === SUPPORT ? 0 : isWrong(pane, at) ? 1 : 2);
  // seen from afar, pictures of the task would lie over the task itself
  const near = m.view.scale > 0.55 * m.close;
  const wanted = near ? pane.task.filter((at) => pane.row[at] >= 0 && inView(at) && shown(m, pane, at)).sort((a, b) => order(a) - order(b)) : [];
  const slots = (pane.wide * pane.high) / (m.data.words ? 150 * 26 : (size + 8) ** 2);
  if (pane.layer.n / (1 + 2 * ROOM) ** 2 < 1.4 * slots) {
    for (let at = 0; at < pane.x.length; at++) if (pane.kind[at] === INSTANCE && inView(at) && shown(m, pane, at)) wanted.push(at);
  }
  const missing = [];
  wanted.forEach((at) => {
    const thumb = thumbOf(m, pane.row[at]), [x, y] = screen(m, pane, at);
    if (!thumb) { missing.push(pane.row[at]); return; }
    const own = pane.kind[at] !== INSTANCE, [w, h] = thumb.words ? wordsSize(ink, thumb.words) : pictureSize(thumb, own ? size : 0.82 * size);
    if (!free(pane, x, y, w, h)) return;
    take(pane, x, y, w, h);
    pane.placed.push({ at, x, y, w, h });
    const faint = m.selected.size && !m.selected.has(pane.row[at]);
    ink.globalAlpha = faint ? 0.3 : own || m.selected.size || m.view.scale > 2.5 * m.close ? 1 : 0.6;
    if (thumb.words) paintWords(m, ink, thumb.words, x, y, w, h);
    else paintThumb(ink, thumb, x - w / 2, y - h / 2, w, h);
    ink.lineWidth = own ? 2.5 : 1.5;
    ink.strokeStyle = colourOf(m, pane, at);
    ink.strokeRect(x - w / 2 - 1, y - h / 2 - 1, w + 2, h + 2);
    ink.globalAlpha = 1;
  });
  need(m, missing);
}

function pictureSize(thumb, side) {
  const by = side / Math.max(thumb.w, thumb.h);
  return [thumb.w * by, thumb.h * by];
}

function paintThumb(ink, thumb, x, y, w, h) {
  ink.imageSmoothingEnabled = !thumb.coarse;
  ink.drawImage(thumb.image, thumb.x, thumb.y, thumb.w, thumb.h, x, y, w, h);
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function wordsSize(ink, words) {
  ink.font = "12px sans-serif";
  return [ink.measureText(cut(words, 26)).width + 12, 19];
}

function paintWords(m, ink, words, x, y, w, h) {
  ink.font = "12px sans-serif"; ink.textAlign = "center"; ink.textBaseline = "middle";
  ink.fillStyle = m.data.theme.background;
  ink.fillRect(x - w / 2, y - h / 2, w, h);
  ink.fillStyle = m.data.theme.text;
  ink.fillText(cut(words, 26), x, y + 0.5);
}

// --- the task ----------------------------------------------------------------------------------------------------------------

function paintTask(m, pane, ink) {
  const { theme } = m.data, pictured = new Map(pane.placed.map((one) => [one.at, one])), last = finalKind(pane);
  const each = (kind, draw) => pane.task.forEach((at) => {
    if (pane.kind[at] !== kind) return;
    ink.globalAlpha = shown(m, pane, at) && (pane.row[at] < 0 || !m.selected.size || m.selected.has(pane.row[at])) ? 1 : 0.3;
    draw(at, ...screen(m, pane, at), colourOf(m, pane, at));
  });
  each(SUPPORT, (at, x, y, colour) => {
    if (pictured.has(at)) return;
    ink.fillStyle = colour; ink.strokeStyle = theme.text; ink.lineWidth = 1.5;
    ink.fillRect(x - 5, y - 5, 10, 10); ink.strokeRect(x - 5, y - 5, 10, 10);
  });
  each(QUERY, (at, x, y, colour) => {
    const there = pictured.get(at), wrong = isWrong(pane, at);
    if (there) [x, y] = [there.x + there.w / 2, there.y - there.h / 2];
    if (wrong) cross(ink, x, y, there ? theme.hurts : colour, theme.background);
    else if (!there) disc(ink, x, y, 5, colour, theme.background, 1.2);
  });
  if (last === FUSED) pane.stands[PLAIN].forEach((at, one) => {
    const [x, y] = screen(m, pane, at), to = pane.stands[FUSED].get(one), [tx, ty] = screen(m, pane, to);
    ink.globalAlpha = shown(m, pane, at) ? 1 : 0.3;
    arrow(ink, x, y, tx, ty, 5, radiusOf(m, pane, to) + 2, theme.text, theme.background);
    ring(ink, x, y, 4.5, colourOf(m, pane, at), theme.text);
  });
  pane.ways.forEach(([at, from, height]) => {
    const x = (from - m.view.x) * m.view.scale + pane.wide / 2, y = pane.high / 2 - (height - m.view.y) * m.view.scale, [tx, ty] = screen(m, pane, at);
    ink.globalAlpha = shown(m, pane, at) ? 1 : 0.3;
    disc(ink, x, y, 3.5, theme.background, colourOf(m, pane, at), 2);
    arrow(ink, x, y, tx, ty, 4, 8, theme.text, theme.background);
  });
  each(ANCHOR, (at, x, y, colour) => diamond(ink, x, y, 6 + 5 * share(m, pane, at), colour, theme.text));
  each(last, (at, x, y, colour) => {
    const r = radiusOf(m, pane, at);
    disc(ink, x, y, r, colour, theme.text, 2.2);
    ink.fillStyle = theme.background; ink.font = `700 ${Math.round(r * 1.15)}px sans-serif`; ink.textAlign = "center"; ink.textBaseline = "middle";
    ink.fillText(pane.number.get(pane.of[at]), x, y + 0.5);
  });
  ink.globalAlpha = 1;
}

// κ of a class among those of the task, from 0 to 1: how much larger its prototype and its anchor are drawn.
const share = (m, pane, at) => (pane.worth.has(at) ? pane.worth.get(at) / Math.max(m.most, 1e-9) : 0);
const radiusOf = (m, pane, at) => 9.5 + 5 * share(m, pane, at);

function disc(ink, x, y, r, fill, edge, width) {
  ink.beginPath(); ink.arc(x, y, r, 0, 7); ink.fillStyle = fill; ink.fill(); ink.strokeStyle = edge; ink.lineWidth = width; ink.stroke();
}

function ring(ink, x, y, r, colour, edge) {
  [[edge, 4.5], [colour, 2.5]].forEach(([stroke, width]) => { ink.beginPath(); ink.arc(x, y, r, 0, 7); ink.strokeStyle = stroke; ink.lineWidth = width; ink.stroke(); });
}

function cross(ink, x, y, colour, around) {
  [[around, 6], [colour, 3.2]].forEach(([stroke, width]) => {
    ink.strokeStyle = stroke; ink.lineWidth = width; ink.lineCap = "round";
    ink.beginPath(); ink.moveTo(x - 4.5, y - 4.5); ink.lineTo(x + 4.5, y + 4.5); ink.moveTo(x + 4.5, y - 4.5); ink.lineTo(x - 4.5, y + 4.5); ink.stroke();
  });
  ink.lineCap = "butt";
}

function diamond(ink, x, y, r, fill, edge) {
  ink.beginPath(); ink.moveTo(x, y - r); ink.lineTo(x + r, y); ink.lineTo(x, y + r); ink.lineTo(x - r, y); ink.closePath();
  ink.fillStyle = fill; ink.fill(); ink.strokeStyle = edge; ink.lineWidth = 1.8; ink.stroke();
}

function arrow(ink, x, y, tx, ty, before, after, colour, around) {
  const far = Math.hypot(tx - x, ty - y);
  if (far < before + after + 6) return;
  const [ux, uy] = [(tx - x) / far, (ty - y) / far], [ax, ay] = [x + ux * before, y + uy * before], [bx, by] = [tx - ux * after, ty - uy * after];
  [[around, 5.5, 9.5], [colour, 2.4, 8]].forEach(([stroke, width, head]) => {
    ink.strokeStyle = ink.fillStyle = stroke; ink.lineWidth = width;
    ink.beginPath(); ink.moveTo(ax, ay); ink.lineTo(bx - ux * 7, by - uy * 7); ink.stroke();
    ink.beginPath(); ink.moveTo(bx, by); ink.lineTo(bx - ux * head * 1.25 - uy * head * 0.6, by - uy * head * 1.25 + ux * head * 0.6);
    ink.lineTo(bx - ux * head * 1.25 + uy * head * 0.6, by - uy * head * 1.25 - ux * head * 0.6); ink.closePath(); ink.fill();
  });
}

// --- what a hand has chosen --------------------------------------------------------------------------------------------------

function paintChosen(m, pane, ink) {
  const { theme } = m.data, pictured = new Map(pane.placed.map((one) => [one.at, one]));
  ink.strokeStyle = theme.helps;
  const outline = (at, width) => {
    const [x, y] = screen(m, pane, at), there = pictured.get(at);
    ink.lineWidth = width;
    ink.beginPath();
    if (there) ink.rect(x - there.w / 2 - 3.5, y - there.h / 2 - 3.5, there.w + 7, there.h + 7);
    else ink.arc(x, y, pane.row[at] < 0 ? radiusOf(m, pane, at) + 4 : Math.max(6, dotRadius(m) + 3), 0, 7);
    ink.stroke();
  };
  if (m.selected.size <= 400) m.selected.forEach((row) => { if (pane.at.has(row)) outline(pane.at.get(row), 1.6); });
  const at = m.hover && sameIn(pane, m.hover.pane, m.hover.at);
  if (at !== undefined && at !== null) {
    const said = pane.said.get(at), to = said && pane.stands[finalKind(pane)].get(said.by);
    if (to !== undefined) {
      const [x, y] = screen(m, pane, at), [tx, ty] = screen(m, pane, to);
      ink.setLineDash([5, 4]); ink.strokeStyle = said.by === pane.of[at] ? theme.helps : theme.hurts; ink.lineWidth = 2;
      ink.beginPath(); ink.moveTo(x, y); ink.lineTo(tx, ty); ink.stroke(); ink.setLineDash([]);
    }
    ink.strokeStyle = theme.text;
    outline(at, 2.5);
  }
  if (m.loop && m.loop.pane === pane) {
    ink.beginPath();
    m.loop.points.forEach(([x, y], place) => (place ? ink.lineTo(x, y) : ink.moveTo(x, y)));
    ink.closePath();
    ink.globalAlpha = 0.12; ink.fillStyle = theme.helps; ink.fill(); ink.globalAlpha = 1;
    ink.strokeStyle = theme.helps; ink.lineWidth = 2; ink.setLineDash([6, 4]); ink.stroke(); ink.setLineDash([]);
  }
}

function paintInset(m, pane) {
  const canvas = pane.inset, wide = canvas.clientWidth, high = canvas.clientHeight, ink = canvas.getContext("2d");
  if (!wide) return;
  const whole = m.whole, by = Math.min((wide - 8) / m.span[0], (high - 8) / m.span[1]);
  const at = (x, y) => [wide / 2 + (x - whole.x) * by, high / 2 - (y - whole.y) * by];
  const key = `${m.key} ${wide}`;
  if (pane.small?.key !== key) {
    const under = document.createElement("canvas");
    under.width = wide * m.sharp; under.height = high * m.sharp;
    const fine = under.getContext("2d");
    fine.scale(m.sharp, m.sharp);
    const stride = Math.ceil(pane.x.length / 3000);
    for (let i = 0; i < pane.x.length; i += 1) {
      const own = pane.kind[i] !== INSTANCE;
      if (!own && i % stride) continue;
      const [x, y] = at(pane.x[i], pane.y[i]);
      fine.globalAlpha = own ? 1 : 0.5;
      fine.fillStyle = own ? colourOf(m, pane, i) : m.data.theme.muted;
      fine.fillRect(x - (own ? 1.5 : 0.5), y - (own ? 1.5 : 0.5), own ? 3 : 1, own ? 3 : 1);
    }
    pane.small = { key, canvas: under };
  }
  canvas.width = wide * m.sharp; canvas.height = high * m.sharp;
  ink.drawImage(pane.small.canvas, 0, 0);
  ink.scale(m.sharp, m.sharp);
  const [x, y] = at(...unscreen(m, pane, [0, 0])), w = Math.max(5, (pane.wide / m.view.scale) * by), h = Math.max(5, (pane.high / m.view.scale) * by);
  ink.strokeStyle = m.data.theme.helps; ink.lineWidth = 1.5;
  ink.strokeRect(Math.max(x, 1), Math.max(y, 1), Math.min(w, wide - Math.max(x, 1) - 1), Math.min(h, high - Math.max(y, 1) - 1));
}
