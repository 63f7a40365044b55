"""How the predictions for each query move over the inner steps: a grid for each class, and the queries sorted by what they are taken for.

HTML, since a grid of pictures, colours and marks is a table to a reader with or without eyes. Names from the data are escaped.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from metadash.answers.inner_steps import by_step
from metadash.dashboard import server
from metadash.dashboard.parts.pictures import input_html
from metadash.data.dataset import Dataset
from metadash.figures.palette import Palette, translucent

MOST_COLUMNS = 9
"""Steps shown in the grid; of more, the first, the last, the learner's own and others evenly between."""

MOST_CLASSES, MOST_ROWS = 20, 300
"""Classes, and queries over all of them, that are shown."""

PICTURE_SIDE = 34
"""Pixels of the largest picture here; the smaller ones are the same."""

PROTOTYPES = {"plain": ("P", "plain prototype"), "metadata": ("P+", "prototype with metadata")}


@dataclass(frozen=True)
class Answers:
    """``probability`` [T, Q] of the true class, ``predicted`` [T, Q] class ids, at each of T steps or views."""

    probability: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class Episode:
    """One episode as the page shows it. ``classes`` in the order of the task; ``true``, ``rows`` [Q]; ``support`` by class."""

    classes: list[int]
    true: np.ndarray
    rows: np.ndarray
    support: dict[int, list[int]]
    steps: Answers
    prototypes: dict[str, Answers]
    names: dict[int, str]

    @property
    def shown_classes(self) -> list[int]:
        return self.classes[:MOST_CLASSES]

    @property
    def rows_each(self) -> int:
        """Queries of a class that are shown."""
        return min(len(self.true) // len(self.classes), MOST_ROWS // len(self.shown_classes))

    def number(self, class_id: int) -> str:
        """``3 thing 17``, escaped."""
        return f"{self.classes.index(class_id) + 1} {html.escape(self.names[class_id])}"


def read_episode(queries: pd.DataFrame, prototypes: pd.DataFrame, support: pd.DataFrame, data: Dataset) -> Episode:
    """From the frames of a stored adaptation."""
    first = queries[queries["step"] == 0].sort_values("query")
    classes = [int(c) for c in support["class_id"].drop_duplicates()]
    names = data.classes["class_name"].astype(str)
    views = {
        str(by): Answers(part["probability"].to_numpy()[None], part["predicted"].to_numpy()[None])
        for by, part in prototypes.sort_values("query").groupby("by")
    }
    return Episode(
        classes,
        first["class_id"].to_numpy(),
        first["row"].to_numpy(),
        {c: support.loc[support["class_id"] == c, "row"].tolist() for c in classes},
        Answers(by_step(queries, "probability"), by_step(queries, "predicted")),
        {by: views[by] for by in PROTOTYPES if by in views},
        {c: names[c] for c in classes},
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _read(digest: str, _frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], _data: Dataset) -> Episode:
    return read_episode(*_frames, _data)


def episode_of(digest: str, data: Dataset) -> Episode:
    """That of a stored adaptation, put in order once."""
    queries, prototypes, support = (server.run_frame(digest, name) for name in ("queries", "prototypes", "support"))
    return _read(digest, (queries, prototypes, support), data)


def shown_steps(last: int, *wanted: int) -> list[int]:
    """At most MOST_COLUMNS (and those ``wanted``) of the steps 0..last."""
    if last < MOST_COLUMNS:
        return list(range(last + 1))
    even = np.linspace(0, last, MOST_COLUMNS).round().astype(int).tolist()
    return sorted({*even, *(step for step in wanted if 0 <= step <= last)})


Picture = Callable[[int, str], str]
"""HTML for a row of the data set, with a text for those who do not see it."""


def picture_of(data: Dataset) -> Picture:
    return lambda row, alt: input_html(data, row, PICTURE_SIDE, alt, "" if data.modality.picture else alt)


def style(palette: Palette) -> str:
    return f"""<style>
.ad-panels{{display:flex;flex-wrap:wrap;gap:16px 12px;align-items:flex-start;margin:.3rem 0 .6rem}}
.ad-panel{{overflow-x:auto;max-width:100%}}
.ad-name{{display:flex;gap:6px;align-items:center;height:2.5rem;font-size:.8rem;line-height:1.2;font-weight:600;margin-bottom:2px;
 color:{palette.text}}}
.ad-name span{{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;overflow-wrap:anywhere}}
.ad-name img{{height:32px;width:auto;max-width:64px;object-fit:contain;border-radius:5px;image-rendering:pixelated;flex:none}}
.ad-grid{{border-collapse:separate;border-spacing:1px;font-size:11px;color:{palette.text}}}
.ad-grid th{{font-weight:400;color:{palette.muted};padding:0;text-align:center;min-width:18px}}
.ad-grid th.ad-now{{color:{palette.text};font-weight:700;text-decoration:underline;text-underline-offset:2px}}
.ad-grid td{{width:18px;height:18px;min-width:18px;padding:0;text-align:center;border-radius:3px;line-height:16px;
 border:1px solid {palette.grid};font-weight:600}}
.ad-grid td.ad-gap{{min-width:4px;width:4px;border:0}}
.ad-grid img,.ad-bin img{{display:block;border-radius:4px;image-rendering:pixelated;object-fit:contain}}
.ad-grid img{{height:18px;width:auto;max-width:36px}}
.ad-panels .md-words,.ad-bins .md-words{{display:block;max-width:12rem;font-size:11px;line-height:1.3;padding:0 3px;white-space:nowrap;
 overflow:hidden;text-overflow:ellipsis}}
.ad-legend{{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.85rem;color:{palette.muted};align-items:center}}
.ad-legend i{{display:inline-block;width:16px;height:16px;border-radius:4px;border:1px solid {palette.grid};vertical-align:-3px;
 margin-right:2px;text-align:center;line-height:14px;font-style:normal;font-weight:600;color:{palette.text}}}
.ad-bins{{display:grid;grid-template-columns:repeat(auto-fill,minmax(205px,1fr));gap:10px}}
.ad-bin{{border:1px solid {palette.grid};border-radius:8px;padding:8px 10px;background:{palette.panel};color:{palette.text}}}
.ad-bin small{{display:block;color:{palette.muted};font-size:.8rem;margin:3px 0 6px}}
.ad-row{{display:flex;flex-wrap:wrap;gap:5px}}
.ad-item{{position:relative;border-radius:6px;border:2px solid transparent;line-height:0}}
.ad-item img{{height:34px;width:auto;max-width:68px}}
.ad-item.ad-wrong{{border-color:{palette.hurts}}}
.ad-item.ad-wrong::after{{content:"×";position:absolute;right:-6px;top:-7px;width:14px;height:14px;border-radius:50%;
 background:{palette.hurts};color:{palette.background};font:700 11px/14px sans-serif;text-align:center}}
</style>"""


def query_grid(episode: Episode, picture: Picture, palette: Palette, own_steps: int, now: int) -> str:
    """One panel a class: its queries as rows, steps as columns, the colour the probability of the true class, × a wrong answer.

    ``now`` is the step that is looked at below; prototypes stand in columns of their own at the right.
    """
    columns = shown_steps(len(episode.steps.predicted) - 1, own_steps, now)
    panels = "".join(panel(episode, c, columns, picture, palette, now) for c in episode.shown_classes)
    return f'{style(palette)}<div class="ad-panels">{panels}</div>{legend(episode, palette)}'


def panel(episode: Episode, class_id: int, columns: Sequence[int], picture: Picture, palette: Palette, now: int) -> str:
    head = "".join(f'<th scope="col"{" class=ad-now" if step == now else ""}>{step}</th>' for step in columns)
    head += '<td class="ad-gap"></td>' + "".join(
        f'<th scope="col" title="{PROTOTYPES[by][1]}">{PROTOTYPES[by][0]}</th>' for by in episode.prototypes
    )
    body = []
    for query in np.flatnonzero(episode.true == class_id)[: episode.rows_each]:
        cells = [cell(episode, episode.steps, step, query, f"step {step}", palette.categories[0]) for step in columns]
        cells.append('<td class="ad-gap"></td>')
        cells += [
            cell(episode, view, 0, query, PROTOTYPES[by][1], palette.plain if by == "plain" else palette.helps)
            for by, view in episode.prototypes.items()
        ]
        shown = picture(int(episode.rows[query]), f"a query of {episode.names[class_id]}")
        body.append(f'<tr><th scope="row">{shown}</th>{"".join(cells)}</tr>')
    width = 19 * (1 + len(columns) + len(episode.prototypes)) + 6
    name = html.escape(episode.names[class_id], quote=True)
    return (
        f'<div><div style="width:{width}px">{class_name(episode, class_id, picture)}</div>'
        f'<div class="ad-panel" tabindex="0" role="group" aria-label="Queries of {name}"><table class="ad-grid"><thead><tr>'
        f'<td class="ad-gap"></td>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div></div>'
    )


def class_name(episode: Episode, class_id: int, picture: Picture) -> str:
    """A class's number and name with the first of its labelled examples."""
    example = picture(episode.support[class_id][0], f"a labelled example of {episode.names[class_id]}")
    return f'<div class="ad-name">{example}<span>{episode.number(class_id)}</span></div>'


def cell(episode: Episode, answers: Answers, step: int, query: int, when: str, colour: str) -> str:
    p, said = float(answers.probability[step, query]), int(answers.predicted[step, query])
    right = said == episode.true[query]
    hover = f"{when}: {p:.0%} for the true class; " + ("right" if right else f"answered {episode.names[said]}")
    title = html.escape(hover, quote=True)
    return f'<td style="background:{translucent(colour, round(p, 2))}" title="{title}">{"" if right else "×"}</td>'


def legend(episode: Episode, palette: Palette) -> str:
    swatches = "".join(f'<i style="background:{translucent(palette.categories[0], p)}"></i>' for p in (0.0, 0.25, 0.5, 0.75, 1.0))
    views = "".join(f"<span><b>{PROTOTYPES[by][0]}</b> {PROTOTYPES[by][1]}</span>" for by in episode.prototypes)
    return (
        f'<div class="ad-legend"><span>0 % {swatches} 100 % probability of the true class</span>'
        f"<span><i>×</i> answered wrongly</span><span>columns: steps</span>{views}</div>"
    )


def bins(episode: Episode, step: int, picture: Picture, palette: Palette) -> str:
    """The queries sorted by the class they are taken for at one step: what belongs there first, what does not with a red × after it."""
    cards = []
    shown = np.concatenate([np.flatnonzero(episode.true == c)[: episode.rows_each] for c in episode.shown_classes])
    for class_id in episode.shown_classes:
        taken = [query for query in shown if episode.steps.predicted[step, query] == class_id]
        taken.sort(key=lambda query: (episode.true[query] != class_id, query))
        right = sum(episode.true[query] == class_id for query in taken)
        items = "".join(item(episode, step, query, class_id, picture) for query in taken)
        of = int((episode.true[shown] == class_id).sum())
        cards.append(
            f'<div class="ad-bin">{class_name(episode, class_id, picture)}<small>{right} of its {of}, and {len(taken) - right} of others</small>'
            f'<div class="ad-row">{items}</div></div>'
        )
    return f'{style(palette)}<div class="ad-bins">{"".join(cards)}</div>'


def item(episode: Episode, step: int, query: int, class_id: int, picture: Picture) -> str:
    true = int(episode.true[query])
    p = float(episode.steps.probability[step, query])
    wrong = true != class_id
    hover = f"{episode.names[true]}: {p:.0%} for the true class" + (f", taken for {episode.names[class_id]}" if wrong else "")
    shown = picture(int(episode.rows[query]), hover)
    return f'<span class="ad-item{" ad-wrong" if wrong else ""}" title="{html.escape(hover, quote=True)}">{shown}</span>'


def cut_words(episode: Episode) -> str:
    """What is not shown, said; empty where everything is."""
    n_classes, each = len(episode.classes), len(episode.true) // len(episode.classes)
    parts = []
    if n_classes > len(episode.shown_classes):
        parts.append(f"the first {len(episode.shown_classes)} of {n_classes} classes")
    if each > episode.rows_each:
        parts.append(f"the first {episode.rows_each} of {each} queries of each class")
    return f"Shown: {' and '.join(parts)}; the download holds all." if parts else ""
