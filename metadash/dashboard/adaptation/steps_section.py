"""One task step by step for a report: the sentence, what the steps do to losses and answers, and what takes them again."""

from functools import partial

import numpy as np
import pandas as pd

from metadash.answers.inner_steps import Adapted, details, headline, queries_table, steps_table
from metadash.canonical import plain
from metadash.dashboard.adaptation.step_charts import accuracy_chart, accuracy_lines, loss_chart, loss_lines
from metadash.dashboard.train.controls import reading
from metadash.dashboard.train.learned import again
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.front.sharing.methods import data_words, drawn_words
from metadash.learners.registry import entry_of
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec
from metadash.stats import words

TAKEN = ("by", "query", "class_name", "predicted_name", "probability")
"""What is told of a query after the last step."""


def steps_section(look: Run, learner: Run, data: Dataset, seen: Adapted, overall: str, classes: list[int]) -> Section:
    """``look`` holds the steps that ``seen`` was read from, ``learner`` took them. ``overall``: how it does over all tasks; ``classes`` of the
    task, in the order of its probabilities."""
    spec, own = look.spec_as(AdaptationSpec), seen.own_steps
    steps, queries, prototypes = (look.frame(name) for name in ("steps", "queries", "prototypes"))
    names = data.classes["class_name"].astype(str).to_numpy()
    shots, task = words.plural_of(spec.n_shot, "shot"), spec.episode + 1
    title = entry_of(spec.run.learner).title
    where = f"# On the page Adaptation: test task {task}, {shots}, {words.plural_of(spec.n_steps, 'step')}, of the run {learner.digest}. It is trained by:"
    return Section(
        f"What does the inner loop do? {title} {reading(spec.run, str)}, test task {task} at {shots}",
        [headline(seen), *filter(None, [details(seen)])],
        {
            "Step by step": steps_table(steps, prototypes),
            "What each query is taken for at the end": at_the_end(queries, prototypes, names, classes),
        },
        [
            where,
            *again([learner], data),
            f"{data.name}, fingerprint {data.fingerprint}\nlearner {learner.digest}\nsteps {look.digest}",
        ],
        small=overall,
        pictures={
            "Accuracy by step": partial(accuracy_chart, accuracy_lines(seen, steps, LIGHT), LIGHT, own),
            "Loss by step": partial(loss_chart, loss_lines(steps, LIGHT), LIGHT, own),
        },
        methods=methods(spec, learner, data, own),
        configuration={"adaptation": plain(spec), "fingerprint": data.fingerprint, "digest": look.digest},
    )


def at_the_end(queries: pd.DataFrame, prototypes: pd.DataFrame, names: np.ndarray, classes: list[int]) -> pd.DataFrame:
    """Of each query its class, and what the learner after its last step and each prototype take it for."""
    last = queries[queries["step"] == queries["step"].max()]
    return queries_table(last, prototypes, names, classes)[list(TAKEN)].rename(
        columns={"class_name": "class", "predicted_name": "taken for"}
    )


def methods(spec: AdaptationSpec, learner: Run, data: Dataset, own: int) -> list[tuple[str, str]]:
    run, entry = learner.spec_as(RunSpec), entry_of(spec.run.learner)
    adapts = "over the frozen backbone only its head adapts" if run.mode == "quick" else "every weight adapts"
    moved = " With the metadata, it moves towards its anchor by κ pseudo-shots." if run.sources else ""
    return [
        ("Data", data_words(data, f"Split {run.split}.")),
        (
            "Task",
            f"Number {spec.episode + 1} of the learner's test episodes (manifest {learner.summary['manifest']}): "
            f"{drawn_words(run, words.plural_of(spec.n_shot, 'shot'))} Its counts are exact for it and say little about other tasks.",
        ),
        (
            "Learner",
            f"{entry.title} ({entry.paper}) {reading(run, str)}, read back from its weights; {adapts}. It is scored with {words.plural_of(own, 'step')}; "
            f"batch norm: {learner.summary['batch_norm']} statistics.",
        ),
        (
            "Steps",
            "Step 0 is the learner before it has seen the support. Losses are cross-entropy; that of the support is taken after its step, and no step "
            "sees the classes of the queries.",
        ),
        (
            "Prototype",
            f"The mean of the support's embeddings by the same backbone; a query belongs to the nearest (Snell et al. 2017).{moved}",
        ),
    ]
