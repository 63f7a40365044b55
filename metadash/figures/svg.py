"""A curve over shots as a few lines of SVG: a notebook shows it without a script, and keeps it when it is sent to somebody."""

import math
from collections.abc import Callable, Sequence

from metadash.figures.charts import Curve
from metadash.figures.html import escape
from metadash.figures.palette import Palette
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY, Metric

WIDTH, HEIGHT = 560, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 26, 40
"""Room for the axes and the legend, in pixels."""


def curve_svg(ticks: Sequence[int], curves: Sequence[Curve], palette: Palette, metric: Metric = ACCURACY) -> str:
    """The mean of ``metric`` over ``ticks``, a band for each interval; text in the colour of what is around it."""
    known = [point for curve in curves for point in curve.points if point is not None]
    if not known:
        return ""
    low, high = min(map(lowest, known)), max(map(highest, known))
    margin = max(0.08 * (high - low), metric.rope)
    low, high = low - margin, high + margin
    step = (WIDTH - LEFT - RIGHT) / max(len(ticks), 1)

    def x(place: int) -> float:
        return round(LEFT + step * (place + 0.5), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    parts = [*grid(low, high, y), *(label(x(i), HEIGHT - BOTTOM + 16, str(tick)) for i, tick in enumerate(ticks))]
    parts.append(label((WIDTH + LEFT) / 2, HEIGHT - 8, f"labelled examples per class (shots); {metric.title} in {metric.unit}"))
    for place, curve in enumerate(curves):
        parts += [*line(curve, x, y), *legend(curve, place, len(curves))]
    style = f'style="max-width:{WIDTH}px;width:100%;height:auto" font-family="system-ui,sans-serif" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {style}><title>{escape(metric.title.capitalize())} over shots</title>{"".join(parts)}</svg>'


def lowest(point: Interval) -> float:
    return point.estimate if point.low is None else point.low


def highest(point: Interval) -> float:
    return point.estimate if point.high is None else point.high


def label(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor">{escape(text)}</text>'


def grid(low: float, high: float, y: Callable[[float], float]) -> list[str]:
    """A line at round numbers, six at the most."""
    power = 10.0 ** math.floor(math.log10((high - low) / 6))
    step = next(power * times for times in (1, 2, 5, 10) if (high - low) / (power * times) <= 6)
    values = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    line = '<line x1="{left}" x2="{right}" y1="{at}" y2="{at}" stroke="currentColor" stroke-opacity=".15"/>'
    return [
        line.format(left=LEFT, right=WIDTH - RIGHT, at=y(value)) + label(LEFT - 8, y(value) + 4, f"{value:g}", "end")
        for value in values
    ]


def line(curve: Curve, x: Callable[[int], float], y: Callable[[float], float]) -> list[str]:
    known = [(i, point) for i, point in enumerate(curve.points) if point is not None]
    outline = [(x(i), y(highest(point))) for i, point in known] + [(x(i), y(lowest(point))) for i, point in reversed(known)]
    middle = [(x(i), y(point.estimate)) for i, point in known]
    dash = ' stroke-dasharray="5 4"' if curve.dash != "solid" else ""
    dots = [f'<circle cx="{a}" cy="{b}" r="3.5" fill="{curve.colour}"/>' for a, b in middle]
    return [
        f'<polygon points="{joined(outline)}" fill="{curve.colour}" fill-opacity=".18"/>',
        f'<polyline points="{joined(middle)}" fill="none" stroke="{curve.colour}" stroke-width="2.5"{dash}/>',
        *dots,
    ]


def joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a},{b}" for a, b in points)


def legend(curve: Curve, place: int, count: int) -> list[str]:
    left = LEFT + place * (WIDTH - LEFT - RIGHT) / count
    dash = ' stroke-dasharray="5 4"' if curve.dash != "solid" else ""
    return [
        f'<line x1="{left:.1f}" x2="{left + 22:.1f}" y1="12" y2="12" stroke="{curve.colour}" stroke-width="2.5"{dash}/>',
        label(round(left + 28, 1), 16, curve.name, "start"),
    ]
