"""The command line: the same functions, exit codes that mean something, JSON for machines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import copy_workspace

SMALL = ["--width", "4", "--backbone-episodes", "10", "--steps", "20", "--n-episodes", "60", "--shots", "1,2"]


@pytest.fixture
def workspace(tiny_workspace: Workspace, tmp_path: Path) -> Workspace:
    return copy_workspace(tiny_workspace, tmp_path / "workspace")


def call(capsys: pytest.CaptureFixture, workspace: Workspace, *arguments: str) -> tuple[int, str, str]:
    code = cli.main([*arguments, "--workspace", str(workspace.root)])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_answer_prints_every_number_as_one_json_document(capsys, workspace) -> None:
    code, out, _ = call(capsys, workspace, "answer", "--dataset", "tiny", *SMALL, "--seeds", "2", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["shots"] == [1, 2] and (found["folds"], found["n_episodes"]) == (5, 300) and found["seeds"] == [0, 1]
    assert found["n_test_classes"] == 40 and found["by_fold"][0]["split"] == "fold-1-of-5"
    for arm in ("plain", "metadata", "shuffled"):
        assert len(found["accuracy"][arm]) == 2 and found["digests"][arm]
        for row in found["accuracy"][arm]:
            assert row["these_test_classes"]["low"] <= row["these_test_classes"]["estimate"] <= row["these_test_classes"]["high"]
    gain = found["differences"]["metadata_minus_plain"][0]
    plain, informed = (found["accuracy"][arm][0]["these_test_classes"]["estimate"] for arm in ("plain", "metadata"))
    assert gain["episodes"]["estimate"] == pytest.approx(informed - plain)
    assert gain["new_classes"]["unit"] == "group" and gain["seeds"]["n"] == 2
    assert found["worth_in_shots"]["at"] == 1 and found["kappa"] >= 0
    assert "points" in found["sentence"]


def test_the_same_question_again_is_read_from_the_store(capsys, workspace, monkeypatch) -> None:
    question = ("answer", "--dataset", "tiny", *SMALL, "--seeds", "1", "--json")
    first = call(capsys, workspace, *question)[1]
    monkeypatch.setattr("metadash.runs.train.compute", lambda *_: pytest.fail("computed again"))
    assert call(capsys, workspace, *question)[1] == first


def test_train_and_compare_two_runs(capsys, workspace) -> None:
    digests = []
    for more in ((), ("--sources", "place")):
        code, out, _ = call(capsys, workspace, "train", "--dataset", "tiny", *SMALL, *more, "--json")
        assert code == 0
        digests.append(json.loads(out)["digest"])
    code, out, _ = call(capsys, workspace, "compare", digests[1], digests[0], "--json")
    assert code == 0
    assert [row["shot"] for row in json.loads(out)["differences"]] == [1, 2] and json.loads(out)["looks"]["nth"] == 1
    code, out, _ = call(capsys, workspace, "compare", *digests, "--rope", "0.4", "--json")
    assert json.loads(out)["looks"]["total"] == 1, "turned round, and with another band, it is the same question"
    code, out, _ = call(capsys, workspace, "compare")
    assert code == 0 and all(digest in out for digest in digests)


def test_any_number_of_learners_are_compared_with_the_last_or_in_pairs(capsys, workspace) -> None:
    digests = []
    for more in (("--learner", "anil"), ("--sources", "place"), ("--learner", "chance"), ()):
        _, out, _ = call(capsys, workspace, "train", "--dataset", "tiny", *SMALL, *more, "--json")
        digests.append(json.loads(out)["digest"])
    code, out, _ = call(capsys, workspace, "compare", *digests, "--pairs", "--json")
    found = json.loads(out)
    assert code == 0 and found["baseline"] == found["learners"][-1]["name"] == "prototypical, no metadata"
    assert len(found["differences"]) == 2 * 3 and len(found["pairs"]) == 2 * 6
    assert {row["together"]["verdict"] for row in found["pairs"]} <= {"helps", "hurts", "equivalent", "undetermined"}
    assert {row["together"]["comparisons"] for row in found["pairs"]} <= {6, 0}
    for learner in found["learners"]:
        assert learner["seconds"] > 0 and learner["peak_mib"] >= 0 and learner["cpu_seconds"] >= 0
        ways = {row["n_way"] for row in learner["accuracy"]}
        assert ways == ({5} if learner["name"].startswith("ANIL") else {2, 3, 5})
    assert found["learners"][0]["ways_note"] == "scored at 5 ways only: its head has one row for each of 5 classes"
    code, out, _ = call(capsys, workspace, "compare", *digests, "--ways")
    for column in ("1 shot, %", "seconds", "of them scoring", "processor", "memory", "parameters trained", "2 ways, %"):
        assert column in out
    assert "of 3 learners" in out and "Holm" in out and "chance" in out
    for wrong, sentence in ((digests[:1], "name two or more"), ([digests[0], digests[0]], "named twice")):
        code, _, err = call(capsys, workspace, "compare", *wrong)
        assert code == 2 and sentence in err
    code, _, err = call(capsys, workspace, "compare", f"{digests[0]},{digests[1]}", digests[2])
    assert code == 2 and "more than one learner" in err


def test_episodes_are_drawn_saved_and_named_by_their_hash(capsys, workspace, tmp_path) -> None:
    arguments = (
        "episodes",
        "--dataset",
        "tiny",
        "--count",
        "7",
        "--strategy",
        "siblings",
        "--out",
        str(tmp_path / "mine.npz"),
        "--json",
    )
    code, out, _ = call(capsys, workspace, *arguments)
    found = json.loads(out)
    assert code == 0 and found["n_episodes"] == 7 and len(found["first"]) == 5
    assert (tmp_path / "mine.npz").is_file() and (workspace.episodes / f"{found['hash']}.npz").is_file()


def test_datasets_lists_sources_and_questions(capsys, workspace) -> None:
    code, out, _ = call(capsys, workspace, "datasets", "--json")
    tiny = next(entry for entry in json.loads(out) if entry["name"] == "tiny")
    assert code == 0 and tiny["classes"] == 40 and "place" in tiny["sources"] and "marks" in tiny["questions"]


def test_train_takes_metadata_in_by_film_and_by_the_auxiliary_loss(capsys, workspace) -> None:
    film = ("--sources", "all", "--fusion", "film", "--strategy", "disjoint")
    few = ("--dataset", "tiny", *("2" if word == "20" else word for word in SMALL))
    code, out, err = call(capsys, workspace, "train", *few, *film)
    assert code == 2 and "'nothing' is empty" in err, "with film, all means all that there is"
    film = ("--sources", "place,site", "--fusion", "film", "--strategy", "disjoint")
    code, out, _ = call(capsys, workspace, "train", *few, *film)
    assert code == 0 and "with place, site, FiLM, seed 0" in out and "1 shots" in out
    taught = ("--sources", "place", "--fusion", "auxiliary", "--auxiliary-weight", "0.4", "--mode", "full")
    code, out, _ = call(capsys, workspace, "train", *few, *taught)
    assert code == 0 and "metadata were read in training only" in out


def test_doctor_finds_a_damaged_run(capsys, workspace) -> None:
    code, out, _ = call(capsys, workspace, "doctor")
    assert code == 0 and "BAD" not in out
    (workspace.runs / "0123456789").mkdir()
    code, out, _ = call(capsys, workspace, "doctor")
    assert code == 1 and "damaged: 0123456789" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("answer", "--dataset", "nowhere"), "no data set 'nowhere'"),
        (("answer", "--dataset", "tiny", "--question", "mrks"), "no question 'mrks'"),
        (("answer", "--dataset", "tiny", "--sources", "colour"), "no source 'colour'"),
        (("train", "--dataset", "tiny", "--learner", "prototypcal"), "did you mean 'prototypical'"),
        (("train", "--dataset", "tiny", "--n-way", "90"), "n_way is 90, and the split 'family-0' has 20 train classes"),
        (("train", "--dataset", "tiny", "--where", "corner ="), "SQL"),
        (("train", "--dataset", "tiny", "--where", "size > 1e9"), "No test class meets the condition"),
        (("train", "--dataset", "tiny", "--sources", "nothing"), "'nothing' is empty"),
        (("train", "--dataset", "tiny", "--sources", "site"), "describes instances"),
        (("train", "--dataset", "tiny", "--fusion", "am3"), "needs at least one metadata source"),
        (("train", "--dataset", "tiny", "--sources", "place", "--fusion", "auxiliary"), "use the mode full"),
        (("episodes", "--dataset", "tiny", "--n-query", "40"), "instances; this episode needs 1 + 40"),
        (("episodes", "--dataset", "tiny", "--role", "exam"), "must be one of train, validation, test"),
        (("compare", "abc", "def"), "no finished learner run 'abc'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, sentence, capsys, workspace) -> None:
    code, out, err = call(capsys, workspace, *arguments)
    assert code == 2
    assert out == ""
    last = err.strip().splitlines()[-1]
    assert sentence in last and "Traceback" not in err
    assert not [folder for folder in workspace.runs.iterdir() if not folder.name.startswith(".")]


def test_bad_input_is_json_too_where_json_was_asked_for(capsys, workspace) -> None:
    code, _, err = call(capsys, workspace, "answer", "--dataset", "nowhere", "--json")
    assert code == 2 and "nowhere" in json.loads(err.strip().splitlines()[-1])["error"]


def test_the_module_runs_as_a_program(tmp_path) -> None:
    done = subprocess.run([sys.executable, "-m", "metadash", "answer", "--no-such"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "usage" in done.stderr
