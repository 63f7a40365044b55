// What stands in words around the drawing: tip, legend with counts, search, key, and what a screen reader is told.
const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
const KIND_WORDS = ["test instance", "support example", "query", "prototype", "prototype", "anchor μ of the metadata"];

// Name and one more line: what the learner answered, else what it is.
function wordsOf(m, pane, at) {
  const name = m.data.names[pane.of[at]], said = pane.said.get(at);
  if (said) {
    const right = said.by === pane.of[at], otherwise = said.plainly !== said.by ? `; ${m.data.told.otherwise}: ${m.data.names[said.plainly]}` : "";
    return [name, `query, answered ${right ? "rightly ✓" : `${m.data.names[said.by]} ✗`}${otherwise}`];
  }
  const worth = pane.worth.has(at) ? `, worth κ = ${pane.worth.get(at).toFixed(1)} examples` : "";
  const two = finalKind(pane) === FUSED ? { [PLAIN]: m.data.told.plain, [FUSED]: m.data.told.fused } : {};
  const kind = two[pane.kind[at]] ?? KIND_WORDS[pane.kind[at]];
  const value = m.data.column && pane.code[at] !== NO_CODE ? ` · ${m.data.column}: ${m.data.labels[pane.code[at]]}` : "";
  return [name, `${kind}${worth}${value}`];
}

function point(m, pane, at, aloud = false) {
  const same = at >= 0 ? m.hover?.pane === pane && m.hover.at === at : !m.hover;
  pane.canvas.classList.toggle("on", at >= 0 && !m.lasso);
  if (same && !aloud) return;
  m.hover = at >= 0 ? { pane, at } : null;
  if (m.hover && aloud) m.find("#live").textContent = wordsOf(m, pane, at).join(": ");
  tell(m);
  m.ask();
}

function tell(m) {
  m.panes.forEach((pane) => {
    const at = m.hover ? sameIn(pane, m.hover.pane, m.hover.at) : undefined;
    pane.tip.hidden = at === undefined;
    if (at === undefined) return;
    const [name, line] = wordsOf(m, pane, at), row = pane.row[at], thumb = row >= 0 ? thumbOf(m, row) : null;
    const text = make("div");
    if (thumb?.marks) { const q = make("q"); q.append(thumb.marks[0], make("mark", thumb.marks[1]), thumb.marks[2]); text.append(q); }
    else if (thumb?.words) text.append(make("q", cut(thumb.words, 140)));
    text.append(make("b", name), make("span", line));
    const parts = [text];
    if (thumb && !thumb.words) {
      const [w, h] = pictureSize(thumb, 76), small = make("canvas", "", { width: Math.round(w * m.sharp), height: Math.round(h * m.sharp) });
      small.style.width = `${w}px`; small.style.height = `${h}px`;
      paintThumb(small.getContext("2d"), thumb, 0, 0, small.width, small.height);
      parts.unshift(small);
    } else if (row >= 0 && !thumb) need(m, [row, ...around(m, pane, at)]);
    pane.tip.replaceChildren(...parts);
    const [x, y] = screen(m, pane, at), box = pane.tip.getBoundingClientRect(), reach = 20;
    pane.tip.style.left = `${Math.max(4, Math.min(x + reach + box.width > pane.wide ? x - box.width - reach : x + reach, pane.wide - box.width - 4))}px`;
    pane.tip.style.top = `${Math.max(4, Math.min(y - box.height / 2, pane.high - box.height - 4))}px`;
  });
}

// Whoever looks at a point will look at its neighbours next.
function around(m, pane, at) {
  const near = [];
  for (let other = 0; other < pane.x.length; other++) {
    if (pane.row[other] >= 0 && other !== at) near.push([Math.hypot(pane.x[other] - pane.x[at], pane.y[other] - pane.y[at]), pane.row[other]]);
  }
  return near.sort(([a], [b]) => a - b).slice(0, 60).map(([, row]) => row);
}

function hint(m, pane, text) {
  pane.hint.textContent = text;
  pane.hint.classList.add("seen");
  clearTimeout(pane.hinted);
  pane.hinted = setTimeout(() => pane.hint.classList.remove("seen"), 1400);
}

// --- colours -----------------------------------------------------------------------------------------------------------------

function legend(m) {
  const totals = new Array(m.data.labels.length).fill(0), chosen = totals.slice(), pane = m.panes[0];
  pane.code.forEach((code, at) => {
    if (pane.row[at] < 0 || code === NO_CODE) return;
    totals[code]++;
    if (m.selected.has(pane.row[at])) chosen[code]++;
  });
  m.find("#legend").replaceChildren(...m.data.labels.flatMap((label, code) => {
    if (!totals[code]) return [];
    const entry = make("button", "", { type: "button", onclick: () => { m.only = m.only === code ? null : code; m.change(); } });
    const dot = make("i");
    dot.style.background = m.data.colours[code];
    entry.setAttribute("aria-pressed", String(m.only === code));
    entry.classList.toggle("out", m.only !== null && m.only !== code);
    entry.append(dot, make("span", cut(label, 44)), make("small", m.selected.size ? `${count(chosen[code])} / ${count(totals[code])}` : count(totals[code])));
    const item = make("li");
    item.append(entry);
    return [item];
  }));
}

function seek(m, text) {
  const wanted = text.trim().toLowerCase(), names = m.data.names;
  const exact = names.some((name) => name.toLowerCase() === wanted);
  m.sought = wanted ? new Set([...names.keys()].filter((one) => (exact ? names[one].toLowerCase() === wanted : names[one].toLowerCase().includes(wanted)))) : null;
  const points = m.sought ? m.panes[0].of.filter((one, at) => m.sought.has(one) && m.panes[0].row[at] >= 0).length : 0;
  m.find("#found").textContent = !m.sought ? "" : m.sought.size ? `${count(m.sought.size)} ${m.sought.size > 1 ? m.data.nouns : m.data.noun}, ${count(points)} points` : `No ${m.data.noun} of that name here`;
  m.change();
}

const SHAPES = [
  [(pane) => pane.kind.includes(INSTANCE), "test instance", '<circle cx="8" cy="8" r="3"/>'],
  [(pane) => pane.kind.includes(SUPPORT), "support", '<rect x="3.5" y="3.5" width="9" height="9" stroke="currentColor" stroke-width="1.5"/>'],
  [(pane) => pane.said.size, "query, right", '<circle cx="8" cy="8" r="4.5"/>'],
  [(pane) => [...pane.said.keys()].some((at) => isWrong(pane, at)), "query, wrong", '<path d="M4 4l8 8M12 4l-8 8" class="wrong" stroke-width="3" stroke-linecap="round"/>'],
  [() => true, "prototype", '<circle cx="8" cy="8" r="6.5" stroke="currentColor" stroke-width="2"/>'],
  [(pane) => pane.stands[FUSED].size, (m) => m.data.told.way, '<circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" stroke-width="2"/>'],
  [(pane) => pane.stands[ANCHOR].size, "anchor μ: where metadata put the class", '<path d="M8 2l6 6-6 6-6-6z" stroke="currentColor" stroke-width="1.5"/>'],
];

function key(m) {
  m.find("#key").replaceChildren(...SHAPES.filter(([there]) => m.panes.some(there)).map(([, called, shape]) => {
    const name = typeof called === "string" ? called : called(m);
    const entry = make("span");
    entry.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${shape}</svg>`; // our own shapes, nothing of the data
    entry.firstChild.setAttribute("fill", m.data.theme.muted);
    entry.querySelector(".wrong")?.setAttribute("stroke", m.data.theme.hurts);
    entry.append(name);
    return entry;
  }));
  if (m.most) m.find("#key").append(make("span", `larger: worth more examples (κ up to ${m.most.toFixed(1)})`));
  m.find("#note").textContent = m.data.note;
}
