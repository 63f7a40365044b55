"""The embedded data set is encoded as it always was: its stored answers stay those that are computed anew."""

import hashlib

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.metadata.encoder import encode, encode_instances
from metadash.workspace import Workspace

ENCODED = {
    "name": (200, "1dce12e5", 4116, 4116),
    "script": (4, "203da6ca", 863, 863),
    "category": (18, "c4640842", 863, 863),
    "accents": (28, "cccf2fb1", 619, 1363),
    "case": (3, "997caddb", 863, 863),
    "block": (17, "57a08ef2", 857, 857),
    "family and foundry": (107, "dc128374", 218787, 218787),
    "design category": (5, "01557710", 72929, 72929),
    "weight and slant": (6, "82abf7b7", 18891, 534561),
    "dates": (6, "8ecb765d", -6094.83, 226510),
    "outline": (4, "d05b58f9", 44932.5, 214552),
}
"""Of each source: features, their names' hash, the sum and the sum of squares of the whole matrix, fitted on the default split."""


def test_every_source_of_glyphs_has_the_features_and_the_numbers_it_had(glyphs_workspace: Workspace) -> None:
    data = Dataset.open(glyphs_workspace, "glyphs")
    train = data.split(data.description.default_split or "")["train"]
    instances = tuple(source for source in data.sources if source.level == "instance")
    rows = np.flatnonzero(np.isin(data.class_of, train))
    found = {s.name: (s.features, s.vectors) for s in encode(data.classes, data.class_sources(), train)}
    found |= {s.name: (s.features, s.table.data) for s in encode_instances(data.instances, instances, rows)}
    assert set(found) == set(ENCODED)
    for name, (features, numbers) in found.items():
        width, names, total, squares = ENCODED[name]
        assert (len(features), hashlib.sha256(" | ".join(features).encode()).hexdigest()[:8]) == (width, names), name
        assert numbers.sum(dtype=float) == pytest.approx(total, rel=1e-5, abs=1e-2), name
        assert np.square(numbers, dtype=float).sum() == pytest.approx(squares, rel=1e-5), name
