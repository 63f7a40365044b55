"""Omniglot's own one-shot trials: runs of the authors' form, and the authors' file read as it is."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.reproduction import tasks, trials
from metadash.data.omniglot.drawing import shrink
from metadash.errors import BadInput
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.networks.images import as_floats
from tests.omniglot_maker import make_parquet, make_zips


class Flat(torch.nn.Module):
    """Pixels as they are: the nearest picture."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return as_floats(pictures).flatten(1)


NEAREST = PrototypicalNetwork(Flat(), 28 * 28)


def drawing(seed: int) -> np.ndarray:
    ink = np.zeros((105, 105), dtype=bool)
    row, column = np.random.default_rng(seed).integers(5, 80, 2)
    ink[row : row + 12, column : column + 20] = True
    return ink


def archive_of(folder: Path, runs: int, ways: int, wrong: int) -> Path:
    """As all_runs.zip: the asked item i of a run is its class (i + run) % ways, but for ``wrong`` of them that look like another."""
    file = folder / "all_runs.zip"
    with zipfile.ZipFile(file, "w") as out:
        for run in range(1, runs + 1):
            lines = []
            for item in range(ways):
                right = (item + run) % ways
                looks = right if item >= wrong else (right + 1) % ways
                names = f"run{run:02d}/test/item{item + 1:02d}.png", f"run{run:02d}/training/class{right + 1:02d}.png"
                lines.append(" ".join(names))
                for name, seed in zip((names[0], f"run{run:02d}/training/class{item + 1:02d}.png"), (looks, item), strict=True):
                    page = io.BytesIO()
                    Image.fromarray(np.where(drawing(seed), 0, 255).astype(np.uint8)).save(page, "PNG")
                    out.writestr(f"all_runs/{name}", page.getvalue())
            out.writestr(f"all_runs/run{run:02d}/class_labels.txt", "\n".join(lines) + "\n")
            out.writestr(f"__MACOSX/run{run:02d}/class_labels.txt", "litter")
    return file


def test_the_authors_file_is_read_as_its_labels_pair_it(tmp_path: Path) -> None:
    found = trials.official_trials(archive_of(tmp_path, runs=3, ways=5, wrong=2))
    assert found.shown.shape == found.asked.shape == (3, 5, 28, 28) and len(found) == 15
    np.testing.assert_array_equal(found.shown[0, 2], shrink(drawing(2)))
    assert found.answer[0].tolist() == [1, 2, 3, 4, 0] and found.answer[1].tolist() == [2, 3, 4, 0, 1]
    wrong = trials.wrong_trials(NEAREST, found)
    assert wrong.tolist() == [2, 2, 2] and trials.sentence(wrong, found).startswith("40.00 % error: 6 of 15 one-shot trials")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.zip").write_bytes(b"no archive")
    with pytest.raises(BadInput, match="does not hold the authors' one-shot runs"):
        trials.official_trials(tmp_path / "other.zip")


def test_drawn_runs_have_the_authors_form(tmp_path: Path) -> None:
    data = tasks.open_omniglot(make_parquet(tmp_path / "parquet", make_zips(tmp_path)), tmp_path / "cache")
    places = trials.drawn_rows(data, seed=0, ways=3)
    alphabets = [name for name in ("Epsilon", "Eta", "Zeta") for _ in range(trials.RUNS_EACH)]
    assert len(places) == len(alphabets)
    for (shown, asked), alphabet in zip(places, alphabets, strict=True):
        classes = data.classes.iloc[data.class_of[shown]]
        assert (data.class_of[shown] == data.class_of[asked]).all() and set(classes["alphabet"]) == {alphabet}
        assert (classes["rotation"].astype(int) == 0).all() and classes["class_id"].is_unique
        one, other = (set(data.instances["drawer"].iloc[rows]) for rows in (shown, asked))
        assert len(one) == len(other) == 1 and one != other
    assert not np.array_equal(places, trials.drawn_rows(data, seed=1, ways=3))
