"""What is said of an ablation, to the letter: cards, table, text; and the same numbers in the file to download."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metadash.ablation.card_words import (
    NOT_MEASURED,
    card_lines,
    control_words,
    detail_lines,
    missing_words,
    p_pair,
    p_words,
    share_words,
    three,
    worths_words,
    wrong_words,
)
from metadash.ablation.cards import Badge, SourceCard, judged
from metadash.ablation.effects_table import ALL, EFFECTS, effects_table
from metadash.ablation.result import Ablation, Efficiency
from metadash.ablation.words import as_text, cards_table, cell, efficiency_words, headline, leaning, verdict_words, worth_words
from metadash.answers.doses import BreakEven, DoseCurve
from metadash.data.dataset import Dataset
from metadash.figures.ablation import measures_of, rows_of
from metadash.runs.store import RunStore
from metadash.specs.subsets import SourceArm
from metadash.stats.intervals import Interval
from metadash.stats.shots import WorthInShots
from metadash.stats.verdict import Decision, Grade, Verdict
from metadash.workspace import Workspace
from tests.ablations import SOURCES, additive, asked, bits, made_up


@pytest.fixture(scope="module")
def found(wide: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    store = RunStore(Workspace(tmp_path_factory.mktemp("told")))
    return made_up(asked(controls=("shuffled", "noise")), wide, store, additive(4, 2, -1), noise=3)


@pytest.fixture
def card(found: Ablation) -> SourceCard:
    return found.card("place")


def test_the_whole_text(found: Ablation) -> None:
    assert as_text(found).splitlines() == [
        "With one labelled example per class, all 3 sources together add +5.0 points [4.6, 5.3] on these families, [4.4, 6.1] on new "
        "families (12 families tested). “place” has the largest share: +3.9 points [3.7, 4.1] on these families, [3.7, 4.3] on new families "
        "(12 families tested).",
        "All 12 families gain more than half a point. The chance of a gain of more than half a point on new families is over 99 %.",
        "“place” + “size” carry +6.0 points [5.4, 7.3] against the +5.0 [4.4, 6.1] that all 3 sources add on new families; the other one "
        "adds at most 0.4 points to that, nothing you would notice.",
        "Confirm: every arm trained anew, beside the same arm with shuffled rows. 5 seeds, 120 test episodes, 60 things in 12 families.",
        "Sets were judged on 12 families, with bounds that hold for all 7 sets at once (95 %).",
        "",
        "In points, with one labelled example per class; 95 % intervals for new families; worth in examples per class for these families, "
        "then for new. Chance: of what the estimate claims, among all sources.",
        "source  left out           share              real − shuffled    worth                           chance     coverage",
        "place   +3.8 [3.0, 4.2]    +3.9 [3.7, 4.3]    +3.8 [3.5, 4.6]    0.3 [0.3, 0.3], new [0.3, 0.3]  over 99 %  100.0 %   "
        "▲ Helps beside all the others.",
        "size    +1.9 [1.6, 2.5]    +2.1 [1.9, 2.3]    +1.7 [0.9, 2.2]    0.2 [0.1, 0.2], new [0.1, 0.2]  97.0 %     100.0 %   "
        "▲ Very likely helps (97.0 %): with 3 tested together, this could be chance; by itself: helps.",
        "flag    −1.1 [−1.5, −0.5]  −1.0 [−1.2, −0.5]  −1.2 [−1.6, −0.8]  ≤ 0.0, new [−∞, 0.0]            96.8 %     100.0 %   "
        "▼ Very likely hurts (96.8 %): the interval [−1.5, −0.5] reaches into ± 0.5.",
        "",
        "left out, at  1 shot             2 shots            5 shots",
        "place         +3.8 [3.0, 4.2]    +2.8 [2.0, 3.2]    +2.0 [1.3, 2.5]",
        "size          +1.9 [1.6, 2.5]    +1.4 [1.1, 2.0]    +1.1 [0.8, 1.6]",
        "flag          −1.1 [−1.5, −0.5]  −0.8 [−1.3, −0.2]  −0.6 [−1.1, 0.0]",
        "all together  +5.0 [4.4, 6.1]    +3.7 [3.2, 4.8]    +2.8 [2.3, 3.9]",
        "real − noise: all +4.8 [4.4, 5.4]; place +3.9 [2.7, 4.5]; size +1.8 [1.4, 2.8]; flag −1.2 [−1.6, −0.7]",
        "",
        "The shares sum to +5.0 points, all sources together give +5.0 points: adds up.",
    ]


def test_a_card_line_by_line(card: SourceCard, found: Ablation) -> None:
    known = dict(card_lines(card, found))
    assert known["Left out"] == (
        "+3.8 points [3.5, 4.1] on these families, [3.0, 4.2] on new families (12 families tested), [3.0, 4.4] over 5 training seeds: "
        "what is lost when it alone is taken away"
    )
    assert known["Share (Shapley)"] == three(card.phi[0], found) and known["Real − shuffled"] == three(card.credit[0], found)
    assert known["Real − noise"] == three(card.controls["noise"][0], found)
    assert known["Of these families"] == "All 12 families gain more than half a point"
    assert known["Chance of more than 0.5 points on new families, by itself"] == "100.0 %"
    assert known["Worth in labelled examples"] == (
        "0.3 [0.3, 0.3], new [0.3, 0.3] beside one example; 0.6 [0.5, 0.7], new [0.5, 0.7] beside two examples per class"
    )
    assert known["Known for"] == "100.0 % of the things" and known["How wrong may it get"] == NOT_MEASURED
    assert "Real − shuffled" in list(known) and list(known).count("Real − shuffled") == 1
    details = dict(detail_lines(card, found))
    assert details["Alone, against no metadata"] == three(card.alone[0], found)
    assert details["Real − noise, alone"] == three(card.controls_alone["noise"][0], found)
    assert details["Left out, two labelled examples"] == three(card.delta[1], found)
    assert details["p on new families"] == (
        "< 0.001 against no difference, by itself; 0.002 for the claim against ± 0.5, after Holm's correction for 3 sources"
    )
    assert len(details) == 6
    first, second = control_words(found)
    assert first == f"All sources real less all shuffled: {three(found.total_credit['shuffled'][0], found)}."
    assert second.startswith("All sources real less all noise: +4.8 points [4.5, 5.2] on these families")


def test_what_cannot_be_said_of_new_ones_or_over_seeds_is_said_to_be_so(card: SourceCard, found: Ablation) -> None:
    one = card.delta[0]
    lone = replace(
        one, new_classes=Interval(3.8, None, None, 1, "t", "group", note="group-limited: 1 group, 2 needed"), seeds=None
    )
    assert three(lone, found) == "+3.8 points [3.5, 4.1] on these families (group-limited: 1 group, 2 needed), one training seed"
    boundless = replace(one, seeds=Interval(3.8, None, None, 1, "t", "seed"))
    assert three(boundless, found).endswith("(12 families tested), one training seed")
    assert cell(lone) == "+3.8 [3.5, 4.1]" and cell(one) == "+3.8 [3.0, 4.2]" and cell(None) == "not measured"
    limited = replace(card, delta=(lone, *card.delta[1:]), chance=(None,), p_zero=(None,))
    lines = dict(card_lines(limited, found))
    assert (
        lines["Chance of more than 0.5 points on new families, by itself"] == "cannot be said (group-limited: 1 group, 2 needed)"
    )
    assert p_pair(limited, 3, 0.5) == "none: there is no interval for what is new"
    assert [p_words(p) for p in (0.0009, 0.001, 0.25)] == ["< 0.001", "0.001", "0.250"]


def test_what_was_not_measured_says_why(card: SourceCard, found: Ablation) -> None:
    bare = replace(card, phi=(), credit=(), worth=(), level="instance", coverage=0.5)
    lines = dict(card_lines(bare, found))
    assert (
        lines["Share (Shapley)"] == f"{NOT_MEASURED}: {found.spec.limitation}" and lines["Known for"] == "50.0 % of the instances"
    )
    assert lines["Real − shuffled"] == f"{NOT_MEASURED} (no such control)"
    screened = replace(found, spec=replace(found.spec, tier="screen", seeds=(0, 1, 2)))
    assert dict(card_lines(bare, screened))["Real − shuffled"] == f"{NOT_MEASURED}: only confirm trains shuffled rows"
    assert worths_words(bare) == f"{NOT_MEASURED}: it takes more than one number of shots"
    assert share_words(replace(card, phi_error=(0.123,)), found).endswith("; sampling error ± 0.12 points")


def test_how_wrong_and_how_much_missing_it_bears(card: SourceCard, found: Ablation) -> None:
    told = replace(card, break_even=(BreakEven(0.42, 0.36, 0.5, kind="swap"), BreakEven(1.0, 1.0, 1.0, "above", kind="noise")))
    assert wrong_words(told) == (
        "told another class's: break-even at 42 % of the classes [36, 50], over tasks of these test classes; told noise: even with all "
        "classes hit it does better than without"
    )

    def gain(value: float) -> Interval:
        return Interval(value, value - 1, value + 1, 60, "t", "episode")

    curve = DoseCurve("missing", 1, (0.0, 0.3, 0.6, 1.0), tuple(map(gain, (4, 3, 2, 0))), (), BreakEven(1, 1, 1))
    assert missing_words(replace(card, missingness=curve), found) == (
        "of +4.0 points [3.0, 5.0], +2.0 points [1.0, 3.0] are left on these families with 60% of the classes without it (one model "
        "trained with source dropout)"
    )
    for start, said in ((0.0, "there is no gain to lose: 0.0 points [−1.0, 1.0]"), (0.1, "of +0.1 points")):
        none = replace(curve, gain=(gain(start), *curve.gain[1:]))
        assert missing_words(replace(card, missingness=none), found).startswith(said)


@pytest.mark.parametrize(
    ("worth", "words"),
    [
        (WorthInShots(0.44, 1, "", 0.3, 0.5, new_low=0.1, new_high=0.8), "0.4 [0.3, 0.5], new [0.1, 0.8]"),
        (WorthInShots(9.0, 1, "above", 5.0, None), "≥ 9.0"),
        (WorthInShots(-0.04, 1, "below", None, 0.1, new_high=0.2), "≤ 0.0, new [−∞, 0.2]"),
        (WorthInShots(-0.5, 1, "", -0.9, None, new_low=-1.0), "−0.5, new [−1.0, ∞]"),
    ],
)
def test_a_worth_has_both_brackets_as_far_as_they_are_known(worth: WorthInShots, words: str) -> None:
    assert worth_words(worth) == words


def test_shares_that_do_not_add_up_are_a_defect(found: Ablation) -> None:
    broken = replace(found, efficiency=(found.efficiency[0], Efficiency(2, 1.0, 1.1)))
    assert "DOES NOT ADD UP" in efficiency_words(broken) and Efficiency(1, 2.0, 2.0 + 5e-7).holds
    assert not Efficiency(1, 2.0, 2.0 + 2e-6).holds
    assert efficiency_words(replace(found, efficiency=())) == found.spec.limitation


@pytest.mark.parametrize(
    ("verdict", "grade", "said"),
    [
        (Verdict.HELPS, Grade.CERTAIN, "This model leans on it."),
        (Verdict.HELPS, Grade.PROBABLY, "This model probably leans on it."),
        (Verdict.EQUIVALENT, Grade.VERY_LIKELY, "This model very likely does not lean on it."),
        (Verdict.HURTS, Grade.CERTAIN, "This model does not lean on it."),
        (Verdict.UNDETERMINED, Grade.UNDETERMINED, "It cannot be told yet whether this model leans on it."),
    ],
)
def test_reliance_tells_what_one_model_does(verdict: Verdict, grade: Grade, said: str, card: SourceCard) -> None:
    leans = replace(card, tier="reliance", delta=(replace(card.delta[0], decision=Decision(verdict, "group", grade=grade)),))
    assert leaning(leans) == verdict_words(leans) == said


def test_a_verdict_carries_its_doubts(card: SourceCard, found: Ablation) -> None:
    badges = (Badge("leak", "It leaks.", "block"), Badge("odd", "It is odd.", "warn"))
    doubted = replace(card, tier="screen", reason="Helps.", badges=badges, disagreement="They disagree.")
    assert verdict_words(doubted) == "Helps. Not confirmed. It leaks. They disagree."
    assert verdict_words(replace(doubted, tier="confirm", badges=())) == "Helps. They disagree."
    equal = replace(card.delta[0], decision=Decision(Verdict.EQUIVALENT, "group", grade=Grade.CERTAIN))
    assert verdict_words(replace(doubted, delta=(equal,), badges=(), disagreement="")) == "Helps."


def test_the_headline_names_what_leads_and_by_what(found: Ablation) -> None:
    bare = replace(found, cards=tuple(replace(card, phi=()) for card in found.cards))
    assert "“place” has the most beside the others: +3.8 points" in headline(bare)
    partial = replace(found, seeds=(0, 1))
    assert headline(partial).startswith("Partial, 2 of 5 seeds: With one labelled example")
    leaning = replace(found, spec=replace(found.spec, tier="reliance", seeds=(0,)), seeds=(0,))
    assert "all 3 sources together give this model +5.0 points" in headline(leaning)


def test_cards_chart_and_headline_rank_by_one_measure_where_twins_share_what_the_lone_source_has_for_itself(
    wide: Dataset, tmp_path: Path
) -> None:
    def twins(arm: SourceArm) -> float:
        place, size, flag, *_ = bits(arm)
        return 50 + 6 * (place or size) + 2 * flag

    found = made_up(asked(), wide, RunStore(Workspace(tmp_path)), twins, noise=3)
    assert [card.source for card in found.cards][-1] == "flag", "3 points each for the twins, 2 for the other"
    assert headline(found).count(f"“{found.cards[0].source}” has the largest share") == 1
    assert next(row.name for row in rows_of(found, "left out")) == "flag", "a twin left out is missed by nobody"
    for measure in measures_of(found):
        shown = [row.effect.episodes.estimate for row in rows_of(found, measure)]
        assert shown == sorted(shown, reverse=True)


def test_the_file_holds_every_effect_of_every_source_with_its_numbers(found: Ablation) -> None:
    table: Any = effects_table(found).set_index(["source", "effect", "shot"])
    own = [
        *EFFECTS.values(),
        *(f"real − {control}, {where}" for control in ("shuffled", "noise") for where in ("alone", "beside the others")),
    ]
    pairs = {"place × size", "place × flag", "size × flag"}
    assert {key[:2] for key in table.index} == {
        *((source, effect) for source in SOURCES for effect in own),
        *((ALL, effect) for effect in ("all − none", "real − shuffled", "real − noise")),
        *((pair, "interaction") for pair in pairs),
    }
    assert len(table) == 3 * (3 * 7 + 3 + 3) and not table.index.duplicated().any()
    card = found.card("size")
    for effect, rows in (("left out", card.delta), ("share (Shapley)", card.phi), ("alone", card.alone)):
        for one in rows:
            row = table.loc["size", effect, one.shot]
            assert row["estimate"] == one.episodes.estimate and row["new_classes_low"] == one.new_classes.low
            assert (row["verdict"], row["grade"]) == (one.decision.verdict.name.lower(), one.decision.grade.name.lower())
            assert row["seeds_high"] == one.seeds.high and row["p_claim"] == one.decision.p  # type: ignore[union-attr]
    assert table.loc["size", "left out", 2]["p_against_zero"] == card.p_zero[1]
    assert table["p_against_zero"].notna().sum() == 9, "of what is left out alone"
    assert table.loc["size", "real − noise, alone", 5]["estimate"] == card.controls_alone["noise"][2].episodes.estimate
    assert table.loc["place × size", "interaction", 1]["estimate"] == found.interactions["place", "size"][0].episodes.estimate
    assert table.loc[ALL, "real − noise", 2]["estimate"] == found.total_credit["noise"][1].episodes.estimate
    assert set(table["tier"]) == {"confirm"} and not table["partial"].any()


def test_the_table_of_cards_says_what_is_not_measured(found: Ablation) -> None:
    bare = replace(found, cards=(replace(found.cards[0], phi=(), credit=(), worth=()),))
    (row,) = cards_table(bare).to_dict("records")
    assert (row["share"], row["real − shuffled"], row["worth"]) == ("not measured",) * 3 and row["chance"] == "over 99 %"


@pytest.mark.parametrize(
    ("beside", "alone", "sources", "said"),
    [
        (Verdict.EQUIVALENT, Verdict.HELPS, 1, "Makes no practical difference."),
        (
            *(Verdict.EQUIVALENT, Verdict.HELPS, 2),
            "Makes no practical difference beside the others, which say the same; alone it helps.",
        ),
        (Verdict.UNDETERMINED, Verdict.HELPS, 2, "Why. Alone it helps."),
        (Verdict.UNDETERMINED, Verdict.HURTS, 2, "Why."),
        (Verdict.HELPS, Verdict.HELPS, 2, "Helps beside all the others."),
        (Verdict.HURTS, Verdict.HELPS, 2, "Hurts beside all the others: better left out."),
    ],
)
def test_a_source_that_helps_alone_and_not_beside_the_others_is_said_to(
    beside: Verdict, alone: Verdict, sources: int, said: str, card: SourceCard
) -> None:
    def decided(verdict: Verdict) -> Decision:
        return Decision(verdict, "group", grade=Grade.CERTAIN, reason="Why." if verdict is Verdict.UNDETERMINED else "")

    one = card.delta[0]
    made = replace(card, delta=(replace(one, decision=decided(beside)),), alone=(replace(one, decision=decided(alone)),))
    assert judged(made, sources) == said
