"""Nothing is believed of episodes and data sets that was not drawn or imported: a flipped bit is a named damage, or they are made anew."""

import json
import shutil

import numpy as np
import pytest

from metadash.checksums import is_sealed, sealed
from metadash.data import library
from metadash.data.dataset import Dataset
from metadash.data.library import entries, open_dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.saved import save, saved_episodes
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run, write_tiny
from tests.runs.damaging import LEARNER, flip, flip_in, read_data, stored

# --- episodes ----------------------------------------------------------------------------------------------------------------


def test_damaged_episodes_are_drawn_anew_and_are_those_of_the_run(own: Workspace) -> None:
    run, store = stored(own, LEARNER), RunStore(own)
    before = store.manifest(run)
    path = own.episodes / f"{before.hash}.npz"
    before[:5].save(path)
    assert store.manifest(run).hash == before.hash == EpisodeManifest.load(path).hash
    path.unlink()
    assert store.manifest(run).hash == before.hash == EpisodeManifest.load(path).hash


def test_episodes_that_can_not_be_drawn_anew_are_refused(own: Workspace) -> None:
    """The data set is another by now."""
    run, store = stored(own, LEARNER), RunStore(own)
    path = own.episodes / f"{run.summary['manifest']}.npz"
    path.write_bytes(path.read_bytes()[:-100])
    shutil.rmtree(own.datasets / "tiny")
    write_tiny(own, inputs=np.zeros((1200, 28, 28), dtype=np.uint8))
    with pytest.raises(BadInput, match="damaged") as caught:
        store.manifest(run)
    one_sentence(caught.value)


def test_a_flipped_bit_in_episodes_is_their_damage_whatever_zip_and_numpy_make_of_it(own: Workspace) -> None:
    """Among 1,000 there are ones that zipfile takes for encryption, or NumPy for Python."""
    (path,) = own.episodes.glob("*.npz")
    whole, generator = path.read_bytes(), np.random.default_rng(3)
    refused = 0
    for bit in generator.integers(0, 8 * len(whole), 1000):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            assert EpisodeManifest.load(path).hash == path.stem
        except BadInput:
            refused += 1
    assert refused > 500


def test_a_flipped_bit_in_what_is_known_of_a_saved_episode_leaves_it_out(own: Workspace, capsys: pytest.CaptureFixture) -> None:
    data = Dataset.open(own, "tiny")
    spec = LEARNER.evaluation.episodes(LEARNER.split, "test")
    saved = save(own, data, RunStore(own).manifest(stored(own, LEARNER))[:1], "mine", spec)
    path = own.episodes / f"{saved.hash}.json"
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        flip(path, place, 1)
        assert saved_episodes(own, data) in ([], [saved])
        path.write_bytes(whole)
    path.write_text(path.read_text().replace("mine", "yours"))
    assert saved_episodes(own, data) == []
    assert cli.main(["doctor", "--deep", "--workspace", str(own.root)]) == 1 and path.name in capsys.readouterr().out


# --- data sets ---------------------------------------------------------------------------------------------------------------


def test_a_data_set_with_a_damaged_file_is_refused_with_what_to_do(own: Workspace) -> None:
    for name in ("dataset.json", "metadata.duckdb", "inputs.npy"):
        path = own.datasets / "tiny" / name
        before = path.read_bytes()
        flip_in(path)
        with pytest.raises(BadInput, match="delete its folder") as caught:
            read_data(own, "tiny")
        assert "import it again" in one_sentence(caught.value)
        path.write_bytes(before)
    assert read_data(own, "tiny")


@pytest.fixture
def embedded(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """*tiny* as if it came with the package."""
    monkeypatch.setitem(library.EMBEDDED, "tiny", "tests.builders")
    monkeypatch.setattr("tests.builders.install", write_tiny, raising=False)
    return own


@pytest.mark.parametrize("name", ["dataset.json", "metadata.duckdb", "inputs.npy"])
def test_a_damaged_data_set_of_the_package_is_moved_aside_and_made_anew(name: str, embedded: Workspace) -> None:
    before = Dataset.open(embedded, "tiny").fingerprint
    flip_in(embedded.datasets / "tiny" / name)
    assert not next(entry for entry in entries(embedded) if entry.name == "tiny").problem
    data = open_dataset(embedded, "tiny")
    assert data.fingerprint == before and not data.flaws() and stored(embedded, LEARNER)
    assert len([*embedded.datasets.glob(".tiny.*.damaged")]) == 1
    assert open_dataset(embedded, "tiny").fingerprint == before and len([*embedded.datasets.glob(".tiny.*.damaged")]) == 1


def test_reading_a_data_set_leaves_its_files_as_they_are(own: Workspace) -> None:
    """The checksum of a DuckDB file holds for as long as nobody writes: reading must not."""
    files = {path: path.read_bytes() for path in (own.datasets / "tiny").iterdir()}
    read_data(own, "tiny")
    data = Dataset.open(own, "tiny")
    with data.held_open():
        data.frame("SELECT count(*) FROM instances")
    train(tiny_run(("place",), seed=5, evaluation=tiny_evaluation(n_episodes=20, where="size > 0"), steps=5), own)
    assert {path: path.read_bytes() for path in (own.datasets / "tiny").iterdir()} == files


def test_a_seal_holds_over_json_and_breaks_with_any_value() -> None:
    record = sealed({"a": (1, 2.5), "b": {3: float("nan"), 12: "x"}, "c": None})
    assert is_sealed(json.loads(json.dumps(record)))
    for change in ({"a": [1, 2.6]}, {"c": 0}, {"d": 1}, {"checksum": None}):
        assert not is_sealed({**record, **change})
