"""``datasets import`` prints the line that repeats it; the line runs, and finds the same data set."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.verbs import cli
from tests.own_files import sentence_table


@pytest.fixture
def here(tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of one's own, and an exported data set as a folder and as a zip file."""
    for name in ('-it\'s "a" $(b).csv', "a; b.csv"):
        (tmp_path / name).write_bytes(sentence_table(40))
    export(tiny, tmp_path / "out of it")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "out of it")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METADASH_WORKSPACE", str(tmp_path / "a workspace"))
    return tmp_path


@pytest.mark.parametrize("path", ['./-it\'s "a" $(b).csv', "a; b.csv", "out of it", "packed.zip"])
@pytest.mark.parametrize("more", [(), ("--name", "other"), ("--title", "A title")])
def test_the_line_that_repeats_it_runs_and_opens_the_same(here: Path, capsys, path: str, more: tuple[str, ...]) -> None:
    assert cli.main(["datasets", "import", path, *more, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert cli.main([*shlex.split(first["again"])[3:], "--json"]) == 0, first["again"]
    again = json.loads(capsys.readouterr().out)
    assert (again["name"], again["fingerprint"]) == (first["name"], first["fingerprint"])
