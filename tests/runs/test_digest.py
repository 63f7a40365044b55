"""A run's name is a hash of its content; kept with the spec, it still follows all that it is made of."""

import copy
from dataclasses import replace

import pytest

from metadash.data.dataset import Dataset
from metadash.runs.kinds import run_digest
from tests.builders import tiny_run


def test_the_name_of_a_run_follows_its_content_though_it_is_kept(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again it is the same, of other data, other code or another spec another, and of an equal spec this one."""
    spec = tiny_run()
    first, other = run_digest(spec, tiny), copy.copy(tiny)
    other.fingerprint = "another"
    assert run_digest(spec, other) != first == run_digest(spec, tiny) == run_digest(tiny_run(), tiny)
    assert run_digest(replace(spec, seed=spec.seed + 1), tiny) != first and spec == tiny_run()
    monkeypatch.setattr("metadash.runs.kinds.code_version", lambda: "newer")
    assert run_digest(spec, tiny) != first
