"""What an audit looks at first, of a large data set, leaves its findings as they are."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.metadata.audit import columns, inputs, instances, privacy
from metadash.metadata.audit.audit import audit
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    INSTANCE_SOURCES,
    N_CLASSES,
    PER_CLASS,
    tiny_classes,
    tiny_description,
    tiny_instances,
    tiny_vectors,
    write_tiny,
)


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Columns of every kind that an audit finds in instances, and class columns made of instances and of inputs."""
    classes, rows, vectors = tiny_classes(), tiny_instances(), tiny_vectors(dim=3)
    c, n = rows["class_id"].to_numpy(), N_CLASSES * PER_CLASS
    rows["ink"] = np.random.default_rng(0).normal(size=n)
    rows["file"] = [f"thing {k}/{i}.png" for i, k in enumerate(c)]
    rows["device"] = [f"device {k}" if i % 10 else "shared" for i, k in enumerate(c)]
    rows["mail"] = [f"person{i}@example.org" for i in range(n)]
    rows["always"] = "one"
    classes["mean_ink"] = rows.groupby("class_id")["ink"].mean().to_numpy()
    classes["mean_input"] = pd.Series(vectors[:, 1]).groupby(c).mean().to_numpy()
    sources = (
        *CLASS_SOURCES,
        *INSTANCE_SOURCES,
        Source("made", "class", ("mean_ink", "mean_input")),
        Source("told", "instance", ("file", "device", "mail", "ink")),
        Source("same", "instance", ("always",)),
    )
    about = tiny_description(modality="vector", sources=sources)
    folder = tmp_path_factory.mktemp("telling")
    return write_tiny(Workspace(folder), classes=classes, instances=rows, inputs=vectors, description=about)


def test_looking_at_some_rows_and_classes_first_finds_what_looking_at_all_finds(
    telling: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = audit(telling)
    found = {finding.code for finding in whole.findings}
    assert {"names-class", "tells-class", "aggregate", "input-aggregate", "constant", "personal"} <= found
    monkeypatch.setattr(instances, "SOME", 100)
    monkeypatch.setattr(columns, "FIRST_ROWS", 50)
    monkeypatch.setattr(inputs, "MANY", 100)
    monkeypatch.setattr(inputs, "FEW", 9)
    monkeypatch.setattr(inputs, "SPARE", 0)
    monkeypatch.setattr(privacy, "MOST_VALUES", 100)
    again = audit(telling)
    assert again.findings == whole.findings and again.coverage.equals(whole.coverage)
