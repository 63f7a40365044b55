"""``python -m metadash audit``: findings by severity, who is recognisable, what metadata alone answers, and an exit code for scripts."""

import json
import re

import numpy as np
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.runs.train import train
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, N_CLASSES, one_sentence, tiny_classes, tiny_description, tiny_run, write_tiny


def call(capsys: pytest.CaptureFixture, workspace: Workspace, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["audit", "--dataset", "tiny", *arguments, "--workspace", str(workspace.root)])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_findings_and_coverage_are_printed_the_gravest_first(capsys, tiny_workspace) -> None:
    code, out, _ = call(capsys, tiny_workspace)
    assert code == 0 and out.startswith("tiny, split family-0: 1 thing to look at before you train.")
    assert out.index("▲ look   empty") < out.index("· note   split-by")
    assert re.search(r"^holes +75% +80% +73%$", out, re.M)


def test_a_leak_makes_the_exit_code_two_and_json_holds_every_number(capsys, tmp_path) -> None:
    workspace = Workspace(tmp_path)
    sources = (*CLASS_SOURCES[:3], Source("number", "class", ("number",)))
    classes = tiny_classes().assign(number=np.arange(N_CLASSES))
    write_tiny(workspace, classes=classes, description=tiny_description(sources=sources))
    code, out, _ = call(capsys, workspace, "--json", "--quasi", "corner,is_round", "--sensitive", "count")
    found = json.loads(out)
    assert (
        code == 2
        and found["blocked"]
        and found["findings"][0]["code"] == "class-id"
        and found["badges"]["number"][0] == "class-id"
    )
    by_hand = classes.groupby(["corner", "is_round"])["count"]
    assert found["anonymity"]["k"] == by_hand.size().min() and found["anonymity"]["l"] == by_hand.nunique().min()
    assert [row["source"] for row in found["coverage"]] == ["size", "flag", "place", "number"]
    code, out, _ = call(capsys, workspace, "--source", "size,place")
    assert code == 0 and "class-id" not in out


def test_metadata_alone_is_trained_and_scored_against_chance(capsys, own_workspace) -> None:
    small = ["--width", "4", "--backbone-episodes", "5", "--steps", "10", "--n-episodes", "60"]
    code, out, _ = call(capsys, own_workspace, "--metadata-only", "--source", "place,site", *small, "--json")
    found = {one["name"]: one for one in json.loads(out)["metadata_only"]}
    assert code == 0 and set(found) == {"place", "site"} and found["site"]["chance"] == 20
    assert (
        found["place"]["accuracy"]["n"] == 60
        and found["site"]["new_classes"]["unit"] == "group"
        and not found["site"]["label_proxy"]
    )


def test_a_probe_says_what_a_published_map_gives_away(capsys, own_workspace) -> None:
    run = train(tiny_run(), own_workspace)
    code, out, _ = call(capsys, own_workspace, "--probe", "site", "--run", run.digest)
    assert code == 0 and re.search(r"guess(es)? 'site' with \d+ % accuracy", out)
    code, out, _ = call(capsys, own_workspace, "--probe", "family", "--run", run.digest, "--prototypes", "--json")
    assert code == 0 and json.loads(out)["probe"]["n_points"] == 15


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--split", "north"), "no split 'north'"),
        (("--source", "shoe"), "no source 'shoe'"),
        (("--quasi", "shoe"), "no column 'shoe'"),
        (("--sensitive", "count"), "as quasi"),
        (("--probe", "site"), "name it as run"),
        (("--probe", "site", "--run", "abc"), "no finished learner run 'abc'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, sentence, capsys, tiny_workspace) -> None:
    code, out, err = call(capsys, tiny_workspace, *arguments)
    assert code == 2 and out == "" and sentence in one_sentence(err.strip().splitlines()[-1])


def test_the_data_set_itself_is_left_as_it_was(capsys, own_workspace) -> None:
    before = Dataset.open(own_workspace, "tiny").database.stat().st_mtime_ns
    call(capsys, own_workspace, "--quasi", "corner,site")
    assert Dataset.open(own_workspace, "tiny").database.stat().st_mtime_ns == before
