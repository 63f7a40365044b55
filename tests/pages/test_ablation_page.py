"""The *Ablation* page: what it promises before, the headline and cards after, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from metadash.ablation.card_words import card_lines, control_words
from metadash.ablation.companions import complete, dose_specs
from metadash.ablation.effects_table import effects_table
from metadash.ablation.methods import command, methods
from metadash.ablation.plan import AblationSpec, Tier, ablation_run
from metadash.ablation.result import ablation
from metadash.ablation.sets import SourceSet
from metadash.ablation.words import told_sets
from metadash.answers.answer import AnswerSpec, answer, own_question
from metadash.answers.sentence import headline
from metadash.dashboard.ablation import road
from metadash.dashboard.ablation.cards import OPEN, SHOWN, csv_of, good_set, parquet_of
from metadash.dashboard.parts.badges import COLOURS
from metadash.dashboard.parts.escape import plain
from metadash.data.dataset import Dataset, Source
from metadash.figures.ablation import measures_of, rows_of, worth_chart
from metadash.figures.palette import LIGHT, colour_of
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.specs.subsets import HeadsSpec, MaskedSpec
from metadash.stats.verdict import Verdict, decide_together
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, tiny_classes, tiny_description, write_tiny
from tests.pages.page import ends_just_after_it_was_read, open_page, said, shown

SOURCES = ("size", "place")
SMALL = {
    "ab_tier": "screen",
    "ab_folds": "no: the split as it is",
    "ab_episodes": "5",
    "ab_steps": "20",
    "ab_tests": "60",
    "ab_shots": ["1", "2"],
    "ab_sources": list(SOURCES),
}


def asked(data: Dataset, tier: Tier, seeds: int, sources: tuple[str, ...] = SOURCES) -> AblationSpec:
    run = ablation_run(data, sources, backbone_episodes=5, steps=20, n_episodes=60, shots=(1, 2))
    return AblationSpec(run, tier, tuple(range(seeds)))


@pytest.fixture(scope="session")
def ablated(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Both tiers of two sources, the dose curve of one of them. Do not break it."""
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("ablated") / "workspace")
    data = Dataset.open(workspace, "tiny")
    for spec in [*asked(data, "screen", 3).runs, *asked(data, "confirm", 5).runs]:
        train(spec, workspace)
    train(dose_specs(asked(data, "screen", 3), data)["place"], workspace)
    return workspace


@pytest.fixture
def measured(ablated: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None, no_workers: None) -> Workspace:
    workspace = copy_workspace(ablated, tmp_path / "measured", "datasets", "runs", "episodes")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


def opened(**query: Any) -> AppTest:
    return open_page("ablation", dataset="tiny", **{**SMALL, **query})


def headings(page: AppTest) -> list[str]:
    return [shown(one.value) for one in page.subheader]


def jobs_for(workspace: Workspace, kind: type[Spec]) -> list[Spec]:  # type: ignore[valid-type]
    return [job.spec for job in all_jobs(workspace) if isinstance(job.spec, kind)]


def test_before_the_first_run_it_says_what_will_be_told_and_launches_every_run(untrained: Workspace, no_workers: None) -> None:
    page = opened()
    assert said(page, "how sure that is") and said(page, "on this machine") and page.radio(key="ab_tier").value == "screen"
    page.button(key="ab_go").click().run()
    assert len(jobs_for(untrained, MaskedSpec)) == 3 and not page.exception
    page.button(key="ab_cancel").click().run()
    assert not page.exception and all(job.state == "cancelled" or not job.active for job in all_jobs(untrained))
    assert page.button(key="ab_go").label == "Measure what each is worth"


def test_the_headline_has_both_intervals_and_says_on_what_it_rests(measured: Workspace, tiny: Dataset) -> None:
    page = opened(ab_tier="confirm")
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None
    first, (headline, *_) = found.total[0], headings(page)
    for one in (first.episodes, first.new_classes):
        assert one.bracket in headline
    assert said(page, "60 episodes") and said(page, "5 seeds") and said(page, "Confirm: every arm trained anew")
    assert drawn(page) == ["ab_chart", "ab_fading"] and not all_jobs(measured)
    page = opened(ab_tier="confirm", ab_further="what sources say together")
    assert drawn(page) == ["ab_chart", "ab_pairs"]


def drawn(page: AppTest) -> list[str]:
    """The charts of the page, by key."""
    return [str(one.key) for one in page.get("plotly_chart")]


def test_every_source_has_its_card_with_its_three_intervals_and_its_control(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None
    for card in found.cards:
        page = opened(ab_tier="confirm", ab_card=card.source)
        text, details = [element.proto.body for element in page.get("html") if "md-card" in element.proto.body]
        one = card.delta[0]
        assert one.seeds is not None
        assert all(i.bracket in text for i in (one.episodes, one.new_classes, one.seeds))
        assert "over 5 training seeds" in text and "Real − shuffled" in text and "Chance of more than" in text
        assert "Holm" in details and said(page, f"##### {card.source}")


def test_all_sources_stand_side_by_side_and_the_first_one_is_open(measured: Workspace, tiny: Dataset) -> None:
    page = opened(ab_tier="confirm")
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None
    (table,) = [one.value for one in page.dataframe if "real − shuffled" in one.value]
    assert list(table["source"]) == [card.source for card in found.cards] and list(table["share"]) == [
        card.phi[0].new_classes.bare for card in found.cards
    ]
    assert said(page, f"##### {found.cards[0].source}") and not said(page, f"##### {found.cards[1].source}")


def test_the_chart_shows_what_the_headline_ranks_by(measured: Workspace) -> None:
    page = opened(ab_tier="confirm")
    assert "has the largest share" in headings(page)[0] and page.session_state["ab_measure"] == "share"
    assert said(page, "its Shapley share of what all add together")


def test_break_even_and_missingness_come_from_the_dose_curves_that_are_stored(measured: Workspace, tiny: Dataset) -> None:
    store, spec = RunStore(measured), asked(tiny, "screen", 3)
    found = ablation(spec, tiny, store)
    assert found is not None
    full = complete(found, tiny, store)
    card = full.card("place")
    assert card.break_even is not None and [one.kind for one in card.break_even] == ["swap", "nearest"]
    assert card.missingness is not None and card.missingness.fractions[0] == 0 and full.card("size").break_even is None
    page = opened()
    page.button(key="ab_doses").click().run()
    (spec_of_size,) = [job for job in jobs_for(measured, type(dose_specs(spec, tiny)["size"]))]
    assert spec_of_size.sources == ("size",)


def test_seeds_that_are_missing_make_it_partial_and_it_goes_on(measured: Workspace) -> None:
    page = opened(ab_seeds_screen="4")
    assert headings(page)[0].startswith("Partial, 3 of 4 seeds:") and page.button(key="ab_go").label == "Go on"
    page.button(key="ab_go").click().run()
    assert [spec.run.seed for spec in jobs_for(measured, MaskedSpec)] == [3]  # type: ignore[attr-defined]


def test_a_seed_that_ends_while_the_page_reads_is_in_the_answer(
    measured: Workspace, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened()
    ends_just_after_it_was_read(asked(tiny, "screen", 3).runs[-1], measured, monkeypatch, looks=2)
    page.run()
    assert headings(page)[0].startswith("With one labelled example per class, all 2 sources together")
    assert "ab_go" not in [button.key for button in page.button]


def test_any_combination_can_be_read(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "screen", 3), tiny, RunStore(measured))
    assert found is not None
    page = opened(ab_subset=["place"])
    inside, _ = found.mean(("place",), 1)
    assert said(page, f"With place, at 1 shot: **{inside.estimate:.1f} %**") and said(page, "Shaded: the sources chosen below.")
    assert shaded(worth_chart(found, "share", LIGHT, ["place"])) == 1 and not shaded(worth_chart(found, "share", LIGHT))


def shaded(figure: go.Figure) -> int:
    """Rows that are shaded: as high as a row, unlike the band of no difference."""
    return sum(one.y1 - one.y0 == 1 and one.yref == "y" for one in figure.layout.shapes)


def test_combinations_begin_with_the_smallest_set_that_would_do(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "screen", 3), tiny, RunStore(measured))
    assert found is not None and found.sets is not None
    zero = replace(found.sets.total, estimate=0.0, low=0.0, high=0.0)
    for smallest, candidate, start in (
        (SourceSet(("size",), None, zero), None, ["size"]),
        (None, SourceSet((), None, zero), []),
        (None, None, [*SOURCES]),
    ):
        sets = replace(found.sets, smallest=smallest, candidate=candidate)
        assert sorted(good_set(replace(found, sets=sets))) == sorted(start)
    page = opened()
    told = ", ".join(good_set(found)) or "no metadata"
    assert said(page, f"With {told}, at 1 shot: ")
    (pills,) = (one for one in page.get("button_group") if one.key == "ab_subset")
    assert (
        len(good_set(found)) < len(SOURCES)
        and pills.label == f"Sources that are there ({SHOWN if found.sets.smallest else OPEN})"
    )


def test_amber_is_of_controls_alone() -> None:
    assert {colour_of(verdict, LIGHT) for verdict in (Verdict.EQUIVALENT, Verdict.UNDETERMINED)} == {LIGHT.plain}
    assert "orange" not in COLOURS.values()


def test_a_claim_from_a_screen_is_refused_with_the_button_that_confirms(measured: Workspace) -> None:
    page = opened(ab_claim="true", ab_seeds_confirm="6")
    (refusal,) = [one.value for one in page.warning if "claim" in one.value]
    assert "needs the tier confirm" in one_sentence(refusal.replace(". Start", "; start"))
    page = page.button(key="ab_confirm").click().run()
    assert page.radio(key="ab_tier").value == "confirm" and not page.exception


def test_what_was_confirmed_may_be_claimed(measured: Workspace) -> None:
    page = opened(ab_tier="confirm", ab_claim="true")
    assert not page.warning and said(page, "quoted as a claim")


def test_the_downloads_hold_every_effect_with_its_intervals(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None
    (measured.root / "table.parquet").write_bytes(parquet_of(found))
    table = pd.read_parquet(measured.root / "table.parquet")
    assert csv_of(found).count("\n") == len(table) + 1
    left_out = table[(table["effect"] == "left out") & (table["shot"] == 1)].set_index("source")
    for card in found.cards:
        assert left_out.loc[card.source, "estimate"] == pytest.approx(card.delta[0].episodes.estimate)
        assert left_out.loc[card.source, "seeds_n"] == 5
    assert set(table["effect"]) >= {"left out", "share (Shapley)", "alone", "interaction", "all − none", "real − shuffled"}


def test_the_chart_has_a_dot_for_each_source_and_a_hollow_one_for_its_control(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None and measures_of(found) == ["left out", "share", "alone"]
    marks = [trace for trace in worth_chart(found, "left out", LIGHT).data if trace.mode == "markers"]
    assert {mark.name for mark in marks} == {*SOURCES, *(f"{name}, rows shuffled" for name in SOURCES)}
    control = found.shuffled("place")
    assert control is not None
    difference = found.card("place").delta[0].episodes.estimate - found.card("place").credit[0].episodes.estimate
    assert control.episodes.estimate == pytest.approx(difference)


def test_verdicts_on_shares_and_on_sources_alone_hold_among_all_of_them(measured: Workspace, tiny: Dataset) -> None:
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None
    for measure in ("share", "alone"):
        rows = rows_of(found, measure)
        effects = [card.phi[0] if measure == "share" else card.alone[0] for card in found.cards]
        controls = [(card.credit_alone or card.credit)[0].new_classes for card in found.cards]
        assert [row.decision for row in rows] == decide_together([one.new_classes for one in effects], controls=controls)
        assert all((row.control is not None) is (measure == "alone") for row in rows)


def test_a_source_that_gives_its_classes_away_is_blocked_until_it_is_allowed_and_its_badge_stays(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, served: None, no_workers: None
) -> None:
    classes = tiny_classes().assign(again=lambda table: table["class_id"] + 100)
    description = tiny_description(
        "leaky", sources=(*tiny_description().sources, Source("again", "class", ("again",))), questions=()
    )
    write_tiny(own_workspace, "leaky", classes=classes, description=description)
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    query = {**SMALL, "dataset": "leaky", "ab_sources": ["place", "again"]}
    page = open_page("ablation", **query)
    assert any("Leak" in error.value for error in page.error) and page.button(key="ab_go").disabled
    page.checkbox(key="ab_leak").check().run()
    assert not page.button(key="ab_go").disabled


MIXED = ["place", "site (of instances)"]


def test_the_cards_and_the_headline_hold_every_control_that_was_trained(untrained: Workspace, no_workers: None) -> None:
    data = Dataset.open(untrained, "tiny")
    run = ablation_run(data, ("place", "site"), backbone_episodes=5, steps=10, n_episodes=60, shots=(1, 2))
    spec = AblationSpec(run, "confirm", tuple(range(5)), ("shuffled", "noise"))
    for one in spec.runs:
        train(one, untrained)
    page = opened(ab_sources=MIXED, ab_tier="confirm", ab_controls=["noise"], ab_steps="10")
    assert said(page, "All sources real less all shuffled: ") and said(page, "All sources real less all noise: ")
    found = ablation(spec, data, RunStore(untrained))
    assert found is not None and set(found.card("site").controls) == {"shuffled", "noise"}
    lines = dict(card_lines(found.card("site"), found))
    assert {"Real − shuffled", "Real − noise"} <= set(lines) and lines["Known for"] == "100.0 % of the instances"
    assert control_words(found)[1].startswith("All sources real less all noise: ")
    assert "real − noise, alone" in set(effects_table(found)["effect"])
    told = dict(methods(found, data))["Learner"]
    assert "What describes classes (place)" in told and "what describes instances (site) enters by FiLM" in told
    assert "--fusion pseudo-shots+film" in command(spec) and "--controls shuffled,noise" in command(spec)


def test_the_heads_of_confirm_are_one_run_a_seed(untrained: Workspace, no_workers: None) -> None:
    page = opened(ab_tier="confirm")
    page.button(key="ab_go").click().run()
    assert len(jobs_for(untrained, HeadsSpec)) == 5


def test_it_opens_on_the_strongest_answer_that_is_stored(
    untrained: Workspace, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, small = Dataset.open(untrained, "tiny"), {"backbone_episodes": 5, "steps": 5, "n_episodes": 20, "shots": (1,)}
    monkeypatch.setattr(road, "ablation_run", lambda data, sources, **choices: ablation_run(data, ("place",), **small))
    for one in AblationSpec(ablation_run(data, ("place",), **small), "screen", (0, 1, 2)).runs:
        train(one, untrained)
    page = open_page("ablation", dataset="tiny")
    assert page.radio(key="ab_tier").value == "screen"
    assert said(page, "Opened on the strongest answer that is stored: screen, split family-0.")
    page.number_input(key="ab_seeds_screen").set_value(4).run()
    assert not said(page, "Opened on the strongest"), "something else was chosen"


def test_before_it_is_measured_it_says_what_start_answered_of_all_sources(untrained: Workspace, no_workers: None) -> None:
    data = Dataset.open(untrained, "tiny")
    run = asked(data, "confirm", 5).run
    answered = AnswerSpec(own_question(data, SOURCES, "siblings", 5), run, (0, 1, 2), 0, (run,))
    for job in answered.jobs(data, RunStore(untrained)):
        train(job, untrained)
    found = answer(answered, data, RunStore(untrained))
    page = opened(ab_tier="confirm")
    assert found is not None and headings(page)[0] == headline(found) and said(page, "What each of them adds is not measured yet")
    for one in asked(data, "confirm", 5).runs:
        train(one, untrained)
    ablated = ablation(AblationSpec(run, "confirm", (0, 1, 2, 3, 4)), data, RunStore(untrained))
    assert ablated is not None
    total = ablated.values.effects(np.array([[-1.0, 0, 0, 1.0]]), 1)[0, :3].mean()
    assert total == pytest.approx(found.gain[0].episodes.estimate, abs=1e-12), "the same seeds say the same to the last digit"


def test_the_page_says_which_sources_would_do_and_how_often_these_classes_were_asked(measured: Workspace, tiny: Dataset) -> None:
    page = opened(ab_tier="confirm")
    found = ablation(asked(tiny, "confirm", 5), tiny, RunStore(measured))
    assert found is not None and found.looks is not None and (found.looks.nth, found.looks.total) == (1, 1)
    lines, searched = told_sets(found)
    assert lines and all(said(page, plain(line)) for line in lines) and said(page, plain(searched))
    assert not said(page, "questions asked of this data set")
    assert said(opened(ab_tier="screen"), plain("The 2nd of 2 questions asked of this data set's test families."))
    assert said(opened(ab_tier="confirm", ab_rope="0.4"), plain("The 1st of 2 questions asked of this data set's test families."))
