"""Stored runs as arms: what belongs together, what may be compared, what differs, and what it is called."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.answers.costs import cost_of
from metadash.answers.stored_arms import (
    MISSING,
    StoredArm,
    arm_scores,
    comparable,
    differences_table,
    differing,
    flatten,
    knowledge,
    names_of,
    natural_baseline,
    newest_comparable,
    ordered,
    stored_arms,
    transductive_words,
)
from metadash.answers.versus import against_baseline, episode_table, headline, long_table, versus, worth_words
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.front.compare import compare
from metadash.front.run import load
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.training import Training
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, rewrite, tiny_backbone, tiny_evaluation, tiny_run

PLACE = ("place",)
CHANCES = {0: 0.4, 1: 0.55}  # of a right answer, without and with metadata


@pytest.fixture
def store(own_workspace: Workspace) -> RunStore:
    return RunStore(own_workspace)


def put(store: RunStore, dataset: Dataset, spec: RunSpec, /, **about: Any) -> Run:
    """A finished run with made-up scores; ``about`` changes what its run.json says."""
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    store.keep_manifest(manifest)
    generator = np.random.default_rng([spec.seed, len(spec.sources)])
    chance = CHANCES[len(spec.sources)]
    shots, n = spec.evaluation.shots, len(manifest)
    frame = pd.DataFrame(
        {
            "shot": np.repeat(shots, n),
            "episode": np.tile(np.arange(n), len(shots)),
            "correct": np.concatenate([generator.binomial(25, min(1, chance + 0.03 * shot), n) for shot in shots]),
            "queries": 25,
        }
    )
    digest = run_digest(spec, dataset)
    summary = {"manifest": manifest.hash, "batch_norm": "running", "n_test_classes": 15}
    parts = {"environment": {}, "seconds": 2.0, "arrays": {}, "weights": {}, "log": "", "frames": {"scores": frame}}
    return rewrite(store, store.write(digest, spec, dataset, summary=summary, **parts), **about)


def arms_of(store: RunStore) -> list[StoredArm]:
    return stored_arms(store.runs())[0]


def test_runs_alike_but_for_their_seed_are_one_arm(store: RunStore, tiny: Dataset) -> None:
    for seed in (2, 0, 1):
        put(store, tiny, tiny_run(PLACE, seed=seed))
    (arm,) = arms_of(store)
    assert arm.seeds == (0, 1, 2) and not arm.plain


@pytest.mark.parametrize(
    "other",
    [
        tiny_run(),
        tiny_run(PLACE, control="shuffled"),
        tiny_run(PLACE, fusion="am3"),
        tiny_run(PLACE, steps=101),
        tiny_run(PLACE, backbone=tiny_backbone(seed=1)),
        tiny_run(PLACE, evaluation=tiny_evaluation(seed=1)),
    ],
)
def test_anything_but_the_seed_keeps_runs_apart(store: RunStore, tiny: Dataset, other: RunSpec) -> None:
    put(store, tiny, tiny_run(PLACE))
    put(store, tiny, dataclasses.replace(other, seed=1))
    assert sorted(len(arm.runs) for arm in arms_of(store)) == [1, 1]


def test_runs_of_another_version_of_the_code_do_not_mix_in(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(PLACE, seed=0), code="an older one")
    put(store, tiny, tiny_run(PLACE, seed=1))
    arms = arms_of(store)
    assert len(arms) == 2 and differing(arms) == ["code"]


def test_an_arm_keeps_its_name_in_links_when_a_seed_is_added(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(PLACE, seed=0))
    before = arms_of(store)[0].id
    put(store, tiny, tiny_run(PLACE, seed=1))
    assert [arm.id for arm in arms_of(store)] == [before]


def test_the_newest_arm_comes_first_and_backbones_are_no_arms(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(), created=3.0)
    put(store, tiny, tiny_run(PLACE, seed=0), created=1.0)
    put(store, tiny, tiny_run(PLACE, seed=1), created=5.0)
    put(store, tiny, tiny_run(PLACE, seed=2), kind="backbone")
    assert [arm.plain for arm in arms_of(store)] == [False, True]


def test_a_run_that_this_version_cannot_read_is_named_and_left_out(store: RunStore, tiny: Dataset) -> None:
    good = put(store, tiny, tiny_run())
    odd = put(store, tiny, tiny_run(PLACE), spec={"learner": "prototypical", "an option of tomorrow": 1})
    empty = put(store, tiny, tiny_run(PLACE, seed=3), summary={})
    arms, unreadable = stored_arms([good, odd, empty])
    assert len(arms) == 1 and set(unreadable) == {odd.digest, empty.digest}


def test_only_arms_on_the_same_episodes_are_comparable(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(), created=1.0)
    put(store, tiny, tiny_run(PLACE), created=2.0)
    put(store, tiny, tiny_run(evaluation=tiny_evaluation(seed=9)), created=3.0)
    put(store, tiny, tiny_run(evaluation=tiny_evaluation(shots=(1, 5))), created=4.0)
    arms = arms_of(store)
    assert comparable(arms, arms[0]) == arms[:1] and comparable(arms, arms[2]) == arms[2:]
    assert newest_comparable(arms) == arms[2:]


def test_the_natural_baseline_is_the_arm_without_metadata_that_is_most_like_the_one_with(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(PLACE), created=9.0)
    put(store, tiny, tiny_run(mode="full"), created=8.0)
    put(store, tiny, tiny_run(), created=7.0)
    assert natural_baseline(arms_of(store)) == 2
    assert natural_baseline(arms_of(store)[:2]) == 1


def test_arms_stand_in_an_order_that_no_test_score_decides(store: RunStore, tiny: Dataset) -> None:
    """Plain, informed, falsified; within each by validation, and what was never validated last."""
    for spec, validation in (
        (tiny_run(PLACE, control="shuffled"), 99.0),
        (tiny_run(PLACE), 70.0),
        (tiny_run(PLACE, steps=7), 80.0),
        (tiny_run(learner="r2d2"), None),
        (tiny_run(), 60.0),
    ):
        run = put(store, tiny, spec)
        rewrite(store, run, summary=run.summary | {"validation_accuracy": validation})
    first = ordered(arms_of(store))
    assert [(arm.plain, arm.spec.control, arm.validation) for arm in first] == [
        (True, "none", 60.0),
        (True, "none", None),
        (False, "none", 80.0),
        (False, "none", 70.0),
        (False, "shuffled", 99.0),
    ]
    assert ordered(list(reversed(first))) == first


def test_the_baseline_is_the_same_learner_before_another_one(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(PLACE, evaluation=tiny_evaluation(ways=(2, 3))), created=9.0)
    put(store, tiny, tiny_run(learner="logistic", evaluation=tiny_evaluation(ways=(2, 3))), created=8.0)
    put(store, tiny, tiny_run(), created=7.0)
    assert natural_baseline(arms_of(store)) == 2


def test_a_nested_spec_flattens_to_dotted_names() -> None:
    assert flatten({"a": 1, "b": {"c": 2, "d": {"e": [3]}}}) == {"a": 1, "b.c": 2, "b.d.e": [3]}


def test_the_table_holds_only_what_differs_and_marks_what_is_missing(store: RunStore, tiny: Dataset) -> None:
    put(store, tiny, tiny_run(), created=2.0)
    older = put(store, tiny, tiny_run(PLACE, backbone=tiny_backbone(width=16)), created=1.0)
    values = dict(older.about["spec"])
    del values["patience"]
    rewrite(store, older, spec=values)
    arms = arms_of(store)
    table = differences_table(arms, names_of(arms))
    assert list(table.index) == ["backbone.width", "fusion", "sources", "patience", "seeds"]
    assert table.loc["patience"].tolist() == ["8", MISSING] and table.loc["sources"].tolist() == ["none", "place"]


def test_names_say_what_the_learner_knows_and_only_as_much_more_as_is_needed(store: RunStore, tiny: Dataset) -> None:
    specs = [
        tiny_run(),
        tiny_run(PLACE),
        tiny_run(PLACE, control="shuffled"),
        tiny_run(PLACE, mode="full"),
        tiny_run(PLACE, mode="full", steps=7),
    ]
    runs = [put(store, tiny, spec) for spec in specs]
    arms = {arm.runs[0].digest: arm for arm in arms_of(store)}
    names = names_of(list(arms.values()))
    assert [names[arms[run.digest].id] for run in runs] == [
        "no metadata",
        "place, quick mode, steps 100",
        "place (rows shuffled)",
        "place, full mode, steps 100",
        "place, full mode, steps 7",
    ]
    assert knowledge(specs[2]) == "place (rows shuffled)"


def test_names_tell_how_metadata_enter_and_what_only_taught(store: RunStore, tiny: Dataset) -> None:
    specs = [
        tiny_run(PLACE),
        tiny_run(PLACE, fusion="film"),
        tiny_run(PLACE, fusion="auxiliary", mode="full"),
        tiny_run(PLACE, fusion="auxiliary", mode="full", control="shuffled"),
    ]
    runs = [put(store, tiny, spec) for spec in specs]
    arms = {arm.runs[0].digest: arm for arm in arms_of(store)}
    names = names_of(list(arms.values()))
    assert [names[arms[run.digest].id] for run in runs] == [
        "place, pseudo-shots",
        "place, FiLM",
        "place (only in training)",
        "place (only in training; rows shuffled)",
    ]
    assert [arms[run.digest].reads for run in runs] == [True, True, False, False]


def test_a_learners_options_are_named_as_they_are_written(store: RunStore, tiny: Dataset) -> None:
    runs = [
        put(store, tiny, tiny_run(learner="maml", options=options)) for options in ((), (("inner_lr", 0.5), ("inner_steps", 3)))
    ]
    names = {arm.runs[0].digest: name for arm in arms_of(store) for name in [names_of(arms_of(store))[arm.id]]}
    assert [names[run.digest] for run in runs] == ["no metadata, the paper's options", "no metadata, inner_lr=0.5, inner_steps=3"]


def test_another_backbone_is_named_by_its_title(store: RunStore, tiny: Dataset) -> None:
    for backbone in ("conv4", "resnet12"):
        put(store, tiny, tiny_run(backbone=tiny_backbone(backbone=backbone)))
    assert set(names_of(arms_of(store)).values()) == {"no metadata, Conv-4", "no metadata, ResNet-12"}


def test_a_damaged_run_is_one_sentence(store: RunStore, tiny: Dataset) -> None:
    run = put(store, tiny, tiny_run())
    file = run.folder / "scores.parquet"
    run = rewrite(store, run, {"scores": run.scores().drop(columns="queries")})
    with pytest.raises(BadInput) as problem:
        arm_scores([run], store)
    assert run.digest in one_sentence(problem.value)
    run = rewrite(store, run, {"scores": run.scores().iloc[:-1].assign(queries=25)})
    with pytest.raises(BadInput):
        arm_scores([run], store)
    file.write_bytes(b"no parquet")
    with pytest.raises(BadInput):
        arm_scores([run], store)


@pytest.fixture
def compared(store: RunStore, tiny: Dataset):
    for spec in (tiny_run(), tiny_run(PLACE, seed=0), tiny_run(PLACE, seed=1)):
        put(store, tiny, spec)
    arms = arms_of(store)
    named = dict(zip(names_of(arms).values(), arms, strict=True))
    scores = {name: arm_scores(arm.runs, store) for name, arm in named.items()}
    return named, scores, {"place": versus(scores["place"], scores["no metadata"])}


def test_the_headline_has_the_difference_both_intervals_and_the_verdict(compared) -> None:
    row = compared[2]["place"].at(1)
    sentence = headline("place", "no metadata", row, "families")
    assert sentence.startswith("With one labelled example per class, “place” probably does better than “no metadata”: +")
    assert (
        sentence.count("[") == 2 and "on these families" in sentence and sentence.endswith("on new families (3 families tested).")
    )


def test_worth_reads_as_examples_that_the_other_needs(compared) -> None:
    sentence = worth_words("place", "no metadata", compared[2]["place"].worth)
    assert sentence.startswith("“place” with one labelled example per class does as well as “no metadata” with ")


def test_arms_that_share_no_seed_give_a_sentence_instead_of_a_difference(store: RunStore, tiny: Dataset) -> None:
    for spec in (tiny_run(PLACE, seed=s) for s in (0, 1)):
        put(store, tiny, spec)
    for spec in (tiny_run(PLACE, control="noise", seed=s) for s in (2, 3)):
        put(store, tiny, spec)
    one, other = (arm_scores(arm.runs, store) for arm in arms_of(store))
    found = versus(one, other)
    assert not found.differences and "share no training seed" in one_sentence(found.problem)
    assert against_baseline({"other": found}, 1) == {}


def test_p_values_are_adjusted_for_how_many_are_tested_together(compared) -> None:
    one = compared[2]["place"]
    alone, two = against_baseline({"a": one}, 1)["a"], against_baseline({"a": one, "b": one}, 1)["a"]
    assert alone.decision == one.at(1).decision and two.difference == alone.difference
    assert two.decision.p == pytest.approx(2 * alone.decision.p) and two.decision.chance < alone.decision.chance


def test_the_downloads_hold_every_number(compared) -> None:
    named, scores, _ = compared
    table = long_table(named, scores, {name: cost_of(arm) for name, arm in named.items()}, "no metadata")
    assert len(table) == 2 * 3 and set(table["n_episodes"]) == {120} and set(table["n_way"]) == {5}
    assert set(table["seconds"]) == {2.0} and table["peak_mib"].isna().all(), "older runs recorded seconds only"
    assert {"scoring_seconds", "cpu_seconds", "trained_parameters", "validation_percent", "verdict_holm"} <= set(table)
    ours = table[(table["arm"] == "place") & (table["shots"] == 1)].iloc[0]
    assert (
        ours["verdict_alone"] == "probably better"
        and ours["n_seeds"] == 2
        and ours["difference_new_classes_low"] < ours["difference_points"]
    )
    assert table[table["arm"] == "no metadata"]["difference_points"].isna().all()
    episodes = episode_table(scores)
    assert episodes.columns.tolist() == ["arm", "n_way", "seed", "shots", "episode", "accuracy"]
    assert len(episodes) == (1 + 2) * 3 * 120
    mean = episodes[(episodes["arm"] == "place") & (episodes["shots"] == 1)]["accuracy"].mean()
    assert 100 * mean == pytest.approx(ours["accuracy_percent"])


def test_an_arm_that_was_scored_at_one_number_of_ways_says_why(store: RunStore, tiny: Dataset) -> None:
    fewer = tiny_evaluation(ways=(2, 3))
    for spec in (tiny_run(PLACE), tiny_run(PLACE, evaluation=fewer), tiny_run(PLACE, learner="maml", evaluation=fewer)):
        put(store, tiny, spec)
    notes = {(arm.spec.learner, len(arm.spec.ways)): arm.ways_note for arm in arms_of(store)}
    assert notes == {
        ("prototypical", 1): "scored at 5 ways only: fewer were not asked for when it was trained",
        ("prototypical", 3): "",
        ("maml", 1): "scored at 5 ways only: its head has one row for each of 5 classes",
    }


def test_an_arm_is_as_new_as_its_newest_run_and_as_good_on_validation_as_all_its_seeds(store: RunStore, tiny: Dataset) -> None:
    runs = [put(store, tiny, tiny_run(PLACE, seed=seed), created=100.0 + seed, seconds=2.0 + seed) for seed in (0, 1)]
    (arm,) = arms_of(store)
    assert arm.created == 101 and arm.seconds == 2.5 and arm.validation is None
    told = [
        rewrite(store, run, summary={**run.summary, "validation_accuracy": 40.0 + 10 * place}) for place, run in enumerate(runs)
    ]
    assert arms_of(store)[0].validation == 45
    rewrite(store, told[0], summary={**told[0].summary, "validation_accuracy": None})
    assert arms_of(store)[0].validation is None, "of one seed nothing is known"


def test_a_transductive_learner_is_marked_in_its_name_and_announced_and_others_are_not(store: RunStore, tiny: Dataset) -> None:
    chosen = {"bd-cspn": {}, "prototypical": {}, "maml": {"mode": "full", "options": ()}, "fomaml": {"mode": "quick"}}
    uneven = tiny_evaluation(query_dirichlet=2.0)
    specs = [tiny_run(learner=learner, **more) for learner, more in chosen.items()]
    specs.append(tiny_run(learner="maml", mode="full", options=(("batch_norm", "running"),)))
    specs.append(tiny_run(learner="tim", evaluation=uneven))
    arms = [StoredArm(str(n), (Stored(spec),)) for n, spec in enumerate(specs)]
    names = names_of(arms)
    assert [("†" in names[arm.id]) for arm in arms] == [True, False, True, False, False, True]
    told = transductive_words(names, arms)
    assert len(told) == 3 and "classifies all queries of a task together" in told[0] and "batch norm by the batch" in told[1]
    assert "as many of each class" in told[0] and "Dirichlet 2" in told[2]


class Stored:
    """A run of which only the spec is asked."""

    def __init__(self, spec: RunSpec):
        self.spec = spec
        self.about = {"spec": plain(spec), "dataset_fingerprint": "f"}

    def spec_as(self, cls: type) -> RunSpec:
        return self.spec


def test_a_way_of_training_is_named_in_words_beside_the_usual_one(store: RunStore, tiny: Dataset) -> None:
    usual = tiny_run(PLACE, steps=20)
    annealed = dataclasses.replace(usual, training=Training(schedule="cosine", keep="last"))
    for run in (usual, annealed):
        put(store, tiny, run)
    names = sorted(names_of(arms_of(store)).values())
    assert names == ["place, at a constant rate", "place, cosine-annealed"], names


def test_a_learner_of_another_version_is_said_to_be_left_out(
    store: RunStore, tiny: Dataset, capsys: pytest.CaptureFixture
) -> None:
    """Its option was called otherwise then; nobody is told to spell it as it is called now."""
    run = put(store, tiny, tiny_run(learner="logistic"))
    spec = {**run.about["spec"], "learner": "baseline", "options": [["finetune_steps", 50]]}
    old = rewrite(store, run, spec=spec, code="0123456789ab").digest
    assert store.foreign("learner").keys() == {old} and not store.foreign("backbone")
    place = ["--workspace", str(store.workspace.root)]
    assert cli.main(["compare", *place]) == 0
    assert f"made by another version of MetaDash: {old}. Train them again" in capsys.readouterr().out
    assert cli.main(["doctor", *place]) == 0
    assert f"another version of MetaDash made them: {old}" in capsys.readouterr().out
    for ask in (lambda: load(old, store.workspace), lambda: compare([old, old + "0"], workspace=store.workspace)):
        with pytest.raises(BadInput, match="another version of MetaDash") as refused:
            ask()
        assert "finetune" not in one_sentence(refused.value)
