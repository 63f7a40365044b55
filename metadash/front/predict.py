"""A trained learner asked about classes that are in no data set: labelled examples of them, queries, and what is known of the classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.front.using.checks import LABEL, check_classes, rows_like
from metadash.learners.core.task_batch import TaskBatch
from metadash.metadata.told import Metadata
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.use.asking import as_seen, told


@torch.no_grad()
def predict(
    run: Run,
    dataset: Dataset,
    store: RunStore,
    support: Sequence[Any],
    labels: Sequence[Any],
    queries: Any,
    metadata: Metadata | None = None,
) -> pd.DataFrame:
    """A row a query: the most probable ``label``, and the probability of each class.

    ``support`` [n, ...] with ``labels`` [n], and ``queries`` [Q, ...], shaped as the data set's inputs; ``metadata`` a row a class. Raises
    BadInput for what does not fit the learner or the data set.
    """
    spec = run.spec_as(RunSpec)
    classes = list(dict.fromkeys(labels))
    check_classes(spec, classes)
    shown, asked = rows_like(support, dataset, "labelled examples"), rows_like(queries, dataset, "queries")
    shots = [np.flatnonzero([label == name for label in labels]) for name in classes]
    arm = restored(spec, dataset, run, store)
    needed = [train(need, store.workspace) for need in spec.starts_from]
    seen = as_seen(arm, needed, np.concatenate([shown[np.concatenate(shots)], asked]))
    y = torch.from_numpy(np.repeat(np.arange(len(classes)), [len(rows) for rows in shots]))
    context = told(arm, dataset, classes, metadata, len(shown), len(asked))
    even = len(shots[0]) if len({len(rows) for rows in shots}) == 1 else None
    tasks = TaskBatch(
        seen[: len(shown)][None], y[None], seen[len(shown) :][None], context=context, n_way=len(classes), shots=even
    )
    arm.learner.eval()
    logits = scorable(arm.learner(tasks))[0]
    found = pd.DataFrame(torch.softmax(logits.double(), dim=-1).numpy(), columns=classes)
    found.insert(0, LABEL, [classes[place] for place in logits.argmax(dim=-1).tolist()])
    return found
