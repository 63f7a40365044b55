"""What to do next, on a small set with a planted source; following it beats a random order on classes that had no part in it. And how accuracy is
expected to rise."""

import numpy as np
import pandas as pd
import pytest

import metadash as md
from benchmarks.next_steps import followed
from metadash.data.dataset import Dataset
from metadash.front.use import expected_rise, with_corrections
from metadash.front.using.rising import rise
from metadash.runs.store import RunStore

NOISE = 2.0


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Vectors of 60 classes: four numbers are the class's place, which one source tells, and the other source tells nothing."""
    generator = np.random.default_rng(0)
    place = generator.normal(size=(60, 4))
    classes = pd.DataFrame({"class_name": [f"class {c}" for c in range(60)]})
    classes = classes.assign(**{f"told {d}": place[:, d].round(3) for d in range(4)}, idle=generator.normal(size=60).round(3))
    vectors = np.repeat(place, 20, axis=0) + NOISE * generator.normal(size=(1200, 4))
    return md.from_tables(
        classes,
        pd.DataFrame({"class_name": np.repeat(classes["class_name"].to_numpy(), 20)}),
        vectors.astype(np.float32),
        {"place": [f"told {d}" for d in range(4)], "idle": ["idle"]},
        name="planted",
        split=["train"] * 30 + ["validation"] * 12 + ["test"] * 18,
        workspace=tmp_path_factory.mktemp("planted"),
    )


@pytest.fixture(scope="module")
def learner(planted: Dataset) -> md.TrainedRun:
    choices = {"backbone": "none", "steps": 400, "n_episodes": 100, "shots": (1, 2, 5), "n_query": 5, "source_dropout": 0.5}
    return md.train(planted, sources=["place", "idle"], strategy="uniform", progress=False, **choices)


def asked(planted: Dataset, learner: md.TrainedRun, told: dict[str, list[str]]) -> md.Labelled:
    """Four new classes, one example each, and what of their sources is told."""
    test = planted.split(learner.spec.split)["test"][:4]
    rows = {f"class {c}": np.flatnonzero(planted.class_of == c) for c in test}
    known = planted.classes.set_index("class_name")
    metadata = {name: known.loc[name, columns].to_dict() for name, columns in told.items()}
    shown = {name: planted.inputs[row[:1]] for name, row in rows.items()}
    queries = np.concatenate([planted.inputs[row[5:10]] for row in rows.values()])
    return learner.label(shown, queries, metadata, progress=False)


def test_the_planted_source_comes_first_and_the_idle_one_last(planted: Dataset, learner: md.TrainedRun) -> None:
    test = [f"class {c}" for c in planted.split(learner.spec.split)["test"][:4]]
    found = learner.next_steps(asked(planted, learner, {name: [] for name in test}), progress=False)
    frame = found.frame()
    assert frame["step"].tolist() == ["place", "label", "idle"] and frame["low"][0] > frame["high"][2]
    assert frame["classes"].map(len).tolist() == [4, 4, 4] and frame["per"].tolist() == ["cell", "label", "cell"]
    place = [f"told {d}" for d in range(4)]
    part = learner.next_steps(asked(planted, learner, {test[0]: place, test[1]: place}), progress=False)
    assert part.steps[0].step == "place" and set(part.steps[0].classes) == set(test[2:])
    assert "Fill in place for" in str(part).splitlines()[0]


def test_following_the_list_beats_a_random_order_on_classes_that_had_no_part_in_it(learner: md.TrainedRun) -> None:
    found = followed(learner, n_way=4, budget=5, n_episodes=300)
    assert found["gain"][0] == 0 and (found["low"][2:] > 0).all(), found
    assert found["listed"].iloc[-1] > found["listed"][0]


def test_the_rise_is_the_curve_s_where_it_was_tested_and_nothing_beyond(planted: Dataset, learner: md.TrainedRun) -> None:
    scores, spec = learner.scores, learner.spec
    means = [100 * scores.at(shot).mean() for shot in scores.shots]
    found = rise(scores, spec, 1, 2, 5)
    assert found.on_these is not None and found.on_these.estimate == pytest.approx(means[1] - means[0])
    half = rise(scores, spec, 1, 1.5, 5)
    assert half.on_these is not None and half.on_these.estimate == pytest.approx((means[1] - means[0]) * np.log2(1.5))
    assert rise(scores, spec, 5, 6, 5).on_these is None and rise(scores, spec, 2, 9, 5).beyond
    assert rise(scores, spec, 0.2, 0.5, 5).on_these is None, "nor below: that would read as no rise"
    given = asked(planted, learner, {}).given
    again = with_corrections(given, {place: given.classes[place] for place in range(4)})
    told = expected_rise(learner.run, RunStore(planted.workspace), given, again)
    assert (told.before, told.after) == (1, 2) and told.sentence.startswith("From 1 to 2 examples per class its accuracy rose by")
