"""The audit on the *Metadata* page: the headline is there unopened, each part answers at once, and what costs time is asked for first."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.ablation.metadata_only import alone_specs, base_run
from metadash.ablation.privacy_curve import curve
from metadash.data.dataset import Dataset, Source
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import RunStore
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, N_CLASSES, store_scores, tiny_classes, tiny_description, write_tiny
from tests.pages.page import open_page, said, shown

COSTS = {"as it is": 0.6, "year": 0.55, "withheld": 0.5}


def labels(page: AppTest) -> list[str]:
    return [shown(fold.label) for fold in page.expander]


def audit_page(part: str, **query: str) -> AppTest:
    return open_page("metadata", dataset="tiny", md_audit=part, **query)


def test_the_headline_stands_on_the_closed_fold(untrained: Workspace) -> None:
    page = open_page("metadata", dataset="tiny")
    assert "**Audit.** 1 thing to look at before you train." in labels(page)
    assert not page.table, "what is folded away is not worked out"


def test_findings_are_listed_the_gravest_first_with_marks_and_advice(tmp_path, monkeypatch, served) -> None:
    sources = (*CLASS_SOURCES[:3], CLASS_SOURCES[-1], Source("number", "class", ("number",)))
    classes = tiny_classes().assign(number=np.arange(N_CLASSES))
    write_tiny(Workspace(tmp_path), classes=classes, description=tiny_description(sources=sources))
    monkeypatch.setenv("METADASH_WORKSPACE", str(tmp_path))
    page = audit_page("Findings")
    assert "**Audit.** 1 thing to mend before you train, and 1 thing to look at." in labels(page)
    table = page.table[0].value
    assert [mark.split()[-1] for mark in table.index[:3]] == ["mend", "look", "note"]
    assert "'number' is the class id" in table.iloc[0, 1].replace("\\", "") and table["Source"].tolist()[:2] == [
        "number",
        "nothing",
    ]
    page.selectbox(key="md_split").set_value("family-1").run()
    assert not page.exception and len(page.table[0].value) >= 2


def test_who_is_recognisable_is_counted_for_the_columns_one_chooses(untrained: Workspace) -> None:
    page = audit_page("Who is recognisable")
    assert "Choose one or more columns" in page.info[0].value
    page.multiselect(key="md_quasi").set_value(["corner", "site"]).run()
    data = Dataset.open(untrained, "tiny")
    sizes = data.instances.merge(data.classes, on="class_id").groupby(["corner", "site"]).size()
    assert (
        page.metric[0].value == str(sizes.min()) and page.metric[1].value == str(len(sizes)) and page.metric[2].value == "0.0 %"
    )
    page.selectbox(key="md_sensitive").set_value("is_round").run()
    assert page.metric[-1].label.startswith("l ") and not page.exception


def test_a_ladder_is_counted_at_once_and_its_cost_is_queued_when_asked_for(untrained: Workspace, no_workers: None) -> None:
    page = audit_page("Less exact", md_blur="words · description")
    ladder = page.dataframe[0].value
    assert list(ladder.index) == ["as it is", "first word", "first word, rare to other", "withheld"]
    assert ladder.loc["withheld", "k"] == "40" and set(ladder["cost at 1 example"]) == {"not computed"}
    page.button(key="md_cost").click().run()
    titles = [job.title for job in all_jobs(untrained)]
    assert sum("description: first word" in title for title in titles) == 6
    assert "md_cost_cancel" in [button.key for button in page.button]


def test_what_a_rung_costs_is_said_once_it_is_computed(untrained: Workspace) -> None:
    data, store = Dataset.open(untrained, "tiny"), RunStore(untrained)
    for step in curve(data, base_run(data, "family-0"), "age", "found", (0, 1, 2)):
        for run in step.runs if step.how in COSTS else ():
            store_scores(store, run, data, np.full((4, 2000), COSTS[step.how]))
    page = audit_page("Less exact", md_blur="age · found")
    ladder = page.dataframe[0].value
    assert ladder.loc["year", "cost at 1 example"].startswith("−5.0 points") and ladder.loc[
        "withheld", "cost at 1 example"
    ].startswith("−10.0 points")
    assert ladder.loc["day", "cost at 1 example"] == "not computed" and len(page.get("plotly_chart")) == 1


def test_instance_columns_are_counted_and_not_trained_on(untrained: Workspace) -> None:
    page = audit_page("Less exact", md_blur="site · taken")
    assert page.dataframe[0].value.loc["withheld", "k"] == "1\u202f200" and said(page, "describes instances")
    assert "md_cost" not in [button.key for button in page.button]


def test_metadata_alone_names_the_source_that_stands_for_the_class(untrained: Workspace) -> None:
    data, store = Dataset.open(untrained, "tiny"), RunStore(untrained)
    page = audit_page("Metadata alone")
    assert "md_alone" in [button.key for button in page.button]
    specs = alone_specs(data, base_run(data, "family-0"))
    luck = np.random.default_rng(0).normal(0, 0.05, (1, 2000))
    for name, spec in specs.items():
        store_scores(store, spec, data, ((0.6 if name in ("site", "place") else 0.2) + luck).clip(0, 1))
    page = audit_page("Metadata alone")
    assert said(page, "site gives the class away") and said(page, "answers 60 % [")
    assert "md_alone" not in [button.key for button in page.button]
    findings = audit_page("Findings").table[0].value
    assert any("points above chance" in cell for cell in findings.iloc[:, 1])


def test_a_published_map_needs_a_learner_and_a_guess_is_asked_for(untrained: Workspace) -> None:
    assert "Train a learner first" in audit_page("A published map").info[0].value


def test_a_reader_s_guess_is_queued_for_the_run_that_was_chosen(trained: Workspace, no_workers: None) -> None:
    page = audit_page("A published map", md_guess="site")
    page.button(key="md_probe").click().run()
    assert any(job.title.startswith("Guessing site from the map") for job in all_jobs(trained))


@pytest.mark.parametrize(
    "part", ["Findings", "Who is recognisable", "Less exact", "Metadata alone", "A published map", "nonsense"]
)
def test_a_link_opens_the_part_it_names(part: str, untrained: Workspace) -> None:
    page = audit_page(part)
    assert not page.exception and page.get_by_key("md_audit") is not None
