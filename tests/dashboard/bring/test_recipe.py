"""What the page makes of files is what Python and the command line make of them; what it has worked out once it does not work out again."""

import json
import shlex
from pathlib import Path

import pytest

from metadash.dashboard.bring import reading as readings
from metadash.dashboard.bring import recipe
from metadash.dashboard.bring.reading import Reading, read_files
from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.data.importing.landing import silent
from metadash.errors import BadInput
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.own_files import sentence_table


def read(path: Path) -> Reading:
    return Reading(path.name, False, {}, read_files(path, None))


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    path = tmp_path / "intents.csv"
    path.write_bytes(sentence_table(40))
    return path


def test_an_exported_data_set_that_is_brought_back_is_the_same(tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "some folder")
    seen = recipe.look(found := read(folder), recipe.planned(found, {}, {}), Workspace(tmp_path / "other"))
    assert (seen.preview.plan.name, seen.problem) == (tiny.name, "")
    again = recipe.carry_out(Workspace(tmp_path / "other"), folder, None, seen.preview.plan.values(), silent)
    assert (again.name, again.fingerprint) == (tiny.name, tiny.fingerprint)


def test_a_picture_that_changes_while_it_is_imported_is_noticed_however_deep_it_lies(tmp_path: Path) -> None:
    from tests.data.importing.makers import photos

    folder = photos(tmp_path / "birds")
    plan = recipe.planned(found := read(folder), {}, {})
    one = folder / "bird 0" / "0.png"

    def meddle(phase: str, fraction: float) -> None:
        if phase == "storing the inputs":
            one.write_bytes(one.read_bytes() + b" ")

    with pytest.raises(BadInput, match="changed while it was read") as refused:
        recipe.carry_out(Workspace(tmp_path / "workspace"), folder, None, plan.values(), meddle)
    one_sentence(str(refused.value))
    assert found.found.stamp


def test_columns_are_guessed_once_for_all_that_the_page_shows(sentences: Path, tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []
    guess = readings.guess
    monkeypatch.setattr(readings, "guess", lambda *args: asked.append(args[1]) or guess(*args))
    found = read(sentences)
    for title in ("Intents", "What people ask"):
        recipe.look(found, recipe.planned(found, {}, {"title": title}), Workspace(tmp_path / "workspace"))
    assert asked == ["intents"]


def test_the_command_runs_whatever_the_files_and_columns_are_called(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for number, file in enumerate(('-it\'s "$(x)".csv', "a b.csv", "omniglot")):
        path = tmp_path / file
        path = path if path.suffix else path / "-all.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sentence_table(40).replace(b"domain", b"-a=b;c", 1))
        workspace = Workspace(tmp_path / f"workspace {number}")
        found = read(tmp_path / file)
        name = next(column.name for column in found.guessed.columns if column.name.startswith("-a"))
        for cells, title in (({"Source": "x"}, "--seed"), ({"Source": "x=y"}, "a"), ({"Sensitive": True}, "-'b")):
            plan = recipe.planned(found, {("instances", name): cells}, {"name": "mine", "title": title})
            seen = recipe.look(found, plan, workspace)
            (tmp_path / "mine.json").write_text(json.dumps(plan.values()))
            words = shlex.split(seen.command)
            assert words[:3] == ["python", "-m", "metadash"]
            assert cli.main([*words[3:], "--preview", "--json"]) == 0, seen.command
            assert json.loads(capsys.readouterr().out)["recipe"] == json.loads(json.dumps(plan.values()))
