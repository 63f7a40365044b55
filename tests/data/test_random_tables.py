"""Tables of chance, of columns of any type, go down the whole road of a data set or are refused in a sentence; 5,000 of them:
``python -m benchmarks.random_tables``."""

import tempfile
import warnings
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from benchmarks.random_tables import main
from benchmarks.randomness import road
from benchmarks.randomness.road import travelled
from benchmarks.randomness.tables import tables
from metadash.workspace import Workspace

FEW = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@FEW
@given(tables())
def test_any_table_is_understood_or_refused_in_a_sentence(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        travelled(table, Workspace(folder))


def test_a_crash_is_counted_and_shown_with_its_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(data: Any) -> None:
        raise TypeError("not of this kind")

    monkeypatch.setattr(road, "ROAD", (breaks,))
    monkeypatch.setattr("sys.argv", ["random_tables", "--n", "8"])
    assert main() == 1
    told = capsys.readouterr().out
    assert "not of this kind" in told and "classes = {" in told and "crash: TypeError" in told


@pytest.mark.parametrize("sort", ["tags", "zoned", "records", "all sorts"])
def test_chance_reaches_every_sort(sort: str) -> None:
    from benchmarks.randomness.columns import columns

    found: list[pd.Series] = []

    @settings(FEW, max_examples=3)
    @given(columns(6, (sort,)))
    def one(drawn: tuple[str, pd.Series]) -> None:
        found.append(drawn[1])

    one()
    assert found and all(len(column) == 6 for column in found)
