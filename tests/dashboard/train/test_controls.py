"""What *Train* says of a choice: the price of a backbone, what instances' sources are good for, which columns tasks can be drawn by."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.parts.reads import checked
from metadash.dashboard.train.backbone import price
from metadash.dashboard.train.controls import instance_note, reading, shared_columns, words_of_hidden
from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.networks.encoders.registry import features_for
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, tiny_classes, tiny_description, tiny_run, write_sentences, write_tiny


def test_a_backbone_is_priced_by_itself_or_beside_the_usual_one(tiny: Dataset) -> None:
    known = features_for("image")
    usual, *others = known.values()
    assert price(usual, known, tiny).startswith("It trains in about ") and price(usual, known, tiny).endswith("s.")
    resnet = next(entry for entry in others if entry.name == "resnet12")
    times = resnet.seconds_per_input(resnet.width, (28, 28)) / usual.seconds_per_input(usual.width, (28, 28))
    assert price(resnet, known, tiny).endswith(f", {times:.2g} times what {usual.title} takes an image.")


def test_an_encoder_says_what_it_has_seen_and_a_backbone_over_it_whose_features_it_reads(tmp_path: Path) -> None:
    sentences, known = write_sentences(Workspace(tmp_path)), features_for("text")
    told = {entry.name: price(entry, known, sentences) for entry in known.values()}
    usual = next(iter(known.values()))
    assert told[usual.name].startswith("It is not trained here; it has seen ")
    trained = [text for text in told.values() if text.startswith("It trains in ")]
    assert trained and all(text.endswith(f", over {usual.title}.") for text in trained)


def test_columns_that_part_tasks_have_a_few_values_each_shared_by_several_rows(tmp_path: Path) -> None:
    """Of 40 classes: two values are enough, 24 are the most."""
    place = np.arange(40)
    classes = tiny_classes().assign(two=place % 2, most=place % 24, more=place % 25, one=1, other_id=place % 5)
    found = shared_columns(write_tiny(Workspace(tmp_path), "parted", classes=classes), "siblings")
    assert {"family", "corner", "two", "most"} <= set(found) and {"more", "one", "other_id", "class_id", "size"}.isdisjoint(found)


def test_instances_may_be_parted_by_columns_of_up_to_500_values(tmp_path: Path, tiny: Dataset) -> None:
    row = np.arange(len(tiny.instances))
    instances = tiny.instances.assign(most=row % 500, more=row % 501, blank=pd.Series([None] * len(row), dtype=object))
    found = shared_columns(write_tiny(Workspace(tmp_path), "parted", instances=instances), "disjoint")
    assert "site" in found and "most" in found and {"more", "blank", "instance_id", "class_id"}.isdisjoint(found)


def test_sources_of_instances_are_said_to_be_of_use_to_film_alone(tiny: Dataset, tmp_path: Path) -> None:
    assert (
        instance_note(tiny, "am3") == "Not usable with this fusion: site. They describe single images, and only FiLM reads those."
    )
    assert instance_note(tiny, "film") == "site describe single images."
    hidden = (Source("hand", "instance", ("taken",), "who drew it", available_at_prediction=False),)
    sources = (*CLASS_SOURCES, *hidden)
    data = write_tiny(Workspace(tmp_path), "seen", description=tiny_description("seen", sources=sources))
    assert words_of_hidden(data) == "Not available at prediction, and so hidden of queries: hand."
    assert instance_note(data, "film").endswith(f"single images. {words_of_hidden(data)}") and words_of_hidden(tiny) == ""
    lone = write_tiny(Workspace(tmp_path), "lone", description=tiny_description("lone", sources=CLASS_SOURCES))
    assert instance_note(lone, "film") == instance_note(lone, "am3") == ""


def test_what_it_reads_is_quoted() -> None:
    assert reading(tiny_run()) == "without metadata" and reading(tiny_run(("place", "size"))) == "with “place, size”"


def test_a_choice_that_makes_no_run_is_refused_before_it_is_queued(tiny: Dataset) -> None:
    checked(tiny_run(("place",)), tiny)
    with pytest.raises(BadInput, match="is empty for every"):
        checked(tiny_run(("nothing",)), tiny)
