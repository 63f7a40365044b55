"""The picture of an answer, and what it rests on."""

import plotly.graph_objects as go

from metadash.answers.answer import Answer
from metadash.answers.tables import ARM_NAMES, MODE_NOTES
from metadash.figures.charts import Curve, curve_over_shots
from metadash.figures.palette import Palette
from metadash.stats import words
from metadash.stats.words import plural, plural_of


def curves_of(answer: Answer, palette: Palette) -> list[Curve]:
    """With metadata, without, and with its rows shuffled; bands for these test classes."""
    arms = (("metadata", palette.helps, "solid"), ("plain", palette.plain, "solid"), ("shuffled", palette.control, "dash"))
    return [Curve(ARM_NAMES[arm], [inside for inside, _ in answer.means[arm]], colour, dash) for arm, colour, dash in arms]


def answer_curve(answer: Answer, palette: Palette) -> go.Figure:
    """The mean over shots, with the gain at the fewest and what the metadata is worth in shots."""
    gap = answer.first.episodes.centre
    worth = None if answer.worth.censored else answer.worth.value
    return curve_over_shots(answer.spec.shots, curves_of(answer, palette), palette, gap, worth, metric=answer.metric)


def rests_on(answer: Answer) -> str:
    """``10 000 episodes, 162 test characters in 28 letters, 3 seeds, …``"""
    groups = f" in {plural_of(answer.n_groups, answer.group_noun)}" if answer.n_groups else ""
    tested = f"{words.count(answer.n_episodes)} episodes, {answer.n_classes} test {plural(answer.class_noun)}{groups}"
    folds = f", {answer.spec.folds} folds" if answer.spec.folds else f", split {answer.spec.run.split}"
    seeds = plural_of(len(answer.spec.seeds), "seed")
    return f"{tested}, {seeds}{folds}; {MODE_NOTES[answer.spec.mode]}; batch norm: {answer.batch_norm} statistics."
