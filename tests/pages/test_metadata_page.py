"""The *Metadata* page: facts first, facets that follow each other, search, SQL in one sentence, a pool in one click."""

import io

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from metadash.dashboard.parts import reads
from metadash.data import profile
from metadash.data.library import open_dataset
from metadash.data.sql import query
from metadash.data.sql.turns import Turns
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, one_sentence, tiny_description, write_tiny
from tests.pages.page import BROKEN_CONDITIONS, open_page, said


@pytest.fixture
def page(tiny_workspace, monkeypatch) -> AppTest:
    monkeypatch.setenv("METADASH_WORKSPACE", str(tiny_workspace.root))
    return open_page("metadata", dataset="tiny")


def search(page: AppTest, text: str, table: str = "classes") -> AppTest:
    page.text_input(key=f"md_{table}").set_value(text)
    return page.run()


def test_the_answer_comes_first(page: AppTest) -> None:
    assert page.title[0].value == "What do we know about the data?"
    assert page.markdown[0].value.startswith("#### 40 things in 8 families")
    assert "1\u202f200 instances" in page.markdown[0].value
    assert "nothing (0%), holes (75%)" in page.markdown[0].value


def test_a_filter_becomes_rows_a_chip_and_sql(page: AppTest) -> None:
    search(page, "corner:middle is_round:true")
    found = page.dataframe[0].value
    assert set(found["corner"]) == {"middle"} and found["is_round"].all()
    assert said(page, f"**{len(found)} of 40**")
    assert "SELECT * FROM classes WHERE corner = 'middle' AND is_round = TRUE" in [code.value for code in page.code]
    page.button(key="md_chip_0").click().run()
    assert page.text_input(key="md_classes").value == "is_round:true" and len(page.dataframe[0].value) > len(found)


def test_facets_write_the_search_bar_and_their_counts_follow(page: AppTest) -> None:
    search(page, 'family:"family 0" corner:middle')
    pills = page.get_by_key("md_facet_classes_family")
    assert pills.value == ['"family 0"']
    assert "family 1: 1 / 5" in [option.content.replace("\\", "") for option in pills.proto.options]  # the one in the middle
    pills.set_value(['"family 0"', '"family 1"']).run()
    assert page.text_input(key="md_classes").value == 'corner:middle family:"family 0","family 1"'
    assert len(page.dataframe[0].value) == 2


def test_what_only_a_screen_reader_reads_has_no_backslashes(page: AppTest) -> None:
    search(page, "is_round:true")
    assert page.get_by_key("md_facet_classes_is_round").proto.label == "is round"


def test_a_slider_writes_a_range(page: AppTest) -> None:
    search(page, "weight:..200")
    slider = page.slider(key="md_range_classes_weight")
    low, high = slider.value
    slider.set_range(50.0, high).run()
    assert page.text_input(key="md_classes").value == "weight:50.0.."
    assert page.dataframe[0].value["weight"].min() >= 50 and low < 50
    assert page.slider(key="md_range_classes_weight").value == (50.0, high)


def test_many_values_are_searched_in_a_list_and_a_table_that_is_cut_says_so(glyphs_workspace, monkeypatch) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(glyphs_workspace.root))
    page = open_page("metadata", dataset="glyphs", md_table="instances")
    assert len(page.dataframe[0].value) == 5000 and said(page, "there are 67\u202f929 more")
    page.multiselect(key="md_facet_instances_family").set_value(['"Alegreya Sans"', "Arimo"]).run()
    assert page.text_input(key="md_instances").value == 'family:"Alegreya Sans",Arimo'
    assert set(page.dataframe[0].value["family"]) == {"Alegreya Sans", "Arimo"}


def test_an_empty_search_result_says_what_to_do(page: AppTest) -> None:
    search(page, "unobtainium")
    assert "Nothing matches" in page.info[0].value and not page.exception
    assert page.text_input(key="md_classes").value == "unobtainium"


@pytest.mark.parametrize("line", ["nope:1", 'corner:"open', "size:large"])
def test_a_line_that_cannot_be_read_is_one_sentence_and_stays(page: AppTest, line: str) -> None:
    search(page, line)
    one_sentence(page.error[0].value.replace("\\", ""))
    assert page.text_input(key="md_classes").value == line and not page.exception


def test_words_of_the_data_are_never_read_as_sql(page: AppTest) -> None:
    search(page, 'corner:"\' OR 1=1 --"')
    assert "Nothing matches" in page.info[0].value and not page.error
    assert said(page, "**0 of 40**")


@pytest.mark.parametrize("table", ["instances", "splits", "sources"])
def test_every_table_can_be_looked_at(page: AppTest, table: str) -> None:
    page.segmented_control(key="md_table").set_value(table).run()
    assert not page.exception and not page.error and len(page.dataframe[0].value)


def test_a_condition_of_ones_own_joins_the_filters(page: AppTest) -> None:
    search(page, "corner:middle")
    page.text_input(key="md_where").set_value("count > 2").run()
    assert "WHERE (corner = 'middle') AND (count > 2)" in [code.value for code in page.code]
    page.button(key="md_use").click().run()
    assert page.title[0].value == "What does one task look like?"
    assert page.query_params["pool"] == "(corner = 'middle') AND (count > 2)"
    assert "Class pool" in page.button(key="pool_chip").label and page.text_input(key="where").value == ""


@pytest.mark.parametrize(("condition", "words"), BROKEN_CONDITIONS)
def test_a_condition_that_does_not_run_is_one_sentence(page: AppTest, condition: str, words: str) -> None:
    page.text_input(key="md_where").set_value(condition).run()
    assert words in one_sentence(page.error[0].value.replace("\\", ""))
    assert not page.exception and "md_use" not in [button.key for button in page.button]


def test_a_condition_that_selects_nothing_offers_no_pool(page: AppTest) -> None:
    page.text_input(key="md_where").set_value("count > 1000").run()
    assert "no pool to draw from" in page.info[0].value and "md_use" not in [button.key for button in page.button]


def ask(page: AppTest, sql: str) -> AppTest:
    page.text_area(key="md_sql").set_value(sql)
    next(button for button in page.button if button.label == "Run").click()
    return page.run()


def test_sql_answers_with_a_table_and_says_when_it_is_cut(page: AppTest) -> None:
    ask(page, "SELECT corner, count(*) AS n FROM classes GROUP BY ALL")
    assert page.dataframe[-1].value["n"].sum() == 40
    charts = len(page.get("plotly_chart"))
    page.segmented_control(key="md_as").set_value("chart").run()
    assert len(page.get("plotly_chart")) == charts + 1 and page.selectbox(key="md_chart").value == "bars"
    page.selectbox(key="md_chart").set_value("histogram").run()
    assert page.query_params["md_chart"] == "histogram" and not page.exception
    page.segmented_control(key="md_as").set_value("table").run()
    ask(page, "SELECT * FROM instances")
    assert len(page.dataframe[-1].value) == 1000 and said(
        page, "The first 1\u202f000 rows; there are more. The file has them all"
    )


def test_the_classes_of_an_answer_become_the_pool(page: AppTest) -> None:
    ask(page, "SELECT class_name, class_id FROM classes WHERE class_id IN (3, 9, 7) ORDER BY 1")
    assert not [control for control in page.get("button_group") if control.key == "md_as"], "names alone are no chart"
    page.button(key="md_pool_of").click().run()
    assert page.query_params["pool"] == "class_id IN (3, 7, 9)" and page.button(key="pool_chip").label.startswith(
        "Class pool of 3 "
    )
    ask(open := open_page("metadata", dataset="tiny"), "SELECT 7 AS class_id, 1.5 AS n")
    assert open.button(key="md_pool_of").disabled


def test_a_wide_answer_shows_two_megabytes_and_its_file_has_the_rest(page: AppTest, tiny_workspace: Workspace) -> None:
    sql = "SELECT class_id, repeat('x', 20_000) AS wide FROM classes, range(10) ORDER BY ALL"
    ask(page, sql)
    shown, data = page.dataframe[-1].value, open_dataset(tiny_workspace, "tiny")
    assert 50 < len(shown) < 120 and said(page, "there are more. The file has them all, or as many as 20 MB hold.")
    file = pd.read_csv(io.BytesIO(reads.file_of(data, sql, "")))
    assert len(file) == 400 and file["class_id"].iloc[-1] == 39


def test_that_the_server_was_busy_is_not_kept_for_the_next(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crowded:
        crowded.setattr(query, "QUERIES", Turns(0, queue=2, patience=0.01))
        ask(page, "SELECT 43 AS later")
        assert "Too many queries are running" in page.error[0].value
    page.run()
    assert not page.error and page.dataframe[-1].value["later"].tolist() == [43]


def test_wrong_sql_is_one_sentence_with_its_place_and_the_sql_stays(page: AppTest) -> None:
    ask(page, "SELECT nope\nFROM classes")
    assert "nope" in one_sentence(page.error[0].value.replace("\\", ""))
    assert any(code.value == "SELECT nope\n       ^" for code in page.code)
    assert page.text_area(key="md_sql").value == "SELECT nope\nFROM classes"


def test_sql_that_reads_a_file_is_refused(page: AppTest) -> None:
    ask(page, "SELECT * FROM read_text('/etc/passwd')")
    assert "may only read the tables" in page.error[0].value and "root:" not in str(page.error[0].value)


def test_an_example_is_one_click(page: AppTest) -> None:
    page.button(key="md_example_0").click().run()
    assert (
        page.text_area(key="md_sql").value.startswith("SELECT family, count(*)")
        and page.dataframe[-1].value["n"].tolist() == [5] * 8
    )


def test_a_link_brings_back_what_was_chosen(tiny_workspace, monkeypatch) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(tiny_workspace.root))
    page = open_page("metadata", dataset="tiny", md_table="instances", md_instances="class_id:3", md_sql="SELECT 42 AS answer")
    assert said(page, "**30 of 1\u202f200**") and page.dataframe[-1].value["answer"].tolist() == [42]


def test_a_level_without_sources_is_left_out_and_columns_with_gaps_are_not_said_to_be_whole(untrained: Workspace) -> None:
    write_tiny(untrained, "lean", description=tiny_description("lean", sources=CLASS_SOURCES[:1]))
    page = open_page("metadata", dataset="lean")
    assert said(page, "1 source: 1 about each class, and each says something of every one of them.")
    assert not said(page, "0 about")


def test_what_is_not_shown_is_not_worked_out(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large data set, what the columns of instances hold takes seconds to find."""
    asked: list[str] = []
    whole = profile.profile
    monkeypatch.setattr(profile, "profile", lambda data, table: asked.append(table) or whole(data, table))
    st.cache_data.clear()
    page.run()
    assert asked == ["classes"]
