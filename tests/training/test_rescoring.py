"""A trained run scored again: unchanged metadata give its own scores, changed ones what the learner itself would say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.changes import Change, Edit
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.training.evaluate import score
from metadash.training.rescoring import Rescorer
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run

RUN = tiny_run(("place", "size"), source_dropout=0.3)
HIDDEN = (Change("place", "missing"), Change("size", "missing"))


@pytest.fixture(scope="module")
def asked(tiny_workspace: Workspace) -> Any:
    return lambda **parts: train(WhatIfSpec(RUN, **parts), tiny_workspace)


def correct_of(run: Run) -> np.ndarray:
    return run.scores().sort_values(["shot", "episode"])["correct"].to_numpy()


def test_nothing_changed_gives_the_scores_of_the_run_itself(asked: Any, tiny_workspace: Workspace) -> None:
    found = asked()
    assert np.array_equal(correct_of(found), correct_of(train(RUN, tiny_workspace)))
    assert found.summary["changed_classes"] == 0


def test_metadata_gone_everywhere_give_the_plain_prototypes(asked: Any, tiny_workspace: Workspace) -> None:
    plain = train(replace(RUN, sources=(), fusion="none", source_dropout=0.0), tiny_workspace)
    assert np.array_equal(correct_of(asked(changes=HIDDEN)), correct_of(plain))


def test_many_variants_at_once_are_scored_as_the_learner_scores_each(tiny_workspace: Workspace, tiny: Dataset) -> None:
    store = RunStore(tiny_workspace)
    scorer = Rescorer(train(RUN, tiny_workspace), tiny, store)
    variants = [scorer.encoded((Change("place", kind, 0.5),), seed=1) for kind in ("missing", "swap", "nearest", "noise")]
    found = scorer.correct(variants)
    for encoded, correct in zip(variants, found, strict=True):
        alone = score(scorer.arm.learner, scorer.table, scorer.position, scorer.manifest, RUN.evaluation.shots, encoded)
        assert np.abs(alone - correct).sum() <= 1  # a tie may fall either way
    assert len({correct.tobytes() for correct in found}) == 4


def test_an_edit_to_one_class_moves_only_episodes_with_that_class(asked: Any, tiny_workspace: Workspace, tiny: Dataset) -> None:
    target = int(tiny.split("family-0")["test"][0])
    here = str(tiny.classes["corner"][target])
    other = next(corner for corner in tiny.classes["corner"].unique() if corner != here)
    found = asked(edits=(Edit(target, "corner", other),))
    manifest = RunStore(tiny_workspace).manifest(found)
    before, after = correct_of(train(RUN, tiny_workspace)), correct_of(found)
    moved = (before != after).reshape(len(RUN.evaluation.shots), -1).any(axis=0)
    assert found.summary["changed_classes"] == 1 and moved.any()
    assert (manifest.classes[moved] == target).any(axis=1).all()


def test_the_episode_looked_at_adds_up_to_its_score(asked: Any) -> None:
    found = asked(changes=(Change("place", "swap", 0.5),), episode=7, n_shot=2)
    queries, scores = found.frame("queries"), found.scores()
    own = scores[(scores["episode"] == 7) & (scores["shot"] == 2)]["correct"].item()
    assert (queries["predicted_after"] == queries["class_id"]).sum() == own
    assert queries["probability_before"].between(0, 1).all()


def test_a_curve_starts_at_the_run_ends_without_the_source_and_is_the_what_if_in_between(
    asked: Any, tiny_workspace: Workspace
) -> None:
    spec = DoseSpec(RUN, ("place",), ("missing", "swap"), fractions=(0.5, 1.0), draws=2)
    found = train(spec, tiny_workspace)
    correct, ends = found.array("correct"), found.array("ends")
    shape = ends.shape[1:]
    assert np.array_equal(ends[0], correct_of(train(RUN, tiny_workspace)).reshape(shape))
    assert all(np.array_equal(draw, ends[1]) for draw in correct[0, -1])  # missing everywhere is the source absent
    halves = [correct_of(asked(changes=(Change("place", "swap", 0.5),), seed=draw)).reshape(shape) for draw in (0, 1)]
    assert np.array_equal(correct[1, 0], halves)


def test_a_fused_learner_of_another_kind_can_be_asked_too(tiny_workspace: Workspace) -> None:
    run = tiny_run(("place",), learner="matching", steps=20)
    gone = train(WhatIfSpec(run, (Change("place", "missing"),)), tiny_workspace)
    assert not np.array_equal(correct_of(gone), correct_of(train(run, tiny_workspace)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: WhatIfSpec(tiny_run(), (Change("place", "swap"),)),
        lambda: WhatIfSpec(RUN, (Change("traits", "swap"),)),
        lambda: WhatIfSpec(RUN, episode=10_000),
        lambda: WhatIfSpec(RUN, n_shot=3),
        lambda: DoseSpec(RUN, ()),
        lambda: DoseSpec(RUN, ("place",), ("stale",)),
        lambda: DoseSpec(RUN, ("place",), fractions=(0.5, 0.25)),
        lambda: DoseSpec(RUN, ("place",), draws=0),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_a_sentence(wrong: Any) -> None:
    with pytest.raises(BadInput) as problem:
        wrong()
    one_sentence(problem.value)
