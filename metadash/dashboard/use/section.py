"""Labels for a report: the sentence, what they are worth, every label, and the command that gives them again."""

from functools import partial

import pandas as pd

from metadash.canonical import plain
from metadash.dashboard.train.controls import reading
from metadash.dashboard.use.result import headline
from metadash.dashboard.use.taking import command
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from metadash.figures.reliability import reliability_chart
from metadash.figures.section import Section
from metadash.front.sharing.methods import data_words
from metadash.front.use import Labelled
from metadash.learners.registry import entry_of
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.stats import words

UNPACK = "# Unpack “Everything given (zip)” of the page Use, then in its folder:"


def labels_section(data: Dataset, learner: Run, result: Labelled, frame: pd.DataFrame) -> Section:
    """``frame`` holds the labels with what a person corrected, as they stand on the page."""
    by_source, trusted = result.by_source(), result.trust is not None
    return Section(
        f"What are these? {words.plural_of(len(frame), data.modality.noun)} of “{data.name}”, labelled",
        [
            headline(data, frame, len(result.classes), str),
            *(note.replace("*None of these*", "“None of these”") for note in result.notes),
        ],
        {
            "Labels": frame,
            **({"What changes where less is told": by_source} if len(by_source) else {}),
            **({"How far the probabilities can be believed": result.reliability} if trusted else {}),
        },
        [
            f"{UNPACK}\n{command(learner.digest, result)}",
            f"{data.name}, fingerprint {data.fingerprint}\nlearner {learner.digest}\ngiven {result.given.digest}\nlabels {result.digest}",
        ],
        small=examples_words(result),
        pictures={"How often labels are right, by how sure they are": partial(reliability_chart, result.reliability, LIGHT)}
        if trusted
        else {},
        methods=methods(data, learner, result),
        configuration={
            "use": plain(result.spec),
            "false alarms": result.trust.false_alarm if result.trust is not None else None,
            "fingerprint": data.fingerprint,
            "digest": result.digest,
        },
    )


def examples_words(result: Labelled) -> str:
    """``Given: ash (2 examples), oak (1 example).``"""
    shots = ", ".join(f"{name} ({words.plural_of(count, 'example')})" for name, count in result.given.shots.items())
    return f"Given: {shots}."


def methods(data: Dataset, learner: Run, result: Labelled) -> list[tuple[str, str]]:
    spec = learner.spec_as(RunSpec)
    entry = entry_of(spec.learner)
    found = [
        ("Data", data_words(data, f"The learner was trained on the split {spec.split}.")),
        ("Learner", f"{entry.title} ({entry.paper}) {reading(spec, str)}, training seed {spec.seed}; not trained again."),
    ]
    if result.trust is None:
        return [*found, ("Probabilities", "A softmax over the learner's scores as they are.")]
    tasks = f"{result.trust.spec.n_way}-way {result.trust.spec.n_shot}-shot tasks"
    return [
        *found,
        (
            "Probabilities",
            f"A softmax over the learner's scores divided by the temperature {result.temperature:.2g}, fitted on {tasks} of validation classes (Guo et al. 2017); "
            "how far they can be believed is measured on test classes. A label that a person gave has probability 1.",
        ),
    ]
