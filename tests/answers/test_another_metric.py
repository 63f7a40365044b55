"""Tasks that are scored by an error instead of an accuracy, through everything that is said of them: answers, comparisons, ablations, files, charts."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metadash.ablation.card_words import card_lines, detail_lines
from metadash.ablation.effects_table import effects_table
from metadash.ablation.plan import AblationSpec, ablation_spec
from metadash.ablation.result import Ablation, ablation, with_agreement
from metadash.ablation.subset_value import subset_values
from metadash.ablation.words import as_text, as_values
from metadash.answers.answer import Answer, answer, answer_spec
from metadash.answers.comparison import Report, ways_table
from metadash.answers.costs import cost_of
from metadash.answers.doses import curve_of
from metadash.answers.export import as_json
from metadash.answers.family import every_pair, pairs_table
from metadash.answers.scores import load_scores, pooled_scores
from metadash.answers.sentence import chance_sentence, sentences
from metadash.answers.stored_arms import StoredArm, arm_scores, comparable, names_of, ordered, stored_arms
from metadash.answers.versus import episode_table, long_table
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.ablation import fading_chart, interaction_chart, worth_chart
from metadash.figures.charts import Curve, Dot, curve_over_shots, curve_over_ways, interval_dots
from metadash.figures.palette import LIGHT
from metadash.figures.report import report_html
from metadash.runs.kinds import run_digest
from metadash.runs.store import RunStore
from metadash.specs.subsets import HeadsSpec
from metadash.stats.verdict import Verdict
from metadash.workspace import Workspace
from tests.ablations import SOURCES, bits
from tests.builders import one_sentence, rewrite, store_scores, tiny_run
from tests.metrics import MAE, scored_by, store_values

CURVES = {"plain": (1.5, 1.2, 1.0), "metadata": (1.2, 1.1, 1.0), "shuffled": (1.5, 1.2, 1.0)}
WORTH = (0.3, 0.1, -0.2)
"""Years by which each of three sources lowers the error."""
OTHER_UNITS = re.compile(r"\bpoints?\b|accuracy")


@pytest.fixture(autouse=True, scope="module")
def years() -> Iterator[None]:
    with scored_by(MAE):
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(Workspace(tmp_path_factory.mktemp("years")))


@pytest.fixture(scope="module")
def found(wide: Dataset, store: RunStore) -> Answer:
    """An answer whose metadata lowers the error by 0.3 years at one shot, 0.1 at two and nothing at five."""
    small: dict[str, Any] = {"width": 8, "backbone_episodes": 30, "n_episodes": 240, "shots": (1, 2, 5), "n_query": 5, "folds": 0}
    spec = answer_spec(wide, wide.question("marks"), **small)
    difficulty = np.random.default_rng(5).normal(0, 0.05, spec.n_episodes)
    for arm, runs in spec.arms.items():
        for run in runs:
            noise = np.random.default_rng([run.seed, len(arm)]).normal(0, 0.02, (3, spec.n_episodes))
            store_values(store, run, wide, np.array(CURVES[arm])[:, None] + difficulty + noise)
    told = answer(spec, wide, store)
    assert told is not None
    return told


@pytest.fixture(scope="module")
def ablated(wide: Dataset, store: RunStore) -> Ablation:
    spec = ablation_spec(wide, tiny_run(SOURCES), folds=0)
    for seed in spec.seeds:
        (cell,) = spec.cells(seed)
        assert isinstance(cell, HeadsSpec)
        store_heads(store, cell, spec, wide)
    told = ablation(spec, wide, store)
    assert told is not None
    return told


def store_heads(store: RunStore, cell: HeadsSpec, spec: AblationSpec, data: Dataset) -> None:
    """The errors of each subset of the sources, a run whose values have no counts."""
    generator = np.random.default_rng(cell.run.seed)
    n, shots = cell.run.evaluation.n_episodes, cell.run.evaluation.shots
    means = np.array([2 - sum(w for w, there in zip(WORTH, bits(arm), strict=False) if there) for arm in spec.arms])
    values = (
        means[:, None, None] + 0.1 * np.arange(len(shots))[::-1, None] + generator.normal(0, 0.05, (len(means), len(shots), n))
    )
    run = store_values(store, cell.run, data, values[0])
    summary = {**run.summary, "n_test_classes": 60}
    store.write(
        run_digest(cell, data),
        cell,
        data,
        summary=summary,
        environment={},
        seconds=1.0,
        frames={},
        arrays={"value": values},
        weights={},
        log="",
    )


# --- an answer ---------------------------------------------------------------------------------------------------------------


def test_the_answer_says_that_the_metadata_help_and_by_how_many_years(found: Answer) -> None:
    first = found.gain[0]
    assert first.decision.shows(Verdict.HELPS) and first.episodes.estimate == pytest.approx(0.3, abs=0.01)
    assert [one.decision.verdict for one in found.gain] == [Verdict.HELPS, Verdict.HELPS, Verdict.EQUIVALENT]
    text = " ".join(sentences(found))
    assert (
        re.search(r"helps tell siblings apart: \+0.30\d? years less \[", text)
        and "12 families gain more than 0.05 years less" in text
    )
    assert "a gain of more than 0.05 years less on new families" in text and not OTHER_UNITS.search(text)
    assert found.worth.value == pytest.approx(1.0, abs=0.3), "without, two examples are as good as one with"


def test_what_cannot_be_told_yet_is_claimed_against_the_metric_s_band(found: Answer) -> None:
    two = found.gain[1]
    open_question = replace(two, decision=replace(two.decision, verdict=Verdict.UNDETERMINED, chance=0.6, limit="interval"))
    assert two.new_classes.estimate == pytest.approx(0.1, abs=0.01)
    assert (
        chance_sentence(open_question, "family") == "The chance of a gain of more than 0.05 years less on new families is 60 %."
    )


def test_the_answer_s_file_says_what_its_numbers_are(found: Answer) -> None:
    values = json.loads(json.dumps(as_json(found)))
    assert values["metric"] == {
        "name": "mae", "unit": "years", "gains_in": "years less", "better": "lower", "bounds": [0, None], "rope": 0.05
    }  # fmt: skip
    plain = values["mae"]["plain"][0]["these_test_classes"]
    assert plain["estimate"] == pytest.approx(1.5, abs=0.02) and plain["counted_in"] == "years" and "accuracy" not in values
    assert values["differences"]["metadata_minus_plain"][0]["rope"] == 0.05


# --- a comparison ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arms(found: Answer, store: RunStore) -> list[StoredArm]:
    known = {digest for digests in found.digests.values() for digest in digests}
    return ordered(stored_arms(run for run in store.runs() if run.digest in known)[0])


def test_a_comparison_is_in_years_and_knows_no_chance(arms: list[StoredArm], store: RunStore) -> None:
    scores, names = {arm.id: arm_scores(arm.runs, store) for arm in arms}, names_of(arms)
    informed, plain = (
        next(arm.id for arm in arms if arm.plain is there and arm.spec.control == "none") for there in (False, True)
    )
    report = Report([*(arm for arm in arms if arm.id != plain), next(arm for arm in arms if arm.id == plain)], scores)
    text = "\n".join(report.lines(in_pairs=False, ways=True))
    assert re.search(r"\+0.30\d? years less \[", text) and "1 shot, years" in text and not OTHER_UNITS.search(text)
    assert "chance" not in ways_table(names, scores, arms, 1).index
    pairs = every_pair(scores, 1)
    better = {pair[0] if claim.verdict is Verdict.HELPS else pair[1] for pair, claim in pairs.items() if claim.decision.certain}
    assert informed in better and plain not in {pair[0] for pair, claim in pairs.items() if claim.verdict is Verdict.HELPS}
    shy = next(claim for pair, claim in every_pair(scores, 2).items() if set(pair) == {informed, plain})
    assert shy.decision.certain and abs(shy.estimate) < 0.5, "against the band of errors, not that of accuracies"
    assert shy.verdict in (Verdict.HELPS, Verdict.HURTS)
    values = report.values(in_pairs=True)
    assert values["metric"]["better"] == "lower" and {"mae"} <= values["learners"][0].keys()


def test_the_tables_name_their_columns_by_the_metric(arms: list[StoredArm], store: RunStore) -> None:
    names = names_of(arms)
    scores = {names[arm.id]: arm_scores(arm.runs, store) for arm in arms}
    by_name = {names[arm.id]: arm for arm in arms}
    table = long_table(by_name, scores, {name: cost_of(arm) for name, arm in by_name.items()}, names[arms[0].id])
    assert {"mae_years", "difference_years_less"} <= set(table) and not {"accuracy_percent", "difference_points"} & set(table)
    assert "difference_years_less" in pairs_table(
        names, every_pair({a.id: scores[names[a.id]] for a in arms}, 1), next(iter(scores.values()))
    )
    assert episode_table(scores)["mae"].max() > 1


# --- one metric at a time ----------------------------------------------------------------------------------------------------


def test_runs_scored_by_different_metrics_are_refused_wherever_they_would_meet(
    wide: Dataset, found: Answer, arms: list[StoredArm], store: RunStore, tmp_path
) -> None:
    spec = found.spec.arms["metadata"]
    elsewhere = RunStore(Workspace(tmp_path))
    errors = store_values(elsewhere, spec[0], wide, np.full((3, 240), 0.5))
    right = store_scores(elsewhere, replace(spec[0], seed=7), wide, np.full((3, 240), 0.5))
    one, other = load_scores([errors], elsewhere), load_scores([right], elsewhere)
    assert (one.metric.name, other.metric.name) == ("mae", "accuracy")
    refused: tuple[Callable[[], object], ...] = (
        lambda: load_scores([errors, right], elsewhere),
        lambda: pooled_scores([one, other]),
        lambda: Report(mixed, {arm.id: arm_scores(arm.runs, elsewhere) for arm in mixed}),
    )
    mixed = [StoredArm("a", (errors,)), StoredArm("b", (right,))]
    for meet in refused:
        with pytest.raises(BadInput, match=r"different metrics \(accuracy and mean absolute error\)") as caught:
            meet()
        one_sentence(caught.value)
    assert comparable(mixed, mixed[0]) == mixed[:1], "the page does not offer the other"


def test_a_run_scored_by_a_metric_of_another_version_says_so(wide: Dataset, found: Answer, tmp_path) -> None:
    elsewhere = RunStore(Workspace(tmp_path))
    run = store_values(elsewhere, found.spec.arms["metadata"][0], wide, np.full((3, 240), 0.5))
    run = rewrite(elsewhere, run, summary={**run.summary, "metric": "ndcg"})
    with pytest.raises(BadInput, match="'ndcg', a metric that this version does not know") as caught:
        load_scores([run], elsewhere)
    one_sentence(caught.value)


# --- an ablation -------------------------------------------------------------------------------------------------------------


def test_every_source_is_worth_the_years_that_it_lowers_the_error_by(ablated: Ablation) -> None:
    assert ablated.spec.rope == 0.05, "the metric's own band"
    for source, worth in zip(SOURCES, WORTH, strict=True):
        card = ablated.card(source)
        for one in (card.delta[0], card.phi[0], card.alone[0], card.credit[0]):
            assert one.episodes.estimate == pytest.approx(worth, abs=0.02) and one.unit == "years less"
        assert card.verdict is (Verdict.HELPS if worth > 0 else Verdict.HURTS) and card.decision.certain
    assert all(one.holds for one in ablated.efficiency)
    assert [ablated.card(name).worth[0].censored for name in ("place", "flag")] == ["above", "below"], (
        "in examples too, less is better"
    )
    assert ablated.sets is not None and ablated.sets.better is not None and ablated.sets.better.sources == SOURCES[:2]
    assert not any(card.disagreement for card in with_agreement(ablated, ablated).cards)


def test_two_tiers_a_quarter_of_a_year_apart_disagree_in_years(ablated: Ablation) -> None:
    """More than twice the band of these errors, less than twice that of accuracies."""
    cards = [
        replace(
            card,
            phi=tuple(replace(one, episodes=replace(one.episodes, estimate=one.episodes.estimate + 0.25)) for one in card.phi),
        )
        for card in ablated.cards
    ]
    told = with_agreement(ablated, replace(ablated, cards=tuple(cards))).card("place").disagreement
    assert "its share is +0.5 years less there and +0.3 here" in told


def test_an_ablation_speaks_of_years_in_every_form(ablated: Ablation, wide: Dataset) -> None:
    cards = " ".join(
        text for card in ablated.cards for line in card_lines(card, ablated) + detail_lines(card, ablated) for text in line
    )
    for text in (as_text(ablated), cards):
        assert "years less" in text and not OTHER_UNITS.search(text)
    values = json.loads(json.dumps(as_values(ablated)))
    assert values["metric"]["name"] == "mae" and values["arms"][0]["mae"]["1"] == pytest.approx(2.2, abs=0.02)
    (row,) = (one for one in subset_values(ablated, ("place",)) if one.shot == 1)
    assert row.episodes.counted_in == "years" and row.episodes.estimate == pytest.approx(1.9, abs=0.02)
    assert row.more_than_none.episodes.estimate == pytest.approx(0.3, abs=0.02)
    assert effects_table(ablated)["estimate"].abs().max() < 1
    html = re.sub(r"<script.*?</script>", "", report_html(ablated, wide), flags=re.S)
    assert (
        "Estimates and bounds in years less mean absolute error." in html
        and "± 0.05 years less" in html
        and " points" not in html
    )


# --- pictures ----------------------------------------------------------------------------------------------------------------


def test_the_charts_of_an_ablation_have_their_axis_and_band_in_years(ablated: Ablation) -> None:
    worth, fading = worth_chart(ablated, "left out", LIGHT), fading_chart(ablated, "left out", LIGHT)
    assert worth.layout.xaxis.title.text == fading.layout.yaxis.title.text == "years less mean absolute error"
    assert (worth.layout.shapes[0].x0, worth.layout.shapes[0].x1) == (-0.05, 0.05)
    for figure in (worth, fading, interaction_chart(ablated, LIGHT)):
        assert not OTHER_UNITS.search(" ".join(str(trace.hovertemplate) for trace in figure.data))


def test_curves_have_their_axis_and_hover_in_years_and_no_line_of_chance(found: Answer) -> None:
    curves = [Curve(arm, [inside for inside, _ in rows], LIGHT.helps) for arm, rows in found.means.items()]
    over_shots = curve_over_shots((1, 2, 5), curves, LIGHT, metric=found.metric)
    over_ways = curve_over_ways((2, 3, 5), curves, LIGHT, metric=found.metric)
    for figure in (over_shots, over_ways):
        assert figure.layout.yaxis.title.text == "mean absolute error, years"
        assert "years" in figure.data[-1].hovertemplate and "%]" not in figure.data[-1].hovertemplate
    assert not over_ways.layout.shapes and not over_ways.layout.annotations
    first = found.gain[0]
    dots = interval_dots([Dot("metadata", first.episodes, first.new_classes, LIGHT.helps)], LIGHT, first.rope)
    assert dots.layout.xaxis.title.text == "difference, years less"


def test_a_curve_of_wrong_metadata_is_in_years_gained(found: Answer, store: RunStore) -> None:
    run = store.get(found.digests["plain"][0])
    assert run is not None
    gain = np.stack([np.full((1, 240), level) for level in (0.3, 0.1, -0.1)])
    curve = curve_of("missing", 1, (0.0, 0.5, 1.0), gain, store.manifest(run), np.random.default_rng(0), metric=MAE)
    assert {one.counted_in for one in (*curve.gain, *curve.gain_new)} == {"years less"}
    assert curve.break_even.value == pytest.approx(0.75)
