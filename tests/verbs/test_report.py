"""``report``: from a line to a file that opens offline, and no claim without confirm."""

from pathlib import Path

import pytest

from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence

SMALL = ["--width", "4", "--backbone-episodes", "5", "--steps", "10", "--n-episodes", "40", "--shots", "1"]


def ask(workspace: Workspace, *arguments: str) -> int:
    return cli.main(["report", "--dataset", "tiny", *SMALL, "--sources", "place", "--workspace", str(workspace.root), *arguments])


def test_it_computes_what_is_missing_and_writes_one_page(
    capsys: pytest.CaptureFixture, own_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METADASH_WORKERS", "1")
    file = tmp_path / "report.html"
    assert ask(own_workspace, "--tier", "reliance", "--seeds", "1", "--out", str(file)) == 0
    assert f"Written to {file}." in capsys.readouterr().out
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>") and "place" in page
    assert list(tmp_path.glob(".*.part")) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tier", "screen", "--claim", "--out", "r.html"), "A claim needs the tier confirm"),
        (("--tier", "screen", "--out", "nowhere/r.html"), "no folder 'nowhere'"),
    ],
)
def test_what_cannot_be_written_or_claimed_is_refused_before_anything_is_computed(
    arguments: tuple[str, ...],
    sentence: str,
    capsys: pytest.CaptureFixture,
    own_workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ask(own_workspace, *arguments) == 2
    assert sentence in one_sentence(capsys.readouterr().err.strip())
    assert not [folder for folder in own_workspace.runs.iterdir() if not folder.name.startswith(".")]
    assert not list(tmp_path.glob("*.html"))
