"""The backbones that come with glyphs are those that training here gives, are used where nothing else is asked for, and are not believed unread."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metadash.data import shipped
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.kinds import run_digest
from metadash.runs.progress import Stopped
from metadash.runs.train import train
from metadash.specs.builder import folded, run_for, usual_folds
from metadash.workspace import Workspace
from tests.builders import one_sentence


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("shipping"))


@pytest.fixture(scope="module")
def glyphs(house: Workspace) -> Dataset:
    return open_dataset(house, "glyphs")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped folder, to be broken."""
    for file in shipped.FOLDERS["glyphs"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setitem(shipped.FOLDERS, "glyphs", tmp_path)
    shipped.shipped_with.cache_clear()
    yield tmp_path
    shipped.shipped_with.cache_clear()


def test_the_usual_backbone_of_each_fold_and_of_the_usual_split_is_shipped(glyphs: Dataset) -> None:
    run = run_for(glyphs, ["name"])
    starts = [run.backbone.start, *(fold.backbone.start for fold in folded(glyphs, run, usual_folds(glyphs, run)))]
    assert len(starts) == 6 == len(set(starts)) and all(starts)
    assert sum(file.stat().st_size for file in shipped.FOLDERS["glyphs"].iterdir()) < 2**20


def test_training_one_s_own_and_any_other_size_start_from_nothing(glyphs: Dataset) -> None:
    usual = run_for(glyphs, ["name"])
    for other in (
        {"own_backbone": True},
        {"width": 64},
        {"backbone_episodes": 100},
        {"distance": "cosine"},
        {"backbone_training": "classes"},
    ):
        run = run_for(glyphs, ["name"], **other)
        assert run.backbone.start == "" and run_digest(run, glyphs) != run_digest(usual, glyphs)
    other = replace(usual, backbone=replace(usual.backbone, start="another"))
    assert run_digest(other, glyphs) != run_digest(usual, glyphs), "the content enters the digest"


def test_training_again_begins_as_what_is_shipped_began(glyphs: Dataset, house: Workspace) -> None:
    about = json.loads((shipped.FOLDERS["glyphs"] / "backbones.json").read_text())
    assert about["fingerprint"] == glyphs.fingerprint and about["command"].startswith("python -m metadash.training.shipping")
    recorded = {one["spec"]["split"]: one["made"]["losses"] for one in about["backbones"]}
    losses: dict[str, float] = {}

    def listen(step: int, metrics: dict[str, Any]) -> bool:
        if "loss" in metrics:
            losses[str(step)] = metrics["loss"]
        return step >= 20

    with pytest.raises(Stopped):
        train(run_for(glyphs, split="fold-2-of-5", own_backbone=True).backbone, house, listen)
    assert losses == pytest.approx(recorded["fold-2-of-5"], abs=2e-3) and len(losses) == 2


def test_a_file_that_is_not_what_was_shipped_is_refused_in_one_sentence(elsewhere: Path) -> None:
    first = shipped.shipped_with("glyphs")[1][0]
    content = bytearray(first.file.read_bytes())
    content[-1] ^= 1
    first.file.write_bytes(bytes(content))
    with pytest.raises(BadInput, match="is damaged; install MetaDash anew, or train the backbone here") as caught:
        shipped.shipped_backbone("glyphs", first.start)
    one_sentence(caught.value)
    with pytest.raises(BadInput, match="No backbone 'unknown' comes with 'glyphs'"):
        shipped.shipped_backbone("glyphs", "unknown")


def test_data_of_another_content_have_none(elsewhere: Path, glyphs: Dataset) -> None:
    spec = {**shipped.shipped_with("glyphs")[1][0].spec}
    assert shipped.start_of("glyphs", glyphs.fingerprint, spec) and not shipped.start_of("glyphs", "other data", spec)
