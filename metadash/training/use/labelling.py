"""A trained learner labels what a person gave: all told, nothing told, and without each source; and which examples decided."""

from collections.abc import Sequence

import numpy as np
import torch

from metadash.data.dataset import Dataset
from metadash.data.given.given import given_named
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.use import UseSpec
from metadash.training.backbone import Outcome
from metadash.training.restored import restored
from metadash.training.use.answering import Answering
from metadash.training.use.asking import as_seen, told
from metadash.training.use.deciding import deciding

ALL, NOTHING = "everything", "nothing"
"""What a learner is told of the classes; else "without" a source."""


@torch.no_grad()
def label_given(spec: UseSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``logits`` [T, Q, N] float32, under each of the ``tellings`` of the summary. Frame ``deciding``: of each query the examples
    that speak most for its label (see ``metadash.training.use.deciding``)."""
    given = given_named(store.workspace, spec.given)
    run, classes = needed[0], given.classes
    history(0, "reading what was given", 0.02)
    arm = restored(run.spec_as(RunSpec), dataset, run, store)
    below = [train(need, store.workspace) for need in arm.spec.starts_from]
    place = {name: number for number, name in enumerate(classes)}
    label = np.array([place[name] for name in given.said.labels], dtype=np.int64)
    order = np.argsort(label, kind="stable")
    rows = [given.said.support[number] for number in order] + list(given.said.queries)
    history(0, "looking at what was given", 0.1)
    seen = as_seen(arm, below, given.inputs[rows])
    history(0, "labelling", 0.8)
    context = told(arm, dataset, classes, given.metadata, len(order), len(given.said.queries))
    answering = Answering(arm, seen[: len(order)], label[order], seen[len(order) :], context, len(classes))
    tellings = tellings_of(arm.spec, dataset, context is not None and given.metadata is not None, arm.can_do_without)
    logits = np.stack([answering(keep) for keep in tellings.values()])
    history(0, "finding what decided", 0.9)
    found = deciding(answering, logits[0])
    found["example"] = order[found["example"].to_numpy()]
    summary = {
        "given": given.digest,
        "classes": classes,
        "tellings": list(tellings),
        "queries": len(given.said.queries),
        "examples": [int(count) for count in np.bincount(label, minlength=len(classes))],
    }
    return Outcome(summary, frames={"deciding": found}, arrays={"logits": logits.astype(np.float32)})


def tellings_of(spec: RunSpec, dataset: Dataset, has_metadata: bool, can_do_without: bool) -> dict[str, list[bool] | None]:
    """What the learner is told, by name: which of its sources count, those of classes first; None for all of them."""
    found: dict[str, list[bool] | None] = {ALL: None}
    if not has_metadata:
        return found
    level = {name: dataset.source(name).level for name in spec.sources}
    sources = sorted(spec.sources, key=lambda name: level[name] != "class")  # a stable sort: in the order of the spec
    if can_do_without:
        found[NOTHING] = [False] * len(sources)
    of_classes = [name for name in sources if level[name] == "class"]
    if len(of_classes) > 1:
        found |= {f"without {name}": [other != name for other in sources] for name in of_classes}
    return found
