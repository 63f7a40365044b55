"""A manifest is frozen, has a hash that says what it holds, and comes back from disk as it was or not at all."""

import dataclasses
import io
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest, describe
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.workspace import part_of
from tests.builders import one_sentence


@pytest.fixture(scope="module")
def manifest(tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, EpisodeSpec(Pool("family-0"), n_shot=10, n_query=4, strategy="siblings", column="family", n_episodes=40))


def changed(manifest: EpisodeManifest, **parts: object) -> EpisodeManifest:
    arrays = {name: getattr(manifest, name).copy() for name in ("classes", "support", "query", "group")}
    return dataclasses.replace(manifest, **{**arrays, **parts})


def test_nobody_can_change_a_manifest(manifest: EpisodeManifest) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest.group_names = ()  # type: ignore[misc]
    for array in (manifest.classes, manifest.support, manifest.query, manifest.group, manifest[:3].support):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_every_part_of_the_content_counts_in_the_hash(manifest: EpisodeManifest) -> None:
    swapped = manifest.support.copy()
    swapped[0, 0, 0], swapped[0, 0, 1] = swapped[0, 0, 1], swapped[0, 0, 0]
    variants = [
        changed(manifest, support=swapped),
        changed(manifest, query=manifest.query[:, :, ::-1].copy()),
        changed(manifest, classes=manifest.classes[:, ::-1].copy()),
        changed(manifest, group=manifest.group + 1),
        changed(manifest, group_names=("x",)),
        changed(manifest, fingerprint="other data"),
        manifest[:39],
    ]
    assert len({manifest.hash, *(variant.hash for variant in variants)}) == len(variants) + 1
    assert changed(manifest).hash == manifest.hash


def test_the_hash_does_not_depend_on_how_the_numbers_lie_in_memory(manifest: EpisodeManifest) -> None:
    same = changed(manifest, support=np.asfortranarray(manifest.support).astype(np.int32), classes=manifest.classes.astype(">i8"))
    assert same.hash == manifest.hash


def test_fewer_shots_are_the_first_ones_of_more_shots(manifest: EpisodeManifest) -> None:
    for n_shot in (0, 1, 2, 5, 10):
        fewer = manifest.at_shot(n_shot)
        assert fewer.n_shot == n_shot
        assert np.array_equal(fewer.support, manifest.support[:, :, :n_shot])
        assert np.array_equal(fewer.query, manifest.query) and np.array_equal(fewer.classes, manifest.classes)
    assert manifest.at_shot(5).at_shot(2).hash == manifest.at_shot(2).hash


@pytest.mark.parametrize("n_shot", [-1, 11])
def test_shots_that_were_not_drawn_cannot_be_taken(n_shot: int, manifest: EpisodeManifest) -> None:
    with pytest.raises(BadInput, match=f"hold 10 support examples per class; {n_shot} cannot be taken"):
        manifest.at_shot(n_shot)


def test_a_slice_holds_the_episodes_of_the_slice(manifest: EpisodeManifest) -> None:
    part = manifest[3:7]
    assert len(part) == 4
    assert np.array_equal(part.query, manifest.query[3:7]) and np.array_equal(part.group, manifest.group[3:7])


def test_a_manifest_comes_back_from_disk_as_it_was(manifest: EpisodeManifest, tmp_path: Path) -> None:
    manifest.save(tmp_path / "deep" / "a.npz")
    loaded = EpisodeManifest.load(tmp_path / "deep" / "a.npz")
    assert loaded.hash == manifest.hash
    assert loaded.group_names == manifest.group_names and loaded.fingerprint == manifest.fingerprint
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.npz"]
    with pytest.raises(ValueError, match="read-only"):
        loaded.support[0] = 0


def test_missing_episodes_are_named_by_their_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There are no saved episodes 'mine'"):
        EpisodeManifest.load(tmp_path / "mine.npz")


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def damaged_inside(manifest: EpisodeManifest) -> bytes:
    content = bytearray(manifest.to_bytes())
    content[200:260] = b"\xa5" * 60
    return bytes(content)


def with_arrays(manifest: EpisodeManifest, **arrays: np.ndarray) -> bytes:
    with np.load(io.BytesIO(manifest.to_bytes())) as file:
        return archive(**{**dict(file), **arrays})


@pytest.mark.parametrize(
    "content",
    [
        lambda manifest: b"",
        lambda manifest: b"no archive at all",
        lambda manifest: b"PK\x03\x04 half a head",
        lambda manifest: manifest.to_bytes()[:-200],
        lambda manifest: manifest.to_bytes()[:300],
        damaged_inside,
        lambda manifest: archive(classes=np.zeros((2, 5))),
        lambda manifest: archive(pickled=np.array([{"a": 1}], dtype=object)),
        lambda manifest: with_arrays(manifest, about=np.array("[1, 2]")),
        lambda manifest: with_arrays(manifest, about=np.array("not json")),
        lambda manifest: with_arrays(manifest, support=manifest.support[:5]),
        lambda manifest: with_arrays(manifest, query=manifest.query[0]),
        lambda manifest: with_arrays(manifest, classes=manifest.classes.astype(float)),
    ],
    ids=[
        "empty",
        "text",
        "half a head",
        "cut at the end",
        "cut early",
        "damaged inside",
        "other arrays",
        "a pickle",
        "wrong description",
        "no description",
        "fewer supports",
        "flat queries",
        "fractions",
    ],
)
def test_a_damaged_file_is_one_sentence(content, manifest: EpisodeManifest, tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(content(manifest))
    with pytest.raises(BadInput, match=r"'mine.npz' is damaged or holds no episodes\.") as caught:
        EpisodeManifest.load(tmp_path / "mine.npz")
    one_sentence(caught.value)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(full_disk: Path, tiny: Dataset) -> None:
    large = draw(tiny, EpisodeSpec(Pool("family-0"), n_shot=10, n_query=15, n_episodes=5000))
    with pytest.raises(BadInput, match="could not be saved: the disk is full"):
        large.save(full_disk / "a.npz")
    assert list(full_disk.iterdir()) == []


def test_several_who_save_the_same_manifest_at_once_do_not_disturb_each_other(manifest: EpisodeManifest, tmp_path: Path) -> None:
    """Every arm of an answer stores the test episodes when it is done, and several are done at the same moment."""
    start, problems = threading.Barrier(4), []

    def save_often() -> None:
        start.wait()
        for _ in range(60):
            try:
                manifest.save(tmp_path / "a.npz")
            except Exception as problem:
                problems.append(repr(problem))

    threads = [threading.Thread(target=save_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems
    assert EpisodeManifest.load(tmp_path / "a.npz").hash == manifest.hash
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_processes_write_beside_each_other_too(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from metadash.workspace import part_of; print(part_of(Path(sys.argv[1])))"
    names = {str(part_of(tmp_path / "a.npz"))}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "a.npz")], capture_output=True, text=True, check=False
        )
        names.add(done.stdout.strip())
    assert len(names) == 3 and all(Path(name).parent == tmp_path and Path(name).name.startswith(".") for name in names)


def test_a_description_holds_plain_values(manifest: EpisodeManifest, tiny: Dataset) -> None:
    facts = describe(manifest)
    assert facts["hash"] == manifest.hash
    assert facts["n_classes"] == 15 and facts["n_episodes"] == 40
    test_families = {tiny.classes["family"].iloc[c] for c in tiny.split("family-0")["test"]}
    assert set(facts["groups"]) == test_families
