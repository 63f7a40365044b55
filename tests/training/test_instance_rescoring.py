"""A learner told otherwise of single instances: nothing changed gives its own scores, and a changed query moves by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metadash.answers.doses import break_even_words, dose_curves
from metadash.answers.what_if import headline, what_if
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.metadata.changes import Change, InstanceEdit
from metadash.runs.kinds import check
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.training import changed_metadata
from metadash.training.rescoring import Rescorer, classes_frame, instances_frame, queries_frame
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run

APART = tiny_evaluation(strategy="disjoint", column="site", shots=(1, 2), n_query=3, n_episodes=60)
FILM = tiny_run(("site",), fusion="film", evaluation=APART, steps=100, learning_rate=0.05, source_dropout=0.3)
MIXED = replace(FILM, sources=("place", "site"), fusion=BOTH, modulating=("site",))


def correct_of(run: Run) -> np.ndarray:
    return run.scores().sort_values(["shot", "episode"])["correct"].to_numpy()


@pytest.fixture
def moved(tiny_workspace: Workspace, tiny: Dataset) -> Any:
    """Answers of a learner whose FiLM is far from the identity, so that what it is told of an instance shows."""

    def scorer(spec: RunSpec) -> Rescorer:
        found = Rescorer(train(spec, tiny_workspace), tiny, RunStore(tiny_workspace))
        film = found.arm.learner.film
        assert film is not None
        film.shift_multiplier.data.fill_(1.5)
        film.scale_multiplier.data.fill_(0.5)
        return found

    return scorer


@pytest.mark.parametrize("run", [FILM, MIXED], ids=["film", "both"])
def test_nothing_changed_gives_the_scores_of_the_run_itself(run: RunSpec, tiny_workspace: Workspace) -> None:
    found = train(WhatIfSpec(run), tiny_workspace)
    assert np.array_equal(correct_of(found), correct_of(train(run, tiny_workspace)))
    assert found.summary["changed_instances"] == 0 and found.summary["test_instances"] == 15 * 30


@pytest.mark.parametrize("run", [FILM, MIXED], ids=["film", "both"])
def test_the_source_missing_everywhere_is_the_source_hidden(run: RunSpec, moved: Any) -> None:
    scorer = moved(run)
    gone = scorer.correct([scorer.retelling.changed((Change("site", "missing"),))])[0]
    scorer.arm.instances = [replace(source, present=np.zeros_like(source.present)) for source in scorer.arm.instances]
    hidden = scorer.arm.evaluate(scorer.manifest)
    assert np.array_equal(gone, hidden)


def test_a_share_of_the_test_instances_is_changed_and_said(tiny_workspace: Workspace, tiny: Dataset) -> None:
    spec = WhatIfSpec(MIXED, (Change("place", "missing", 0.4), Change("site", "noise", 0.5)))
    run = train(spec, tiny_workspace)
    assert (run.summary["changed_classes"], run.summary["changed_instances"]) == (6, 225)
    found = what_if(run, train(MIXED, tiny_workspace), RunStore(tiny_workspace))
    assert "when the metadata of 6 of 15 test classes and of 225 of 450 test instances are changed" in headline(
        found, spec, "thing", "family"
    )


def test_an_edited_query_moves_its_own_probability_and_nothing_else(moved: Any, tiny: Dataset) -> None:

    scorer = moved(MIXED)
    row = int(scorer.manifest.query[3, 1, 2])
    assert (scorer.manifest.query[3] == row).sum() == 1
    other = next(site for site in ("site 0", "site 1") if site != tiny.instances["site"][row])
    spec = WhatIfSpec(MIXED, instance_edits=(InstanceEdit(row, "site", other),), episode=3)
    before, after = scorer.retelling.as_it_is, scorer.retelling.changed(instance_edits=spec.instance_edits)
    queries = queries_frame(spec, scorer, before, after)
    apart = queries["probability_before"] != queries["probability_after"]
    assert queries.loc[queries["changed"], "row"].tolist() == [row] == queries.loc[apart, "row"].tolist()
    (one,) = instances_frame(spec, scorer, before, after).to_dict("records")
    assert (one["kind"], one["row"]) == ("query", row) and not np.allclose(one["before"], one["after"])


def test_an_edited_support_instance_moves_the_prototype_of_its_class_alone(moved: Any, tiny: Dataset) -> None:

    scorer = moved(FILM)
    row = int(scorer.manifest.support[3, 2, 0])
    other = next(site for site in ("site 0", "site 1") if site != tiny.instances["site"][row])
    spec = WhatIfSpec(FILM, instance_edits=(InstanceEdit(row, "site", other),), episode=3, n_shot=2)
    classes = classes_frame(spec, scorer, scorer.retelling.as_it_is, scorer.retelling.changed(instance_edits=spec.instance_edits))
    went = [not np.allclose(a, b) for a, b in zip(classes["prototype_before"], classes["prototype_after"], strict=True)]
    assert went == [False, False, True, False, False] == (classes["changed_support"] > 0).tolist()


def test_prototypes_are_the_means_of_what_the_learner_sees_and_add_up_to_its_answers(tiny_workspace: Workspace) -> None:
    found = train(WhatIfSpec(MIXED, (Change("site", "swap", 0.5),), episode=7, n_shot=2), tiny_workspace)
    queries, scores = found.frame("queries"), found.scores()
    own = scores[(scores["episode"] == 7) & (scores["shot"] == 2)]["correct"].item()
    assert (queries["predicted_after"] == queries["class_id"]).sum() == own
    assert {"kappa_before", "prototype_before", "prototype_after"} <= set(found.frame("classes").columns)


def test_what_is_stale_or_blurred_is_read_again_for_the_rows_hit_alone(moved: Any, monkeypatch: pytest.MonkeyPatch) -> None:

    scorer, read = moved(FILM), []
    original = changed_metadata.encode_rows
    monkeypatch.setattr(changed_metadata, "encode_rows", lambda table, *rest: read.append(len(table)) or original(table, *rest))
    for change in (Change("site", "stale", 0.2, years=3), Change("site", "blur", 0.2, to="year")):
        after = scorer.retelling.changed((change,))
        rows = np.flatnonzero(scorer.retelling.as_it_is.changed_instances(after, np.arange(1200)))
        assert 80 <= len(rows) <= 90 and np.isin(rows, scorer.retelling.test_rows).all()
    assert read == [90, 90]


def test_a_learner_that_is_no_prototype_can_be_asked_too(tiny_workspace: Workspace) -> None:
    run = tiny_run(("place", "site"), fusion=BOTH, modulating=("site",), learner="r2d2", evaluation=APART, steps=20)
    found = train(WhatIfSpec(run, (Change("site", "swap", 0.5),)), tiny_workspace)
    assert "prototype_after" not in found.frame("classes") and found.summary["changed_instances"] > 100


def test_a_curve_of_instances_hit_says_so(tiny_workspace: Workspace) -> None:
    spec = DoseSpec(FILM, ("site",), ("missing", "swap", "noise"), fractions=(0.5, 1.0), draws=2)
    curves = dose_curves([train(spec, tiny_workspace)], RunStore(tiny_workspace), 1)
    assert {curve.hit for curve in curves.values()} == {"instances"}
    found = curves["swap"].break_even
    assert found.hit == "instances" and " % of the classes" not in break_even_words(found)
    assert curves["missing"].gain[-1].estimate == pytest.approx(0)  # missing everywhere is doing without


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: WhatIfSpec(FILM, (Change("site", "nearest"),)), "many of them share their metadata"),
        (lambda: DoseSpec(FILM, ("site",)), "many of them share their metadata"),
        (
            lambda: WhatIfSpec(FILM, instance_edits=(InstanceEdit(1199, "colour", "red"),)),
            "reads no column 'colour' of instances",
        ),
        (lambda: WhatIfSpec(FILM, instance_edits=(InstanceEdit(99_999, "site", "x"),)), "Only instances of test classes"),
        (lambda: WhatIfSpec(FILM, instance_edits=(InstanceEdit(0, "taken", "long ago"),)), "holds dates such as"),
        (
            lambda: WhatIfSpec(replace(FILM, control="shuffled", source_dropout=0.0), (Change("site", "stale", 0.5, years=1),)),
            "trained with the source 'site' falsified",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_a_sentence(
    wrong: Any, words: str, tiny: Dataset, tiny_workspace: Workspace
) -> None:
    with pytest.raises(BadInput) as problem:
        check(wrong(), tiny)
        train(wrong(), tiny_workspace)
    assert words in one_sentence(problem.value)
