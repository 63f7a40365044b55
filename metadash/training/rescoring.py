"""Scores a trained run again under other metadata. The embeddings stay as they are, so an answer takes a fraction of a second."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.changes import Change, Edit, read_kind
from metadash.metadata.encoded import EncodedSource
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import of_instances
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.training.backbone import Outcome
from metadash.training.changed_metadata import Retelling, Told
from metadash.training.counting import count_correct, places_of
from metadash.training.evaluate import context_of, places, score, scores_frame, task_batch
from metadash.training.modulated import anchors_of, by_row, count_modulated
from metadash.training.outcome import accuracies
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.trainer import Arm

KEPT: dict[tuple[str, float], "Rescorer"] = {}
"""The last run that this process scored again: sliders ask for the same one again and again."""


class Rescorer:
    """A trained run with the embeddings of its test episodes gathered, ready to be scored under any metadata."""

    def __init__(self, run: Run, dataset: Dataset, store: RunStore):
        self.arm: Arm = restored(run.spec_as(RunSpec), dataset, run, store)
        self.dataset, self.spec = dataset, self.arm.spec
        self.manifest: EpisodeManifest = store.manifest(run)
        self.retelling = Retelling(self.arm, dataset)
        rows = self.manifest.rows
        self.by_embedding = self.arm.frozen or isinstance(self.arm.learner, EmbeddingLearner)
        if self.by_embedding:
            self.table, self.position = self.arm.embeddings_of(rows)
        else:
            needed, self.position = places(rows, len(self.dataset.inputs))
            self.table = np.asarray(self.arm.inputs[needed])

    def encoded(self, changes: tuple[Change, ...], edits: tuple[Edit, ...] = (), seed: int = 0) -> list[EncodedSource]:
        """The run's sources of classes with some of the test classes' changed."""
        return self.retelling.changed(changes, edits, seed=seed).classes

    def correct(self, variants: Iterable[Told | list[EncodedSource]]) -> np.ndarray:
        """Correct queries [V, len(shots), E] under each of some variants of the metadata, one after the other; a list is of sources of
        classes, beside those of instances as they are."""
        told = (Told(variant, self.arm.instances) if isinstance(variant, list) else variant for variant in variants)
        shots, learner = self.spec.evaluation.shots, self.arm.learner
        if not (isinstance(learner, PrototypicalNetwork) and learner.fusion == "pseudo-shots" and learner.film is None):
            count = count_modulated if by_row(learner) else score
            return np.stack(
                [count(learner, self.table, self.position, self.manifest, shots, one.classes, one.instances) for one in told]
            )
        classes, place = places_of(self.manifest)
        anchor, share = zip(*[anchors_of(learner, one.classes, classes, shots) for one in told], strict=True)
        return count_correct(
            self.table, self.position, self.manifest, shots, torch.stack(anchor), torch.stack(share), place, learner.distance
        )

    def task(self, episode: int, n_shot: int) -> EpisodeManifest:
        return self.manifest[episode : episode + 1].at_shot(n_shot)

    def batch(self, task: EpisodeManifest, told: Told) -> TaskBatch:
        """One task, of embeddings where the learner looks at those, with its metadata as they are told."""
        support, query = (np.where(rows < 0, -1, self.position[rows]) for rows in (task.support, task.query))
        there = replace(task, support=support, query=query)
        return task_batch(self.table, there, self.context(task, told))

    def context(self, task: EpisodeManifest, told: Told) -> MetadataContext | None:
        return context_of(told.classes, task.classes, told.instances, task.support, task.asked[0])

    @torch.no_grad()
    def probabilities(self, episode: int, n_shot: int, told: Told) -> np.ndarray:
        """[Q, N] for the queries of one episode."""
        learner = self.arm.learner
        learner.eval()
        task = self.task(episode, n_shot)
        predict = learner.classify if isinstance(learner, EmbeddingLearner) else learner
        return scorable(predict(self.batch(task, told)))[0].softmax(dim=-1).numpy()


def rescorer(run: Run, dataset: Dataset, store: RunStore) -> Rescorer:
    key = str(run.folder), run.about["created"]
    if key not in KEPT:
        KEPT.clear()
        KEPT[key] = Rescorer(run, dataset, store)
    return KEPT[key]


def what_if(spec: WhatIfSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frames: ``scores`` of every episode; of the one looked at ``queries`` (row, class_id, whether its own metadata ``changed``,
    predicted and probability of the true class, before and after), ``classes`` (class_id, whether its metadata ``changed``, of how
    many support instances (``changed_support``), and for prototypes κ and the prototype [D], before and after) and ``instances``:
    under FiLM the support and queries that changed (kind, row, class_id, embedding [D] as the learner sees it, before and after)."""
    history(0, "reading the trained learner", 0.0)
    scorer = rescorer(needed[0], dataset, store)
    retelling = scorer.retelling
    before, after = retelling.as_it_is, retelling.changed(spec.changes, spec.edits, spec.instance_edits, spec.seed)
    history(0, "scoring the test episodes", 0.3)
    correct = scorer.correct([after])[0]
    manifest, tests = scorer.manifest, spec.run.evaluation
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "metric": tests.metric.name,
            "changed_classes": int(before.changed_classes(after).sum()),
            "test_classes": len(retelling.test),
            "changed_instances": int(before.changed_instances(after, retelling.test_rows).sum()),
            "test_instances": len(retelling.test_rows),
            "accuracy": accuracies(correct, tests.shots, manifest.queries),
        },
        frames={
            "scores": scores_frame(correct, tests.shots, manifest),
            "queries": queries_frame(spec, scorer, before, after),
            "classes": classes_frame(spec, scorer, before, after),
            "instances": instances_frame(spec, scorer, before, after),
        },
    )


def queries_frame(spec: WhatIfSpec, scorer: Rescorer, before: Told, after: Told) -> pd.DataFrame:
    task = scorer.task(spec.episode, spec.n_shot)
    classes, (rows, truth) = task.classes[0], (part[0] for part in task.asked)
    frame = pd.DataFrame({"row": rows, "class_id": classes[truth]})
    frame["changed"] = before.changed_instances(after, rows)
    for name, told in (("before", before), ("after", after)):
        found = scorer.probabilities(spec.episode, spec.n_shot, told)
        frame[f"predicted_{name}"] = classes[found.argmax(axis=1)]
        frame[f"probability_{name}"] = found[np.arange(len(truth)), truth].astype(float)
    return frame


@torch.no_grad()
def classes_frame(spec: WhatIfSpec, scorer: Rescorer, before: Told, after: Told) -> pd.DataFrame:
    task = scorer.task(spec.episode, spec.n_shot)
    changed = before.changed_classes(after)
    support = before.changed_instances(after, task.support.ravel()).reshape(task.n_way, task.n_shot)
    frame = pd.DataFrame(
        {
            "class_id": task.classes[0],
            "changed": changed[task.classes[0]] if len(changed) else False,
            "changed_support": support.sum(axis=1),
        }
    )
    learner = scorer.arm.learner
    if not isinstance(learner, PrototypicalNetwork):
        return frame
    for name, told in (("before", before), ("after", after)):
        seen = learner.modulated(scorer.batch(task, told))
        if learner.fusion == "pseudo-shots":
            frame[f"kappa_{name}"] = learner.anchors(seen.context)[1][0].numpy().astype(float)
        frame[f"prototype_{name}"] = list(learner.prototypes(seen)[0].numpy())
    return frame


@torch.no_grad()
def instances_frame(spec: WhatIfSpec, scorer: Rescorer, before: Told, after: Told) -> pd.DataFrame:
    """The instances of the task whose metadata changed, where FiLM lets that move their embeddings."""
    task, learner = scorer.task(spec.episode, spec.n_shot), scorer.arm.learner
    asked, label = (part[0] for part in task.asked)
    rows = np.concatenate([task.support.ravel(), asked])
    frame = pd.DataFrame(
        {
            "kind": np.repeat(["support", "query"], [task.support.size, len(asked)]),
            "row": rows,
            "class_id": np.concatenate([np.repeat(task.classes, task.n_shot), task.classes[0][label]]),
        }
    )
    if learner.film is None or not isinstance(learner, EmbeddingLearner):
        return frame.iloc[:0]
    for name, told in (("before", before), ("after", after)):
        seen = learner.modulated(scorer.batch(task, told))
        frame[name] = list(torch.cat([seen.support_x[0], seen.query_x[0]]).numpy())
    return frame[before.changed_instances(after, rows)].reset_index(drop=True)


def dose(spec: DoseSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [kinds, fractions, draws, shots, E]; ``ends`` [2, shots, E], all as it is and the sources absent
    everywhere."""
    scorer = rescorer(needed[0], dataset, store)

    def changed_to(kind: str, fraction: float, seed: int) -> Told:
        changes = tuple(Change(source, read_kind(kind), fraction, spec.choice) for source in spec.sources)
        return scorer.retelling.changed(changes, seed=seed)

    ends = scorer.correct([scorer.retelling.as_it_is, changed_to("missing", 1.0, spec.seed)])
    correct = np.zeros((len(spec.kinds), len(spec.fractions), spec.draws, *ends.shape[1:]), dtype=np.uint16)
    for k, kind in enumerate(spec.kinds):
        history(k, f"wrong or missing: {kind}", k / len(spec.kinds))
        draws = [1 if same_every_draw(kind, fraction, spec.choice) else spec.draws for fraction in spec.fractions]
        points = [(f, draw) for f in range(len(draws)) for draw in range(draws[f])]
        found = scorer.correct(changed_to(kind, spec.fractions[f], spec.seed + draw) for f, draw in points)
        for (f, draw), one in zip(points, found, strict=True):
            correct[k, f, draw:] = one  # where there is one draw, it stands for all
    return Outcome(
        summary={
            "manifest": scorer.manifest.hash,
            "metric": spec.run.evaluation.metric.name,
            "queries": scorer.manifest.queries_each,
            "hit": hit_words(spec.sources, dataset),
        },
        arrays={"correct": correct, "ends": ends.astype(np.uint16)},
    )


def hit_words(sources: Sequence[str], dataset: Dataset) -> str:
    """Of what a share is hit: classes, instances, or each by its own."""
    instances = of_instances(sources, dataset)
    return "classes" if not instances else "instances" if len(instances) == len(sources) else "classes and instances"


def same_every_draw(kind: str, fraction: float, choice: str) -> bool:
    """Where chance has no say: everybody is chosen, or by a rule, and nothing is drawn."""
    return kind in ("missing", "nearest") and (fraction == 1 or choice != "random")
