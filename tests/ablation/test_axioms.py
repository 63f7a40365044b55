"""The axioms end to end: arms really trained on *tiny*, with a twin, a constant and a source that says where the mark stands."""

import numpy as np
import pytest

from metadash.ablation.plan import AblationSpec
from metadash.ablation.result import Ablation, ablation
from metadash.data.dataset import Source
from metadash.data.library import open_dataset
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import tiny_backbone, tiny_classes, tiny_description, tiny_evaluation, tiny_run, write_tiny

SOURCES = ("place", "twin", "constant")
NOISE = 1.0
"""Points: what training the same twice with other draws changes on these few episodes."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    workspace = Workspace(tmp_path_factory.mktemp("axioms"))
    classes = tiny_classes().assign(again=lambda table: table["corner"], always=3.0)
    extra = (Source("twin", "class", ("again",)), Source("constant", "class", ("always",)))
    description = tiny_description("tiny")
    write_tiny(
        workspace, classes=classes, description=tiny_description("tiny", sources=(*description.sources, *extra), questions=())
    )
    run = tiny_run(
        SOURCES,
        steps=200,
        patience=3,
        backbone=tiny_backbone(width=4, episodes=10),
        evaluation=tiny_evaluation(n_episodes=400, shots=(1, 2)),
    )
    spec = AblationSpec(run)
    for cell in spec.runs:
        train(cell, workspace)
    read = ablation(spec, open_dataset(workspace, "tiny"), RunStore(workspace))
    assert read is not None
    return read


def share(found: Ablation, source: str, shot: int = 0) -> float:
    return found.card(source).phi[shot].episodes.estimate


def test_the_shares_sum_to_what_all_sources_add(found: Ablation) -> None:
    assert all(one.holds for one in found.efficiency)
    assert sum(share(found, source) for source in SOURCES) == pytest.approx(found.total[0].episodes.estimate)
    assert found.total[0].episodes.estimate > 2  # there is something to share


def test_twins_have_equal_shares_and_neither_is_missed_beside_the_other(found: Ablation) -> None:
    assert share(found, "place") == pytest.approx(share(found, "twin"), abs=NOISE)
    assert share(found, "place") > 1
    for twin in ("place", "twin"):
        assert abs(found.card(twin).delta[0].episodes.estimate) < NOISE
        assert found.card(twin).alone[0].episodes.estimate > 2
    assert found.interactions["place", "twin"][0].episodes.estimate < -1


def test_a_constant_source_has_no_share(found: Ablation) -> None:
    assert share(found, "constant") == pytest.approx(0, abs=NOISE)


def test_shuffled_rows_do_not_do_what_the_real_ones_do(found: Ablation) -> None:
    assert found.card("place").credit_alone[0].episodes.estimate > 2
    assert found.total_credit["shuffled"][0].episodes.estimate > 2


def test_the_effects_of_mean_scores_are_the_means_of_the_effects(found: Ablation) -> None:
    """Linearity: what each episode and seed gives, averaged, is what the averages give."""
    from metadash.stats.shapley import shapley

    weights = shapley(3, found.values.masks)
    means = found.values.totals[:, : len(found.values.masks), 0].mean(axis=(0, 2)) / found.values.queries * 100
    assert weights @ means == pytest.approx([share(found, source) for source in SOURCES])
    assert np.isfinite(means).all()
