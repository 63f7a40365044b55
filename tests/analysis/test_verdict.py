"""The interval decides against a region of practical equivalence; what is undetermined says what would settle it."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from metadash.analysis.intervals import Interval, class_jackknife, episode_interval, group_jackknife
from metadash.analysis.verdict import Verdict, corrected, decide, holm, p_value


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
    assert decision.verdict is Verdict.UNDETERMINED and decision.more_episodes
    more = np.resize(values, 600 + decision.more_episodes)
    assert decide(episode_interval(more - more.mean() + 0.8)).verdict is Verdict.HELPS


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
    assert decision.unit == "group" and decision.more and "more groups would decide" in decision.reason


def test_few_units_count_on_the_shrinking_t_quantile():
    """From 3 seeds, 1 / sqrt(n) alone would ask for far more than it takes."""
    few = Interval(1.0, 1.0 - 4.303 * 0.3, 1.0 + 4.303 * 0.3, 3, "t", "seed", se=0.3, df=2)
    by_width_alone = 3 * (4.303 * 0.3 / 0.5) ** 2 - 3
    more = decide(few).more
    assert more is not None and more < by_width_alone / 2
    total = 3 + more
    assert stats.t.ppf(0.975, total - 1) * 0.3 * np.sqrt(3 / total) <= 0.5


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
            seen.add(decide(one).verdict)
            assert corrected([one]) == [decide(one).verdict]
            assert (p_value(one) < 0.05) == (not one.low <= 0 <= one.high)
    assert seen == set(Verdict)


def made(estimate: float, se: float, df: float = 10.0) -> Interval:
    reach = float(stats.t.ppf(0.975, df)) * se
    return Interval(estimate, estimate - reach, estimate + reach, 12, "t", "group", se=se, df=df)


def test_one_test_alone_keeps_its_verdict():
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(300):
        one = made(rng.normal(0, 2), rng.choice([0.05, 0.15, 0.6, 2.0]))
        seen.add(decide(one).verdict)
        assert corrected([one]) == [decide(one).verdict]
    assert seen == set(Verdict)


def test_correction_takes_claims_back_and_never_adds_or_turns_one():
    rng = np.random.default_rng(4)
    many = [made(rng.normal(0, 2), rng.choice([0.05, 0.15, 0.6])) for _ in range(60)]
    alone, together = [decide(one).verdict for one in many], corrected(many)
    assert all(after in (before, Verdict.UNDETERMINED) for before, after in zip(alone, together, strict=True))
    assert sum(after is not before for before, after in zip(alone, together, strict=True)) > 0


def test_what_holds_is_what_holm_lets_stand_at_the_edge_of_the_region():
    many = [made(estimate, 0.4) for estimate in (3.0, 1.6, 1.5, -2.0, 0.6)]
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
        before += any(decide(one).verdict in outside for one in many)
        after += any(verdict in outside for verdict in corrected(many))
    assert before / 400 > 0.2 and after / 400 < 0.05


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
