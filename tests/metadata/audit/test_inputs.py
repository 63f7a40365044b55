"""Class columns worked out from the class's own inputs are found, and what only goes with the inputs is not blamed; parted groups are named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.metadata.audit import inputs as audit_inputs
from metadash.metadata.audit.audit import CHECKS, audit, first_look
from metadash.metadata.audit.findings import Finding, Material
from metadash.metadata.audit.inputs import by_chance, input_aggregates, mixture, summaries_of
from metadash.metadata.audit.splits import parted_groups
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    N_CLASSES,
    PER_CLASS,
    one_sentence,
    tiny_classes,
    tiny_colours,
    tiny_description,
    tiny_images,
    tiny_vectors,
    write_tiny,
)

VECTORS, IMAGES = tiny_vectors(), tiny_images()
OF_CLASS = VECTORS.reshape(N_CLASSES, PER_CLASS, -1).astype(float)
INK = IMAGES.reshape(N_CLASSES, PER_CLASS, -1).mean(axis=2)
NOISE = np.random.default_rng(3).normal(size=N_CLASSES)
SPLITS = pd.DataFrame(
    {"split": "rotated", "class_id": range(N_CLASSES), "role": (["train"] * 2 + ["validation", "test", "test"]) * 8}
)


def found_in(folder, columns: dict[str, Any], inputs: np.ndarray = VECTORS, **parts: Any) -> list[Finding]:
    """The findings about inputs where these columns are one source of *tiny*."""
    classes = parts.pop("classes", tiny_classes()).assign(**columns)
    sources = (*CLASS_SOURCES, Source("planted", "class", tuple(columns)))
    modality = "vector" if inputs.ndim == 2 else "image"
    description = tiny_description(sources=sources, modality=modality)
    data = write_tiny(Workspace(folder), classes=classes, inputs=inputs, description=description, **parts)
    return list(input_aggregates(Material(data, data.split_names[0], data.sources)))


COLOURS = tiny_colours()
RED = COLOURS.reshape(N_CLASSES, PER_CLASS, -1, 3)[..., 0].mean(axis=(1, 2))


def test_a_column_worked_out_from_one_colour_is_found(tmp_path) -> None:
    (finding,) = found_in(tmp_path, {"m": RED}, COLOURS)
    assert "mean of red" in finding.sentence


PLANTED = {
    "a mean": ({"m": OF_CLASS[:, :, 3].mean(axis=1)}, "mean of input 3"),
    "a mean, rounded": ({"m": OF_CLASS[:, :, 3].mean(axis=1).round(2)}, "mean of input 3"),
    "a mean in other units": ({"m": 7 - 40 * OF_CLASS[:, :, 3].mean(axis=1)}, "mean of input 3"),
    "the logarithm of a spread": ({"m": np.log(OF_CLASS[:, :, 5].std(axis=1))}, "standard deviation of input 5"),
    "a greatest": ({"m": OF_CLASS[:, :, 0].max(axis=1)}, "greatest of input 0"),
    "a least": ({"m": OF_CLASS[:, :, 0].min(axis=1)}, "least of input 0"),
    "a median": ({"m": np.median(OF_CLASS[:, :, 1], axis=1)}, "median of input 1"),
    "a sum of the sums": ({"m": OF_CLASS.sum(axis=(1, 2))}, "sum of the inputs"),
    "a mean length": ({"m": np.linalg.norm(OF_CLASS, axis=2).mean(axis=1)}, "mean of length of the inputs"),
    "a mixture": ({"m": OF_CLASS.mean(axis=1) @ np.linspace(-1, 2, 12) ** 2}, "a mixture of the mean inputs"),
    "eight means": ({f"m{i}": OF_CLASS[:, :, i].mean(axis=1) for i in range(8)}, "mean of input"),
    "the mean vector": ({"m": list(OF_CLASS.mean(axis=1))}, "mean of input"),
    "known for some classes": (
        {"m": np.where(np.arange(N_CLASSES) % 3, OF_CLASS[:, :, 3].mean(axis=1), np.nan)},
        "mean of input 3",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_column_that_is_worked_out_from_the_inputs_is_found(fault: str, tmp_path) -> None:
    columns, what = PLANTED[fault]
    (finding,) = found_in(tmp_path, columns)
    assert (finding.code, finding.severity, finding.source) == ("input-aggregate", "block", "planted")
    assert what in finding.sentence and finding.evidence["r2"] > 0.999 and finding.evidence["columns"] == list(columns)
    assert one_sentence(finding.sentence) and one_sentence(finding.advice)
    assert "Leave the source 'planted' out" in finding.advice


def test_the_columns_that_are_sound_are_not_to_be_left_out(tmp_path) -> None:
    (finding,) = found_in(tmp_path, {"m": OF_CLASS[:, :, 3].mean(axis=1), "sound": NOISE})
    assert finding.column == "m" and "Leave 'm' of the source 'planted' out" in finding.advice


def test_nearly_a_summary_is_a_warning(tmp_path) -> None:
    mean = OF_CLASS[:, :, 3].mean(axis=1)
    (finding,) = found_in(tmp_path, {"m": mean + 0.06 * mean.std() * NOISE})
    assert finding.severity == "warn" and "nearly" in finding.sentence and 0.99 <= finding.evidence["r2"] < 0.999


def test_the_ink_of_a_class_s_own_images_is_found(tmp_path) -> None:
    (finding,) = found_in(tmp_path, {"m": INK.mean(axis=1)}, IMAGES)
    assert finding.severity == "block" and "mean of ink" in finding.sentence


def test_what_goes_with_the_inputs_is_the_idea_and_no_leak(tmp_path) -> None:
    mean = OF_CLASS[:, :, 3].mean(axis=1)
    others = np.random.default_rng(1).normal(mean[:, None], OF_CLASS[:, :, 3].std(axis=1)[:, None], (N_CLASSES, 1)).mean(axis=1)
    sound = {"other examples": others, "noise": NOISE, "few values": np.arange(N_CLASSES) % 4, "rank": np.arange(N_CLASSES) ** 2}
    assert found_in(tmp_path, sound) == []


def test_one_class_far_off_does_not_decide_alone(tmp_path) -> None:
    spoiled = VECTORS.copy()
    spoiled[:PER_CLASS] += 1e4
    assert found_in(tmp_path, {"m": np.where(np.arange(N_CLASSES) == 0, 1e6, NOISE)}, spoiled) == []


def test_noise_of_few_classes_and_many_inputs_is_not_blamed() -> None:
    generator = np.random.default_rng(0)
    for n in (8, 12, 30):
        summaries = audit_inputs.Summaries(generator.normal(size=(n, 6000)), [""] * 6000, generator.normal(size=(n, 1000)))
        assert not any(audit_inputs.match_one(generator.normal(size=n), summaries).r2 for _ in range(20))
    assert by_chance(0.999, 8) < 1e-8 < by_chance(0.9, 8)


def test_a_mixture_needs_twice_as_many_classes_as_inputs_and_foretells_classes_left_out() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 10))
    y = x @ generator.normal(size=10)
    assert mixture(x, y) > 0.999999 and mixture(x[:30], y[:30]) == 0
    noisy = y + generator.normal(size=40)
    one_by_one = [noisy[i] - fitted(np.delete(x, i, 0), np.delete(noisy, i)) @ np.r_[1, x[i]] for i in range(40)]
    assert mixture(x, noisy) == pytest.approx(1 - np.square(one_by_one).sum() / np.square(noisy - noisy.mean()).sum())


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]


def test_summaries_are_those_that_pandas_counts_whatever_the_order_and_sizes_of_classes(tmp_path) -> None:
    generator = np.random.default_rng(4)
    class_of = generator.permutation(
        np.r_[np.repeat(np.arange(N_CLASSES), PER_CLASS - 1), generator.integers(0, N_CLASSES, N_CLASSES)]
    )
    instances = pd.DataFrame(
        {"instance_id": range(len(class_of)), "class_id": class_of, "site": "a", "taken": pd.Timestamp("2020-01-01")}
    )
    data = write_tiny(Workspace(tmp_path), instances=instances, inputs=VECTORS, description=tiny_description(modality="vector"))
    found = summaries_of(data)
    grouped = pd.DataFrame(VECTORS.astype(float)).groupby(class_of)
    for start, expected in zip(
        range(0, 6 * 14, 14),
        (grouped.mean(), grouped.std(ddof=0), grouped.min(), grouped.max(), grouped.median(), grouped.sum()),
        strict=True,
    ):
        assert found.values[:, start : start + 12] == pytest.approx(expected.to_numpy(), abs=1e-6)
    assert found.words[3] == "mean of input 3" and found.words[14 + 3] == "standard deviation of input 3"


def test_larger_inputs_are_thinned_and_a_summary_of_what_is_read_is_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(audit_inputs, "MOST_CELLS", VECTORS.size // 2)
    (finding,) = found_in(tmp_path / "v", {"m": OF_CLASS[:, :, 4].mean(axis=1)})
    assert "mean of input 4" in finding.sentence
    monkeypatch.setattr(audit_inputs, "MOST_CELLS", IMAGES.size // 2)
    light = np.repeat(np.linspace(0.2, 1, N_CLASSES), PER_CLASS)[:, None, None]
    images = (IMAGES * light).astype(np.uint8)
    found = found_in(tmp_path / "i", {"m": images.reshape(N_CLASSES, -1).mean(axis=1)}, images)
    assert [finding.source for finding in found] == ["planted"]


def test_the_embedded_data_set_has_none_and_is_looked_at_in_about_a_second(glyphs_workspace: Workspace) -> None:
    data = Dataset.open(glyphs_workspace, "glyphs")
    assert list(input_aggregates(Material(data, "base_letter-0", data.sources))) == []


def test_what_blocks_is_said_of_the_sources_that_are_to_be_trained_on_and_of_no_others(tmp_path) -> None:
    sources = (*CLASS_SOURCES, Source("leak", "class", ("m",)), Source("number", "class", ("class_id",)))
    classes = tiny_classes().assign(m=OF_CLASS[:, :, 3].mean(axis=1))
    description = tiny_description(sources=sources, modality="vector", default_split="rotated")
    data = write_tiny(Workspace(tmp_path), classes=classes, inputs=VECTORS, splits=SPLITS, description=description)
    assert [f.code for f in first_look(data, "rotated", ("size", "leak"))] == ["parted-groups", "input-aggregate"]
    assert [f.code for f in first_look(data, "fold-1-of-5", ("size", "number"))] == ["class-id"]
    assert first_look(data, "fold-1-of-5", ("size",)) == []


# --- relatives on both sides ---------------------------------------------------------------------------------------------------


def parted(data: Dataset, split: str = "") -> list[Finding]:
    return list(parted_groups(Material(data, split or data.description.default_split, data.sources)))


def test_relatives_in_training_and_test_are_named_before_anything_is_trained(tmp_path) -> None:
    whole = tiny_description(default_split="rotated")
    data = write_tiny(Workspace(tmp_path), splits=SPLITS, description=whole)
    assert parted_groups in CHECKS and input_aggregates in CHECKS
    (finding,) = parted(data)
    assert finding.severity == "warn" and finding.column == "family" and finding.evidence["groups"] == 8
    assert finding.evidence["test_classes"] == 16 and "16 of the 16 test classes share their family" in finding.sentence
    assert "'family 0', 'family 1', 'family 2' and 5 more" in finding.sentence
    assert finding.advice == "Cross-fit in 5 folds (on *Ablation*, or `ablate --folds 5`), which keeps every family in one role."
    assert one_sentence(finding.sentence) and one_sentence(finding.advice)
    for fold in range(1, 6):
        assert not parted(data, f"fold-{fold}-of-5"), "the advice works"


def test_a_stored_split_that_keeps_groups_whole_is_advised(tmp_path, tiny: Dataset) -> None:
    splits = pd.concat([SPLITS, tiny.splits])
    data = write_tiny(Workspace(tmp_path), splits=splits)
    (finding,) = parted(data, "rotated")
    assert finding.advice == "Choose the split 'family-0', which keeps every family in one role."
    assert not parted(data, "family-0")


def test_a_source_of_the_parted_groups_carries_the_finding(tmp_path) -> None:
    sources = (*CLASS_SOURCES, Source("kin", "class", ("family",)))
    data = write_tiny(Workspace(tmp_path), splits=SPLITS, description=tiny_description(sources=sources, default_split="rotated"))
    assert "parted-groups" in audit(data).badges["kin"]


def test_classes_without_a_group_and_data_sets_without_groups_have_no_relatives(tmp_path) -> None:
    lonely = tiny_classes()
    lonely.loc[SPLITS["role"] == "test", "family"] = None
    data = write_tiny(
        Workspace(tmp_path / "a"), classes=lonely, splits=SPLITS, description=tiny_description(default_split="rotated")
    )
    assert not parted(data)
    alone = tiny_description(default_split="rotated", sibling_column=None, group_noun="")
    assert not parted(write_tiny(Workspace(tmp_path / "b"), splits=SPLITS, description=alone))
