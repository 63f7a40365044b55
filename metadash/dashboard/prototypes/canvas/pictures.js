// Pictures and words of single inputs: kept for the whole visit, asked for a screenful at a time, sent as one sheet.
const KEPT = 8000;

const thumbs = () => (window.metadashThumbs ??= { kept: new Map(), asked: new Map() });

const thumbOf = (m, row) => thumbs().kept.get(`${m.data.fingerprint} ${row}`);

// Ask for these rows, once each; what has not come after some seconds is asked for again.
function need(m, rows) {
  const { kept, asked } = thumbs(), now = performance.now();
  const fresh = rows.filter((row) => {
    const key = `${m.data.fingerprint} ${row}`;
    return !kept.has(key) && now - (asked.get(key) ?? -Infinity) > 4000;
  });
  if (!fresh.length) return;
  clearTimeout(m.asking);
  m.asking = setTimeout(() => {
    const some = fresh.slice(0, m.data.at_once);
    some.forEach((row) => asked.set(`${m.data.fingerprint} ${row}`, performance.now()));
    window.dispatchEvent(new CustomEvent("metadash:thumbs", { detail: { rows: some } }));
    setTimeout(m.ask, 4200);
  }, 90);
}

// What came: a sheet of pictures side by side, or words by row.
function keepThumbs(m, sheet) {
  if (!sheet || thumbs().last === sheet.id) return;
  thumbs().last = sheet.id;
  const { kept } = thumbs();
  const put = (row, thumb) => kept.set(`${sheet.fingerprint} ${row}`, thumb);
  const done = () => { while (kept.size > KEPT) kept.delete(kept.keys().next().value); m.ask(); if (m.hover) tell(m); };
  if (sheet.words) { sheet.rows.forEach((row, place) => put(row, { words: sheet.words[place], marks: sheet.marks?.[place] })); done(); return; }
  const image = new Image();
  image.onload = () => {
    sheet.rows.forEach((row, place) => put(row, {
      image, w: sheet.wide, h: sheet.high, coarse: sheet.coarse, x: (place % sheet.columns) * sheet.wide, y: Math.floor(place / sheet.columns) * sheet.high,
    }));
    done();
  };
  image.src = sheet.uri;
}
