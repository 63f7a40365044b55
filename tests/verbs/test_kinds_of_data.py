"""Every verb goes the whole road on each kind of data set there is: grey images, colour images, larger ones that are not square, vectors,
texts, mentions in sentences."""

import json
from pathlib import Path
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import WRITERS

SMALL = ["--width", "4", "--backbone-episodes", "5", "--steps", "10", "--n-episodes", "30", "--shots", "1,2"]
TRAINING = ("--backbone-episodes", "5")
LEARNERS = (("prototypical", "--sources", "place"), ("maml",), ("chance",))


@pytest.fixture(scope="module", params=list(WRITERS))
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Dataset]:
    workspace = Workspace(tmp_path_factory.mktemp(request.param))
    return workspace, WRITERS[request.param](workspace)


@pytest.fixture(autouse=True)
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METADASH_WORKERS", "1")


def ask(capsys: pytest.CaptureFixture, there: tuple[Workspace, Dataset], verb: str, *arguments: str) -> dict[str, Any]:
    workspace, data = there
    if data.modality.stored == "texts":  # their usual features have nothing to train
        arguments = tuple(one for one in arguments if one not in TRAINING)
    code = cli.main([verb, "--dataset", data.name, *arguments, "--json", "--workspace", str(workspace.root)])
    found = capsys.readouterr()
    assert code == 0, found.err
    return json.loads(found.out)


def test_a_question_is_answered(capsys, there) -> None:
    found = ask(capsys, there, "answer", *SMALL, "--seeds", "2", "--split", "family-0")
    assert found["n_episodes"] == 30 and len(found["accuracy"]["metadata"]) == 2


def test_an_ablation_is_screened_confirmed_and_reported(capsys, there, tmp_path: Path) -> None:
    common = (*SMALL, "--split", "family-0", "--no-doses")
    screened = ask(capsys, there, "ablate", *common, "--tier", "screen", "--sources", "place")
    assert [card["source"] for card in screened["cards"]] == ["place"] and screened["tier"] == "screen"
    confirmed = ask(capsys, there, "ablate", *common, "--sources", "place", "size")
    assert {card["source"] for card in confirmed["cards"]} == {"place", "size"} and confirmed["tier"] == "confirm"
    ask(capsys, there, "report", *common, "--sources", "place", "size", "--out", str(tmp_path / "report.html"))
    assert "place" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_learners_train_are_compared_and_asked_what_if(capsys, there) -> None:
    workspace, _ = there
    runs = [ask(capsys, there, "train", *SMALL, "--learner", *learner) for learner in LEARNERS]
    assert all(0 <= row["these_test_classes"]["estimate"] <= 100 for run in runs for row in run["accuracy"])
    digests = [run["digest"] for run in runs]
    assert cli.main(["compare", *digests, "--json", "--workspace", str(workspace.root)]) == 0
    assert len(json.loads(capsys.readouterr().out)["differences"]) == 4
    moved = ask(capsys, there, "whatif", "--run", digests[0], "--change", "place:swap:0.5")
    assert moved["shots"] == [1, 2] and moved["queries"]["queries"] > 0


def test_metadata_are_audited_and_alone_are_scored(capsys, there) -> None:
    alone = [one for one in SMALL if one not in ("--shots", "1,2")]
    found = ask(capsys, there, "audit", "--source", "place,size", "--metadata-only", *alone)
    assert not found["blocked"] and {"place", "size"} <= {one["name"] for one in found["metadata_only"]}


def test_episodes_are_drawn(capsys, there) -> None:
    assert len(ask(capsys, there, "episodes", "--count", "2")["first"]) == 5
