"""Figures of the computing core, in this process and with one thread: drawing, embedding, scoring, heads, installing the data set."""

from pathlib import Path

import numpy as np

from benchmarks.commandline import answered
from benchmarks.record import Outcome, Row, Stopwatch, median
from metadash.answers.answer import answer_spec
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.episodes.sampler import draw
from metadash.episodes.spec import STRATEGIES, EpisodeSpec, Pool
from metadash.runs.machine import prepare_process
from metadash.runs.progress import History
from metadash.runs.store import RunStore
from metadash.specs.run import BackboneSpec
from metadash.workspace import Workspace

EPISODES = 10_000


def glyphs(folder: Path) -> Dataset:
    return open_dataset(Workspace(folder / "data"), "glyphs")


def episodes(data: Dataset, strategy: str, n: int = EPISODES, seed: int = 0) -> EpisodeSpec:
    about = data.description
    column = {"siblings": about.sibling_column, "disjoint": about.disjoint_column}.get(strategy)
    return EpisodeSpec(Pool(about.default_split, "test"), 5, 1, 15, strategy, column, seed, n)


def install(folder: Path, small: bool) -> Outcome:
    seconds = []
    for number in range(2 if small else 3):
        workspace = Workspace(folder / f"empty-{number}")
        with Stopwatch() as watch:
            open_dataset(workspace, "glyphs")
        seconds.append(watch.seconds)
    return Outcome([median("installing glyphs into an empty workspace", "s", seconds, 10.0)])


def drawing(folder: Path, small: bool) -> Outcome:
    data = glyphs(folder)
    rows = []
    for strategy in STRATEGIES:
        seconds = []
        for seed in range(2 if small else 5):
            with Stopwatch() as watch:
                draw(data, episodes(data, strategy, seed=seed))
            seconds.append(watch.seconds)
        rows.append(median(f"drawing {EPISODES:,} 5-way 1-shot episodes, {strategy}", "s", seconds, 1.0))
    return Outcome(rows)


def scoring(folder: Path, small: bool) -> Outcome:
    """Weights do not change the time, so the backbone is an untrained one; accuracies are not looked at."""
    prepare_process()
    import torch

    from metadash.learners.prototypical import PrototypicalNetwork
    from metadash.training.backbone import make_backbone
    from metadash.training.evaluate import embed, places, score

    data, n = glyphs(folder), 500 if small else EPISODES
    rows = []
    for width, target in ((32, 10.0), (64, None)):
        torch.manual_seed(0)
        network, dim = make_backbone(BackboneSpec(data.name, data.description.default_split, width=width), data)
        parts: dict[str, list[float]] = {"drawing": [], "embedding": [], "scoring": []}
        processor = []
        for seed in range(1 if small else 3):
            with Stopwatch() as drawn:
                manifest = draw(data, episodes(data, "uniform", n, seed))
            with Stopwatch() as embedded:
                pool, position = places(np.flatnonzero(np.isin(data.class_of, test_classes(data))), len(data.inputs))
                embeddings = embed(network, data.inputs, pool)
            with Stopwatch() as scored:
                score(PrototypicalNetwork(network, dim), embeddings, position, manifest, (1,), [])
            for part, watch in zip(parts.values(), (drawn, embedded, scored), strict=True):
                part.append(watch.seconds)
            processor.append(drawn.processor + embedded.processor + scored.processor)
        whole = [sum(values) for values in zip(*parts.values(), strict=True)]
        note = f"{len(pool):,} test instances embedded once, one thread"
        rows.append(median(f"{n:,} test episodes (5-way 1-shot, 15 queries) with Conv-4-{width}", "s", whole, target, note))
        rows += [median(f"… {name}", "s", values) for name, values in parts.items()]
        rows.append(median("… computing time, whatever else ran", "s", processor))
    return Outcome(rows)


def test_classes(data: Dataset) -> np.ndarray:
    return data.split(data.description.default_split)["test"]


def heads(folder: Path, small: bool) -> Outcome:
    """The answer's own heads over its own backbone, trained again without being stored."""
    prepare_process()
    from metadash.training.trainer import Arm, fit

    answered(folder, False)
    workspace = Workspace(folder / "cli")
    data, store = open_dataset(workspace, "glyphs"), RunStore(workspace)
    question = answer_spec(data, data.description.questions[0])
    backbone = store.find(question.runs[0].backbone, data)
    if backbone is None:
        raise RuntimeError("The answer's backbone is not in the run store.")
    training, whole, processor, steps = [], [], [], []
    for spec in (question.arms["metadata"] + question.arms["shuffled"])[: 2 if small else None]:
        with Stopwatch() as watch:
            arm = Arm(spec, data, backbone)
            with Stopwatch() as fitting:
                steps.append(fit(arm, History())["steps"])
            arm.evaluate(draw(data, spec.evaluation.episodes(spec.split, "test")))
        training.append(fitting.seconds)
        whole.append(watch.seconds)
        processor.append(watch.processor)
    stopped = f"stopped on validation classes after {int(min(steps))} to {int(max(steps))} steps"
    return Outcome(
        [
            median("a light head in quick mode, from encoding its metadata to its scores", "s", whole, 3.0, "one thread"),
            median("… training alone", "s", training, note=stopped),
            median("… computing time, whatever else ran", "s", processor),
            Row("… training, for each 100 steps", "s", 100 * sum(training) / sum(steps), len(steps), statistic="mean"),
        ]
    )
