"""HTML that needs nothing else: whole files that open offline, and the fragments that a notebook shows."""

import html
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from metadash.errors import BadInput
from metadash.figures.palette import LIGHT
from metadash.workspace import write_text

STYLE = f"""
body{{font:16px/1.5 system-ui,sans-serif;color:{LIGHT.text};background:{LIGHT.background};max-width:980px;margin:2rem auto;padding:0 1rem}}
h1{{font-size:1.5rem}} h2{{font-size:1.2rem;margin-top:2.2rem}} h3{{margin:0 0 .4rem}} .small{{color:{LIGHT.muted};font-size:.9rem}}
.lead{{font-size:1.2rem;font-weight:600}} .stamp{{display:inline-block;border:2px solid;border-radius:6px;padding:.1rem .6rem;font-weight:600}}
.comment{{border-left:3px solid {LIGHT.helps};padding-left:.8rem;margin:.4rem 0}} summary{{cursor:pointer;color:{LIGHT.muted}}}
.claim{{color:{LIGHT.helps}}} .draft{{color:{LIGHT.control}}}
article{{border:1px solid {LIGHT.grid};border-radius:8px;padding:1rem;margin:1rem 0;break-inside:avoid}}
dl{{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem;margin:.5rem 0}} dt{{color:{LIGHT.muted}}} dd{{margin:0}}
.table{{overflow-x:auto}} table{{border-collapse:collapse;font-size:.8rem}} th,td{{border-bottom:1px solid {LIGHT.grid};padding:.2rem .5rem;text-align:left;white-space:nowrap}}
.told{{min-width:48rem}} .told td{{white-space:normal;vertical-align:top}}
pre{{background:{LIGHT.panel};padding:.8rem;border-radius:6px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem}}
.badge{{background:{LIGHT.panel};border-radius:6px;padding:.1rem .4rem;font-size:.85rem;margin-right:.3rem}}
@media(max-width:640px){{dl{{grid-template-columns:1fr;gap:0}}dd{{margin-bottom:.5rem}}}}
"""


SENTENCE = 60
"""A text longer than so many letters is read, not looked up."""


def escape(text: object) -> str:
    return html.escape(str(text), quote=False)


def page(title: str, parts: Sequence[str]) -> str:
    """A whole file."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def table(frame: pd.DataFrame, index: bool = True) -> str:
    """Its values as they are; what would be markup is escaped. Sentences are wrapped, numbers never."""
    told = any(isinstance(value, str) and len(value) > SENTENCE for value in frame.to_numpy().ravel())
    return f'<div class="table">{frame.to_html(index=index, border=0, classes="told" if told else None, na_rep="", float_format=lambda value: f"{value:.3f}")}</div>'


def fragment(told: Sequence[str], picture: str, frame: pd.DataFrame, small: str = "") -> str:
    """What a notebook shows of a result: the sentence first and largest, the picture, the table. Colours are the notebook's own."""
    first, rest = told[0], " ".join(told[1:])
    index = not isinstance(frame.index, pd.RangeIndex)
    parts = [
        f'<p style="font-size:1.15em;font-weight:600;max-width:60em">{escape(first)}</p>',
        f'<p style="max-width:60em">{escape(rest)}</p>' if rest else "",
        picture,
        table(frame, index=index),
        f'<p style="opacity:.75;max-width:60em">{escape(small)}</p>' if small else "",
    ]
    return f"<div>{''.join(parts)}</div>"


def write_page(file: str | Path, text: str) -> Path:
    """Written whole or not at all. Raises BadInput where its folder is missing or nothing can be written there."""
    file = Path(file)
    refuse_nowhere(file)
    write_text(file, text, f"Choose another place than '{file.parent}', or make room there.")
    return file


def refuse_nowhere(file: Path) -> None:
    """Raises BadInput where there is no folder for a file: better before an hour of computing than after."""
    if not file.parent.is_dir():
        raise BadInput(f"There is no folder '{file.parent}' to write the report into; make it first.")
