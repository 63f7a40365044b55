// Plays steps one after the other: the next is asked for when the one before has come, so that a busy server is never ahead of itself.
const PAUSE = 900, CALM = 2200;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#player"), p = (root.player ??= begin(root));
  const other = p.data && p.data.id !== data.id;
  p.data = data;
  p.send = (step) => setTriggerValue("step", step);
  root.style.setProperty("--held", data.on);
  const came = data.step === p.asked, waits = data.step === p.from;
  if (other || !(came || waits) || (came && data.step >= data.steps)) p.playing = false; // a hand on the slider stops it
  clearTimeout(p.timer);
  if (p.playing && came) p.timer = setTimeout(() => root.isConnected && p.playing && ask(p, data.step + data.stride), matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM : PAUSE);
  show(p);
}

function begin(root) {
  const p = { find: (one) => root.querySelector(one), playing: false, asked: null, from: null };
  const alone = (step) => { p.playing = false; ask(p, step); };
  p.find("#play").onclick = () => {
    p.playing = !p.playing;
    if (p.playing) ask(p, p.data.step >= p.data.steps ? 0 : p.data.step + p.data.stride);
    else { clearTimeout(p.timer); show(p); }
  };
  p.find("#back").onclick = () => alone(p.data.step - 1);
  p.find("#on").onclick = () => alone(p.data.step + 1);
  root.onkeydown = (event) => {
    const to = { ArrowLeft: p.data.step - 1, ArrowRight: p.data.step + 1, Home: 0, End: p.data.steps }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    alone(to);
  };
  return p;
}

function ask(p, step) {
  p.from = p.data.step;
  p.asked = Math.max(0, Math.min(p.data.steps, step));
  clearTimeout(p.timer);
  if (p.asked === p.data.step) p.playing = false;
  else p.send(p.asked);
  show(p);
}

function show(p) {
  const { step, steps } = p.data, play = p.find("#play");
  play.textContent = p.playing ? "❚❚ Pause" : "▶ Play";
  play.setAttribute("aria-label", p.playing ? "Pause" : "Play");
  p.find("#back").disabled = step <= 0;
  p.find("#on").disabled = step >= steps;
  p.find("#where").textContent = `Step ${step} of ${steps}`;
}
