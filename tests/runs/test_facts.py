"""What is known of each kind of run, case by case: seconds reckoned before anybody has seen its like, title, advice, what it holds.

The seconds are those of the machine on which the constants were measured; whoever measures anew writes the new ones here.
"""

from dataclasses import replace
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.options import read_options
from metadash.metadata.changes import Change
from metadash.runs.estimate import from_scratch, may_end_early, with_needs
from metadash.runs.kinds import KINDS, check, facts_of, title_of
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.specs.choosing.tuning import TuneSpec
from metadash.specs.features import EncodedSpec, FeaturesSpec
from metadash.specs.given.ratings import RatingsSpec
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.use import CalibrationSpec, LeavingSpec, SeenSpec, StepsSpec, UseSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run

RUN, FULL = tiny_run(("place", "size")), {"mode": "full", "steps": 40}
MAP = MapSpec(RUN, episode=2, background=100)
LIGHT = "Prototypical Networks (quick) with place, size, 4 tasks a step, seed 0"
LOOP = LoopSpec(
    (tiny_run(), *(replace(RUN, seed=seed, sources=sources) for seed in (0, 1) for sources in (("place",), ("place", "size"))))
)
HELD = tiny_run(
    ("place", "size"),
    control="noise",
    falsified=("place",),
    seed=3,
    split="fold-2-of-5",
    backbone=tiny_backbone(split="fold-2-of-5"),
)

CASES: dict[str, tuple[Any, float, str]] = {
    "backbone": (tiny_backbone(), 0.210133, "Backbone Conv-4-8 without metadata, tiny"),
    "features": (FeaturesSpec("sentences", "family-0", "tfidf"), 1.22, "Features TF-IDF-256 of the inputs, sentences"),
    "ratings": (RatingsSpec("things", ("kind",)), 5.18, "Ratings of new users with kind, things, 5 folds"),
    "plain": (tiny_run(), 0.318, "Prototypical Networks (quick) with no metadata, seed 0"),
    "light": (RUN, 1.118, LIGHT),
    "film": (
        tiny_run(("site",), fusion="film"),
        1.160933,
        "Prototypical Networks (quick) with site, FiLM, 4 tasks a step, seed 0",
    ),
    "of a fold": (
        HELD,
        1.118,
        "Prototypical Networks (quick) with place, size, place noise, 4 tasks a step, seed 3, fold 2 of 5",
    ),
    "end to end": (tiny_run(**FULL), 0.322964, "Prototypical Networks (full) with no metadata, seed 0"),
    "maml": (tiny_run(learner="maml"), 1.7284, "MAML (quick) with no metadata, 4 tasks a step, seed 0"),
    "maml that is scored with more steps": (
        tiny_run(learner="maml", options=read_options("eval_steps=9")),
        1.81672,
        "MAML (quick) with no metadata, 4 tasks a step, seed 0",
    ),
    "lstm": (tiny_run(learner="meta-lstm"), 6.9676, "LSTM meta-learner (quick) with no metadata, 4 tasks a step, seed 0"),
    "maml end to end": (tiny_run(learner="maml", **FULL), 5.354065, "MAML (full, transductive) with no metadata, seed 0"),
    "first order": (
        tiny_run(learner="fomaml", **FULL),
        4.561251,
        "First-order MAML (full, transductive) with no metadata, seed 0",
    ),
    "reptile": (tiny_run(learner="reptile", **FULL), 37.826830, "Reptile (full, transductive) with no metadata, seed 0"),
    "lstm end to end": (tiny_run(learner="meta-lstm", **FULL), 12.11056, "LSTM meta-learner (full) with no metadata, seed 0"),
    "tuning": (TuneSpec(RUN, 4), 5.6, f"4 forms tried of {LIGHT}"),
    "proposal": (ProposalSpec((tiny_run(), tiny_run(learner="logistic"))), 2.26, "2 arrangements on validation classes, tiny"),
    "heads": (HeadsSpec(RUN), 1.55634, "9 heads over place, size, seed 0"),
    "loop": (LOOP, 0.665175, "5 light runs over place, size"),
    "masked": (MaskedSpec(RUN), 0.5051, f"4 subsets masked: {LIGHT}"),
    "masked, another learner": (
        MaskedSpec(replace(RUN, learner="r2d2")),
        0.572,
        "4 subsets masked: R2D2 (ridge regression) (quick) with place, size, 4 tasks a step, seed 0",
    ),
    "masked, film": (
        MaskedSpec(tiny_run(("site",), fusion="film")),
        0.50939,
        "2 subsets masked: Prototypical Networks (quick) with site, FiLM, 4 tasks a step, seed 0",
    ),
    "map": (MAP, 3.6, f"Map of episode 3: {LIGHT}"),
    "adaptation": (
        AdaptationSpec(tiny_run(learner="maml"), n_shot=2, steps=8),
        1.008,
        "Adaptation to episode 1, 8 steps: MAML (quick) with no metadata, 4 tasks a step, seed 0",
    ),
    "adaptation end to end": (
        AdaptationSpec(tiny_run(learner="maml", **FULL), n_shot=2, steps=8),
        1.017276,
        "Adaptation to episode 1, 8 steps: MAML (full, transductive) with no metadata, seed 0",
    ),
    "what if": (
        WhatIfSpec(RUN, (Change("place", "swap", 0.5),)),
        1.018,
        f"What if: place belongs to another class for 50%: {LIGHT}",
    ),
    "dose": (
        DoseSpec(RUN, ("place",), kinds=("missing", "swap"), draws=3),
        2.54,
        f"place wrong or missing, more and more: {LIGHT}",
    ),
    "encoded": (EncodedSpec("tiny", "minilm"), 5.3, "What MiniLM-L6 makes of the inputs, tiny"),
    "calibration": (CalibrationSpec(RUN), 1.02, f"How sure at 5 ways and 1 shot may be: {LIGHT}"),
    "steps": (StepsSpec(RUN, ((1,), (2, "place"), (1,))), 1.16, f"What to do next, for 3 classes: {LIGHT}"),
    "seen": (SeenSpec(tiny_backbone(), "1" * 20), 2.2352, "Features Conv-4-8 of what was given"),
    "leaving": (LeavingSpec(RUN), 1.0, f"As a folder: {LIGHT}"),
    "use": (UseSpec(RUN, "0" * 20, "1" * 20), 2.0, f"Labels by: {LIGHT}"),
    "proxy": (ProxySpec("tiny", "family-0", ("site",), tiny_evaluation()), 1.126, "Instance metadata alone: site, tiny"),
    "probe": (ProbeSpec(MAP, column="corner"), 3.0, f"Guessing corner from the map: {LIGHT}"),
    "probe of prototypes": (ProbeSpec(MAP, "prototypes", "corner"), 3.0, f"Guessing corner from prototypes: {LIGHT}"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_has_its_title_and_its_reckoned_seconds(case: str) -> None:
    spec, seconds, title = CASES[case]
    assert title_of(spec) == title and from_scratch(spec, 1200) == pytest.approx(seconds, rel=1e-5)


def test_every_kind_is_among_the_cases() -> None:
    assert {type(spec) for spec, *_ in CASES.values()} == {kind.spec for kind in KINDS.values()}


def test_who_is_waited_for_shared_looked_at_and_may_end_early() -> None:
    def those(asked: str) -> set[str]:
        return {name for name, kind in KINDS.items() if getattr(kind.facts, asked)}

    assert (those("interactive"), those("shared"), those("listed")) == (
        {"what-if", "use"},
        {"backbone", "features", "encoded", "calibration", "seen"},
        {"backbone", "features", "encoded", "learner", "tuning"},
    )
    early = {"light", "film", "of a fold", "end to end", "maml", "maml that is scored with more steps", "lstm", "maml end to end"}
    early |= {"first order", "reptile", "lstm end to end", "heads", "loop", "tuning"}
    assert {case for case, (spec, *_) in CASES.items() if may_end_early(spec)} == early


@pytest.mark.parametrize(
    ("case", "held"),
    [
        ("backbone", (40, 40)),
        ("end to end", (50, 50)),
        ("maml end to end", (50, 5 * 25 + 25)),  # every inner step stays until the gradient has gone through it
        ("first order", (50, 25)),
        ("lstm end to end", (50, 25)),
        ("light", None),
        ("maml", None),
        ("masked", None),
    ],
)
def test_a_training_step_of_a_backbone_reads_and_holds_so_many_inputs(case: str, held: tuple[int, int] | None) -> None:
    spec = CASES[case][0]
    step = facts_of(spec).step(spec)
    assert (step and (step.inputs, step.held)) == held


def test_a_backbone_that_comes_with_the_data_trains_nothing() -> None:
    shipped = tiny_backbone(start="0123456789ab")
    assert facts_of(shipped).step(shipped) is None
    assert from_scratch(shipped, 1200) == pytest.approx((from_scratch(tiny_backbone(), 1200) - 30 * 4e-3) * 400 / (30 * 40 + 400))


@pytest.mark.parametrize(
    ("case", "advice"),
    [
        (
            "backbone",
            "Train a narrower backbone (width is 8), or (from Python) one with fewer ways (n_way is 10), fewer queries (n_query is 3).",
        ),
        ("features", "Keep fewer features (width is 256), or give the data set fewer instances."),
        (
            "light",
            "Train Prototypical Networks with fewer ways (n_way is 5), fewer queries (n_query is 5), or fewer tasks at once "
            "(meta_batch is 4).",
        ),
        (
            "maml end to end",
            "Train MAML with fewer inner steps (inner_steps is 5), the first-order form (the learner fomaml), fewer ways (n_way is 5), fewer "
            "queries (n_query is 5), or a narrower backbone (width is 8).",
        ),
        (
            "lstm",
            "Train LSTM meta-learner with fewer inner steps (inner_steps is 8), fewer hidden units (hidden is 20), fewer ways (n_way is 5), "
            "fewer queries (n_query is 5), or fewer tasks at once (meta_batch is 4).",
        ),
        ("map", "Draw the map over fewer background instances (background is 100)."),
        ("what if", "Make it smaller: fewer ways, fewer queries, or a narrower backbone."),
    ],
)
def test_where_memory_is_short_the_advice_names_what_is_there_to_lower(case: str, advice: str) -> None:
    spec = CASES[case][0]
    assert facts_of(spec).advice(spec) == advice


def test_anil_can_be_told_to_be_first_order_by_an_option() -> None:
    spec = tiny_run(learner="anil")
    assert "the first-order form (first_order=true)" in facts_of(spec).advice(spec)
    first = replace(spec, options=read_options("first_order=true"))
    assert "first-order" not in facts_of(first).advice(first)


def test_larger_inputs_take_longer_and_where_no_network_learns_nothing_does() -> None:
    spec = tiny_backbone()
    assert from_scratch(spec, 1200, 56, 56) > 3 * from_scratch(spec, 1200) - 3 * 30 * 4e-3
    plain = tiny_run()
    assert from_scratch(plain, 10**6, 56, 56) == from_scratch(plain, 1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            ProxySpec("tiny", "family-0", ("place",), tiny_evaluation()),
            "describes classes; train the learner metadata-only on it instead",
        ),
        (ProbeSpec(MAP, column="nope"), "has no column 'nope' to guess"),
        (AdaptationSpec(tiny_run(("site",), learner="maml", fusion="film")), "choose one without FiLM"),
        (ProxySpec("tiny", "family-0", ("site",), tiny_evaluation(n_way=30)), "n_way is 30"),
    ],
)
def test_what_does_not_fit_the_data_is_one_sentence(spec: Any, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as refusal:
        check(spec, tiny)
    assert words in one_sentence(refusal.value)


def test_what_a_loop_needs_is_checked_and_comes_first(tiny: Dataset) -> None:
    check(LOOP, tiny)
    assert with_needs([LOOP]) == [RUN.backbone, LOOP]
    with pytest.raises(BadInput, match="is empty for every"):
        check(LoopSpec((tiny_run(("nothing",)),)), tiny)
    assert title_of(LoopSpec((tiny_run(),))) == "1 light run over no metadata"
