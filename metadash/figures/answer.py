"""The picture of an answer, and the answer as one HTML file that needs nothing else."""

import plotly.graph_objects as go

from metadash.answers.answer import Answer
from metadash.answers.sentence import sentences
from metadash.answers.tables import ARM_NAMES, MODE_NOTES, answer_command, numbers_table
from metadash.data.dataset import Dataset
from metadash.figures.charts import Curve, curve_over_shots
from metadash.figures.html import escape, page, table
from metadash.figures.palette import LIGHT, Palette
from metadash.figures.report import drawn
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


def answer_html(answer: Answer, dataset: Dataset, looked: str = "") -> str:
    """The sentence, the curve, every number with both intervals, and how to compute it again."""
    first, *rest = sentences(answer)
    runs = ", ".join(digest for digests in answer.digests.values() for digest in digests)
    parts = [
        f"<h1>{escape(answer.spec.question.title)}</h1>",
        f'<p class="lead">{escape(first)}</p>',
        f"<p>{escape(' '.join(rest))}</p>",
        f'<p class="small">{escape(" ".join(filter(None, [rests_on(answer), looked])))}</p>',
        drawn(f"{answer.metric.title.capitalize()} over labelled examples", answer_curve(answer, LIGHT), first=True),
        "<h2>The numbers</h2>",
        table(numbers_table(answer)),
        f'<p class="small">First bracket: 95 % interval for these test {escape(plural(answer.class_noun))}; second: for new '
        f"{escape(plural(answer.unit_noun))}. Differences are paired on the same episodes.</p>",
        "<h2>To repeat it</h2>",
        f"<pre>{escape(answer_command(answer))}</pre>",
        f"<pre>{escape(dataset.name)}, fingerprint {escape(dataset.fingerprint)}\nmanifest {answer.manifest}\nruns {escape(runs)}</pre>",
    ]
    return page(answer.spec.question.title, parts)
