"""A map for a report: its sentence, itself, the classes of the task, and how it was made."""

from collections.abc import Mapping

import pandas as pd

from metadash.answers.map_sentence import one_task, task_sentence
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.figures.map import task_map
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.front.sharing.methods import data_words, drawn_words
from metadash.runs.record import Run
from metadash.specs.views import MapSpec
from metadash.stats import words


def map_section(run: Run, points: pd.DataFrame, data: Dataset, learner: str, overall: str) -> Section:
    """``points`` of the stored map ``run``; ``learner`` and ``overall`` are what the page says of the learner."""
    spec, names = run.spec_as(MapSpec), data.classes["class_name"].astype(str).to_numpy()
    task = one_task(points)
    in_task = {c: str(names[c]) for c in task.queries_of}
    return Section(
        f"What did it learn? Test task {spec.episode + 1} at {words.plural_of(spec.n_shot, 'shot')}",
        [task_sentence(task, in_task)],
        {"Queries of the task, class by class": by_class(points, in_task)},
        [f"{data.name}, fingerprint {data.fingerprint}\nlearner {learner}\nmap {run.digest}"],
        small=overall,
        pictures={"The map": lambda: task_map(points, names, LIGHT)},
        methods=[
            ("Data", data_words(data, f"Split {spec.run.split}.")),
            (
                "Task",
                f"Number {spec.episode + 1} of the learner's test episodes: {drawn_words(spec.run, words.plural_of(spec.n_shot, 'shot'))}",
            ),
            ("Map", arranged_words(spec, run.summary.get("perplexity", spec.perplexity))),
        ],
        configuration={"map": plain(spec), "fingerprint": data.fingerprint, "digest": run.digest},
    )


def arranged_words(spec: MapSpec, perplexity: float) -> str:
    """How its points came onto a plane, ``perplexity`` as it was used, and what may be read off it."""
    lie = "Points lie by their scores of the classes of the task. " if spec.before_steps else ""
    others = f"seed {spec.seed}, {words.count(spec.background)} other test instances at most"
    if spec.method == "pca":
        return f"{lie}The first two principal components, {others}. They show a part of what there is: what lies together here may lie apart in the others."
    return (
        f"{lie}t-SNE (van der Maaten & Hinton 2008), perplexity {perplexity:g}, {others}. It keeps neighbours, not distances: the size of a "
        "cluster and the gap between two mean nothing."
    )


def by_class(points: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """Of each class of the task: its queries, how many are answered right, with plain prototypes and with those that are used."""
    queries = points[points["kind"] == "query"]
    right = (queries["predicted"] == queries["class_id"]).groupby(queries["class_id"]).sum()
    plainly = (queries["plainly_predicted"] == queries["class_id"]).groupby(queries["class_id"]).sum()
    asked = queries.groupby("class_id").size()
    frame = pd.DataFrame({"queries": asked, "right": right, "right with plain prototypes": plainly})
    return frame.rename(index=dict(names)).rename_axis("class")
