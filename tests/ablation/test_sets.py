"""Which sources would do, which say the same, which had better be left out: with a planted truth, the sentence that is true of it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.calibrating.planted import planted
from metadash.ablation.sets import SourceSets, cliques, source_sets
from metadash.ablation.sets_words import search_words, set_lines
from metadash.ablation.values import Values, pooled
from metadash.ablation.words import as_text, as_values, told_sets
from metadash.data.dataset import Dataset
from metadash.figures.report import report_html
from metadash.runs.store import RunStore
from metadash.specs.subsets import planned_masks
from metadash.stats.multiple import level_of_each, simultaneous
from metadash.stats.verdict import Verdict
from metadash.workspace import Workspace
from tests.ablations import asked, bits, made_up

FOUR = ("name", "accents", "case", "dice")


def found_in(values: Values, names: tuple[str, ...] = FOUR) -> SourceSets:
    found = source_sets(values, names, 1)
    assert found is not None
    return found


def said(found: SourceSets) -> str:
    return " ".join(set_lines(found, "letter", "confirm"))


# --- the smallest set ----------------------------------------------------------------------------------------------------------


def test_two_of_four_carry_it_and_the_others_add_nothing_you_would_notice() -> None:
    found = found_in(planted(4, lambda has: 3.0 * (0 in has) + 1.5 * (1 in has), spread=0.1))
    assert found.smallest is not None and found.smallest.sources == ("name", "accents") and not found.instead
    assert found.smallest.gain is not None and found.smallest.gain.estimate == pytest.approx(4.5, abs=0.2)
    assert "“name” + “accents” carry +4.5 points [" in said(found) and "the other 2 together add" in said(found)
    assert found.smallest.shortfall.high is not None and found.smallest.shortfall.high <= 0.5
    assert not found.twins and found.better is None and found.candidate is None


def test_a_set_that_lacks_less_than_the_band_by_its_estimate_alone_is_a_candidate_and_no_finding() -> None:
    found = found_in(planted(4, lambda has: 3.0 * (0 in has) + 1.5 * (1 in has), groups=6, spread=2, own=1))
    assert found.smallest is None and found.candidate is not None
    assert "cannot be told yet" in said(found) and "The smallest candidate: " in said(found)


def test_where_every_source_adds_all_are_needed() -> None:
    found = found_in(planted(3, lambda has: 2.0 * len(has), spread=0.1), FOUR[:3])
    assert found.needed and found.smallest is None
    assert said(found) == "All 3 sources are needed: every set without one of them loses more than 0.5 points on new letters."


def test_where_no_source_adds_none_is_needed() -> None:
    found = found_in(planted(4, lambda has: 0.0, spread=0.05))
    assert found.smallest is not None and found.smallest.sources == ()
    assert said(found).startswith("No source is needed: all 4 sources together add ")


def test_two_that_complement_each_other_are_told_as_a_pair_and_never_as_twins() -> None:
    found = found_in(planted(3, lambda has: 4.0 * (has >= {0, 1}), spread=0.1), FOUR[:3])
    assert found.smallest is not None and found.smallest.sources == ("name", "accents") and not found.twins


def test_a_single_source_has_no_sets() -> None:
    values = planted(1, lambda has: 3.0 * len(has))
    assert source_sets(values, ("name",), 1) is None and set_lines(None, "letter", "confirm") == [] == [*search_words(None, "x")]


# --- twins ---------------------------------------------------------------------------------------------------------------------


def twin_world(**changes: object) -> Values:
    return planted(4, lambda has: 3.0 * bool({0, 1} & has) + 1.0 * (2 in has), spread=0.0, **changes)


def test_a_source_and_its_copy_say_the_same_and_either_would_do() -> None:
    found = found_in(twin_world())
    assert [one.sources for one in found.twins] == [("name", "accents")] and found.twin_of("name") == ("accents",)
    assert found.smallest is not None and len(found.smallest.sources) == 2 and len(found.instead) == 1
    text = said(found)
    assert "“name” and “accents” say the same: alone each adds about as much (+3.0 and +3.0 points)" in text
    assert "beside the other neither adds anything you would notice" in text and "would do as well)" in text


def test_two_that_add_as_much_but_not_the_same_are_no_twins() -> None:
    found = found_in(planted(4, lambda has: 3.0 * (0 in has) + 3.0 * (1 in has), spread=0.0))
    assert not found.twins


def test_two_that_add_nothing_are_no_twins_either() -> None:
    assert not found_in(planted(4, lambda has: 0.0, spread=0.0)).twins


def test_three_copies_are_told_together() -> None:
    found = found_in(planted(4, lambda has: 3.0 * bool({0, 1, 3} & has), spread=0.0))
    assert [one.sources for one in found.twins] == [("name", "accents", "dice")]
    assert "“name”, “accents” and “dice” say the same" in said(found) and "none of them adds" in said(found)
    assert cliques({(0, 1), (1, 2)}) == [(0, 1), (1, 2)]


# --- better without --------------------------------------------------------------------------------------------------------------


def test_noise_that_hurts_is_to_be_left_out() -> None:
    found = found_in(planted(4, lambda has: 4.0 * (0 in has) - 0.7 * len(has - {0}), spread=0.1))
    assert found.better is not None and found.better.sources == ("name",)
    assert said(found).startswith("All 4 sources together are worse than “name” alone by 2.0 points [")
    assert said(found).endswith("on new letters: leave out “accents”, “case” and “dice”.")


def test_all_worse_than_none_says_so() -> None:
    found = found_in(planted(2, lambda has: -1.5 * len(has), spread=0.1), FOUR[:2])
    assert found.better is not None and found.better.sources == ()
    assert "Both sources together are worse than none by 3.0 points" in said(found)


def test_a_loss_within_the_band_is_no_reason_to_leave_anything_out() -> None:
    assert found_in(planted(4, lambda has: 4.0 * (0 in has) - 0.1 * len(has - {0}), spread=0.1)).better is None


# --- what cannot be asked ----------------------------------------------------------------------------------------------------------


def test_where_few_sets_were_trained_it_says_which_questions_were_not_asked() -> None:
    values = planted(5, lambda has: 3.0 * (0 in has), spread=0.1, masks=planned_masks(5))
    found = found_in(values, (*FOUR, "age"))
    assert found.smallest is not None and found.smallest.sources == ("name",) and not found.twins
    text = search_words(found, "letter")
    assert "of 31 possible sets 11 were scored, so a smaller one may do" in text and "of none of 10 pairs" in text


def test_all_are_not_said_to_be_needed_where_not_all_sets_were_scored() -> None:
    values = planted(5, lambda has: 2.0 * len(has), spread=0.1, masks=planned_masks(5))
    assert not found_in(values, (*FOUR, "age")).needed


def test_too_few_classes_to_speak_of_new_ones_are_said() -> None:
    found = found_in(planted(4, lambda has: 3.0 * (0 in has), groups=10, classes_only=True))
    assert found.limited and found.smallest is None and not found.twins
    assert "cannot be said of new letters (class-limited: 10 test classes, 15 needed)" in said(found)


def test_of_fewer_than_eight_groups_nothing_is_shown() -> None:
    found = found_in(planted(4, lambda has: 3.0 * bool({0, 1} & has) - (2 in has), groups=7, spread=0.1))
    assert found.smallest is None and found.better is None and not found.twins
    assert "cannot be told yet" in said(found) and search_words(found, "letter").endswith("of fewer than 8 nothing is shown.")


def test_classes_are_the_units_where_tasks_are_not_drawn_within_groups() -> None:
    found = found_in(planted(4, lambda has: 3.0 * (0 in has), groups=40, spread=0.1, classes_only=True))
    assert found.total.unit == "class" and found.smallest is not None and found.smallest.sources == ("name",)


def test_folds_are_judged_together() -> None:
    parts = [planted(4, lambda has: 3.0 * (0 in has), groups=6, spread=0.1, seed=seed) for seed in range(4)]
    moved = [
        replace(part, manifest=replace(part.manifest, group_names=tuple(f"{fold} {name}" for name in part.manifest.group_names)))
        for fold, part in enumerate(parts)
    ]
    found = found_in(pooled(moved))
    assert found.total.n == 24 and found.smallest is not None and found.smallest.sources == ("name",)


# --- bounds that hold for all ------------------------------------------------------------------------------------------------------


def test_the_level_lies_between_one_effect_s_and_bonferroni_s() -> None:
    values = planted(4, lambda has: 0.0)
    rng = np.random.default_rng(0)
    one = rng.normal(size=(1, len(values.manifest)))
    assert level_of_each(one, values) == 0.95
    assert level_of_each(np.repeat(one, 20, axis=0), values) == pytest.approx(0.95, abs=0.01)
    unrelated = level_of_each(rng.normal(size=(20, len(values.manifest))), values)
    assert 1 - 0.05 / 20 >= unrelated > 0.993
    assert level_of_each(np.zeros((5, len(values.manifest))), values) == 0.95


def test_bounds_hold_for_all_effects_at_once_as_often_as_they_say() -> None:
    missed, worlds = 0, 300
    for seed in range(worlds):
        values = planted(4, lambda has: 0.0, groups=11, per=4, seeds=1, spread=1.0, own=0.5, seed=seed)
        effects = values.effects(np.eye(16) - np.eye(16)[15], 1)[:15, 0]
        missed += any(not one.low <= 0 <= one.high for one in simultaneous(effects, values))  # type: ignore[operator]
    assert missed <= 0.08 * worlds, "5 % and its standard error, 1.3 %"


def test_a_set_that_lacks_as_much_as_the_band_is_rarely_said_to_do() -> None:
    """Half of all sets lie on the very edge; the search among them must not find one."""
    wrong, worlds = 0, 150
    for seed in range(worlds):
        values = planted(5, lambda has: 4.0 * (0 in has) + 0.5 * (len(has) == 5), groups=11, per=8, seeds=1, own=0.4, seed=seed)
        wrong += found_in(values, (*FOUR, "age")).smallest is not None
    assert wrong <= 0.08 * worlds


# --- where it shows ------------------------------------------------------------------------------------------------------------


def test_text_json_report_and_the_card_of_a_twin_tell_it(tiny: Dataset, tmp_path) -> None:
    store = RunStore(Workspace(tmp_path))
    found = made_up(asked(folds=4), tiny, store, lambda arm: 50 + 4 * (bits(arm)[0] or bits(arm)[1]), noise=0.2)
    lines, searched = told_sets(found)
    assert "“place” and “size” say the same" in " ".join(lines) and "for all 7 sets at once" in searched
    told = as_values(found)["sets"]
    assert told["sentences"] == lines and told["twins"][0]["sources"] == ["place", "size"]
    for text in (as_text(found), report_html(found, tiny)):
        assert all(line in text for line in lines)
    card = found.card("place")
    assert card.verdict is not Verdict.HELPS and card.reason.startswith("Says the same as “size”")
    assert not found.card("flag").reason.startswith("Says the same")


def test_what_is_partial_or_not_confirmed_says_so(tiny: Dataset, tmp_path) -> None:
    store = RunStore(Workspace(tmp_path))
    found = made_up(asked(tier="screen", seeds=(0, 1, 2)), tiny, store, lambda arm: 50 + 4 * bits(arm)[0], noise=0.2, seeds=1)
    lines, searched = told_sets(found)
    assert lines[0].startswith("So far: ") and searched.endswith("Not confirmed: screen.")
