"""A column that names each class is found out; one that describes them is not, however detailed it is."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.data.library import open_dataset
from metadash.metadata.audit.identifiers import identifier_in
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, one_sentence

N = 40


def found(values: object) -> str | None:
    return identifier_in(pd.DataFrame({"tag": values}), Source("tags", "class", ("tag",)))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(N),
        np.arange(N) + 1000,
        np.random.default_rng(0).permutation(N).astype(float),
        [f"thing{i}" for i in range(N)],
        [None, *(f"thing{i}" for i in range(1, N))],
        [f"alpha{i} beta{i}" for i in range(N)],
        [f"a{i}; b{i}" for i in range(N)],
    ],
    ids=["class id", "from a thousand", "shuffled id", "names", "names with a hole", "words of its own", "labels of its own"],
)
def test_what_names_each_class_is_an_identifier(values: object) -> None:
    reason = found(values)
    assert reason is not None and "'tag'" in reason and "'tags'" in reason
    one_sentence(reason)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=N),
        np.random.default_rng(0).integers(0, 10**6, N),
        [f"kind {i % 5}" for i in range(N)],
        [f"small thing number {i}" for i in range(N)],
        [f"red; mark {i}" for i in range(N)],
        ["same"] * N,
        [None] * N,
        [1, 2, 3, *[None] * (N - 3)],
        [True, False] * (N // 2),
    ],
    ids=["measured", "counts", "categories", "description", "labels", "constant", "empty", "few", "flag"],
)
def test_what_describes_classes_is_none(values: object) -> None:
    assert found(values) is None


def test_no_source_of_the_data_sets_here_is_an_identifier(tiny: Dataset, glyphs_workspace: Workspace) -> None:
    """Every glyph has a name of its own, but shares its words."""
    glyphs = open_dataset(glyphs_workspace, "glyphs")
    assert not any(identifier_in(glyphs.classes, source) for source in glyphs.class_sources())
    assert not any(identifier_in(tiny.classes, source) for source in CLASS_SOURCES)
    assert identifier_in(glyphs.classes, Source("id", "class", ("class_id",)))
