"""Given tasks: one owner is one task, uneven as it is, and owners are what train and test do not share."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from metadash.data.dataset import Dataset, Source
from metadash.episodes.given import GivenSpec, given_tasks, owner_roles
from metadash.episodes.kinds import TASK_KINDS, tasks_of
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.learners.registry import make
from metadash.training.evaluate import places, score
from metadash.training.trainer import sources_of
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run, tiny_vectors, write_vectors

OWNERS = 12


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Vectors of which each has an owner; what an owner likes lies where only the owner's own examples tell."""
    plain = write_vectors(Workspace(tmp_path_factory.mktemp("plain")))
    generator = np.random.default_rng(0)
    instances = plain.instances.copy()
    instances["owner"] = [f"user {o:02d}" for o in generator.integers(0, OWNERS, len(instances))]
    instances["age"] = instances["owner"].str[-2:].astype(int)
    instances["class_id"] = generator.integers(0, 2, len(instances))
    taste = 2 * generator.normal(size=(OWNERS, tiny_vectors().shape[1]))
    inputs = (
        generator.normal(size=tiny_vectors().shape) + np.where(instances["class_id"], 1, -1)[:, None] * taste[instances["age"]]
    )
    sources = (*plain.description.sources, Source("person", "task", ("age",)))
    return write_vectors(
        Workspace(tmp_path_factory.mktemp("owned")),
        instances=instances,
        inputs=inputs.astype(np.float32),
        description=dataclasses.replace(plain.description, sources=sources),
    )


SPEC = GivenSpec("owner", n_way=2, n_shot=3, n_query=40)


def test_an_owner_is_a_task_and_all_its_examples_are_its_own(owned: Dataset) -> None:
    manifest = tasks_of(owned, SPEC)
    owner = owned.instances["owner"].to_numpy()
    for e in range(len(manifest)):
        for n, identity in enumerate(manifest.classes[e]):
            rows = np.concatenate([manifest.support[e, n], manifest.query[e, n]])
            rows = rows[rows >= 0]
            assert set(owner[rows]) == {manifest.group_names[manifest.group[e]]}
            assert set(owned.class_of[rows]) == {identity} and len(set(rows)) == len(rows)
            mine = (owner == manifest.group_names[e]) & (owned.class_of == identity)
            assert len(rows) == min(mine.sum(), 43), "as many as there are"
    assert manifest.query_mask is not None and (manifest.queries == manifest.query_mask.sum(axis=(1, 2))).all()
    assert len(set(manifest.queries.tolist())) > 1


def test_roles_share_no_owner_and_the_same_spec_gives_the_same_tasks(owned: Dataset, tmp_path) -> None:
    names = [tasks_of(owned, GivenSpec("owner", role)).group_names for role in ("train", "validation", "test")]
    assert all(names) and len({name for part in names for name in part}) == sum(map(len, names)) == OWNERS
    again, other = tasks_of(owned, SPEC), tasks_of(owned, GivenSpec("owner", n_way=2, n_shot=3, n_query=40, seed=1))
    assert again.hash == tasks_of(owned, SPEC).hash != other.hash
    again.save(tmp_path / "m.npz")
    assert EpisodeManifest.load(tmp_path / "m.npz").hash == again.hash
    assert set(owner_roles(owned, "owner", 0)) == {"train", "validation", "test"}


@pytest.mark.parametrize("name", ["prototypical", "r2d2", "centroid"])
def test_learners_score_them_as_each_task_scores_alone(owned: Dataset, name: str) -> None:
    manifest, dim = given_tasks(owned, SPEC), owned.inputs.shape[1]
    learner = make(name, nn.Identity(), dim, 2).eval()
    rows, position = places(manifest.rows, len(owned.class_of))
    correct = score(learner, np.array(owned.inputs[rows]), position, manifest, (1, 3), [])
    assert correct.shape == (2, len(manifest)) and (correct <= manifest.queries).all()
    assert correct[1].sum() / manifest.queries.sum() > 0.8
    if name == "prototypical":
        for e in range(len(manifest)):
            found = manifest.support[e]
            means = torch.stack([torch.from_numpy(owned.inputs[some[some >= 0]]).mean(0) for some in found])
            right = 0
            for n, asked in enumerate(manifest.query[e]):
                queries = torch.from_numpy(owned.inputs[asked[asked >= 0]])
                right += int((torch.cdist(queries, means).argmin(1) == n).sum())
            assert right == correct[1, e]


def test_what_cannot_be_is_refused_in_a_sentence(owned: Dataset) -> None:
    for spec, says in ((GivenSpec("nobody"), "no column"), (GivenSpec("owner", n_way=3), "of 2 classes; a task needs 3")):
        with pytest.raises(BadInput, match=says) as problem:
            tasks_of(owned, spec)
        one_sentence(str(problem.value).split(". ")[-1])
    with pytest.raises(BadInput, match="describes the owners of tasks"):
        sources_of(tiny_run(("person",)), owned, "class")


def test_a_drawn_manifest_has_the_hash_it_always_had_and_nothing_that_fills_up() -> None:
    numbers = lambda *shape: np.arange(np.prod(shape)).reshape(shape)  # noqa: E731
    manifest = EpisodeManifest(numbers(2, 3), numbers(2, 3, 2), numbers(2, 3, 4), np.array([0, -1]), ("e",), "data")
    assert manifest.hash == "bd8b8ac00fa8378549e4"
    assert manifest.support_mask is None and manifest.query_mask is None and manifest.queries.tolist() == [12, 12]
    assert [kind.name for kind in TASK_KINDS] == ["drawn", "given", "rated"]
