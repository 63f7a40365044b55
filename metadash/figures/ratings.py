"""The picture of an answer about new users: what each method gains over user and item offsets."""

import plotly.graph_objects as go

from metadash.answers.given.ratings import RatingsAnswer, title_of
from metadash.figures.charts import Curve, Dot, curve_over_shots, interval_dots
from metadash.figures.palette import Palette
from metadash.specs.given.ratings import INFORMED, PLAIN, SHUFFLED, WITH_METADATA
from metadash.stats.metric import Metric

FAR_OFF = ("everything", "own-mean", "item-mean")
"""Methods so far below the offsets that a chart with them would show nothing else; they stand in the table."""


def method_dots(found: RatingsAnswer, metric: Metric, shot: int, palette: Palette) -> go.Figure:
    """A row a method: thick these users, thin new users, hollow the shuffled rows, grey band no practical difference."""
    at = found.spec.shots.index(shot)
    colours = {SHUFFLED: palette.control} | {name: palette.helps for name in WITH_METADATA if name != SHUFFLED}
    rows = found.over[metric.name]
    dots = [
        Dot(
            title_of(name),
            rows[name][at].episodes,
            rows[name][at].new_classes,
            colours.get(name, palette.plain),
            name == SHUFFLED,
        )
        for name in found.spec.methods
        if name != PLAIN and name not in FAR_OFF
    ]
    return interval_dots(dots, palette, metric.rope)


def curves_of(found: RatingsAnswer, metric: Metric, palette: Palette) -> list[Curve]:
    """With metadata, without, and with shuffled rows, over how many ratings are known; of methods without metadata alone, the strongest."""
    shown = ((INFORMED, palette.helps, "solid"), (PLAIN, palette.plain, "solid"), (SHUFFLED, palette.control, "dash"))
    means = found.means[metric.name]
    return [
        Curve(title_of(name), [inside for inside, _ in means[name]], colour, dash)
        for name, colour, dash in shown
        if name in means
    ]


def rating_curve(found: RatingsAnswer, metric: Metric, palette: Palette) -> go.Figure:
    """The mean over known ratings of a user."""
    figure = curve_over_shots(found.spec.shots, curves_of(found, metric, palette), palette, metric=metric)
    return figure.update_xaxes(title_text="known ratings of a user (shots)")
