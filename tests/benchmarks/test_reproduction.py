"""The Omniglot reproduction: it refuses a split that leaks, goes on where it stopped, and its table says what was found."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reproduction import cells, page, published, scoring, tasks, training, workbench
from benchmarks.reproduction.cells import Cell, planned
from benchmarks.reproduction.ledger import Ledger
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.runs import train as runs
from metadash.runs.store import RunStore
from tests.omniglot_maker import make_parquet, make_zips

FIVE = ((5, 1), (5, 5))
SMALL = (
    Cell("prototypical", 5, 1, 2, 1.0, 0.1, settings=FIVE),
    Cell("prototypical", 5, 1, 2, 1.0, 0.1, settings=FIVE, seed=1),
    cells.adapting("maml", 5, 1, 1, 1.0, 0.05, tasks=2, **cells.FINN_5),
)


@pytest.fixture(scope="module")
def omniglot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("omniglot")
    return tasks.open_omniglot(make_parquet(folder / "parquet", make_zips(folder)), folder / "cache")


def bench_of(dataset, episodes: int = 20, role: str = "test") -> workbench.Workbench:
    tests = tasks.frozen(dataset, role, 1, episodes, ways=(5,))
    return workbench.Workbench(dataset, tasks.assert_disjoint(dataset.classes, dataset.splits), tests)


@pytest.fixture(scope="module")
def done(omniglot, tmp_path_factory):
    """A bench, and the ledger after the three small cells."""
    folder = tmp_path_factory.mktemp("results")
    bench, ledger = bench_of(omniglot), Ledger(folder / "omniglot.json")
    assert bench.work(list(SMALL), ledger) == []
    return bench, ledger


def test_a_split_where_a_turned_copy_has_another_role_is_refused(omniglot) -> None:
    classes, splits = omniglot.classes, omniglot.splits.copy()
    assert "vinyals: train 56 classes of 14 characters" in tasks.assert_disjoint(classes, splits)
    turned = classes.loc[(classes["alphabet"] == "Alpha") & (classes["character"] == 2) & (classes["rotation"] == 90), "class_id"]
    splits.loc[(splits["split"] == "vinyals") & splits["class_id"].isin(turned), "role"] = "test"
    assert not splits.duplicated(["split", "class_id"]).any(), "by class the split looks clean: only by character it leaks"
    with pytest.raises(AssertionError, match="'vinyals' leaks: Alpha, character 2 has 2 roles"):
        tasks.assert_disjoint(classes, splits)


def test_episodes_of_another_role_are_refused(omniglot) -> None:
    manifest = draw(omniglot, EpisodeSpec(Pool("vinyals", "test"), 5, 1, 1, n_episodes=3))
    tasks.assert_drawn_from(manifest, omniglot, "test")
    with pytest.raises(AssertionError, match="not train classes"):
        tasks.assert_drawn_from(manifest, omniglot, "train")


def test_what_is_there_is_not_trained_again(done, monkeypatch) -> None:
    bench, ledger = done
    before = ledger.path.read_text(encoding="utf-8")
    monkeypatch.setattr(runs, "compute", lambda *_: pytest.fail("trained again"))
    again = Ledger(ledger.path)
    assert bench.work(list(SMALL), again) == [] and ledger.path.read_text(encoding="utf-8") == before
    longer = dataclasses.replace(SMALL[0], minutes=0.2)
    assert again.holds(SMALL[0]) and not again.holds(longer), "another number of steps is another cell"


def test_a_lost_record_is_scored_again_from_the_kept_weights(done, monkeypatch) -> None:
    bench, ledger = done
    monkeypatch.setattr(runs, "compute", lambda *_: pytest.fail("trained again"))
    assert bench.finish(SMALL[0])["test"] == ledger.cells[SMALL[0].name]["test"]


def test_a_trial_on_validation_classes_is_not_stored(omniglot, done, tmp_path, capsys) -> None:
    bench = bench_of(omniglot, role="validation")
    ledger = Ledger(tmp_path / "omniglot.json")
    assert bench.work([SMALL[0]], ledger) == [] and not ledger.cells and not ledger.path.exists()
    assert f"{SMALL[0].name}, validation: 5w1s" in capsys.readouterr().out


def test_results_on_other_episodes_do_not_mix(omniglot, done, tmp_path) -> None:
    with pytest.raises(ValueError, match="other test episodes"):
        bench_of(omniglot, episodes=10).work(list(SMALL), Ledger(done[1].path))


def test_a_cell_is_a_run_of_the_products_own_trainer_with_all_that_the_cell_says(omniglot, done) -> None:
    spec = training.spec_of(cells.CELLS[0], omniglot)
    asked = spec.training
    assert (asked.ways, asked.queries, asked.start, asked.schedule, asked.keep) == (60, 5, "random", "cosine", "last")
    assert (spec.split, spec.patience, spec.steps, spec.learning_rate, spec.weight_decay) == ("vinyals", 0, 2398, 2e-3, 0.0)
    maml = training.spec_of(SMALL[2], omniglot)
    assert (maml.meta_batch, maml.training.queries, dict(maml.options)["inner_lr"]) == (2, 1, 0.4)
    assert "weight_decay" not in str(training.spec_of(cells.adapting("reptile", 5, 1, 9, 4.5, 1), omniglot).training)
    stored = {run.spec for run in RunStore(omniglot.workspace).runs()}
    assert {training.spec_of(cell, omniglot) for cell in SMALL} <= stored


def test_a_diverged_training_costs_only_itself(omniglot, tmp_path, capsys) -> None:
    wild = dataclasses.replace(SMALL[2], options=(("inner_steps", 3), ("inner_lr", 10.0)), learning_rate=1e9, minutes=0.2)
    ledger = Ledger(tmp_path / "omniglot.json")
    assert bench_of(omniglot).work([wild, SMALL[0]], ledger) == [wild.name]
    assert list(ledger.cells) == [SMALL[0].name] and f"{wild.name} failed" in capsys.readouterr().err


def test_the_table_says_what_was_found_beside_the_paper(done) -> None:
    _, ledger = done
    text = page.markdown(ledger.about, ledger.cells)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| 5-way")]
    assert [row[:3] for row in rows] == [
        ["5-way, 1 shot", "MAML", "5-way, 1 shot"],
        ["5-way, 1 shot", "Prototypical Networks", "5-way, 1 shot"],
        ["5-way, 5 shots", "Prototypical Networks", "5-way, 1 shot"],
    ]
    maml, proto, _ = rows
    both = [ledger.cells[cell.name]["test"]["5w1s"]["accuracy"] for cell in SMALL[:2]]
    mean, reach = proto[3].replace("*", "").split(" ± ")
    assert float(mean) == pytest.approx(np.mean(both), abs=0.01) and float(reach) > 0
    assert proto[4] == "2" and maml[4:6] == ["1", "one only"]
    low, high = (float(part) for part in proto[5].strip("[]").split(","))
    assert low <= min(both) + 0.05 and high >= min(max(both), 100) - 0.05
    assert proto[6] == "98.8" and "98.4 (a)" in proto[7] and "99.1 (f)" in maml[7]
    assert [row[8] for row in rows] == ["batch (transductive)", "running", "running"]
    assert "6 tasks" in proto[9] and "0.06 %" in proto[9]
    assert "its test tasks hold training classes" in text


@pytest.mark.parametrize(("wrong", "words"), [(1, "+0.27 (within 0.7)"), (2, "−1.07 (**not** within 0.7)"), (0, "+1.60 (above")])
def test_the_page_says_whether_prototypes_come_near_what_others_found(wrong: int, words: str) -> None:
    made = {"learner": "prototypical", "n_way": 60, "n_shot": 1, "seed": 0}
    record = {"configuration": made, "test": {"5w1s": scoring.summary(np.array([wrong, wrong]), 75)}}
    assert f"5-way 1-shot {words}" in page.goal_sentence({"prototypical-60w1s-seed0": record})


def test_the_interval_over_episodes_is_that_of_the_mean_over_seeds() -> None:
    wrong = np.array([[0, 5, 10, 1], [4, 1, 0, 3]])
    records = [{"test": {"5w1s": scoring.summary(row, 75)}} for row in wrong]
    found, of_one = page.over_episodes(records, "5w1s"), page.over_episodes(records[:1], "5w1s")
    assert found.n == 4 and found.estimate == pytest.approx(100 - 100 * wrong.mean() / 75)
    assert found.se == pytest.approx(100 * wrong.mean(axis=0).std(ddof=1) / 2 / 75) and found.se < of_one.se


def test_full_is_as_long_as_the_papers() -> None:
    steps = {cell.name: (cell.steps, cell.tasks) for cell in planned(full=True)}
    assert steps["maml-5w1s-seed0"] == (60_000, 32) and steps["reptile-5w1s-seed0"] == (100_000, 5)
    assert len(steps) == len(cells.CELLS), "no two cells share a name"
    with pytest.raises(ValueError, match="no cell 'protein'"):
        planned(only=["protein"])


def test_published_figures_are_numbers_in_percent() -> None:
    for source in published.SOURCES:
        assert all(50 < float(figure.split(" ± ")[0]) <= 100 for figure in source.found.values()), source
        assert set(source.found) <= set(cells.SETTINGS)


def test_the_stored_results_are_of_the_cells_that_are_planned_now() -> None:
    """Whoever changes a cell trains it again, or the page would describe what nobody ran."""
    path = Path(cells.__file__).parents[1] / "results" / "omniglot.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    plan = {cell.name: cell for cell in cells.CELLS}
    assert {name: record["digest"] for name, record in content["cells"].items()} == {
        name: plan[name].digest for name in content["cells"]
    }
