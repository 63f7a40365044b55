"""The curve of wrong or missing metadata."""

import plotly.graph_objects as go

from metadash.answers.doses import DoseCurve, dose_name
from metadash.figures.charts import base, draw_band
from metadash.figures.palette import Palette, translucent


def dose_chart(curves: dict[str, DoseCurve], palette: Palette) -> go.Figure:
    """The gain over doing without the sources, as more and more of what they describe is hit; below the zero line they do harm."""
    figure = base(palette, 380)
    colours = dict(zip(curves, [palette.plain, palette.hurts, palette.categories[0], palette.categories[3]], strict=False))
    unit = next(iter(curves.values())).gain[0].counted_in
    for kind, curve in curves.items():
        x = [100 * fraction for fraction in curve.fractions]
        low = [one.low if one.low is not None else one.estimate for one in curve.gain]
        high = [one.high if one.high is not None else one.estimate for one in curve.gain]
        draw_band(figure, x, low, high, translucent(colours[kind], 0.14))
        figure.add_scatter(
            x=x,
            y=[one.estimate for one in curve.gain],
            mode="lines+markers",
            name=dose_name(kind, curve.hit),
            line={"color": colours[kind], "width": 3, "dash": "solid" if kind == "missing" else "dash"},
            marker={"size": 8},
            hovertemplate=f"{dose_name(kind, curve.hit)}, %{{x:.0f}} % of {curve.hit}: %{{y:+.2f}} {unit}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": palette.text, "width": 1})
    hit = next(iter(curves.values())).hit
    figure.update_xaxes(title={"text": f"share of test {hit} hit, %", "font": {"color": palette.muted, "size": 13}})
    figure.update_yaxes(title={"text": f"gain over doing without, {unit}", "font": {"color": palette.muted, "size": 13}})
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": palette.text, "size": 14}},
    )
    return figure
