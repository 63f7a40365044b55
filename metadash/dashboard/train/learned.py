"""What stored runs of one learner say, one a seed: how often it is right and how sure that is, on the page *Train* and in a report."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.sentence import cell, examples
from metadash.canonical import plain as values_of
from metadash.dashboard.compare.learners import mean_words, unit_nouns
from metadash.dashboard.parts.curves import BOUNDS, MEASURED, Rows, curve, history_of, series
from metadash.dashboard.parts.escape import unbroken
from metadash.dashboard.train.controls import reading
from metadash.dashboard.train.how import MODES
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.charts import Curve, curve_over_shots
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.front.keeping.spelling import as_command, as_python
from metadash.front.sharing.methods import data_words, tasks_words
from metadash.learners.registry import LEARNERS
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.stats import words
from metadash.stats.scored import Scores
from metadash.stats.shots import fewest_shots

Written = Callable[[object], str]
"""How words of the data are written: as Markdown on a page, as they are (``str``) in a file."""


def learned(runs: Sequence[Run], scores: Scores, noun: str, written: Written) -> list[str]:
    """How often it is right with the fewest examples, with the most, how long it took, and what guessing would reach. ``noun``: what new
    ones would be of, in the plural."""
    spec, shots, fewest = runs[0].spec_as(RunSpec), scores.shots, fewest_shots(scores.shots)
    found = [
        f"With {examples(fewest)} per class, {LEARNERS[spec.learner].title} {reading(spec, written)} is right in {mean_words(scores, fewest, noun)}."
    ]
    if shots[-1] != fewest:
        found.append(f"With {examples(shots[-1])}, in {mean_words(scores, shots[-1], noun)}.")
    seconds = sum(run.about["seconds"] for run in runs) / len(runs)
    verb = "It learned" if spec.trains else "Nothing was trained for it; it was scored"
    took = unbroken(words.duration(seconds).removeprefix("about "))
    found.append(f"{verb} in {took}{' a seed' if len(runs) > 1 else ''}.")
    chance = scores.metric.chance(spec.evaluation)
    return found if chance is None else [*found, f"Guessing would be right in {chance:.3g} {scores.metric.unit}."]


def rests_on(runs: Sequence[Run]) -> str:
    """How many episodes and seeds, and what it looks at."""
    spec = runs[0].spec_as(RunSpec)
    seen = (
        f"{MODES[spec.mode].rstrip('.').lower()} · batch norm: {runs[0].summary['batch_norm']} statistics"
        if LEARNERS[spec.learner].reads_embeddings
        else "on the inputs as they are"
    )
    return f"{words.count(spec.evaluation.n_episodes)} episodes · {words.plural_of(len(runs), 'seed')} · {seen}"


def learner_section(runs: Sequence[Run], scores: Scores, data: Dataset) -> Section:
    """For a report: the sentences, accuracy over shots and how it learned, the numbers, and what trains it again."""
    spec, metric = runs[0].spec_as(RunSpec), scores.metric
    noun = unit_nouns(data.name, str).of(scores)
    digests = ", ".join(run.digest for run in runs)
    rows = history_of(runs[0].digest)
    drawn = {label: partial(learning_curve, rows, name) for name, label in MEASURED.items() if series(rows, name)[0]}
    return Section(
        f"{LEARNERS[spec.learner].title} {reading(spec, str)}",
        learned(runs, scores, noun, str),
        {
            f"{metric.title.capitalize()} by labelled examples": numbers(scores),
            **({"How it learned, measured in training": pd.DataFrame(rows)} if drawn else {}),
        },
        [*again(runs, data), f"{data.name}, fingerprint {data.fingerprint}\nmanifest {scores.manifest.hash}\nruns {digests}"],
        small=rests_on(runs),
        pictures={
            f"{metric.title.capitalize()} over labelled examples": partial(over_shots, scores, LEARNERS[spec.learner].title),
            **{heading_of(label, runs): draw for label, draw in drawn.items()},
        },
        methods=methods(runs, scores, data, noun),
        configuration={
            "learner": values_of(spec),
            "seeds": [run.spec_as(RunSpec).seed for run in runs],
            "runs": [run.digest for run in runs],
            "fingerprint": data.fingerprint,
            "manifest": scores.manifest.hash,
        },
    )


def numbers(scores: Scores) -> pd.DataFrame:
    """A row for each number of shots: the mean with both of its intervals."""
    found, metric = {words.plural_of(shot, "shot"): scores.means(shot) for shot in scores.shots}, scores.metric
    return pd.DataFrame(
        {f"{metric.title}, {metric.unit}": {shot: cell(*means, decimals=metric.decimals) for shot, means in found.items()}}
    )


def over_shots(scores: Scores, name: str) -> go.Figure:
    means = [scores.means(shot)[0] for shot in scores.shots]
    return curve_over_shots(scores.shots, [Curve(name, means, LIGHT.helps)], LIGHT, metric=scores.metric)


def learning_curve(rows: Rows, name: str) -> go.Figure:
    colour = {"validation_accuracy": LIGHT.helps}.get(name, LIGHT.plain)
    return curve(*series(rows, name), MEASURED[name], colour, LIGHT, BOUNDS.get(name, (None, None))).update_layout(height=300)


def heading_of(label: str, runs: Sequence[Run]) -> str:
    """``Training loss of seed 0``"""
    title = words.capital(label.removesuffix(", %"))
    return f"{title} of seed {runs[0].spec_as(RunSpec).seed}" if len(runs) > 1 else title


def again(runs: Sequence[Run], data: Dataset) -> list[str]:
    """The lines that train each of them, for a terminal and in Python; none where no choices give them."""
    specs = [run.spec_as(RunSpec) for run in runs]
    try:
        return [
            "\n".join(as_command(spec, data) for spec in specs),
            "\n\n".join(as_python(spec, data) for spec in specs),
        ]
    except BadInput as problem:
        return [f"# {problem}"]


def methods(runs: Sequence[Run], scores: Scores, data: Dataset, noun: str) -> list[tuple[str, str]]:
    spec, entry = runs[0].spec_as(RunSpec), LEARNERS[runs[0].spec_as(RunSpec).learner]
    seen = (
        f"on {spec.backbone.title}, {MODES[spec.mode].rstrip('.').lower()}"
        if entry.reads_embeddings
        else "on the inputs as they are"
    )
    seeds = ", ".join(str(run.spec_as(RunSpec).seed) for run in runs)
    return [
        ("Data", data_words(data, f"Split {spec.split}.")),
        ("Tasks", tasks_words(spec, len(scores.manifest), scores.manifest.hash)),
        ("Learner", f"{entry.title} ({entry.paper}) {reading(spec, str)}, {seen}. Training seeds: {seeds}."),
        (
            "Intervals",
            f"At 95 %. On these {noun}: t-interval over episodes; on new {noun}: delete-one jackknife.",
        ),
    ]
