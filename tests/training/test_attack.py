"""What metadata, maps and prototypes give away: planted secrets are guessed, and what is not there is not."""

import numpy as np
import pandas as pd
import pytest

from metadash.ablation.giveaway import giveaway
from metadash.ablation.metadata_only import alone_specs, base_run, proxies, read_alone
from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.runs.kinds import as_plain, check, from_plain, kind_of, title_of
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    N_CLASSES,
    PER_CLASS,
    mark_of,
    one_sentence,
    tiny_backbone,
    tiny_classes,
    tiny_description,
    tiny_evaluation,
    tiny_images,
    tiny_instances,
    tiny_run,
    write_tiny,
)

CLASS = np.repeat(np.arange(N_CLASSES), PER_CLASS)
ROW = np.arange(len(CLASS))
MAP = MapSpec(tiny_run(), background=400, perplexity=10.0)
SOURCES = (
    Source("place", "class", ("corner",)),
    Source("nothing", "class", ("remark",)),
    Source("folder", "instance", ("folder",)),
    Source("site", "instance", ("site",)),
)


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """*tiny* with a folder that gives the class away, and a shade of the picture that metadata names."""
    workspace = Workspace(tmp_path_factory.mktemp("leaky"))
    images = tiny_images().astype(int)
    bright = np.random.default_rng(0).random(len(CLASS)) < 0.5
    images[bright] += 80
    instances = tiny_instances().assign(folder=[f"f{c % 7}" for c in CLASS], light=np.where(bright, "day", "night"), coin=ROW % 3)
    top = [mark_of(c)[0] < 5 for c in range(N_CLASSES)]
    classes = tiny_classes().assign(top=top, luck=np.random.default_rng(1).random(N_CLASSES) < 0.5)
    write_tiny(
        workspace,
        classes=classes,
        instances=instances,
        inputs=images.clip(0, 255).astype(np.uint8),
        description=tiny_description(sources=SOURCES),
    )
    return workspace


@pytest.fixture(scope="module")
def data(leaky: Workspace) -> Dataset:
    return Dataset.open(leaky, "tiny")


def guessed(leaky: Workspace, column: str, **changes):
    return giveaway(train(ProbeSpec(MAP, column=column, **changes), leaky))


def test_a_map_gives_away_what_the_pictures_show_and_nothing_else(leaky: Workspace) -> None:
    shown = guessed(leaky, "light")
    assert shown.leaks and shown.accuracy.estimate > 75 and 45 < shown.chance < 60
    assert shown.sentence.startswith("Publishing this map lets a reader guess 'light' with") and "chance" in shown.sentence
    hidden = guessed(leaky, "coin")
    assert not hidden.leaks and abs(hidden.accuracy.estimate - 33) < 10 and "not surely more than chance" in hidden.sentence
    assert hidden.n_points >= 400 and hidden.levels == 3


def test_prototypes_give_away_a_trait_of_the_class_that_shows(leaky: Workspace) -> None:
    found = guessed(leaky, "family", what="prototypes", method="logistic", folds=3)
    assert found.n_points == 15 and found.levels == 3 and found.accuracy.n == 15
    with pytest.raises(BadInput, match="describes instances"):
        guessed(leaky, "light", what="prototypes")


def test_a_trait_of_the_class_is_guessed_from_other_classes_only(leaky: Workspace, data: Dataset) -> None:
    """Random traits of classes cannot be guessed, however well the points of one class lie together."""
    assert guessed(leaky, "luck", method="logistic").accuracy.estimate < 80
    run = train(ProbeSpec(MAP, column="luck"), leaky)
    frame = run.frame("guesses")
    assert (frame.groupby("class_id")["truth"].nunique() == 1).all()
    assert frame["truth"].tolist() == data.classes["luck"].iloc[frame["class_id"]].astype(str).tolist()


def test_what_has_a_value_a_row_is_guessed_less_exactly(leaky: Workspace) -> None:
    found = guessed(leaky, "weight")
    assert found.guessed_as == "5 bins" and 2 <= found.levels <= 5 and "(as 5 bins)" in found.sentence


@pytest.mark.parametrize(
    ("column", "words"), [("blank", "nothing to tell apart"), ("shoe", "no column 'shoe'"), ("", "Name the column")]
)
def test_a_column_that_cannot_be_guessed_is_one_sentence(column: str, words: str, leaky: Workspace) -> None:
    with pytest.raises(BadInput) as problem:
        guessed(leaky, column)
    assert words in one_sentence(problem.value)


def test_instance_metadata_that_stands_for_the_class_is_a_label_proxy_and_other_is_not(leaky: Workspace, data: Dataset) -> None:
    base = base_run(data, "family-0", width=8, backbone_episodes=30, steps=60, n_episodes=120)
    specs = alone_specs(data, base)
    assert list(specs) == ["place", "folder", "site"], "the empty source has nothing to be scored on"
    store = RunStore(leaky)
    assert read_alone(specs, data, store) == []
    for name in ("folder", "site"):
        train(specs[name], leaky)
    folder, site = read_alone(specs, data, store)
    assert (folder.name, site.name) == ("folder", "site") and folder.chance == 20
    assert folder.is_proxy and folder.above > 50 and not site.is_proxy and abs(site.above) < 5
    (finding,) = proxies([folder, site])
    assert (finding.code, finding.severity, finding.source) == ("label-proxy", "warn", "folder") and one_sentence(
        finding.sentence
    )


def test_class_metadata_alone_is_scored_by_the_learner_that_never_sees_an_example(leaky: Workspace, data: Dataset) -> None:
    spec = tiny_run(
        ("place",),
        learner="metadata-only",
        backbone=tiny_backbone(episodes=200),
        steps=200,
        evaluation=tiny_evaluation(shots=(1,)),
    )
    train(spec, leaky)
    (found,) = read_alone({"place": spec}, data, RunStore(leaky))
    assert found.level == "class" and found.accuracy.n == 120 and found.accuracy.estimate > found.chance and not found.is_proxy


def test_all_class_sources_are_scored_together_too(tiny: Dataset) -> None:
    specs = alone_specs(tiny, base_run(tiny, "family-0"))
    assert next(iter(specs)) == "all class sources" and len(specs["all class sources"].sources) == len(CLASS_SOURCES) - 1
    assert {spec.evaluation.shots for spec in specs.values()} == {(1,)}
    assert {name for name, spec in specs.items() if isinstance(spec, ProxySpec)} == {"site"}
    assert list(alone_specs(tiny, base_run(tiny, "family-0"), ["place"])) == ["place"]


def test_a_proxy_of_a_class_source_is_refused(data: Dataset) -> None:
    with pytest.raises(BadInput, match="describes classes"):
        check(ProxySpec("tiny", "family-0", ("place",), tiny_evaluation()), data)
    with pytest.raises(BadInput, match="at least one instance source"):
        ProxySpec("tiny", "family-0", ())


@pytest.mark.parametrize(
    "spec", [ProxySpec("tiny", "family-0", ("site",)), ProbeSpec(MAP, column="light")], ids=["proxy", "probe"]
)
def test_a_probe_survives_its_job_record_and_has_a_title(spec) -> None:
    assert from_plain(kind_of(spec), as_plain(spec)) == spec
    assert "tiny" in title_of(spec) or "light" in title_of(spec)
    assert pd.Series(spec.needs).map(type).nunique() <= 1
