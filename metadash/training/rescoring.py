"""Scores a trained run again under other metadata. The embeddings stay as they are, so an answer takes a fraction of a second."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.base import EmbeddingLearner
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.changes import Change, change_table, change_vectors, edit_table
from metadash.metadata.encoded import EncodedSource
from metadash.training.arms import Arm, encode_sources, sources_of
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of, places, score, scores_frame
from metadash.training.progress import History
from metadash.training.questions import DoseSpec, WhatIfSpec
from metadash.training.restored import restored
from metadash.training.store import Run, RunStore
from metadash.training.tally import count_correct

KEPT: dict[tuple[str, float], "Rescorer"] = {}
"""The last run that this process scored again: sliders ask for the same one again and again."""


class Rescorer:
    """A trained run with the embeddings of its test episodes gathered, ready to be scored under any metadata."""

    def __init__(self, run: Run, dataset: Dataset, store: RunStore):
        self.arm: Arm = restored(run.spec, dataset, run, store)  # type: ignore[arg-type]
        self.dataset, self.spec = dataset, self.arm.spec
        self.manifest: EpisodeManifest = store.manifest(run)
        roles = dataset.split(self.spec.split)
        self.train, self.test = roles["train"], roles["test"]
        self.n_instances = np.bincount(dataset.class_of, minlength=len(dataset.classes))
        rows = np.concatenate([self.manifest.support.ravel(), self.manifest.query.ravel()])
        self.by_embedding = self.arm.frozen or isinstance(self.arm.learner, EmbeddingLearner)
        if self.by_embedding:
            self.table, self.position = self.arm.embeddings_of(rows)
        else:
            needed, self.position = places(rows, len(dataset.inputs))
            self.table = np.array(self.arm.inputs[needed])

    def encoded(self, changes: tuple[Change, ...], edits: tuple = (), seed: int = 0) -> list[EncodedSource]:
        """The run's sources with some of the test classes' changed."""
        columns = {source.name: source.columns for source in sources_of(self.spec, self.dataset, "class")}
        classes = self.dataset.classes
        table = change_table(edit_table(classes, edits, self.test), columns, changes, self.test, seed)
        encoded = self.arm.encoded if table is classes else encode_sources(self.spec, self.dataset, table)
        return change_vectors(encoded, changes, self.test, self.train, self.n_instances, seed)

    def correct(self, variants: Sequence[list[EncodedSource]]) -> np.ndarray:
        """Correct queries [V, len(shots), E] under each of some variants of the metadata."""
        shots, learner = self.spec.evaluation.shots, self.arm.learner
        if not (isinstance(learner, PrototypicalNetwork) and learner.fusion == "pseudo-shots"):
            instances = self.arm.instances
            return np.stack(
                [score(learner, self.table, self.position, self.manifest, shots, encoded, instances) for encoded in variants]
            )
        anchor, share = zip(*[self.priors(learner, encoded) for encoded in variants], strict=True)
        place = np.zeros(len(self.dataset.classes), dtype=np.int64)
        place[self.test] = np.arange(len(self.test))
        return count_correct(
            self.table, self.position, self.manifest, shots, torch.stack(anchor), torch.stack(share), place, learner.distance
        )

    @torch.no_grad()
    def priors(self, learner: PrototypicalNetwork, encoded: list[EncodedSource]) -> tuple[torch.Tensor, torch.Tensor]:
        """Anchors [T, D] of the test classes, and at each number of shots the anchor's share of the prototype [len(shots), T]."""
        anchor, strength = learner.anchors(context_of(encoded, self.test[None]))
        return anchor[0], torch.stack([strength[0] / (shots + strength[0]) for shots in self.spec.evaluation.shots])

    @torch.no_grad()
    def probabilities(self, episode: int, n_shot: int, encoded: list[EncodedSource]) -> np.ndarray:
        """[Q, N] for the queries of one episode."""
        self.arm.learner.eval()
        task = self.manifest[episode : episode + 1].at_shot(n_shot)
        rows = torch.from_numpy(self.table)
        support, query = rows[self.position[task.support]], rows[self.position[task.query]].flatten(1, 2)
        learner = self.arm.learner
        predict = learner.classify if isinstance(learner, EmbeddingLearner) else learner
        context = context_of(encoded, task.classes, self.arm.instances, task.support, task.query.reshape(1, -1))
        return predict(support, query, context)[0].softmax(dim=-1).numpy()


def rescorer(run: Run, dataset: Dataset, store: RunStore) -> Rescorer:
    key = str(run.folder), run.about["created"]
    if key not in KEPT:
        KEPT.clear()
        KEPT[key] = Rescorer(run, dataset, store)
    return KEPT[key]


def what_if(spec: WhatIfSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frames: ``scores`` of every episode; ``queries`` of the one looked at (row, class_id, predicted and probability of the true
    class, before and after); ``classes`` of that episode (class_id, whether its metadata changed, and for prototypes with
    pseudo-shots κ and the prototype [D], before and after)."""
    history(0, "reading the trained learner", 0.0)
    scorer = rescorer(needed[0], dataset, store)
    before, after = scorer.arm.encoded, scorer.encoded(spec.changes, spec.edits, spec.seed)
    history(0, "scoring the test episodes", 0.3)
    correct = scorer.correct([after])[0]
    manifest, tests = scorer.manifest, spec.run.evaluation
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "changed_classes": int(changed(before, after).sum()),
            "test_classes": len(scorer.test),
            "accuracy": {
                str(k): float(row.mean() / (manifest.n_way * manifest.n_query) * 100)
                for k, row in zip(tests.shots, correct, strict=True)
            },
        },
        frames={
            "scores": scores_frame(correct, tests.shots, manifest.n_way, manifest.n_query),
            "queries": queries_frame(spec, scorer, before, after),
            "classes": classes_frame(spec, scorer, before, after),
        },
    )


def queries_frame(spec: WhatIfSpec, scorer: Rescorer, before: list[EncodedSource], after: list[EncodedSource]) -> pd.DataFrame:
    task = scorer.manifest[spec.episode : spec.episode + 1]
    classes, n_query = task.classes[0], task.n_query
    frame = pd.DataFrame({"row": task.query[0].ravel(), "class_id": np.repeat(classes, n_query)})
    truth = np.repeat(np.arange(len(classes)), n_query)
    for name, encoded in (("before", before), ("after", after)):
        found = scorer.probabilities(spec.episode, spec.n_shot, encoded)
        frame[f"predicted_{name}"] = classes[found.argmax(axis=1)]
        frame[f"probability_{name}"] = found[np.arange(len(truth)), truth].astype(float)
    return frame


@torch.no_grad()
def classes_frame(spec: WhatIfSpec, scorer: Rescorer, before: list[EncodedSource], after: list[EncodedSource]) -> pd.DataFrame:
    task = scorer.manifest[spec.episode : spec.episode + 1].at_shot(spec.n_shot)
    frame = pd.DataFrame({"class_id": task.classes[0], "changed": changed(before, after)[task.classes[0]]})
    learner = scorer.arm.learner
    if not isinstance(learner, PrototypicalNetwork) or learner.film is not None:
        return frame
    support = torch.from_numpy(scorer.table)[scorer.position[task.support]]
    for name, encoded in (("before", before), ("after", after)):
        context = context_of(encoded, task.classes)
        if learner.fusion == "pseudo-shots":
            frame[f"kappa_{name}"] = learner.anchors(context)[1][0].numpy().astype(float)
        frame[f"prototype_{name}"] = list(learner.prototypes(support, context)[0].numpy())
    return frame


def changed(before: list[EncodedSource], after: list[EncodedSource]) -> np.ndarray:
    """[C] whether anything the learner reads of a class is different."""
    return np.any(
        [(b.vectors != a.vectors).any(axis=1) | (b.present != a.present) for b, a in zip(before, after, strict=True)], axis=0
    )


def dose(spec: DoseSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [kinds, fractions, draws, shots, E]; ``ends`` [2, shots, E], all as it is and the sources absent
    everywhere."""
    scorer = rescorer(needed[0], dataset, store)

    def changed_to(kind: str, fraction: float, seed: int) -> list[EncodedSource]:
        changes = tuple(Change(source, kind, fraction, spec.choice) for source in spec.sources)  # type: ignore[arg-type]
        return scorer.encoded(changes, seed=seed)

    ends = scorer.correct([scorer.arm.encoded, changed_to("missing", 1.0, spec.seed)])
    correct = np.zeros((len(spec.kinds), len(spec.fractions), spec.draws, *ends.shape[1:]), dtype=np.uint16)
    for k, kind in enumerate(spec.kinds):
        history(k, f"wrong or missing: {kind}", k / len(spec.kinds))
        draws = [1 if same_every_draw(kind, fraction, spec.choice) else spec.draws for fraction in spec.fractions]
        points = [(f, draw) for f in range(len(draws)) for draw in range(draws[f])]
        found = scorer.correct([changed_to(kind, spec.fractions[f], spec.seed + draw) for f, draw in points])
        for (f, draw), one in zip(points, found, strict=True):
            correct[k, f, draw:] = one  # where there is one draw, it stands for all
    return Outcome(
        summary={"manifest": scorer.manifest.hash, "queries": scorer.manifest.n_way * scorer.manifest.n_query},
        arrays={"correct": correct, "ends": ends.astype(np.uint16)},
    )


def same_every_draw(kind: str, fraction: float, choice: str) -> bool:
    """Where chance has no say: everybody is chosen, or by a rule, and nothing is drawn."""
    return kind in ("missing", "nearest") and (fraction == 1 or choice != "random")
