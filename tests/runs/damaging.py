"""Runs, episodes and a data set whose stored files tests flip bits in, and all that anybody can read of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.runs.store import Run, RunStore
from metadash.specs.subsets import HeadsSpec
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run

LEARNER = tiny_run(("place",), evaluation=tiny_evaluation(n_episodes=60))
HEADS = HeadsSpec(LEARNER)
SPECS = {"backbone": LEARNER.backbone, "learner": LEARNER, "heads": HEADS}


def stored(workspace: Workspace, spec: Any) -> Run:
    found = RunStore(workspace).find(spec, Dataset.open(workspace, "tiny"))
    assert found is not None
    return found


def flip(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def flip_in(path: Path, share: float = 0.5) -> None:
    flip(path, int(path.stat().st_size * share), 3)


# --- what anybody can read of a workspace -----------------------------------------------------------------------------------


def told(value: Any) -> Any:
    """Something that two readings can be compared by, to the last bit."""
    if isinstance(value, pd.DataFrame):
        return value.to_json(double_precision=15, date_format="iso", date_unit="ns"), [str(kind) for kind in value.dtypes]
    return (value.tobytes(), value.dtype.str, value.shape) if isinstance(value, np.ndarray) else value


def read_run(workspace: Workspace, digest: str) -> Any:
    """All that a run says, or the sentence that says why it is not believed."""
    store = RunStore(workspace)
    run = store.get(digest)
    if run is None:
        return str(store.damaged()[digest])
    parts: list[Any] = [run.about["spec"], run.summary, run.about["seconds"], run.about["created"], run.cost, run.log()]
    for name in run.about["files"]:
        stem, _, kind = name.partition(".")
        if kind == "parquet":
            parts.append(told(run.frame(stem)))
        elif kind == "npy":
            parts.append(told(np.array(run.array(stem))))
        elif kind == "safetensors":
            parts.append({key: told(tensor.numpy()) for key, tensor in run.weights().items()})
    if "manifest" in run.summary:
        parts.append(store.manifest(run).hash)
    return parts


def read_data(workspace: Workspace, name: str) -> Any:
    data = Dataset.open(workspace, name)
    frames = [told(data.classes), told(data.instances), told(data.splits)]
    return [data.fingerprint, data.description, frames, told(np.array(data.inputs))]


def reading(workspace: Workspace, file: Path) -> Callable[[], Any]:
    """What is read of the place that a file has in a workspace."""
    if file.is_relative_to(workspace.datasets):
        return lambda: read_data(workspace, "tiny")
    if file.is_relative_to(workspace.episodes):
        return lambda: told(RunStore(workspace).manifest(stored(workspace, LEARNER)).query)
    return lambda: read_run(workspace, file.parent.name)
