"""A result as one HTML file that needs nothing else: the sentence, the pictures, every number, and how to have it again."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from metadash.figures.html import escape, page, table

QUIET = {"displayModeBar": False, "responsive": True}


def result_html(
    title: str,
    told: Sequence[str],
    small: str,
    pictures: Mapping[str, go.Figure],
    numbers: Mapping[str, pd.DataFrame],
    repeat: Sequence[str],
    shown: str = "",
) -> str:
    """The first of ``told`` is the sentence, the rest says more; ``pictures`` and ``numbers`` by their headings, ``repeat`` as it is;
    ``shown`` is HTML already."""
    first, *rest = told
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">{escape(first)}</p>',
        f"<p>{escape(' '.join(rest))}</p>" if rest else "",
        f'<p class="small">{escape(small)}</p>' if small else "",
        shown,
        *(drawn(name, figure, first=place == 0) for place, (name, figure) in enumerate(pictures.items())),
    ]
    for name, frame in numbers.items():
        parts += [f"<h2>{escape(name)}</h2>", table(frame, index=not isinstance(frame.index, pd.RangeIndex))]
    parts += ["<h2>To repeat it</h2>", *(f"<pre>{escape(one)}</pre>" for one in repeat)]
    return page(title, parts)


def drawn(name: str, figure: go.Figure, first: bool) -> str:
    """plotly.js stands in the file once, with the first picture."""
    return f"<h2>{escape(name)}</h2>" + figure.to_html(full_html=False, include_plotlyjs=first, config=QUIET)
