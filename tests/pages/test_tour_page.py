"""The tour: every step answers what is moved in it, and it is offered to a visitor until he has been there or wants none."""

from urllib.parse import parse_qs

import pytest

from metadash.dashboard.tour.steps import STEPS
from metadash.workspace import Workspace
from tests.pages.page import open_page, said


@pytest.fixture(scope="module", autouse=True)
def here(glyphs_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METADASH_WORKSPACE", str(glyphs_workspace.root))
        yield


def headline(page) -> str:  # type: ignore[no-untyped-def]
    return next(element.value for element in page.markdown if element.value.startswith("#### "))


def test_a_visitor_walks_through_all_five_and_what_he_moves_is_answered() -> None:
    page = open_page("tour")
    assert page.title[0].value == STEPS[0].question and not page.error
    page.button_group[1].set_value("1").run()
    assert said(page, "it is ")
    page.button(key="tour_next").click().run()
    before = headline(page)
    page.slider(key="tour_shot").set_value(5).run()
    assert headline(page) != before and "from 5 examples of each" in headline(page)
    page.button(key="tour_next").click().run()
    assert page.slider(key="tour_shot").value == 5, "the steps keep the task that was chosen"
    page.slider(key="tour_shot").set_value(1).run()
    told = headline(page)
    page.toggle(key="tour_shuffled").set_value(True).run()
    assert headline(page) != told and "the wrong names" in headline(page)
    page.button(key="tour_next").click().run()
    few = headline(page)
    page.select_slider(key="tour_tasks").set_value(1000).run()
    assert "1\u202f000 tasks" in headline(page).replace("\u2009", "\u202f") and headline(page) != few
    page.button(key="tour_next").click().run()
    assert page.title[0].value == "Where to go from here?" and said(page, "You will read") and not page.exception
    page.button(key="tour_back").click().run()
    assert page.title[0].value == "How sure are we?"


def invited(page) -> bool:  # type: ignore[no-untyped-def]
    return said(page, "New here?")


def test_it_is_offered_once_and_its_page_stays_in_the_sidebar() -> None:
    page = open_page("start")
    assert invited(page)
    page.button(key="tour_no").click().run()
    assert not invited(page)
    assert any(link.proto.page == "tour" for link in page.get("page_link"))


def test_three_questions_are_ready_on_start_and_one_click_fills_in_what_they_choose() -> None:
    page = open_page("start", q="unicode-siblings")
    links = {link.proto.label: parse_qs(link.proto.query_string) for link in page.get("page_link")}
    ready = {label: asked for label, asked in links.items() if label.endswith("?")}
    assert len(ready) == 2 and ready["Which source does it?"]["ab_tier"] == ["screen"]
    here = page.button(key="ready_here")
    assert here.label == "Does “name” alone help with one example?"
    here.click().run()
    assert page.selectbox(key="q").value == "name-siblings" and "name-siblings" in page.query_params["q"]
    asked = {key: values[0] for key, values in ready["What if a third of “name” is wrong?"].items()}
    page = open_page("what_if", **asked)
    assert not [warning for warning in page.warning if "link" in warning.value]
