"""A spec says completely what is computed, in one spelling, and refuses what makes no sense in one sentence."""

import dataclasses
import hashlib
import json
from typing import Any

import pytest

from metadash.canonical import canonical_json, plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.kinds import as_plain, from_plain, kind_of, run_digest
from metadash.specs.any_spec import Spec
from metadash.specs.run import BackboneSpec, Evaluation, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run, write_tiny

SPECS: tuple[Spec, ...] = (
    BackboneSpec("glyphs", "base_letter-0"),
    tiny_backbone(distance="cosine", seed=3),
    RunSpec("glyphs", "base_letter-0", BackboneSpec("glyphs", "base_letter-0", start="0123")),
    LoopSpec((tiny_run(), tiny_run(("place",), seed=0), tiny_run(("place",), seed=1))),
    tiny_run(("place", "size"), control="shuffled", source_dropout=0.25, mode="full"),
    tiny_run(evaluation=tiny_evaluation(strategy="uniform", column=None, where="size > 1")),
    MapSpec(tiny_run(("place",), fusion="am3"), episode=3, n_shot=5),
    tiny_run(("place", "size"), control="random-id", falsified=("size",)),
    HeadsSpec(tiny_run(("place", "size")), "planned", ("noise", "shuffled")),
    MaskedSpec(tiny_run(("place", "size"), source_dropout=0.5), permutations=8),
)


@pytest.mark.parametrize("spec", SPECS, ids=kind_of)
def test_a_spec_comes_back_from_its_plain_values(spec: Spec) -> None:
    through_json = json.loads(json.dumps(as_plain(spec)))
    assert from_plain(kind_of(spec), through_json) == spec
    assert hash(from_plain(kind_of(spec), through_json)) == hash(spec)


def test_the_digest_is_that_of_kind_spec_data_and_code_and_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of their values: the machine, the day and the order of the fields do not come into it."""
    monkeypatch.setattr("metadash.runs.kinds.code_version", lambda: "a version")
    data = Dataset.__new__(Dataset)
    data.fingerprint = "a fingerprint"
    spec = tiny_run(("place",))
    by_hand = json.dumps(["learner", as_plain(spec), "a fingerprint", "a version"], sort_keys=True, separators=(",", ":"))
    assert run_digest(spec, data) == hashlib.sha256(by_hand.encode()).hexdigest()[:20]
    assert run_digest(from_plain("learner", dict(reversed(as_plain(spec).items()))), data) == run_digest(spec, data)


def test_every_field_counts_in_the_digest(tiny: Dataset) -> None:
    base = tiny_run(("place",))
    variants = [
        base,
        tiny_run(("place",), seed=1),
        tiny_run(("size",)),
        tiny_run(("place",), fusion="am3"),
        tiny_run(("place",), control="noise"),
        tiny_run(("place", "size"), control="noise"),
        tiny_run(("place", "size"), control="noise", falsified=("size",)),
        tiny_run(("place",), steps=101),
        tiny_run(("place",), evaluation=tiny_evaluation(seed=1)),
        tiny_run(("place",), evaluation=tiny_evaluation(where="size > 1")),
        tiny_run(("place",), backbone=tiny_backbone(seed=1)),
        tiny_run(("place",), mode="full"),
    ]
    assert len({run_digest(spec, tiny) for spec in variants}) == len(variants)


def test_data_kind_and_code_count_in_the_digest(tiny: Dataset, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write_tiny(Workspace(tmp_path), inputs=tiny.inputs[:] ^ 1)
    before = run_digest(tiny_backbone(), tiny)
    assert run_digest(tiny_backbone(), other) != before
    monkeypatch.setattr("metadash.runs.kinds.code_version", lambda: "another version")
    assert run_digest(tiny_backbone(), tiny) != before


def test_equal_meanings_are_one_run(tiny: Dataset) -> None:
    """A whole number in a field of fractions, a list in place of a tuple: a browser and a command line spell differently."""
    assert run_digest(tiny_run(("place",), dropout=0, learning_rate=1), tiny) == run_digest(
        tiny_run(("place",), dropout=0.0, learning_rate=1.0), tiny
    )
    listed = from_plain("learner", {**as_plain(tiny_run(("place",))), "sources": ["place"]})
    assert run_digest(listed, tiny) == run_digest(tiny_run(("place",)), tiny)


def test_canonical_text_is_sorted_and_complete() -> None:
    text = canonical_json(BackboneSpec("glyphs", "base_letter-0"))
    assert text == canonical_json(dict(reversed(plain(BackboneSpec("glyphs", "base_letter-0")).items())))
    quiet = {field.name for field in dataclasses.fields(BackboneSpec) if field.metadata.get("quiet")}
    assert all((f'"{field.name}":' in text) != (field.name in quiet) for field in dataclasses.fields(BackboneSpec))
    assert quiet == {"trained_on"} and '"trained_on":"classes"' in canonical_json(
        BackboneSpec("glyphs", "base_letter-0", trained_on="classes")
    )


def test_a_run_s_evaluation_draws_train_validation_and_test_episodes_alike() -> None:
    tests = tiny_evaluation(where="size > 1")
    for role in ("train", "validation", "test"):
        drawn = tests.episodes("family-0", role)
        assert (drawn.n_way, drawn.n_shot, drawn.n_query, drawn.strategy, drawn.column) == (5, 5, 5, "siblings", "family")
        assert drawn.pool.where == ("size > 1" if role == "test" else None), "training sees its whole pool"


def test_only_what_has_something_to_learn_is_trained() -> None:
    assert not tiny_run().trains
    assert tiny_run(("place",)).trains and tiny_run(mode="full").trains


# --- refused -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("learner", {"sead": 1}, "There is no option 'sead'; did you mean 'seed'?"),
        ("learner", {"souces": []}, "did you mean 'sources'?"),
        ("learner", {"xyzzy": 1}, "There is no option 'xyzzy'."),
        ("learner", {"evaluation": {"n_wey": 5}}, "There is no option 'n_wey'; did you mean 'n_way'?"),
        ("backbone", {"widht": 5}, "did you mean 'width'?"),
        ("learner", {"fusion": "pseudoshots"}, "did you mean 'pseudo-shots'?"),
        ("learner", {"mode": "slow"}, "mode is 'slow'; it must be one of quick, full"),
        ("learner", {"mode": ["quick"]}, "mode is"),
        ("learner", {"seed": "1"}, "seed is '1'; it must be a whole number"),
        ("learner", {"seed": True}, "seed is True"),
        ("learner", {"seed": -1}, "seed is -1; it must be from 0"),
        ("learner", {"dropout": "much"}, "dropout is 'much'; it must be a number"),
        ("learner", {"dropout": float("nan")}, "dropout is nan; it must be from 0 to 0.95"),
        ("learner", {"learning_rate": float("inf")}, "learning_rate is inf"),
        ("learner", {"dataset": 5}, "dataset is 5; it must be a text"),
        ("learner", {"split": None}, "split is None; it must be a text"),
        ("learner", {"sources": "place"}, "sources is 'place'; it must be a list"),
        ("learner", {"sources": [1], "fusion": "am3"}, "sources"),
        ("learner", {"backbone": "conv4"}, "backbone is 'conv4'; it must be a set of options"),
        ("learner", {"evaluation": None}, "evaluation is None; it must be a set of options"),
        ("learner", {"evaluation": {"shots": 5}}, "shots is 5"),
        ("learner", {"evaluation": {"shots": []}}, "shots is"),
        ("learner", {"evaluation": {"shots": [5, 1]}}, "smallest first"),
        ("learner", {"evaluation": {"shots": [1, 1]}}, "different whole numbers"),
        ("learner", {"evaluation": {"shots": [-1, 1]}}, "from 0 on"),
        ("learner", {"evaluation": {"shots": [1, 2.5, 4]}}, "whole number"),
        ("learner", {"evaluation": {"shots": ["1", 2]}}, "whole number"),
        ("learner", {"evaluation": {"n_way": "5"}}, "n_way is '5'"),
        ("learner", {"evaluation": {"where": 5}}, "where is 5"),
        ("learner", {"evaluation": {"column": 5}}, "column is 5"),
        ("map", {"episode": 10**9}, "There is no episode 1000000001; the run was scored on 120"),
        ("map", {"n_shot": 3}, "3 is not among them"),
        ("map", {"perplexity": 100, "background": 200}, "needs at least 300 background instances"),
        (
            "picture",
            {},
            "There is no kind of run 'picture'; there are backbone, features, encoded, learner, tuning, proposal, loop, map",
        ),
        ("learner", ["seed"], "must be a set of options"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_values_are_one_sentence(kind: str, values: Any, words: str) -> None:
    usual = {"learner": tiny_run(), "backbone": tiny_backbone(), "map": MapSpec(tiny_run())}.get(kind)
    with pytest.raises(BadInput) as caught:
        from_plain(kind, {**as_plain(usual), **values} if usual and isinstance(values, dict) else values)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backbone": tiny_backbone(split="family-1")}, "must be trained on the data set and the split of the run"),
        ({"backbone": tiny_backbone(dataset="other")}, "must be trained on the data set and the split of the run"),
        ({"sources": ("place",), "fusion": "none"}, "Sources without a fusion would be ignored"),
        ({"sources": (), "fusion": "am3"}, "The fusion 'am3' needs at least one metadata source"),
        ({"control": "shuffled"}, "The control 'shuffled' needs metadata sources to falsify"),
        ({"sources": ("place", "place"), "fusion": "am3"}, "A source is named twice in place, place"),
        ({"steps": 0}, "steps is 0; it must be from 1"),
        ({"source_dropout": 1.0}, "source_dropout is 1.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parts_that_do_not_go_together_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        tiny_run(**changes)
    one_sentence(caught.value)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Evaluation().seed = 3  # type: ignore[misc]


def test_falsified_sources_have_one_spelling(tiny: Dataset) -> None:
    """All of them is what naming none means, and their order is that of the sources."""
    both = tiny_run(("place", "size", "flag"), control="noise", falsified=("size", "place"))
    assert both.falsified == ("place", "size")
    every = tiny_run(("place", "size"), control="noise", falsified=("size", "place"))
    assert every == tiny_run(("place", "size"), control="noise")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"control": "noise", "falsified": ("size",)}, "'size' is to be falsified, and is not among"),
        ({"falsified": ("place",)}, "a control is needed"),
    ],
)
def test_only_sources_of_the_run_are_falsified_and_only_by_a_control(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        tiny_run(("place",), **changes)
    one_sentence(caught.value)
