"""A trained learner labels what a person gave: all told, nothing told, and without each source; and which examples decided."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from metadash.data.dataset import Dataset
from metadash.data.given.given import Said, given_named, inputs_named
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.use import SeenSpec, UseSpec
from metadash.training.backbone import Outcome
from metadash.training.features.fresh import maker
from metadash.training.features.stored import features_of
from metadash.training.restored import restored
from metadash.training.use.answering import Answering
from metadash.training.use.asking import Asked, Classes, as_seen, told
from metadash.training.use.deciding import deciding

AT_ONCE = 2048
"""Inputs between two looks at the bar."""

ALL, NOTHING = "everything", "nothing"
"""What a learner is told of the classes; else "without" a source."""


def look_at(spec: SeenSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``embeddings`` [n, D] float32 of all inputs in a folder, scaled as those of the data set are."""
    inputs = inputs_named(store.workspace, dataset.modality.name, spec.inputs)
    make = maker(needed[0], dataset)
    found = []
    for start in range(0, len(inputs), AT_ONCE):
        history(0, "looking at what was given", start / len(inputs))
        found.append(make(inputs[np.arange(start, min(start + AT_ONCE, len(inputs)))]))
    return Outcome({"dim": found[0].shape[1]}, arrays={"embeddings": np.concatenate(found)})


@torch.no_grad()
def label_given(spec: UseSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``logits`` [T, Q, N] float32, under each of the ``tellings`` of the summary. Frame ``deciding``: of each query the examples
    that speak most for its label (see ``metadash.training.use.deciding``)."""
    given, run = given_named(store.workspace, spec.given), needed[0]
    history(0, "reading what was given", 0.02)
    arm = restored(run.spec_as(RunSpec), dataset, run, store)
    rows = np.array([*given.said.support, *given.said.queries])
    if spec.seen:
        seen = torch.from_numpy(arm.normalise(np.array(features_of(needed[1]))[rows]))
    else:
        history(0, "looking at what was given", 0.1)
        seen = as_seen(arm, [train(need, store.workspace) for need in arm.spec.starts_from], given.inputs[rows])
    history(0, "labelling", 0.7)
    return answered(arm, dataset, given.said, seen, lambda: history(0, "finding what decided", 0.9))


def answered(arm: Asked, dataset: Classes, said: Said, seen: Tensor, tick: Callable[[], None] = lambda: None) -> Outcome:
    """What ``label_given`` gives, from what the learner sees [n, ...] of the examples, then of the queries."""
    classes, n_support = list(said.classes), len(said.support)
    place = {name: number for number, name in enumerate(classes)}
    label = np.array([place[name] for name in said.labels], dtype=np.int64)
    order = np.argsort(label, kind="stable")
    of_support = None if said.of_examples is None else [said.of_examples[example] for example in order]
    context = told(arm, dataset, classes, said.table, n_support, len(said.queries), of_support, said.of_queries)
    answering = Answering(arm, seen[:n_support][order], label[order], seen[n_support:], context, len(classes))
    known = set(told_any(arm, context)) if said.of_examples or said.of_queries else set()
    tellings = tellings_of(arm.spec, dataset, context is not None and said.metadata is not None, arm.can_do_without, known)
    logits = np.stack([answering(keep) for keep in tellings.values()])
    tick()
    found = deciding(answering, logits[0])
    found["example"] = order[found["example"].to_numpy()]
    summary = {
        "classes": classes,
        "tellings": list(tellings),
        "told": told_any(arm, context),
        "queries": len(said.queries),
        "examples": [int(count) for count in np.bincount(label, minlength=len(classes))],
    }
    return Outcome(summary, frames={"deciding": found}, arrays={"logits": logits.astype(np.float32)})


def told_any(arm: Asked, context: MetadataContext | None) -> list[str]:
    """The sources of which anything is known of any class, or of any input."""
    if context is None:
        return []
    names = [name for name in arm.spec.sources if name not in {source.name for source in arm.instances}]
    there = dict(zip(names, context.present.any(dim=(0, 1)).tolist(), strict=True))
    for rows in filter(None, (context.support, context.query)):
        any_of = rows.present.flatten(0, -2).any(dim=0).tolist()
        for source, known in zip(arm.instances, any_of, strict=True):
            there[source.name] = there.get(source.name, False) or known
    return [name for name in arm.spec.sources if there.get(name)]


def tellings_of(
    spec: RunSpec, dataset: Classes, has_metadata: bool, can_do_without: bool, known: Collection[str] = ()
) -> dict[str, list[bool] | None]:
    """What the learner is told, by name: which of its sources count, those of classes first; None for all of them. ``known``: the sources
    of which anything is said, where something is said of single inputs."""
    found: dict[str, list[bool] | None] = {ALL: None}
    if not has_metadata and not known:
        return found
    level = {name: dataset.source(name).level for name in spec.sources}
    sources = sorted(spec.sources, key=lambda name: level[name] != "class")  # a stable sort: in the order of the spec
    if can_do_without:
        found[NOTHING] = [False] * len(sources)
    told = [name for name in sources if level[name] == "class" or name in known]
    if len(told) > 1:
        found |= {f"without {name}": [other != name for other in sources] for name in told}
    return found
