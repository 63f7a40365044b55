"""The interval decides against a region of practical equivalence; what is undetermined says what would settle it."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from metadash.stats.intervals import Interval, class_jackknife, episode_interval, group_jackknife
from metadash.stats.verdict import (
    FEWEST_CERTAIN,
    LEAST,
    Grade,
    Verdict,
    corrected,
    decide,
    decide_together,
    holm,
    p_claim,
    p_value,
)
from metadash.stats.words import about


def interval(low, high, n=600, unit="episode"):
    return Interval((low + high) / 2, low, high, n, "made up", unit)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.6, 3.0, Verdict.HELPS),
        (-3.0, -0.6, Verdict.HURTS),
        (-0.4, 0.4, Verdict.EQUIVALENT),
        (0.1, 0.4, Verdict.EQUIVALENT),  # clearly above zero, clearly too small to matter
        (-0.5, 0.5, Verdict.EQUIVALENT),
        (0.3, 2.5, Verdict.UNDETERMINED),  # significant, yet perhaps too small to matter
        (0.5, 2.5, Verdict.UNDETERMINED),
        (-0.4, 1.9, Verdict.UNDETERMINED),
        (-4.0, 4.0, Verdict.UNDETERMINED),
    ],
)
def test_the_interval_decides_against_the_region(low, high, verdict):
    assert decide(interval(low, high)).verdict is verdict


def test_a_region_of_no_width_asks_for_the_sign_only():
    assert decide(interval(0.1, 0.4), rope=0).verdict is Verdict.HELPS
    assert decide(interval(-0.1, 0.4), rope=0).verdict is Verdict.UNDETERMINED
    with pytest.raises(ValueError):
        decide(interval(0.1, 0.4), rope=-1)


def test_verdicts_carry_their_marks():
    assert [verdict.value for verdict in Verdict] == ["▲", "▼", "=", "?"]


def test_a_settled_verdict_asks_for_nothing_more():
    decision = decide(interval(0.6, 3.0))
    assert (decision.more, decision.more_episodes, decision.reason) == (None, None, "")


def test_undetermined_says_how_many_more_episodes():
    """Reach 1, room 0.5 from the estimate 1.0 to the region's edge: four times the episodes, 1 800 more."""
    decision = decide(interval(0.0, 2.0))
    assert decision.more_episodes == 1800
    assert decision.reason == "Cannot tell yet: the interval [0.0, 2.0] covers both. About 1\u202f800 more episodes would decide."


def test_that_many_more_episodes_do_decide():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 5, 600)
    values += 0.8 - values.mean()
    decision = decide(episode_interval(values))
    assert decision.grade is Grade.VERY_LIKELY and decision.more_episodes
    more = np.resize(values, 600 + decision.more_episodes)
    assert decide(episode_interval(more - more.mean() + 0.8)).shows(Verdict.HELPS)


def test_an_estimate_inside_the_region_needs_enough_to_show_equivalence():
    assert decide(interval(-1.0, 1.0)).more_episodes == 1800


def test_an_estimate_on_the_edge_is_not_promised_a_decision():
    decision = decide(interval(-0.5, 1.5))
    assert decision.more is None and "more" not in decision.reason


def test_more_episodes_cannot_help_where_groups_are_scarce():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(5), 100)
    values = np.array([-4, -2, 0, 2, 4])[group] + rng.normal(0, 5, 500)
    decision = decide(group_jackknife(values - values.mean() + 1.5, group))
    assert decision.verdict is Verdict.UNDETERMINED and decision.more_episodes is None
    assert decision.unit == "group" and decision.more and "would decide" not in decision.reason, "there may be no more groups"


def test_few_units_count_on_the_shrinking_t_quantile():
    """From 9 groups, 1 / sqrt(n) alone would ask for more than it takes."""
    few = made(0.9, 0.3, 8.0, n=9)
    by_width_alone = 9 * (stats.t.ppf(0.975, 8) * 0.3 / 0.4) ** 2 - 9
    more = decide(few).more
    assert more is not None and more < by_width_alone * 0.9
    total = 9 + more
    assert stats.t.ppf(0.975, total - 1) * 0.3 * np.sqrt(9 / total) <= 0.4


def test_more_is_never_fewer_than_a_certain_verdict_needs():
    assert decide(made(3.0, 0.6, 3.0, n=4)).more == FEWEST_CERTAIN - 4


def test_what_is_no_gain_is_said_to_be_none_although_its_loss_is_open():
    decision = decide(interval(-1.4, 0.2))
    assert decision.verdict is Verdict.UNDETERMINED
    assert decision.reason.startswith(
        "Cannot tell yet whether it is a loss, only that it is no gain: the interval [−1.4, 0.2] covers both."
    )


def test_too_few_classes_is_undetermined_and_says_how_many_are_missing():
    rng = np.random.default_rng(0)
    decision = decide(class_jackknife(rng.normal(9, 1, 50), rng.permuted(np.tile(np.arange(12), (50, 1)), axis=1)[:, :5]))
    assert (decision.verdict, decision.more, decision.unit) == (Verdict.UNDETERMINED, 3, "class")
    assert decision.reason == "Cannot tell yet: class-limited: 12 test classes, 15 needed."


def test_p_value_is_that_of_the_t_test():
    values = np.random.default_rng(0).normal(0.5, 2, 30)
    assert p_value(episode_interval(values)) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert p_value(episode_interval(values), against=0.5) == pytest.approx(stats.ttest_1samp(values, 0.5).pvalue)
    assert p_value(episode_interval(np.ones(1))) is None
    assert p_value(episode_interval(np.ones(9))) == 0 and p_value(episode_interval(np.zeros(9))) == 1


def test_claims_of_skewed_groups_are_decided_by_both_edges_of_the_region():
    rng, seen = np.random.default_rng(8), set()
    group = np.repeat(np.arange(8), 4)
    for scale in (0.1, 0.5, 3):
        for _ in range(150):
            one = group_jackknife(scale * np.repeat(rng.exponential(1, 8) - rng.uniform(0, 2), 4), group)
            decision = decide(one)
            seen.add((decision.verdict, decision.grade))
            beyond, within = one.low > 0.5 or one.high < -0.5, one.low >= -0.5 and one.high <= 0.5
            assert decision.certain == (beyond or within) == (p_claim(one) < 0.05)
            assert (p_value(one) < 0.05) == (not one.low <= 0 <= one.high)
    graded = {(verdict, grade) for verdict in Verdict for grade in Grade}
    assert seen == {(v, g) for v, g in graded if (v is Verdict.UNDETERMINED) == (g is Grade.UNDETERMINED)}


def made(estimate: float, se: float, df: float = 10.0, n: int = 11, unit: str = "group") -> Interval:
    reach = float(stats.t.ppf(0.975, df)) * se
    return Interval(estimate, estimate - reach, estimate + reach, n, "t", unit, se=se, df=df)


def test_one_test_alone_keeps_its_verdict():
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(300):
        one = made(rng.normal(0, 2), rng.choice([0.05, 0.15, 0.6, 2.0]))
        seen.add(decide(one).verdict)
        assert decide_together([one]) == [decide(one)]
        assert corrected([one]) == [decide(one).verdict if decide(one).certain else Verdict.UNDETERMINED]
    assert seen == set(Verdict)


def test_correction_lowers_grades_and_never_adds_or_turns_a_claim():
    rng = np.random.default_rng(4)
    many = [made(rng.normal(0, 2), rng.choice([0.05, 0.15, 0.6])) for _ in range(60)]
    alone, together = [decide(one) for one in many], decide_together(many)
    assert all(after.verdict in (before.verdict, Verdict.UNDETERMINED) for before, after in zip(alone, together, strict=True))
    assert all(after.grade <= before.grade for before, after in zip(alone, together, strict=True))
    assert {before.grade - after.grade for before, after in zip(alone, together, strict=True)} >= {0, 1, 2}


def test_what_holds_is_what_holm_lets_stand_at_the_edge_of_the_region():
    many = [made(estimate, 0.4, 2000.0, n=2001) for estimate in (3.0, 1.5, 1.3, -2.0, 0.6)]
    p = [p_value(one, np.copysign(0.5, one.estimate)) for one in many]
    stands = holm(p) < 0.05
    assert 0 < stands.sum() < len(many)
    assert [verdict is not Verdict.UNDETERMINED for verdict in corrected(many)] == stands.tolist()
    assert corrected(many)[3] is Verdict.HURTS


def test_without_an_interval_nothing_is_claimed_and_nothing_is_corrected_for():
    nothing = Interval(4.0, None, None, 1, "t", "group", needed=2)
    assert corrected([nothing, made(1.6, 0.4)]) == [Verdict.UNDETERMINED, corrected([made(1.6, 0.4)])[0]]
    assert corrected([]) == []


@pytest.mark.parametrize("truth", [0.5, -0.5])
def test_any_false_claim_among_fifteen_is_rare_after_correction_and_common_before(truth: float):
    """The least favourable truth: every difference lies on the edge of the region, so that each claim is false."""
    rng = np.random.default_rng(5)
    before = after = 0
    for _ in range(400):
        many = [made(truth + 0.3 * t, 0.3, 30.0) for t in rng.standard_t(30, 15)]
        outside = (Verdict.HELPS, Verdict.HURTS)
        before += any(decide(one).certain and decide(one).verdict in outside for one in many)
        after += any(verdict in outside for verdict in corrected(many))
    assert before / 400 > 0.2 and after / 400 < 0.05


# --- grades, few groups and the control ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (1.5, "helps"),
        (1.0, "very likely helps"),
        (0.8, "probably helps"),
        (0.55, "cannot tell yet"),
        (-1.5, "hurts"),
        (-1.0, "very likely hurts"),
        (-0.8, "probably hurts"),
        (-0.55, "cannot tell yet"),
    ],
)
def test_the_words_follow_the_chance_to_lie_beyond_the_region(estimate: float, words: str) -> None:
    decision = decide(made(estimate, 0.3, 1000, n=1001))
    assert decision.words == words
    beyond = stats.t.sf((0.5 - abs(estimate)) / 0.3, 1000)
    assert decision.chance == pytest.approx(beyond, abs=0.002)
    assert decision.grade == max((grade for grade, least in LEAST.items() if beyond >= least), default=Grade.UNDETERMINED)


@pytest.mark.parametrize(
    ("se", "words"),
    [
        (0.2, "makes no practical difference"),
        (0.28, "very likely makes no practical difference"),
        (0.4, "probably makes no practical difference"),
        (0.8, "cannot tell yet"),
    ],
)
def test_no_practical_difference_is_graded_by_the_chance_to_lie_within(se: float, words: str) -> None:
    decision = decide(made(0.0, se, 1000, n=1001))
    assert decision.words == words
    assert decision.chance == pytest.approx(1 - 2 * stats.t.sf(0.5 / se, 1000), abs=0.002)


@pytest.mark.parametrize(
    ("groups", "most"),
    [(2, Grade.PROBABLY), (5, Grade.PROBABLY), (6, Grade.VERY_LIKELY), (7, Grade.VERY_LIKELY), (8, Grade.CERTAIN)],
)
@pytest.mark.parametrize("effect", [9.0, -9.0, 0.0])
def test_of_few_groups_no_grade_is_given_that_they_cannot_vouch_for(groups: int, most: Grade, effect: float) -> None:
    means = effect + 0.001 * np.arange(groups)
    decision = decide(group_jackknife(np.repeat(means, 50), np.repeat(np.arange(groups), 50)))
    assert decision.grade is most and decision.n == groups
    assert ("groups alone no more is said" in decision.reason) == (most < Grade.CERTAIN)


def test_uneven_groups_count_as_the_even_ones_they_are_worth() -> None:
    group = np.repeat(np.arange(12), [600, 600, *[10] * 10])
    assert decide(group_jackknife(9 + 0.001 * group, group)).grade is Grade.PROBABLY


def test_no_grade_of_helps_is_given_that_the_shuffled_rows_do_not_allow() -> None:
    sure = made(3.0, 0.3)
    for control, grade in ((3.0, Grade.CERTAIN), (1.05, Grade.VERY_LIKELY), (0.8, Grade.PROBABLY), (0.4, Grade.UNDETERMINED)):
        decision = decide(sure, control=made(control, 0.3))
        assert decision.grade is grade and (decision.verdict is Verdict.HELPS) == (grade > 0)
        assert (f"real − shuffled is +{control:.1f}"[:26] in decision.reason) == (grade < Grade.CERTAIN), decision.reason
    assert decide_together([sure], controls=[None])[0].verdict is Verdict.UNDETERMINED, "asked for, and not measured"
    assert decide(made(-3.0, 0.3), control=made(-3.0, 0.3)).shows(Verdict.HURTS), "harm needs none"


def test_a_control_that_fails_is_named_with_its_numbers() -> None:
    decision = decide(made(4.0, 0.4), control=made(1.7, 0.67))
    assert decision.reason == (
        "Very likely helps (94 %): real − shuffled is +1.7 points [0.2, 3.2], not surely more than 0.5, so the gain need not lie in what it says."
    )


def test_what_holds_alone_and_not_together_says_both() -> None:
    many = [made(1.35, 0.3, 27, n=28), *(made(0.6, 0.3, 27, n=28) for _ in range(3))]
    assert decide(many[0]).shows(Verdict.HELPS)
    decision = decide_together(many)[0]
    assert decision.grade is Grade.VERY_LIKELY
    assert decision.reason.endswith("with 4 tested together, this could be chance; by itself: helps.")
    assert decision.more is None, "what would make it certain alone need not do so together"


def test_an_effect_without_an_interval_takes_no_part() -> None:
    nothing = Interval(4.0, None, None, 1, "t", "group", needed=2)
    one = made(1.6, 0.4)
    assert decide_together([nothing, one, nothing])[1] == decide(one)
    with pytest.raises(ValueError):
        decide_together([one], controls=[None, None])


def test_the_same_numbers_turned_round_give_the_mirrored_words() -> None:
    rng = np.random.default_rng(11)
    group = np.repeat(np.arange(11), 6)
    other = {Verdict.HELPS: Verdict.HURTS, Verdict.HURTS: Verdict.HELPS}
    for _ in range(60):
        values = rng.exponential(2, 11)[group] + rng.normal(0, 1, 66) - rng.uniform(-1, 4)
        one, mirrored = decide(group_jackknife(values, group)), decide(group_jackknife(-values, group))
        assert mirrored.verdict is other.get(one.verdict, one.verdict) and mirrored.grade is one.grade
        assert mirrored.chance == pytest.approx(one.chance)


def exponential_groups(rng: np.random.Generator, kind: str, groups: int, cases: int) -> list[Interval]:
    """Intervals of pure group means with mean 0."""
    drawn = rng.normal(0, 1, (cases, groups)) if kind == "normal" else rng.exponential(1, (cases, groups)) - 1
    place = np.arange(groups)
    return [group_jackknife(-row if kind == "left" else row, place) for row in drawn]


@pytest.mark.parametrize("groups", [6, 8, 11, 28, 50])
@pytest.mark.parametrize("kind", ["normal", "left"])
def test_intervals_of_few_and_skewed_groups_cover_what_they_say(groups: int, kind: str) -> None:
    """``left`` is an exponential turned round: most gain a little, a few lose a lot. Turned back it is its mirror image, by symmetry."""
    cases = 3000
    found = exponential_groups(np.random.default_rng([groups, len(kind)]), kind, groups, cases)
    covers = np.mean([one.low <= 0 <= one.high for one in found])
    claims_too_much = np.mean([one.low > 0 for one in found])
    slack = 3 * np.sqrt(0.05 * 0.95 / cases)
    assert 0.93 - slack < covers < 0.97 + slack
    assert claims_too_much < (0.05 if groups < FEWEST_CERTAIN else 0.04) + slack * 0.8
    assert np.mean([decide(one, rope=0).shows(Verdict.HELPS) for one in found]) < 0.04 + slack * 0.8


@pytest.mark.parametrize("groups", [8, 11, 28])
@pytest.mark.parametrize(("sources", "kind"), [(8, "normal"), (8, "left"), (6, "left")])
def test_among_sources_on_the_edge_hardly_ever_one_is_said_to_help(groups: int, sources: int, kind: str) -> None:
    cases = 400
    found = exponential_groups(np.random.default_rng([groups, sources]), kind, groups, cases * sources)
    families = [found[start : start + sources] for start in range(0, len(found), sources)]
    false = np.mean([any(one is Verdict.HELPS for one in corrected(family, rope=0)) for family in families])
    assert false <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / cases)


def test_holm_agrees_with_statsmodels():
    rng = np.random.default_rng(0)
    for size in (1, 2, 8, 40):
        p = rng.random(size) ** 3
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert holm([]).shape == (0,)
    with pytest.raises(ValueError):
        holm([0.5, 1.5])


def test_what_is_missing_for_an_interval_is_at_least_one_more() -> None:
    for n, needed, more in ((4, 15, 11), (14, 15, 1), (20, 15, 1), (4, None, None)):
        decision = decide(Interval(1.0, None, None, n, "t", "class", needed=needed, note="too few"))
        assert (decision.more, decision.n, decision.limit, decision.reason) == (
            more,
            n,
            "no interval",
            "Cannot tell yet: too few.",
        )
    assert decide(Interval(1.0, None, None, 1, "t", "class")).reason == "Cannot tell yet: there is no interval."


@pytest.mark.parametrize(
    ("estimate", "down", "up", "unit", "times"),
    [
        (1.5, 2.0, 9.0, "episode", 4),  # the bound on the side of the region counts
        (-1.5, 9.0, 2.0, "episode", 4),
        (0.0, 1.0, 0.7, "episode", 4),  # within it, the farther one
        (1.5, 100.0, 0.0, "episode", 10_000),
        (1.5, 100.1, 0.0, "episode", None),  # more than ten million episodes are no advice
        (1.5, 4.4, 0.0, "group", 4.4**2),
        (1.5, 4.5, 0.0, "group", None),  # nor are more than twenty times as many groups
        (0.5, 1.0, 1.0, "episode", None),  # on the edge nothing decides
    ],
)
def test_how_many_more_it_takes_has_an_end(estimate: float, down: float, up: float, unit: str, times: float | None) -> None:
    """From n units, an interval that reaches r and has room d to the region's edge needs n·(r / d)²."""
    found = decide(Interval(estimate, estimate - down, estimate + up, 1000, "t", unit)).more
    assert found == (None if times is None else about(np.ceil(round(1000 * times, 6)) - 1000))


def test_one_more_episode_is_no_plural() -> None:
    found = decide(interval(0.4999, 1.5, n=3))
    assert found.more_episodes == 1 and found.reason.endswith("About 1 more episode would decide.")
