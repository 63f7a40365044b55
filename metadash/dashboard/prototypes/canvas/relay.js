// Between the map and a part of the page that answers it: what the map says goes to the server, what the server answers to the map, and the
// map itself is not sent again.
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector("i"), name = `metadash:${data.channel}`;
  window.removeEventListener(name, root.heard);
  root.heard = (event) => (data.kept ? setStateValue : setTriggerValue)("rows", event.detail.rows);
  window.addEventListener(name, root.heard);
  (window.metadashAnswers ??= {})[data.channel] = data.answer;
  window.dispatchEvent(new CustomEvent(`${name}:answer`, { detail: data.answer }));
  return () => window.removeEventListener(name, root.heard);
}
