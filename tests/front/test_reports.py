"""Sections and reports: one protocol for every answer, kept as it was, one file that opens offline."""

import contextlib
import copy
import csv
import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from metadash.checksums import sealed
from metadash.dashboard.prototypes.map_section import arranged_words
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.document import bundle, html_document
from metadash.figures.section import Section, restored, stored
from metadash.front.sharing import reports
from metadash.metadata.changes import Change, Edit, InstanceEdit
from metadash.metadata.written import (
    change_in_a_line,
    edit_in_a_line,
    instance_edit_in_a_line,
    read_change,
    read_edit,
    read_instance_edit,
)
from metadash.specs.views import MapMethod, MapSpec
from metadash.workspace import Workspace, write_json, write_text
from tests.builders import tiny_run

MARKUP = "<script>alert(1)</script>"


def section(title: str = "Does it help?", **more: object) -> Section:
    numbers = {"The numbers": pd.DataFrame({"shot": [1, 2], "gain": [5.125, 0.1]})}
    figure = go.Figure(go.Scatter(x=[1, 2], y=[5.125, 0.1], text=[MARKUP, "b"]))
    parts = {"pictures": {"Over shots": lambda: figure}, "methods": [("Data", "Some.")], "configuration": {"seed": 3}, **more}
    return Section(title, ["It helps.", "By much."], numbers, ["python -m metadash answer"], "10 episodes", **parts)  # type: ignore[arg-type]


def test_what_is_stored_comes_back_whole_and_under_one_name() -> None:
    before = section(MARKUP)
    after = restored(stored(before))
    assert (after.title, after.told, after.small, after.repeat, after.methods, after.configuration) == (
        before.title,
        before.told,
        before.small,
        before.repeat,
        before.methods,
        before.configuration,
    )
    pd.testing.assert_frame_equal(after.numbers["The numbers"], before.numbers["The numbers"], check_index_type=False)
    assert after.pictures["Over shots"]().data[0].y == (5.125, 0.1)
    assert before.id == section(MARKUP).id != section("Another").id


@pytest.mark.filterwarnings("error")
def test_tables_come_back_as_they_were_in_their_order_with_what_their_rows_are_called() -> None:
    rows = pd.DataFrame({"n": [1, None], "text": ["1", None], "sure": [True, False]}, index=pd.Index(["b", "a"], name="class"))
    tables = {"With 2": rows, "With 10": rows.reset_index(drop=True), "A": rows.iloc[:0]}
    found = restored(stored(Section("T", ["x"], tables, ["r"]))).numbers
    assert list(found) == ["With 2", "With 10", "A"]
    for name, table in tables.items():
        pd.testing.assert_frame_equal(found[name], table, check_index_type=False, check_dtype=bool(len(table)))
    days = pd.DataFrame({"day": pd.to_datetime(["2020-01-31", None])})
    assert restored(stored(Section("T", ["x"], {"Days": days}, ["r"]))).numbers["Days"]["day"][0].startswith("2020-01-31")


@pytest.mark.parametrize("text", ["", "[1]", '{"format": 2}', '{"format": 1, "title": "a"}'])
def test_what_is_no_section_is_one_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        restored(text)


def test_the_file_asks_nobody_and_runs_nothing_that_data_say() -> None:
    text = html_document(MARKUP, [(section(MARKUP), MARKUP), (section(), "")])
    assert MARKUP not in text and text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert 'src="http' not in text and text.count("plotly.js v") == 1
    assert "It helps." in text and "To repeat it" in text and '"seed": 3' in text


def test_a_file_that_nobody_could_send_is_refused() -> None:
    with pytest.raises(BadInput, match="take a section out"):
        html_document("Large", [(section(), "")], most=1000)


def test_the_bundle_holds_every_number_and_text_from_data_is_no_markup() -> None:
    with zipfile.ZipFile(io.BytesIO(bundle("A title", [(section("# [a](http://b)"), "Mine"), (section(), "")]))) as found:
        names = found.namelist()
        text = found.read("report.md").decode()
        rows = list(csv.DictReader(io.StringIO(found.read(names[1]).decode())))
    assert names[0] == "report.md" and len(names) == 3 and all(name in text for name in names[1:])
    assert [float(row["gain"]) for row in rows] == [5.125, 0.1]
    assert r"\# \[a\](http://b)" in text and "> Mine" in text


def test_two_who_change_one_report_undo_nothing_of_each_other(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one = reports.add(workspace, "Ours", section("First"))
    reports.add(workspace, " Ours ", section("Second"))
    first, second = (name for name, _ in reports.report_named(workspace, one.id).sections)
    reports.commented(workspace, one.id, first, "about the first")
    reports.moved(workspace, one.id, second, -1)
    reports.commented(workspace, one.id, second, "about the second")
    found = reports.reports(workspace)
    assert [(section.title, told) for section, told in reports.sections_of(workspace, found[0])] == [
        ("Second", "about the second"),
        ("First", "about the first"),
    ]
    with pytest.raises(BadInput, match="already"):
        reports.add(workspace, "Ours", section("First"))


def test_a_report_goes_with_the_sections_that_no_other_holds(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    gone, kept = reports.add(workspace, "Gone", section("Both")), reports.add(workspace, "Kept", section("Both"))
    reports.add(workspace, "Gone", section("Alone"))
    reports.delete(workspace, gone.id)
    assert [one.title for one in reports.reports(workspace)] == ["Kept"]
    assert len(list((tmp_path / "reports" / "sections").iterdir())) == 1
    assert len(reports.sections_of(workspace, reports.report_named(workspace, kept.id))) == 1
    with pytest.raises(BadInput, match="deleted"):
        reports.commented(workspace, gone.id, "x", "late")


def test_two_who_begin_a_report_of_one_title_at_once_begin_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, listed, both = Workspace(tmp_path), reports.reports, threading.Barrier(2, timeout=0.5)

    def together(there: Workspace) -> list[reports.Report]:
        found = listed(there)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(reports, "reports", together)
    with ThreadPoolExecutor(2) as pool:
        [*pool.map(lambda title: reports.add(workspace, "Ours", section(title)), ["First", "Second"])]
    (one,) = listed(workspace)
    assert len(one.sections) == 2


def test_nobody_writes_over_what_they_have_not_read(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one = reports.add(workspace, "Ours", section())
    name = one.sections[0][0]
    reports.commented(workspace, one.id, name, "mine", seen="")
    with pytest.raises(BadInput, match="“mine”"):
        reports.commented(workspace, one.id, name, "yours", seen="")
    assert reports.commented(workspace, one.id, name, "yours", seen="mine").sections == ((name, "yours"),)
    with pytest.raises(BadInput, match="4001 letters"):
        reports.commented(workspace, one.id, name, "x" * 4001)


def test_a_section_that_is_taken_out_leaves_nothing_behind(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one, _ = reports.add(workspace, "Ours", section("Both")), reports.add(workspace, "Theirs", section("Both"))
    alone = reports.add(workspace, "Ours", section("Alone")).sections[1][0]
    for name, _ in reports.report_named(workspace, one.id).sections:
        reports.without(workspace, one.id, name)
    assert [path.stem for path in (tmp_path / "reports" / "sections").iterdir()] == [one.sections[0][0]] != [alone]


def test_a_section_that_is_another_than_its_name_says_is_none_and_stops_no_other(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    reports.add(workspace, "Ours", section("First"))
    one = reports.add(workspace, "Ours", section("Second"))
    (first, _), (second, _) = one.sections
    write_text(reports.file_of(workspace, first), stored(section("Forged")))
    found = reports.sections_there(workspace, one)
    assert found[first] is None and found[second] is not None
    with pytest.raises(BadInput, match="not as it was written"):
        reports.sections_of(workspace, one)


def test_a_damaged_report_is_left_out_and_stops_no_other(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    reports.add(workspace, "Good", section())
    for name, text in (("0" * 12, "[1]"), ("1" * 12, '{"format": 1, "title": "forged", "sections": [], "changed": 1}')):
        write_text(tmp_path / "reports" / f"{name}.json", text)
    write_json(tmp_path / "reports" / f"{'2' * 12}.json", sealed({"format": 1, "title": "Odd", "sections": [1], "changed": 1}))
    assert [one.title for one in reports.reports(workspace)] == ["Good"]


@pytest.mark.parametrize(
    "change",
    [
        Change("a:b", "swap", 0.35),
        Change("a", "stale", 1.0, "rare", 2.0),
        Change("a", "missing", 0.5, "systematic"),
        Change("a", "noise"),
        Change("a", "missing", 0.123456789),
    ],
)
def test_a_change_in_a_line_reads_as_itself(change: Change) -> None:
    assert read_change(change_in_a_line(change)) == change


@pytest.mark.parametrize("names", [["1", "0", "2"], ["a", "a", "0"], ["a:b", "-c", "d"], ["x=y", "b", "c"]])
def test_an_edit_in_a_line_is_of_its_class_whatever_classes_are_called(names: list[str], tiny: Dataset) -> None:
    """Of classes that are called by numbers, another's may be its name."""
    data = copy.copy(tiny)
    data.__dict__["classes"] = tiny.classes.assign(class_name=[*names, *map(str, tiny.classes["class_name"][3:])])
    for class_id in range(3):
        edit = Edit(class_id, "place", "a=b:c")
        try:
            line = edit_in_a_line(edit, data)
        except BadInput:
            assert names == ["a", "a", "0"] and class_id == 0, (
                "no line says which of two of one name, where the id is a third one's name"
            )
        else:
            assert read_edit(line, data) == edit
    one = InstanceEdit(3, "corner", "=x")
    assert read_instance_edit(instance_edit_in_a_line(one)) == one
    with pytest.raises(BadInput, match="No line"):
        instance_edit_in_a_line(InstanceEdit(3, "a=b", "x"))


@pytest.mark.parametrize(
    ("method", "said", "unsaid"), [("pca", "principal components", "t-SNE"), ("tsne", "perplexity 8", "principal")]
)
def test_a_report_says_how_its_map_was_arranged(method: MapMethod, said: str, unsaid: str) -> None:
    told = arranged_words(MapSpec(tiny_run(), background=120, method=method), 8.0)
    assert said in told and unsaid not in told
