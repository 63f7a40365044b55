"""Tasks from large classes: the draw that it always was, in seconds, reading no more of the table than the strategy asks for."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import write_dataset
from metadash.data.splits import table_of
from metadash.episodes import sampler
from metadash.episodes.pool import PoolTable
from metadash.episodes.sampler import coins, draw, draw_from
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.workspace import Workspace
from tests.builders import tiny_description


def large(n_classes: int, size: int, values: int) -> PoolTable:
    generator = np.random.default_rng(1)
    counts = generator.integers(size // 2, size, n_classes)
    n, names = int(counts.sum()), [str(c) for c in range(n_classes)]
    rows, starts = generator.permutation(n), np.cumsum(counts) - counts
    nobody = np.full(n_classes, -1)
    return PoolTable(np.arange(n_classes), names, rows, starts, counts, nobody, [], generator.integers(0, values, n))


@pytest.mark.parametrize(
    ("table", "dirichlet", "pinned"),
    [
        ((20, 400, 12), None, "04c6a8879bb5"),
        ((20, 3000, 40), None, "d129f2d9719d"),
        ((20, 3000, 40), 5.0, "ebf2b9829649"),
        ((10, 4000, 2), None, "80b88f1b8119"),
    ],
    ids=["looked at whole", "a few keys do", "unbalanced", "a few keys do not always do"],
)
def test_tasks_of_large_classes_are_those_that_sorting_every_key_gave(table: tuple, dirichlet: float | None, pinned: str) -> None:
    """Pinned from the version that sorted all keys."""
    asked = EpisodeSpec(Pool("any"), 5, 3, 6, n_episodes=60, strategy="disjoint", column="site", query_dirichlet=dirichlet)
    found = draw_from(large(*table), asked, np.random.default_rng(5))
    assert hashlib.sha256(found.support.tobytes() + found.query.tobytes()).hexdigest()[:12] == pinned


def test_where_the_few_least_keys_lie_on_one_side_all_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values so unequal that of the rare one hardly a row is among the least keys."""
    table, asked = large(6, 4000, 2), EpisodeSpec(Pool("any"), 5, 3, 6, n_episodes=20, strategy="disjoint", column="site")
    table.value[:] = np.arange(len(table.rows)) % 150 == 0
    found = draw_from(table, asked, np.random.default_rng(0))
    monkeypatch.setattr(sampler, "considered", lambda key, counts, most: [(np.arange(key.shape[-1]), key)])
    again = draw_from(table, asked, np.random.default_rng(0))
    assert np.array_equal(found.support, again.support) and np.array_equal(found.query, again.query)


def test_coins_are_the_same_however_many_are_thrown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = coins(np.random.default_rng(0), 9, 7)
    monkeypatch.setattr(sampler, "AT_ONCE", 15)
    assert whole.shape == (9, 7) and np.array_equal(coins(np.random.default_rng(0), 9, 7), whole)


def test_a_million_rows_are_drawn_from_in_seconds_and_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    n, generator = 1_000_000, np.random.default_rng(0)
    classes = pd.DataFrame({"class_id": np.arange(100), "class_name": [f"class {c}" for c in range(100)]})
    site = pd.array(np.array([f"site {s}" for s in range(40)])[generator.integers(0, 40, n)], dtype="str")
    instances = pd.DataFrame({"instance_id": np.arange(n), "class_id": np.arange(n) % 100, "site": site, "other": site})
    about = tiny_description("many", modality="vector", sibling_column=None, sources=(), questions=(), default_split="all")
    split = table_of({"all": np.array(["train", "test"] * 49 + ["validation"] * 2)})
    data = write_dataset(Workspace(tmp_path), about, classes, instances, np.zeros((n, 1), np.float32), split)
    spec = EpisodeSpec(Pool("all", "test"), 5, 5, 15, n_episodes=1000, strategy="disjoint", column="site")
    started = time.process_time()
    found = draw(data, spec)
    assert time.process_time() - started < 5
    shown, asked = data.instances["site"].to_numpy()[found.support], data.instances["site"].to_numpy()[found.query]
    assert not any(set(one.ravel()) & set(other.ravel()) for one, other in zip(shown[:20], asked[:20], strict=True))


def test_a_pool_reads_the_one_column_that_its_strategy_asks_for(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    columns = tiny.instance_columns
    monkeypatch.setattr(type(tiny), "instance_columns", lambda self, names: read.extend(names) or columns(names))
    draw(tiny, EpisodeSpec(Pool("family-0", "test"), 5, 3, 4, n_episodes=2, strategy="disjoint", column="site"))
    assert read == ["site"]
