"""The pictures of an ablation: what each source is worth, how that goes on with more examples, and what sources say together."""

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from metadash.ablation.cards import SourceCard
from metadash.ablation.result import Ablation
from metadash.figures.charts import LABEL_WIDTH, Curve, base, draw_curve, literal, with_axes
from metadash.figures.palette import Palette, colour_of, translucent
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, at_fewest
from metadash.stats.verdict import SURELY, Decision

MEASURES = {
    "left out": "what is lost when it alone is taken away",
    "share": "its Shapley share of what all add together",
    "alone": "what it adds by itself to no metadata",
}
UNLIKE_THE_ROLES = (0, 3, 7, 8, 9, 2, 4, 1)
BESIDE = 0.22
"""How far below a source its control stands, in rows."""


@dataclass(frozen=True)
class Row:
    """A source on the chart: its effect, the decision on it among all sources, and where there is one, the same with its rows shuffled."""

    name: str
    effect: Difference
    decision: Decision
    control: Difference | None


def measures_of(found: Ablation) -> list[str]:
    """Those that were measured."""
    return [name for name in MEASURES if name != "share" or found.cards[0].phi]


def rows_of(found: Ablation, measure: str) -> list[Row]:
    """Most by this measure first. Every decision is that among all of them."""
    effects = {"left out": lambda card: card.delta, "share": lambda card: card.phi, "alone": lambda card: card.alone}[measure]
    among = {"left out": True, "alone": False}.get(measure)
    rows = [
        Row(
            card.source,
            effects(card)[0],
            effects(card)[0].decision,
            None if among is None else found.shuffled(card.source, among=among),
        )
        for card in found.cards
    ]
    return sorted(rows, key=lambda row: -row.effect.episodes.estimate)


def label_of(row: Row) -> str:
    """``▲ accents``; ``▲ accents (very likely)`` where that is all that can be said."""
    surely = SURELY[row.decision.grade].strip()
    return f"{row.decision.verdict.value} {row.name}" + (f" ({surely})" if surely else "")


def worth_chart(found: Ablation, measure: str, palette: Palette, chosen: Collection[str] = ()) -> go.Figure:
    """One row a source, most on top: thick these test classes, thin new ones, hollow its shuffled rows, band no difference; the
    rows of ``chosen`` sources are shaded."""
    rows = rows_of(found, measure)[::-1]
    figure = base(palette, 110 + 54 * len(rows))
    rope = found.spec.rope
    figure.add_vrect(x0=-rope, x1=rope, fillcolor=translucent(palette.plain, 0.18), line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": palette.muted, "width": 1})
    for place, row in enumerate(rows):
        below = BESIDE if row.control else 0.0
        if row.name in chosen:
            figure.add_hrect(
                y0=place - 0.5, y1=place + 0.5, fillcolor=translucent(palette.helps, 0.1), line_width=0, layer="below"
            )
        draw_effect(figure, place + below / 2, row.effect, row.name, colour_of(row.decision.verdict, palette), palette)
        if row.control:
            draw_effect(
                figure, place - below, row.control, f"{row.name}, rows shuffled", palette.control, palette, hollow=True, thick=4
            )
    labels = ["<br>".join(map(literal, textwrap.wrap(label_of(row), LABEL_WIDTH))) for row in rows]
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=labels,
        range=[-0.6, len(rows) - 0.4],
        tickfont={"color": palette.text, "size": 14},
        showgrid=False,
    )
    ends = [end for row in rows for one in (row.effect, row.control) if one for end in ends_of(one)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.05 * (high - low) + 0.4
    title = {"text": found.metric.gain_axis, "font": {"color": palette.muted, "size": 13}}
    return figure.update_xaxes(title=title, range=[low - room, high + room])


def ends_of(one: Difference) -> list[float]:
    found = [end for i in (one.episodes, one.new_classes) for end in (i.estimate, i.low, i.high)]
    return [end for end in found if end is not None]


def draw_effect(
    figure: go.Figure, y: float, one: Difference, name: str, colour: str, palette: Palette, hollow: bool = False, thick: int = 7
) -> None:
    for interval, width in ((one.new_classes, 2), (one.episodes, thick)):
        if interval.low is not None:
            figure.add_scatter(
                x=[interval.low, interval.high],
                y=[y, y],
                mode="lines",
                line={"color": colour, "width": width},
                hoverinfo="skip",
            )
    inside, new = one.episodes, one.new_classes
    beyond = f"<br>new: {new.words}" if new.low is not None else ""
    figure.add_scatter(
        x=[inside.estimate],
        y=[y],
        mode="markers",
        name=name,
        marker={
            "size": 10 if hollow else 13,
            "color": palette.background if hollow else colour,
            "line": {"color": colour if hollow else palette.background, "width": 2.5},
        },
        hovertemplate=f"{literal(name)}<br>these: {inside.words}{beyond}<extra></extra>",
    )


def fading_chart(found: Ablation, measure: str, palette: Palette) -> go.Figure:
    """Each source's effect over the number of labelled examples, with its band for these test classes."""
    figure = base(palette, 380)
    ticks = [str(shot) for shot in found.values.shots]
    rope = found.spec.rope
    figure.add_hrect(y0=-rope, y1=rope, fillcolor=translucent(palette.plain, 0.18), line_width=0, layer="below")
    figure.add_hline(y=0, line={"color": palette.muted, "width": 1})
    for place, card in enumerate(found.cards):
        shade = palette.categories[UNLIKE_THE_ROLES[place % len(UNLIKE_THE_ROLES)]]
        draw_curve(figure, ticks, Curve(card.source, effects_over_shots(card, measure), shade))
    return with_axes(figure, ticks, "labelled examples per class (shots)", found.metric.gain_axis, palette)


def effects_over_shots(card: SourceCard, measure: str) -> Sequence[Interval]:
    differences = {"left out": card.delta, "share": card.phi, "alone": card.alone}[measure]
    return [one.episodes for one in differences]


def interaction_chart(found: Ablation, palette: Palette) -> go.Figure:
    """Symmetric: positive where two sources complement each other, negative where they say the same; the value is in each cell."""
    sources = [card.source for card in found.cards]
    pairs = {pair: at_fewest(rows) for pair, rows in found.interactions.items()}
    cells = [[pairs.get((one, other)) or pairs.get((other, one)) for other in sources] for one in sources]
    reach = max((abs(cell.episodes.estimate) for row in cells for cell in row if cell), default=1.0)
    figure = base(palette, 130 + 46 * len(sources))
    figure.add_heatmap(
        z=[[cell.episodes.estimate if cell else None for cell in row] for row in cells],
        x=sources,
        y=sources,
        text=[[cell.episodes.signed if cell else "" for cell in row] for row in cells],
        texttemplate="%{text}",
        textfont={"size": 13, "color": palette.text},
        customdata=[[hover(cell) if cell else "" for cell in row] for row in cells],
        hovertemplate="%{y} with %{x}: %{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=-max(reach, found.spec.rope),
        zmax=max(reach, found.spec.rope),
        colorscale=[
            [0, translucent(palette.hurts, 0.55)],
            [0.5, translucent(palette.plain, 0.05)],
            [1, translucent(palette.helps, 0.55)],
        ],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    short = ["<br>".join(map(literal, textwrap.wrap(source, 12))) for source in sources]
    figure.update_xaxes(
        tickvals=sources, ticktext=short, side="top", showgrid=False, tickfont={"color": palette.text, "size": 13}
    )
    return figure.update_yaxes(
        autorange="reversed", showgrid=False, tickfont={"color": palette.text, "size": 13}, tickvals=sources, ticktext=short
    )


def hover(one: Difference) -> str:
    beyond = f", new {one.new_classes.words}" if one.new_classes.low is not None else ""
    return f"these {one.episodes.words}{beyond}"
