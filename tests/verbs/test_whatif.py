"""``whatif``: the page's question from a line, and every way of asking wrongly as one sentence."""

import json
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.metadata.changes import Change, Edit, InstanceEdit
from metadash.metadata.written import read_change, read_edit, read_instance_edit
from metadash.runs.store import Run
from metadash.runs.train import train
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run

RUN = tiny_run(("place",), steps=20, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))


@pytest.fixture(scope="module")
def trained(tiny_workspace: Workspace) -> Run:
    return train(RUN, tiny_workspace)


def ask(capsys: pytest.CaptureFixture, workspace: Workspace, run: str, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["whatif", "--dataset", "tiny", "--run", run, *arguments, "--workspace", str(workspace.root)])
    found = capsys.readouterr()
    return code, found.out, found.err


def values(capsys: pytest.CaptureFixture, workspace: Workspace, run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = ask(capsys, workspace, run.digest, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_change_is_answered_before_and_after_with_both_intervals(capsys, tiny_workspace: Workspace, trained: Run) -> None:
    found = values(capsys, tiny_workspace, trained, "--change", "place:missing:0.5:rare")
    assert found["shots"] == [1, 2] and found["changed_classes"] == round(found["test_classes"] / 2)
    for moved in found["differences"]:
        assert moved["episodes"]["unit"] == "episode" and moved["new_classes"]["unit"] == "group"
        shot = found["shots"].index(moved["shot"])
        accuracy = found["after"][shot][0]["estimate"] - found["before"][shot][0]["estimate"]
        assert moved["episodes"]["estimate"] == pytest.approx(accuracy)
    code, out, _ = ask(capsys, tiny_workspace, trained.digest, "--change", "place:missing:0.5:rare")
    assert code == 0 and out.startswith(found["headline"]) and "queries right before" in out


def test_one_class_s_value_can_be_rewritten(capsys, tiny: Dataset, tiny_workspace: Workspace, trained: Run) -> None:
    target = int(tiny.split("family-0")["test"][0])
    found = values(capsys, tiny_workspace, trained, "--edit", f"{tiny.classes['class_name'][target]}:corner=middle")
    assert found["asked"]["edits"] == [{"class_id": target, "column": "corner", "value": "middle"}]


def test_a_curve_says_where_the_source_breaks_even(capsys, tiny_workspace: Workspace, trained: Run) -> None:
    found = values(capsys, tiny_workspace, trained, "--dose", "place", "--n-shot", "2")
    assert found["shot"] == 2 and set(found["curves"]) == {"missing", "swap", "nearest", "noise"}
    for kind, curve in found["curves"].items():
        assert curve["break_even"]["kind"] == kind and len(curve["gain"]) == len(curve["fractions"]) == 6
    code, out, _ = ask(capsys, tiny_workspace, trained.digest, "--dose", "place", "--n-shot", "2")
    assert code == 0 and "Another class's: " in out and out.count("of classes:") == 24


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("place:swap", Change("place", "swap")),
        ("place:missing:0.25:systematic", Change("place", "missing", 0.25, "systematic")),
        ("age:stale:0.5:random:3", Change("age", "stale", 0.5, "random", 3.0)),
        ("age:blur:0.5:random:year", Change("age", "blur", 0.5, to="year")),
        ("a:b:noise:1", Change("a:b", "noise", 1.0)),
    ],
)
def test_a_change_is_read_as_it_is_written(text: str, change: Change) -> None:
    assert read_change(text) == change


def test_a_class_is_named_by_its_name_or_its_id_and_an_empty_value_is_missing(tiny: Dataset) -> None:
    assert read_edit("thing 3:corner=", tiny) == Edit(3, "corner", "") == read_edit("3:corner=", tiny)
    assert read_edit("thing 3:description=a = b: c", tiny) == Edit(3, "description", "a = b: c")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say what changes"),
        (("--change", "place"), "'place' is no change"),
        (("--change", "place:swap:half"), "'half' in 'place:swap:half' is no number"),
        (("--change", "place:swap:2"), "it must be from 0 to 1"),
        (("--change", "place:swap:1:alphabetical"), "cannot be chosen by 'alphabetical'"),
        (("--change", "size:swap:1"), "not trained with the source 'size'"),
        (("--edit", "thing 3"), "is no edit"),
        (("--edit", "nobody:corner=x"), "There is no thing 'nobody'"),
        (("--edit", "thing 3:corner=x", "--dose", "place"), "--dose draws a whole curve"),
        (("--change", "place:swap", "--episode", "41"), "There is no episode 41"),
        (("--change", "place:swap", "--n-shot", "7"), "7 is not among them"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(
    arguments: tuple[str, ...], sentence: str, capsys, tiny_workspace: Workspace, trained: Run
) -> None:
    code, out, err = ask(capsys, tiny_workspace, trained.digest, *arguments)
    assert (code, out) == (2, "") and sentence in one_sentence(err.strip().splitlines()[-1])


def test_a_run_that_is_not_there_is_said_so(capsys, tiny_workspace: Workspace) -> None:
    code, _, err = ask(capsys, tiny_workspace, "gone", "--change", "place:swap")
    assert code == 2 and "no finished learner run 'gone'" in err


# --- what describes instances --------------------------------------------------------------------------------------------------

APART = tiny_evaluation(strategy="disjoint", column="site", shots=(1, 2), n_query=3, n_episodes=40)
MIXED = tiny_run(("place", "site"), fusion=BOTH, modulating=("site",), steps=20, evaluation=APART)


@pytest.fixture(scope="module")
def mixed(tiny_workspace: Workspace) -> Run:
    return train(MIXED, tiny_workspace)


def test_a_share_of_the_instances_and_one_instance_s_value_can_be_changed(capsys, tiny_workspace: Workspace, mixed: Run) -> None:
    found = values(capsys, tiny_workspace, mixed, "--change", "site:missing:0.5", "--edit-instance", "3:site=site 1")
    assert found["changed_instances"] in (225, 226) and found["test_instances"] == 450
    assert found["asked"]["instance_edits"] == [{"instance_id": 3, "column": "site", "value": "site 1"}]
    assert "of 450 test instances are changed" in found["headline"]


def test_the_curve_of_a_source_of_instances_is_over_instances(capsys, tiny_workspace: Workspace, mixed: Run) -> None:
    found = values(capsys, tiny_workspace, mixed, "--dose", "site")
    assert set(found["curves"]) == {"missing", "swap", "noise"}
    assert {curve["hit"] for curve in found["curves"].values()} == {"instances"}
    code, out, _ = ask(capsys, tiny_workspace, mixed.digest, "--dose", "site")
    assert code == 0 and "Another instance's: " in out and "100% of instances" in out


def test_an_instance_s_edit_is_read_as_it_is_written(capsys, tiny_workspace: Workspace, mixed: Run) -> None:
    assert read_instance_edit("3:site=site 1") == InstanceEdit(3, "site", "site 1")
    assert read_instance_edit("3:taken=") == InstanceEdit(3, "taken", "")
    for wrong in ("thing 3:site=x", "3=x", "3:site", ":site=x"):
        with pytest.raises(BadInput, match="write ID:COLUMN=VALUE"):
            read_instance_edit(wrong)
    code, out, err = ask(capsys, tiny_workspace, mixed.digest, "--change", "site:nearest:0.5")
    assert (code, out) == (2, "") and "choose missing, swap or noise" in one_sentence(err.strip().splitlines()[-1])
