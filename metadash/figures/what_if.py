"""The picture of a changed piece of metadata: the paired difference at each number of shots."""

import plotly.graph_objects as go

from metadash.answers.what_if import WhatIf
from metadash.figures.charts import Dot, interval_dots
from metadash.figures.palette import Palette, colour_of
from metadash.stats.words import plural_of


def what_if_chart(found: WhatIf, palette: Palette) -> go.Figure:
    """After less before, a row a number of shots."""
    return interval_dots(dots_of(found, palette), palette, found.metric.rope, in_order=True)


def dots_of(found: WhatIf, palette: Palette) -> list[Dot]:
    return [
        Dot(plural_of(moved.shot, "shot"), moved.episodes, moved.new_classes, colour_of(moved.decision.verdict, palette))
        for moved in found.differences
    ]
