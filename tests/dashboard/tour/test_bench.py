"""What the tour computes in the web server is what the learners compute in theirs, and shows what it says it shows."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from metadash.dashboard.tour import bench
from metadash.dashboard.tour.network import embed
from metadash.data.dataset import Dataset
from metadash.data.shipped import FOLDERS
from metadash.errors import BadInput
from metadash.networks.conv4 import Conv4
from metadash.workspace import Workspace


@pytest.fixture(scope="module")
def glyphs(glyphs_workspace: Workspace) -> Dataset:
    return Dataset.open(glyphs_workspace, "glyphs")


def test_the_network_without_torch_is_the_network_that_is_shipped(glyphs: Dataset) -> None:
    weights = load_file(FOLDERS["glyphs"] / f"{bench.SPLIT}.safetensors")
    network = Conv4(len(weights["blocks.0.weight"]))
    network.load_state_dict(weights)
    images = np.asarray(glyphs.inputs[1000:1100])
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(images)).numpy()
    assert np.allclose(embed(images, bench.SPLIT), expected, atol=1e-5)


def test_a_split_without_a_shipped_network_is_refused(glyphs: Dataset) -> None:
    with pytest.raises(BadInput, match="No backbone of the split 'family-0'"):
        embed(np.asarray(glyphs.inputs[:1]), "family-0")


def test_a_task_is_of_test_characters_that_share_a_letter_and_comes_again_with_its_number(glyphs: Dataset) -> None:
    one, again, other = (bench.task(glyphs.fingerprint, 4, 2, seed, False, glyphs) for seed in (7, 7, 8))
    classes = one.manifest.classes[0]
    assert np.array_equal(one.manifest.query, again.manifest.query) and not np.array_equal(
        one.manifest.query, other.manifest.query
    )
    assert set(classes) <= set(glyphs.split(bench.SPLIT)["test"]) and glyphs.classes["base_letter"][classes].nunique() == 1
    assert one.support.shape == (4, 2, 32) and one.query.shape == (4, bench.QUERIES, 32)


def test_a_prototype_is_the_mean_of_its_examples_and_an_anchor_counts_for_kappa_more(glyphs: Dataset) -> None:
    task = bench.task(glyphs.fingerprint, 3, 2, 1, False, glyphs)
    assert np.allclose(task.prototypes, (task.support[:, 0] + task.support[:, 1]) / 2)
    assert np.allclose(task.fused(0), task.prototypes)
    assert np.allclose(task.fused(2), (task.prototypes + task.anchors) / 2)
    assert np.array_equal(task.answers(task.query[:, 0])[:, 0], np.arange(3)), "a prototype on top of a query is the nearest"


def test_names_help_wrong_ones_do_not_and_more_tasks_say_it_more_surely(glyphs: Dataset) -> None:
    few, many = (bench.gains(glyphs.fingerprint, n, 1, 0.5, glyphs) for n in (50, 1000))
    assert many.names.episodes.low > 0 and many.names.new_classes.low > 0 and many.shuffled.episodes.estimate < 0
    widths = [one.names.episodes.high - one.names.episodes.low for one in (few, many)]
    assert widths[1] < widths[0] / 3, "twenty times the tasks"


def test_the_map_has_anchors_and_both_kinds_of_prototypes_only_where_names_count(glyphs: Dataset) -> None:
    task = bench.task(glyphs.fingerprint, 5, 1, 3, False, glyphs)
    plain, told = bench.map_points(task, None), bench.map_points(task, 1.0)
    assert set(plain["kind"]) == {"support", "query", "plain prototype"}
    assert set(told["kind"]) - set(plain["kind"]) == {"anchor", "prototype"}
    predicted = plain.loc[plain["kind"] == "query", "predicted"].to_numpy().reshape(5, -1)
    assert np.array_equal(predicted, task.manifest.classes[0][task.answers(task.prototypes)])


def test_no_step_of_the_tour_turns_the_map_of_the_one_before_round(glyphs: Dataset) -> None:
    for number in (1, 2, 3, 31):
        task = bench.task(glyphs.fingerprint, 5, 1, number, False, glyphs)
        plain, told = bench.map_points(task, None), bench.map_points(task, 1.0)
        assert told.iloc[: len(plain)][["x", "y"]].to_numpy() == pytest.approx(plain[["x", "y"]].to_numpy(), abs=1e-4)
