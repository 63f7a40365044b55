"""``whatif``: the page's question from a line, and every way of asking wrongly as one sentence."""

import json
from typing import Any

import pytest

from metadash import cli
from metadash.data.dataset import Dataset
from metadash.metadata.changes import Change, Edit
from metadash.training.run import train
from metadash.training.store import Run
from metadash.verbs.whatif import read_change, read_edit
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
