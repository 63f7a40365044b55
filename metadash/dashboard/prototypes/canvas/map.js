// The map: what was sent is laid out once, and every further message changes only what it says.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector("#map");
  const m = (root.map ??= begin(root));
  const before = m.data;
  m.data = data;
  root.style.setProperty("--high", `${data.high}px`);
  root.style.setProperty("--on", data.theme.panel);
  root.style.setProperty("--veil", `${data.theme.background}cc`);
  if (!before || before.drawn !== data.drawn) {
    m.key++;
    layOut(m, before);
  }
  m.find("#find").placeholder = `Search a ${data.noun}`;
  m.find("#find").setAttribute("aria-label", `Search a ${data.noun} on the map`);
  const listen = (name, told) => {
    window.removeEventListener(name, m.listening?.[name]);
    m.listening = { ...m.listening, [name]: told };
    window.addEventListener(name, told);
  };
  listen("metadash:thumbs:answer", (event) => keepThumbs(m, event.detail));
  listen("metadash:picked:answer", (event) => seeChosen(m, event.detail));
  keepThumbs(m, window.metadashAnswers?.thumbs);
  return () => Object.entries(m.listening).forEach(([name, told]) => window.removeEventListener(name, told));
}

function begin(root) {
  const m = {
    find: (one) => root.querySelector(one), panes: [], key: 0, selected: new Set(), only: null, sought: null, hover: null, loop: null,
    lasso: false, pictures: true, sharp: Math.min(2, window.devicePixelRatio || 1), view: null,
    focused: () => m.panes.some((pane) => pane.canvas === root.getRootNode().activeElement),
    ask: () => { if (!m.asked) { m.asked = true; requestAnimationFrame(() => paint(m)); } },
    change: () => { m.key++; legend(m); m.find("#clear").hidden = !m.selected.size; m.ask(); },
  };
  const on = (one, done) => { m.find(one).onclick = done; };
  on("#move", () => setLasso(m, false));
  on("#lasso", () => setLasso(m, true));
  on("#closer", () => zoom(m, 1.5));
  on("#farther", () => zoom(m, 1 / 1.5));
  on("#task", () => go(m, theTask(m)));
  on("#all", () => go(m, everything(m)));
  on("#pictures", () => { m.pictures = !m.pictures; pressed(m); m.ask(); });
  on("#clear", () => choose(m, [], false));
  on("#png", () => save(m));
  m.find("#find").oninput = (event) => seek(m, event.target.value);
  m.find("#find").onkeydown = (event) => {
    if (event.key !== "Enter" || !m.sought?.size) return;
    go(m, viewOf(m, m.panes.map((pane) => [pane, [...pane.of.keys()].filter((at) => m.sought.has(pane.of[at]))])));
  };
  new ResizeObserver(() => size(m)).observe(m.find("#panes"));
  return m;
}

function layOut(m, before) {
  const { data } = m, sameMap = before?.id === data.id;
  const panes = m.find("#panes"), old = sameMap ? m.panes : [];
  m.hover = null;
  if (panes.children.length !== data.panes.length) panes.replaceChildren(...data.panes.map(room));
  m.panes = data.panes.map((sent, place) => {
    const where = panes.children[place], pane = paneOf(sent);
    ["main", "inset", "title", "tip", "hint"].forEach((name) => { pane[name === "main" ? "canvas" : name] = where.querySelector(`.${name}`); });
    pane.title.textContent = sent.title;
    pane.title.hidden = !sent.title;
    pane.canvas.setAttribute("aria-label", `${sent.title ? `${sent.title}: ` : ""}${data.alt}`);
    hands(m, pane);
    return pane;
  });
  m.most = Math.max(0, ...m.panes.flatMap((pane) => [...pane.worth.values()]));
  if (!sameMap) {
    m.only = m.sought = m.view = null;
    m.find("#find").value = m.find("#found").textContent = "";
    const rows = before?.fingerprint === data.fingerprint ? [...m.selected] : data.selected; // a row of one data set is none of another's
    m.selected = new Set(rows.filter((row) => m.panes.some((pane) => pane.at.has(row))));
    if (rows.length) setTimeout(() => send(m), 50); // once whoever listens is there
  } else if (before.column !== data.column) m.only = null;
  m.find("#clear").hidden = !m.selected.size;
  m.find("#pictures").textContent = data.words ? "Texts" : "Pictures";
  legend(m);
  key(m);
  setLasso(m, m.lasso);
  size(m);
  glide(m, old);
}

function room() {
  const pane = make("div", "", { className: "pane" });
  pane.append(
    make("canvas", "", { className: "main", tabIndex: 0 }), make("canvas", "", { className: "inset" }), make("b", "", { className: "title" }),
    make("div", "", { className: "tip", hidden: true }), make("div", "", { className: "hint" }),
  );
  pane.firstChild.setAttribute("role", "application");
  pane.children[1].setAttribute("aria-hidden", "true");
  return pane;
}

function size(m) {
  m.panes.forEach((pane) => {
    [pane.wide, pane.high] = [pane.canvas.clientWidth, pane.canvas.clientHeight];
    [pane.canvas.width, pane.canvas.height] = [pane.wide * m.sharp, pane.high * m.sharp];
    pane.layer = null;
  });
  if (!m.panes.length || !m.panes[0].wide) return;
  m.whole = everything(m);
  const { wide, high } = m.panes[0];
  m.span = [(wide - 28) / m.whole.scale, (high - 28) / m.whole.scale];
  m.least = m.whole.scale * 0.7;
  m.close = theTask(m).scale;
  m.view ??= theTask(m);
  m.ask();
}

function pressed(m) {
  const say = (one, is) => m.find(one).setAttribute("aria-pressed", String(is));
  say("#move", !m.lasso);
  say("#lasso", m.lasso);
  say("#pictures", m.pictures);
}

function setLasso(m, on) {
  m.lasso = on;
  m.panes.forEach((pane) => pane.canvas.classList.toggle("lasso", on));
  pressed(m);
}

// Rows that are chosen; the server hears of them unless it has chosen them itself.
function choose(m, rows, more, aloud = true) {
  m.selected = new Set([...(more ? m.selected : []), ...rows]);
  m.find("#live").textContent = m.selected.size ? `${count(m.selected.size)} selected` : "Nothing selected";
  m.change();
  if (aloud) send(m);
}

// What the server has chosen, once for each time that it says so: it is selected, and the map goes where all of it is seen.
function seeChosen(m, told) {
  if (!told?.focus) { m.seen = null; return; }
  if (m.seen === told.id) return;
  m.seen = told.id;
  choose(m, told.focus, false, Boolean(told.said));
  const there = m.panes.map((pane) => [pane, told.focus.filter((row) => pane.at.has(row)).map((row) => pane.at.get(row))]);
  if (there.some(([, places]) => places.length)) go(m, viewOf(m, there, 70));
}

function send(m) {
  window.dispatchEvent(new CustomEvent("metadash:picked", { detail: { rows: [...m.selected] } }));
}

function save(m) {
  const whole = make("canvas"), first = m.panes[0];
  whole.width = m.panes.reduce((sum, pane) => sum + pane.canvas.width, 0); whole.height = first.canvas.height;
  const ink = whole.getContext("2d");
  ink.fillStyle = m.data.theme.background;
  ink.fillRect(0, 0, whole.width, whole.height);
  let left = 0;
  m.panes.forEach((pane) => { ink.drawImage(pane.canvas, left, 0); left += pane.canvas.width; });
  const link = make("a", "", { download: `map-${m.data.id}.png`, href: whole.toDataURL("image/png") });
  link.click();
}
