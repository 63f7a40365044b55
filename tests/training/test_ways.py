"""Fewer ways of the same tasks: nested, paired, and scored as the tasks they are, not read off the answers at more ways."""

import dataclasses

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec, usual_ways
from metadash.training.evaluate import context_of
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run

TESTS = tiny_evaluation(n_episodes=24, ways=(2, 3))


def by_hand(manifest: EpisodeManifest, n_way: int) -> EpisodeManifest:
    """The first classes of each task, written out."""
    parts = [np.ascontiguousarray(part[:, :n_way]) for part in (manifest.classes, manifest.support, manifest.query)]
    return EpisodeManifest(*parts, manifest.group.copy(), manifest.group_names, manifest.fingerprint)


def correct_of(run: Run, n_way: int) -> np.ndarray:
    """[K, E]"""
    rows = run.scores().query(f"n_way == {n_way}").sort_values(["shot", "episode"])
    return rows["correct"].to_numpy().reshape(3, -1)


def restored(spec: RunSpec, dataset: Dataset, workspace: Workspace) -> tuple[Arm, Run]:
    run = train(spec, workspace)
    backbone = RunStore(workspace).find(spec.backbone, dataset)
    assert backbone is not None
    arm = Arm(spec, dataset, backbone)
    if spec.trains:
        arm.learner.load_state_dict(run.weights())
    return arm, run


@pytest.mark.parametrize(
    "spec",
    [
        tiny_run(evaluation=TESTS),
        tiny_run(("place",), evaluation=TESTS),
        tiny_run(learner="r2d2", steps=20, evaluation=TESTS),
        tiny_run(learner="logistic", evaluation=TESTS),
    ],
    ids=["prototypes", "metadata", "ridge", "logistic"],
)
def test_scores_at_fewer_ways_are_those_of_the_tasks_restricted_by_hand(
    spec: RunSpec, tiny: Dataset, tiny_workspace: Workspace
) -> None:
    """One task at a time, given to the learner as a task of its own with its first classes only."""
    arm, run = restored(spec, tiny, tiny_workspace)
    manifest = draw(tiny, spec.evaluation.episodes(spec.split, "test"))
    for n_way in (2, 3, 5):
        few = by_hand(manifest, n_way)
        target = np.repeat(np.arange(n_way), few.n_query)
        for k, shot in enumerate(spec.evaluation.shots):
            for e in range(0, 24, 4):
                task = few[e : e + 1].at_shot(shot)
                right = (arm.predict(task, context_of(arm.encoded, task.classes)) == target).sum()
                assert right == correct_of(run, n_way)[k, e]


def test_the_head_of_fewer_classes_is_solved_anew_and_not_cut_out_of_that_of_more(
    tiny: Dataset, tiny_workspace: Workspace
) -> None:
    """For prototypes the two are the same; for a head fitted to the whole support they are not, and the task's own counts."""
    import torch

    from metadash.learners.core.task_batch import TaskBatch

    for learner, same in (("prototypical", True), ("logistic", False)):
        arm, _ = restored(tiny_run(learner=learner, evaluation=TESTS), tiny, tiny_workspace)
        manifest = draw(tiny, TESTS.episodes("family-0", "test"))
        few = manifest.at_ways(2)
        take = lambda rows: torch.from_numpy(arm.stored[rows])  # noqa: E731, B023
        at_five = arm.learner(TaskBatch.by_class(take(manifest.support), take(few.query).flatten(1, 2)))[..., :2]
        at_two = arm.learner(TaskBatch.by_class(take(few.support), take(few.query).flatten(1, 2)))
        assert torch.equal(at_five.argmax(-1), at_two.argmax(-1)) is same


def test_asking_for_fewer_ways_changes_nothing_at_all_of_them(tiny_workspace: Workspace) -> None:
    alone, more = (
        train(tiny_run(("place",), evaluation=dataclasses.replace(TESTS, ways=ways)), tiny_workspace) for ways in ((), (2, 3))
    )
    assert alone.summary["manifest"] == more.summary["manifest"] and alone.summary["accuracy"] == more.summary["accuracy"]
    assert np.array_equal(correct_of(alone, 5), correct_of(more, 5))
    assert more.summary["accuracy_by_ways"]["5"] == more.summary["accuracy"]
    assert more.summary["accuracy_by_ways"]["2"]["1"] > more.summary["accuracy"]["1"]
    assert more.scores().groupby("n_way")["queries"].first().to_dict() == {2: 10, 3: 15, 5: 25}


def test_a_learner_whose_head_has_a_row_a_class_is_scored_at_all_the_ways_only_and_says_why(tiny_workspace: Workspace) -> None:
    run = train(tiny_run(learner="anil", steps=5, evaluation=TESTS), tiny_workspace)
    assert set(run.scores()["n_way"]) == {5}
    assert run.summary["ways_note"] == "scored at 5 ways only: its head has one row for each of 5 classes"


def test_chance_is_chance_at_every_number_of_ways(tiny_workspace: Workspace) -> None:
    by_ways = train(tiny_run(learner="chance", evaluation=TESTS), tiny_workspace).summary["accuracy_by_ways"]
    assert {n_way: found["1"] for n_way, found in by_ways.items()} == pytest.approx({"2": 50, "3": 100 / 3, "5": 20})


def test_tasks_of_fewer_ways_are_nested_in_those_of_more(tiny: Dataset) -> None:
    manifest = draw(tiny, TESTS.episodes("family-0", "test"))
    three, two = manifest.at_ways(3), manifest.at_ways(2)
    assert two.hash == three.at_ways(2).hash == by_hand(manifest, 2).hash != three.hash
    assert manifest.at_ways(5) is manifest and np.array_equal(two.group, manifest.group)
    for n_way in (1, 6):
        with pytest.raises(BadInput, match="hold 5 classes each"):
            manifest.at_ways(n_way)


def test_the_first_classes_of_a_task_are_any_of_its_classes(tiny: Dataset) -> None:
    """Else accuracy at two ways would be that of two particular classes."""
    manifest = draw(tiny, tiny_evaluation(n_episodes=2000).episodes("family-0", "test"))
    share = np.bincount(manifest.classes[:, :2].ravel(), minlength=40) / np.bincount(manifest.classes.ravel(), minlength=40).clip(
        1
    )
    assert share[share > 0] == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("ways", [(1, 2), (3, 2), (2, 2), (2, 5), (6,), (0,)])
def test_ways_are_fewer_than_n_way_and_in_order(ways: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="ways is") as problem:
        tiny_evaluation(ways=ways)
    one_sentence(problem.value)


def test_the_usual_ways_are_few_and_fewer() -> None:
    assert [usual_ways(n_way) for n_way in (2, 3, 5, 20)] == [(), (2,), (2, 3), (2, 3, 5, 10)]
    assert tiny_evaluation().ways == (), "nothing is added to a spec that does not ask for it"


def test_a_split_with_too_few_classes_for_a_task_is_named_with_what_to_do(tiny: Dataset) -> None:
    from metadash.runs.kinds import check

    narrow = Dataset.__new__(Dataset)
    narrow.__dict__.update(tiny.__dict__)
    roles = dict(tiny.split("family-0"))

    def said(role: str, left: int, names: list[str], spec) -> str:
        narrow.__dict__["split_names"] = names
        narrow.split = lambda name: roles | {role: roles[role][:left]} if name == "family-0" else tiny.split(name)  # type: ignore[method-assign]
        with pytest.raises(BadInput) as problem:
            check(spec, narrow)
        return one_sentence(problem.value)

    uniform, both = tiny_run(evaluation=tiny_evaluation(strategy="uniform", column=None)), ["family-0", "family-1"]
    begin = "n_way is 5, and the split 'family-0' has "
    assert said("validation", 1, both, uniform) == begin + "1 validation class. Choose the split 'family-1', which has enough."
    assert (
        said("test", 3, both, uniform)
        == begin + "3 test classes. Lower it to 3 or less, or choose the split 'family-1', which has enough."
    )
    folds = "cross-fit in 5 folds (on *Ablation*, or `ablate --folds 5`)."
    assert said("test", 3, both[:1], uniform) == begin + f"3 test classes. Lower it to 3 or less, or {folds}"
    many = tiny_run(evaluation=tiny_evaluation(strategy="uniform", column=None, n_way=14))
    assert said("validation", 4, both[:1], many).endswith("4 validation classes. Lower it to 4 or less."), "no split has more"
    assert said("validation", 1, both[:1], many).endswith(
        "1 validation class. Import the data set with a split that has more, or with more classes."
    )
    assert said("validation", 1, both, tiny_backbone()).endswith(
        "tells those apart. Choose the split 'family-1', which has enough."
    )
    assert said("validation", 1, both[:1], tiny_backbone()).endswith(
        "tells those apart. Cross-fit" + folds.removeprefix("cross-fit")
    )
