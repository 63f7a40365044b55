"""The points of a map before they lie on a plane: which instances there are, and each part as rows of one frame."""

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.specs.views import MapSpec


def frame(
    kind: str,
    rows: np.ndarray | None,
    classes: np.ndarray,
    vectors: np.ndarray,
    predicted: np.ndarray | None = None,
    plainly: np.ndarray | None = None,
    kappa: np.ndarray | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    n = len(classes)
    table = {
        "kind": kind,
        "row": rows if rows is not None else np.full(n, -1),
        "class_id": classes,
        "predicted": predicted if predicted is not None else np.full(n, -1),
        "plainly_predicted": plainly if plainly is not None else np.full(n, -1),
        "kappa": kappa if kappa is not None else np.full(n, np.nan),
    }
    return pd.DataFrame(table), np.asarray(vectors)


def background_rows(spec: MapSpec, dataset: Dataset, taken: np.ndarray) -> np.ndarray:
    """Test instances outside the episode, as evenly over the classes as the number allows."""
    generator = np.random.default_rng(spec.seed)
    test = dataset.split(spec.run.split)["test"]
    rows = generator.permutation(np.setdiff1d(np.flatnonzero(np.isin(dataset.class_of, test)), taken))
    turn = pd.Series(dataset.class_of[rows]).groupby(dataset.class_of[rows]).cumcount().to_numpy()
    return np.sort(rows[np.argsort(turn, kind="stable")[: spec.background]])
