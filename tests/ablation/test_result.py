"""From the scores of the arms to the card of each source: with known values of every subset, the known card."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metadash.ablation.plan import AblationSpec
from metadash.ablation.result import ablation, with_agreement
from metadash.ablation.words import as_text, as_values, headline, verdict_words
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.stats.verdict import Grade, Verdict, decide, decide_together
from metadash.workspace import Workspace
from tests.ablations import SOURCES, additive, asked, bits, made_up, points
from tests.builders import one_sentence, store_scores, tiny_evaluation, tiny_run


@pytest.fixture
def few(tiny_workspace: Workspace) -> Dataset:
    """The usual one: 15 test classes in three families."""
    return Dataset.open(tiny_workspace, "tiny")


@pytest.fixture
def tiny(wide: Dataset) -> Dataset:
    """With enough test families for certain verdicts."""
    return wide


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Workspace(tmp_path))


# --- the numbers -------------------------------------------------------------------------------------------------------------


def test_additive_sources_get_what_they_add_by_every_measure(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(), tiny, store, additive(4, 2, -1))
    for source, worth in zip(SOURCES, (4, 2, -1), strict=True):
        card = found.card(source)
        for measure in (card.delta, card.phi, card.alone, card.credit, card.credit_alone):
            assert points(measure) == pytest.approx(worth, abs=0.02)
            assert points(measure, 2) == pytest.approx(worth * 0.75**2, abs=0.02)
    assert points(found.total) == pytest.approx(5, abs=0.02) and points(found.total_credit["shuffled"]) == pytest.approx(
        5, abs=0.02
    )
    assert (
        all(points(rows) == pytest.approx(0, abs=0.02) for rows in found.interactions.values()) and len(found.interactions) == 3
    )
    assert found.mean(("place", "flag"), 1)[0].estimate == pytest.approx(53, abs=0.02)


def test_the_shares_add_up_at_every_number_of_shots_whatever_the_scores(tiny: Dataset, store: RunStore) -> None:
    unruly = np.random.default_rng(0).normal(60, 8, 64)
    found = made_up(asked(), tiny, store, lambda arm: unruly[arm.mask + 8 * arm.falsified % 64], noise=5)
    assert [one.shot for one in found.efficiency] == [1, 2, 5]
    for one, total in zip(found.efficiency, found.total, strict=True):
        assert one.holds and one.shapley_sum == pytest.approx(total.episodes.estimate, abs=1e-9)
    assert "adds up" in as_text(found)


def test_all_three_intervals_are_there_and_named(tiny: Dataset, store: RunStore) -> None:
    card = made_up(asked(), tiny, store, additive(4, 2, -1), noise=3).card("place")
    for one in (*card.delta, *card.phi, *card.credit):
        assert (one.episodes.unit, one.new_classes.unit) == ("episode", "group")
        assert one.seeds is not None and (one.seeds.unit, one.seeds.n) == ("seed", 5)
        assert one.episodes.low is not None and one.episodes.low < one.episodes.estimate
    assert [worth.at for worth in card.worth] == [1, 2] and card.worth[0].value > card.worth[1].value * 0.2
    assert all(0 <= chance <= 1 for chance in card.chance if chance is not None)


def test_one_source_has_one_worth_by_whatever_name(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(("place",)), tiny, store, additive(3))
    (card,) = found.cards
    assert points(card.delta) == pytest.approx(points(card.phi)) == pytest.approx(points(found.total))
    assert card.decision == decide(card.delta[0].new_classes, control=card.credit[0].new_classes) and not found.interactions
    assert "“place” adds +3.0 points" in headline(found)


def test_twins_share_what_neither_adds_beside_the_other(tiny: Dataset, store: RunStore) -> None:
    """The second says what the first says: leaving one out costs nothing, and each has half of the share."""
    found = made_up(asked(), tiny, store, lambda arm: 50 + 4 * (bits(arm)[0] or bits(arm)[1]))
    first, second, third = (found.card(source) for source in SOURCES)
    assert points(first.delta) == pytest.approx(0, abs=0.02) == points(second.delta)
    assert points(first.phi) == pytest.approx(2, abs=0.02) and points(first.phi) == pytest.approx(points(second.phi))
    assert points(third.phi) == pytest.approx(0, abs=0.02)
    assert points(found.interactions["place", "size"]) == pytest.approx(-4, abs=0.02)
    assert first.verdict is Verdict.EQUIVALENT and "alone it helps" in first.reason
    assert third.verdict is Verdict.EQUIVALENT and "alone" not in third.reason


def test_cards_stand_in_the_order_of_worth(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(), tiny, store, additive(1, 4, 2))
    assert [card.source for card in found.cards] == ["size", "flag", "place"]


# --- the verdict -------------------------------------------------------------------------------------------------------------


def test_a_source_that_helps_and_whose_shuffled_rows_do_not_may_be_quoted(tiny: Dataset, store: RunStore) -> None:
    card = made_up(asked(), tiny, store, additive(4, 2, 0)).card("place")
    assert card.verdict is Verdict.HELPS and card.claim and card.chance[0] == pytest.approx(1)


def test_a_gain_that_shuffled_rows_have_too_is_no_help(tiny: Dataset, store: RunStore) -> None:
    """They add as much as the real ones: what helps is not what the source says."""
    found = made_up(asked(), tiny, store, lambda arm: 50 + 4 * (arm.mask & 1))
    card = found.card("place")
    assert points(card.delta) == pytest.approx(4, abs=0.02) and points(card.credit) == pytest.approx(0, abs=0.02)
    assert card.verdict is Verdict.UNDETERMINED and not card.claim and "shuffled" in card.reason
    assert "alone" not in card.reason.lower()


def test_without_a_control_nothing_is_said_to_help(tiny: Dataset, store: RunStore) -> None:
    card = made_up(asked(controls=("noise",)), tiny, store, additive(4, 2, 0)).card("place")
    assert card.credit == () and card.verdict is Verdict.UNDETERMINED and not card.claim


def test_harm_needs_no_control(tiny: Dataset, store: RunStore) -> None:
    card = made_up(asked(controls=()), tiny, store, additive(4, 2, -3)).card("flag")
    assert card.verdict is Verdict.HURTS and card.claim


def test_sources_tested_together_are_corrected_for_it(tiny: Dataset, store: RunStore) -> None:
    """At the edge of the region, and not against 0; each beside its own control, and *no difference* a family of its own."""
    found = made_up(asked(), tiny, store, additive(1.1, 0.9, 0.1), noise=2)
    cards = [found.card(source) for source in SOURCES]
    expected = decide_together([card.delta[0].new_classes for card in cards], 0.5, [card.credit[0].new_classes for card in cards])
    assert [card.decision for card in cards] == expected
    alone = [decide(card.delta[0].new_classes, control=card.credit[0].new_classes) for card in cards]
    assert any(card.decision.chance < one.chance for card, one in zip(cards, alone, strict=True))
    for rows in zip(*(card.alone for card in cards), strict=True):
        controls = [card.credit_alone[[1, 2, 5].index(row.shot)].new_classes for card, row in zip(cards, rows, strict=True)]
        assert [row.decision for row in rows] == decide_together([row.new_classes for row in rows], 0.5, controls)


def test_what_is_likely_and_no_more_is_said_and_not_quoted(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(("place",)), tiny, store, additive(0.8), noise=3)
    card = found.card("place")
    assert card.verdict is Verdict.HELPS and 0 < card.decision.grade < Grade.CERTAIN and not card.claim
    assert card.decision.words.startswith(("very likely helps", "probably helps"))
    assert card.decision.words.capitalize() in verdict_words(card) and " %): " in verdict_words(card)


def test_all_together_say_how_many_groups_gain_and_how_sure_that_is(tiny: Dataset, store: RunStore) -> None:
    text = as_text(made_up(asked(), tiny, store, additive(4, 2, -1)))
    assert "All 12 families gain more than half a point." in text
    assert "The chance of a gain of more than half a point on new families is over 99 %." in text
    assert text.splitlines()[0].count("(12 families tested)") == 2


def test_all_together_help_only_beside_all_shuffled(tiny: Dataset, store: RunStore) -> None:
    """Wherever the first source stands, real or shuffled, four points are added."""
    found = made_up(asked(), tiny, store, lambda arm: 50 + 4 * (arm.mask & 1))
    assert found.total[0].decision.verdict is Verdict.UNDETERMINED and "real − shuffled is 0.0 points" in as_text(found)


@pytest.mark.parametrize(("tier", "seeds"), [("screen", 3), ("reliance", 1)])
def test_what_is_only_masked_is_never_quoted(tier: Any, seeds: int, tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(tier=tier, seeds=tuple(range(seeds))), tiny, store, additive(4, 2, -1))
    assert not any(card.claim for card in found.cards) and not found.total_credit
    assert found.card("place").credit == () and points(found.card("place").phi) == pytest.approx(4, abs=0.02)
    words = verdict_words(found.card("place"))
    assert ("Not confirmed" in words) if tier == "screen" else ("leans on it" in words)


def test_seeds_that_are_finished_make_a_partial_answer(tiny: Dataset, store: RunStore) -> None:
    spec = asked()
    assert ablation(spec, tiny, store) is None
    found = made_up(spec, tiny, store, additive(4, 2, 0), seeds=2)
    assert found.partial and found.seeds == (0, 1) and not any(card.claim for card in found.cards)
    assert headline(found).startswith("Partial, 2 of 5 seeds:") and as_values(found)["partial"]
    assert not made_up(spec, tiny, store, additive(4, 2, 0)).partial


def test_too_few_test_classes_are_said_with_the_number_needed(few: Dataset, store: RunStore) -> None:
    run = tiny_run(SOURCES, evaluation=tiny_evaluation(n_way=6, strategy="uniform", column=None))
    found = made_up(AblationSpec(run), few, store, additive(4, 2, 0))
    card = found.card("place")
    assert card.limited.startswith("class-limited") and "18 needed" in card.limited
    assert card.verdict is Verdict.UNDETERMINED and card.decision.p is None and card.p_zero == (None, None, None)
    assert "class-limited" in as_text(found)


# --- one tier beside another -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screened", "flagged"),
    [((4.2, 2, -1), False), ((2.5, 2, -1), True), ((4, 2, 0.3), True)],
    ids=["close", "apart", "opposite"],
)
def test_tiers_that_disagree_are_flagged(screened: tuple[float, ...], flagged: bool, tiny: Dataset, store: RunStore) -> None:
    confirmed = made_up(asked(), tiny, store, additive(4, 2, -1))
    screen = made_up(asked(tier="screen", seeds=(0, 1, 2)), tiny, store, additive(*screened))
    found = with_agreement(confirmed, screen)
    assert any(card.disagreement for card in found.cards) is flagged
    assert found.card("size").disagreement == ""
    for card in found.cards:
        if card.disagreement:
            one_sentence(card.disagreement)
            assert card.disagreement in verdict_words(card)


def test_signs_of_what_is_practically_nothing_are_no_disagreement(tiny: Dataset, store: RunStore) -> None:
    confirmed = made_up(asked(), tiny, store, additive(4, 2, -0.1))
    screen = made_up(asked(tier="screen", seeds=(0, 1, 2)), tiny, store, additive(4, 2, 0.1))
    assert not any(card.disagreement for card in with_agreement(confirmed, screen).cards)


# --- many sources, other learners ---------------------------------------------------------------------------------------------

TWELVE = tuple(f"s{i}" for i in range(12))
WORTH = tuple(float(i) / 2 for i in range(12))


@pytest.fixture
def twelve(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """*tiny*, which says it has twelve sources."""
    monkeypatch.setattr(Dataset, "source", lambda self, name: tiny.sources[0])
    return tiny


def test_twelve_sources_are_screened_by_sampled_orders_with_their_error(twelve: Dataset, store: RunStore) -> None:
    spec = asked(TWELVE, tier="screen", seeds=(0, 1, 2))
    found = made_up(spec, twelve, store, additive(*WORTH))
    for source, worth in zip(TWELVE, WORTH, strict=True):
        assert points(found.card(source).phi) == pytest.approx(worth, abs=0.05)
        assert found.card(source).phi_error[0] == pytest.approx(0, abs=0.05)  # additive: every order says the same
    assert all(one.holds for one in found.efficiency) and not found.interactions
    assert "4096 subsets" in spec.limitation and "sampled" in as_text(found)


def test_the_error_of_sampling_is_there_where_orders_differ(twelve: Dataset, store: RunStore) -> None:
    found = made_up(
        asked(TWELVE, tier="screen", seeds=(0, 1, 2)), twelve, store, lambda arm: 50 + 0.2 * sum(bits(arm)) ** 2 * bits(arm)[0]
    )
    assert found.card("s0").phi_error[0] > 0.1 and all(one.holds for one in found.efficiency)


def test_twelve_sources_are_confirmed_by_the_planned_arms_and_it_says_why(twelve: Dataset, store: RunStore) -> None:
    spec = asked(TWELVE)
    assert len([arm for arm in spec.arms if arm.control == "none"]) == 2 + 24
    found = made_up(spec, twelve, store, additive(*WORTH))
    card = found.card("s11")
    assert card.phi == () and points(card.delta) == pytest.approx(5.5, abs=0.02) and card.verdict is Verdict.HELPS
    assert "too many to retrain each" in one_sentence(spec.limitation) and spec.limitation in as_text(found)
    assert not found.efficiency
    with pytest.raises(BadInput, match="was not scored"):
        found.mean(("s1", "s2"), 1)


def test_another_learner_is_confirmed_arm_by_arm(tiny: Dataset, store: RunStore) -> None:
    run = tiny_run(("place", "size"), learner="r2d2")
    spec = AblationSpec(run)
    assert len(spec.cells(0)) == len(spec.arms) == 4 + 5 and all(isinstance(cell, RunSpec) for cell in spec.runs)
    for seed in spec.seeds:
        for arm, cell in zip(spec.arms, spec.cells(seed), strict=True):
            value = additive(4, 0)(arm) + 2  # whole numbers of the 25 queries
            accuracy = np.array([value, value + 4, value + 8])[:, None] / 100 + np.zeros(run.evaluation.n_episodes)
            store_scores(store, cell, tiny, accuracy, queries=25)
    found = ablation(spec, tiny, store)
    assert found is not None and found.seeds == (0, 1, 2, 3, 4)
    card = found.card("place")
    assert points(card.delta) == points(card.phi) == pytest.approx(4) and card.verdict is Verdict.HELPS and card.claim
    assert points(found.card("size").delta) == pytest.approx(0)


def test_arm_by_arm_up_to_three_sources_the_planned_arms_are_all_subsets() -> None:
    three, four = (AblationSpec(tiny_run((*SOURCES, "words")[:n], learner="r2d2")) for n in (3, 4))
    assert three.every_subset and not three.limitation
    assert not four.every_subset and "with this learner" in one_sentence(four.limitation)


# --- what is refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seeds": (0, 1, 2)}, "The tier confirm needs at least 5 different seeds"),
        ({"tier": "screen", "seeds": (0, 0, 1)}, "The tier screen needs at least 3 different seeds"),
        ({"tier": "guess"}, "The tier is 'guess'"),
        ({"run": tiny_run()}, "at least one metadata source"),
        ({"run": tiny_run(("place",), control="noise")}, "starts from a run with real metadata"),
        ({"run": tiny_run(("place",), source_dropout=0.5)}, "starts from a run with real metadata"),
        ({"run": tiny_run(("place",), learner="metadata-only")}, "cannot do without metadata"),
        ({"rope": -1.0}, "practical threshold"),
    ],
)
def test_an_ablation_that_makes_no_sense_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        replace(asked(), **changes)
    one_sentence(caught.value)
