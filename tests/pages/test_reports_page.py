"""The page *Reports*: what is damaged or was said oddly stops nothing else, and can be taken away where it stands."""

from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from metadash.dashboard.share import views as shown
from metadash.figures.section import Section
from metadash.front.sharing import reports, views
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, tiny_run
from tests.pages.page import ROOT, open_page, said


@pytest.fixture
def kept(workspace_with_runs: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None) -> Workspace:
    workspace = copy_workspace(workspace_with_runs, tmp_path / "kept", "datasets", "episodes", "runs")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


def section(title: str) -> Section:
    return Section(title, ["It helps."], {"Numbers": pd.DataFrame({"n": [1]})}, ["a command"])


def test_a_section_that_is_gone_is_taken_out_on_the_page_that_says_so(kept: Workspace) -> None:
    reports.add(kept, "Ours", section("First"))
    one = reports.add(kept, "Ours", section("Second"))
    (gone, _), (left, _) = one.sections
    reports.file_of(kept, gone).unlink()
    page = open_page("reports")
    assert said(page, "1. A section that cannot be read") and said(page, "2. Second") and not page.error
    page.button(key=f"rp_out_{gone}").click().run()
    assert reports.report_named(kept, one.id).sections == ((left, ""),) and not said(page, "cannot be read")


def test_what_another_writes_stands_in_the_field_before_it_is_written_over(kept: Workspace) -> None:
    one = reports.add(kept, "Ours", section("First"))
    name = one.sections[0][0]
    page, field = open_page("reports"), f"rp_comment_{one.id}_{name}"
    reports.commented(kept, one.id, name, "theirs")
    page.run()
    assert page.text_area(key=field).value == "theirs"
    reports.commented(kept, one.id, name, "theirs, longer")
    page.text_area(key=field).input("mine").run()
    assert "theirs, longer" in page.error[0].value and page.text_area(key=field).value == "mine"
    page.text_area(key=field).input("mine again").run()
    assert reports.report_named(kept, one.id).sections == ((name, "mine again"),) and not page.error


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("a_page_of_before", {"dataset": ["tiny"]}),
        ("../runs", {"dataset": ["tiny"]}),
        ("runs", {"label": ["x"], "page": ["y"], "help": ["z"]}),
    ],
)
def test_no_view_that_somebody_saved_breaks_the_list_for_others(page: str, query: dict[str, list[str]], kept: Workspace) -> None:
    views.save(kept, "Odd", page, query, {})
    views.save(kept, "Good", "runs", {"dataset": ["tiny"]}, {})
    opened = open_page("reports")
    assert not opened.error and len([button for button in opened.button if button.label == "Delete"]) == 2


def test_what_a_view_waits_for_is_said_on_its_page_and_on_no_other(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "offer", lambda specs, *_more: st.write(f"offers {len(specs)}"))
    gone: Spec = tiny_run(steps=7)
    assert not any(run.spec == gone for run in RunStore(kept).runs())
    view = views.save(kept, "Ours", "prototypes", {"dataset": ["tiny"], "pr_run": ["0" * 20]}, {"0" * 20: [gone]})
    page = open_page("prototypes", dataset="tiny")
    page.session_state[shown.OPENED] = view.id
    page.run()
    assert said(page, "offers 1")
    page.switch_page(str(ROOT / "pages" / "compare.py")).run()
    assert not said(page, "offers 1")
