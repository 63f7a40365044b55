"""A question becomes runs, and the runs become the answer: with known scores, the known answer."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from metadash.answers.answer import Answer, AnswerSpec, answer, answer_spec, so_far
from metadash.answers.export import as_json
from metadash.answers.sentence import sentences, so_far_sentence
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.subsets import LoopSpec
from metadash.stats.verdict import Verdict
from metadash.workspace import Workspace
from tests.builders import store_scores

SMALL: dict[str, Any] = {"width": 8, "backbone_episodes": 30, "steps": 100, "n_episodes": 150, "shots": (1, 2, 5), "n_query": 5}


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Workspace(tmp_path))


def asked(tiny: Dataset, question: str = "marks", **choices: Any) -> AnswerSpec:
    return answer_spec(tiny, tiny.question(question), **{"folds": 0, **SMALL, **choices})


def made_up(spec: AnswerSpec, tiny: Dataset, store: RunStore, curves: dict[str, tuple[float, ...]]) -> list[str]:
    """Stores every run of ``spec`` around the curve of its arm (percent); each seed a tenth of a point above the one before."""
    difficulty = np.random.default_rng(5).normal(0, 0.05, spec.n_episodes)
    digests = []
    for arm, runs in spec.arms.items():
        for run in runs:
            accuracy = np.array(curves[arm])[:, None] / 100 + difficulty + (run.seed * 0.001 if arm != "plain" else 0)
            digests.append(store_scores(store, run, tiny, accuracy, queries=100_000).digest)
    return digests


CURVES = {"plain": (50.0, 60.0, 70.0), "metadata": (54.9, 61.9, 69.9), "shuffled": (47.9, 58.9, 69.9)}


# --- from a question to runs -------------------------------------------------------------------------------------------------


def test_a_question_takes_its_columns_and_its_split_from_the_data_set(tiny: Dataset) -> None:
    siblings, uniform = asked(tiny), asked(tiny, "any")
    assert (siblings.run.split, siblings.run.evaluation.column) == ("family-0", "family")
    assert uniform.run.evaluation.column is None
    assert {run.evaluation.strategy for run in siblings.runs} == {"siblings"}
    assert {(run.evaluation.strategy, run.evaluation.n_way) for run in uniform.runs} == {("uniform", 4)}


def test_every_arm_is_scored_on_the_same_episodes_over_the_same_backbone(tiny: Dataset) -> None:
    runs = asked(tiny).runs
    assert len({run.evaluation for run in runs}) == 1 and len({run.backbone for run in runs}) == 1
    assert len(set(runs)) == len(runs)


def test_plain_prototypes_over_a_frozen_backbone_are_one_run_and_in_full_mode_one_a_seed(tiny: Dataset) -> None:
    assert {arm: len(runs) for arm, runs in asked(tiny).arms.items()} == {"plain": 1, "metadata": 3, "shuffled": 3}
    assert {arm: len(runs) for arm, runs in asked(tiny, mode="full").arms.items()} == {"plain": 3, "metadata": 3, "shuffled": 3}


def test_arms_differ_in_nothing_but_their_metadata(tiny: Dataset) -> None:
    arms = asked(tiny).arms

    def unlike(one: RunSpec, other: RunSpec) -> set[str]:
        return {field.name for field in fields(RunSpec) if getattr(one, field.name) != getattr(other, field.name)}

    assert unlike(arms["metadata"][1], arms["shuffled"][1]) == {"control"}
    assert unlike(arms["plain"][0], arms["metadata"][0]) == {"fusion", "sources"}


@pytest.mark.parametrize("seeds", [(), (1, 1)])
def test_seeds_are_at_least_one_and_each_once(seeds: tuple[int, ...], tiny: Dataset) -> None:
    with pytest.raises(BadInput, match="at least one seed, each named once"):
        asked(tiny, seeds=seeds)


# --- from runs to the answer -------------------------------------------------------------------------------------------------


def test_there_is_no_answer_while_any_run_is_missing(tiny: Dataset, store: RunStore) -> None:
    import shutil

    spec = asked(tiny)
    assert answer(spec, tiny, store) is None
    digests = made_up(spec, tiny, store, CURVES)
    assert answer(spec, tiny, store) is not None
    for digest in digests:
        (store.folder / digest).rename(store.folder / ".aside")
        assert answer(spec, tiny, store) is None
        (store.folder / ".aside").rename(store.folder / digest)
    shutil.rmtree(store.folder / digests[-1])
    assert answer(spec, tiny, store) is None


@pytest.fixture
def known(tiny: Dataset, store: RunStore) -> Answer:
    spec = asked(tiny)
    made_up(spec, tiny, store, CURVES)
    found = answer(spec, tiny, store)
    assert found is not None
    return found


def test_known_scores_give_the_known_differences(known: Answer) -> None:
    """A tenth of a point a seed, three seeds: the mean of metadata and shuffled lies 0.1 above their curves."""
    for found, expected in (
        (known.gain, (5.0, 2.0, 0.0)),
        (known.shuffled, (-2.0, -1.0, 0.0)),
        (known.credit, (7.0, 3.0, 0.0)),
    ):
        assert [difference.shot for difference in found] == [1, 2, 5]
        assert [difference.episodes.estimate for difference in found] == pytest.approx(expected, abs=0.002)
    assert [difference.decision.verdict for difference in known.gain] == [Verdict.HELPS, Verdict.HELPS, Verdict.EQUIVALENT]
    assert known.shuffled[0].decision.verdict is Verdict.HURTS


def test_the_answer_for_machines_has_the_words_of_the_page_and_how_sure_they_are(known: Answer) -> None:
    found = json.loads(json.dumps(as_json(known)))
    first = found["differences"]["metadata_minus_plain"][0]["decision"]
    assert found["verdict"] == known.gain[0].decision.words == "probably helps", "of three families no more is said"
    assert (first["verdict"], first["grade"], first["limit"], first["n"]) == ("helps", "probably", "few", 3)
    assert found["chance"] == first["chance"] > 0.975 and first["p"] < 0.05
    assert found["worth_in_shots"]["new_unit"] == "group" and found["worth_in_shots"]["new_n"] == 3


def test_what_helps_does_so_beside_its_shuffled_rows(tiny: Dataset, store: RunStore) -> None:
    """Shuffled rows gain as much: then it is not what the metadata say."""
    spec = asked(tiny)
    made_up(spec, tiny, store, {**CURVES, "shuffled": CURVES["metadata"]})
    found = answer(spec, tiny, store)
    assert found is not None and found.gain[0].episodes.estimate == pytest.approx(5.0, abs=0.002)
    assert found.gain[0].decision.verdict is Verdict.UNDETERMINED and found.gain[0].decision.limit == "control"


def test_known_scores_give_the_known_accuracies_and_their_worth(known: Answer) -> None:
    mean = 100 * np.random.default_rng(5).normal(0, 0.05, 150).mean()
    for arm, curve in (("plain", CURVES["plain"]), ("metadata", (55.0, 62.0, 70.0)), ("shuffled", (48.0, 59.0, 70.0))):
        assert [inside.estimate for inside, _ in known.means[arm]] == pytest.approx([point + mean for point in curve], abs=0.01)
    assert known.worth.value == pytest.approx(2**0.5 - 1, abs=0.01), "half way between 1 and 2 shots on a logarithmic scale"


def test_seeds_are_matched(known: Answer) -> None:
    """Metadata and shuffled rise together from seed to seed, so their difference does not vary at all."""
    credit, gain = known.credit[0].seeds, known.gain[0].seeds
    assert credit is not None and gain is not None
    assert credit.high - credit.low < 0.01 < 0.1 < gain.high - gain.low


def test_an_answer_says_what_it_was_read_from(known: Answer, tiny: Dataset, store: RunStore) -> None:
    assert (known.n_classes, known.n_groups, known.unit_noun) == (15, 3, "family")
    assert known.kappa == 0.5 and known.batch_norm == "running" and known.seconds == pytest.approx(7 * 1.5)
    assert {arm: len(digests) for arm, digests in known.digests.items()} == {"plain": 1, "metadata": 3, "shuffled": 3}
    assert all(store.get(digest) for digests in known.digests.values() for digest in digests)
    assert known.manifest == store.get(known.digests["plain"][0]).summary["manifest"]  # type: ignore[union-attr]


def test_the_same_runs_give_the_same_answer_and_other_runs_another(known: Answer, tiny: Dataset, store: RunStore) -> None:
    again = answer(known.spec, tiny, store)
    assert again is not None and again.digest == known.digest and again.worth == known.worth
    fewer = answer(asked(tiny, seeds=(0, 1)), tiny, store)
    assert fewer is not None and fewer.digest != known.digest


def test_tasks_over_any_classes_speak_of_classes(tiny: Dataset, store: RunStore) -> None:
    spec = asked(tiny, "any")
    made_up(spec, tiny, store, CURVES)
    found = answer(spec, tiny, store)
    assert found is not None and found.n_groups is None and found.unit_noun == "thing"
    assert found.gain[0].new_classes.unit == "class"


def test_every_number_of_an_answer_can_be_written_as_json(known: Answer) -> None:
    written = json.loads(json.dumps(as_json(known), allow_nan=False))
    assert written["sentence"] == " ".join(sentences(known))
    assert written["differences"]["metadata_minus_plain"][0]["episodes"]["estimate"] == pytest.approx(5.0, abs=0.002)


# --- cross-fitted ------------------------------------------------------------------------------------------------------------


def test_a_question_is_cross_fitted_unless_a_split_is_chosen(tiny: Dataset) -> None:
    usual = answer_spec(tiny, tiny.question("marks"))
    assert usual.folds == 5 and usual.splits == [f"fold-{fold}-of-5" for fold in range(1, 6)]
    assert answer_spec(tiny, tiny.question("marks"), split="family-1").splits == ["family-1"]
    with pytest.raises(BadInput, match="both chosen"):
        answer_spec(tiny, tiny.question("marks"), split="family-1", folds=3)


def test_every_class_is_a_test_class_in_one_fold_and_the_folds_are_pooled(tiny: Dataset, store: RunStore) -> None:
    spec = asked(tiny, folds=4, n_episodes=60)
    made_up_folds(spec, tiny, store)
    found = answer(spec, tiny, store)
    assert found is not None and (found.n_classes, found.n_groups, found.n_episodes) == (40, 8, 240)
    assert [fold.gain.episodes.estimate for fold in found.folds] == pytest.approx([1.0, 2.0, 3.0, 4.0], abs=0.02)
    assert found.gain[0].episodes.estimate == pytest.approx(2.5, abs=0.02)


def test_folds_that_are_finished_say_so_far_and_no_answer(tiny: Dataset, store: RunStore) -> None:
    spec = asked(tiny, folds=4, n_episodes=60)
    assert so_far(spec, tiny, store) is None
    made_up_folds(spec, tiny, store, 2)
    found = so_far(spec, tiny, store)
    assert found is not None and found.partial and answer(spec, tiny, store) is None
    assert so_far_sentence(found, 3).startswith("So far, after 2 of 4 folds (4 families): +1.50 points [")
    assert not any(word in so_far_sentence(found, 3) for word in ("helps", "hurts", "difference"))


def made_up_folds(spec: AnswerSpec, tiny: Dataset, store: RunStore, count: int = 4) -> None:
    """Fold f gains f points, at every number of shots."""
    for fold, runs in enumerate(spec.by_fold[:count], start=1):
        for arm, of_arm in runs.items():
            for run in of_arm:
                level = 0.5 + (fold / 100 if arm == "metadata" else 0.0)
                noise = np.random.default_rng(run.seed).normal(0, 1e-4, (3, 60))
                store_scores(store, run, tiny, level + noise, queries=100_000)


def test_a_fold_s_runs_are_one_job_and_a_damaged_run_is_made_again_by_itself(tiny_workspace: Workspace, tiny: Dataset) -> None:
    spec, store = asked(tiny, seeds=(0, 1), n_episodes=60, steps=20), RunStore(tiny_workspace)
    ahead, later = spec.jobs(tiny, store)
    assert isinstance(ahead, LoopSpec) and isinstance(later, LoopSpec) and (len(ahead.runs), len(later.runs)) == (3, 2)
    train(ahead, tiny_workspace)
    early = so_far(spec.ahead, tiny, store)
    assert early is not None and so_far(spec, tiny, store) is None
    assert "(3 families, 1 of 2 training seeds)" in so_far_sentence(early, 2)
    train(later, tiny_workspace)
    assert all(store.find(run, tiny) for run in spec.runs) and spec.jobs(tiny, store) == [ahead, later]
    lost = store.find(spec.runs[-1], tiny)
    assert lost is not None
    lost.folder.rename(lost.folder.with_name(".lost"))
    assert spec.jobs(tiny, store) == [ahead, spec.runs[-1]]


def test_of_several_folds_each_is_one_job_and_the_first_has_a_seed_ahead(tiny: Dataset, store: RunStore) -> None:
    jobs = asked(tiny, folds=4, seeds=(0, 1, 2)).jobs(tiny, store)
    assert [len(job.runs) for job in jobs] == [3, 7, 7, 7, 4]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def trained(tiny: Dataset, tiny_workspace: Workspace) -> Callable[[AnswerSpec], Answer]:
    def make(spec: AnswerSpec) -> Answer:
        for run in spec.runs:
            train(run, tiny_workspace)
        found = answer(spec, tiny, RunStore(tiny_workspace))
        assert found is not None
        return found

    return make


def test_really_trained_runs_give_an_answer_that_fits_the_data(trained: Callable[[AnswerSpec], Answer], tiny: Dataset) -> None:
    """*tiny* is made so that the place of the mark, which its metadata tells, is what siblings differ in."""
    found = trained(asked(tiny, seeds=(0, 1)))
    assert found.gain[0].episodes.low > 2 and found.credit[0].episodes.low > 2
    assert found.means["plain"][0][0].estimate > 30
    assert found.kappa > 0 and found.worth.value > 0.1


def test_a_gain_that_varies_nowhere_is_told_without_a_division_by_zero(tiny: Dataset, store: RunStore) -> None:
    spec = asked(tiny, folds=5, n_episodes=20)
    for arm, runs in spec.arms.items():
        for run in runs:
            store_scores(store, run, tiny, np.full((3, 20), 0.55 if arm == "metadata" else 0.5), queries=100)
    found = answer(spec, tiny, store)
    assert found is not None and "+5.0 points [5.0, 5.0]" in " ".join(sentences(found))
