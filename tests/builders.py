"""What the tests build again and again: the small data set *tiny*, small runs over it, and scores with a known difference."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.canonical import digest
from metadash.checksums import sealed, sums_of
from metadash.data.dataset import Dataset, Description, Question, Source, write_dataset
from metadash.data.splits import split_by_group, table_of
from metadash.episodes.sampler import draw
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.run import BackboneSpec, Evaluation, RunSpec
from metadash.workspace import Workspace

N_GROUPS, PER_GROUP, PER_CLASS, SIDE = 8, 5, 30, 28
N_CLASSES = N_GROUPS * PER_GROUP
SITES = 6
MARK, NOISE = 0.3, 0.4

CLASS_SOURCES = (
    Source("size", "class", ("size", "count"), "how large it is, and how many parts it has"),
    Source("flag", "class", ("is_round",), "whether it is round"),
    Source("place", "class", ("corner",), "the corner where its mark stands"),
    Source("traits", "class", ("traits",), "what it has, several at once"),
    Source("words", "class", ("description",), "a description in words"),
    Source("age", "class", ("found",), "when it was first found"),
    Source("holes", "class", ("weight",), "its weight, where somebody weighed it"),
    Source("nothing", "class", ("remark",), "remarks that nobody has written yet"),
)
INSTANCE_SOURCES = (Source("site", "instance", ("site", "taken"), "where and when it was photographed"),)
GOOD_SOURCES = ("size", "place", "traits")
QUESTIONS = (
    Question("marks", "the place of the mark", "tell siblings apart", ("place", "traits"), "siblings", 5),
    Question("any", "the place of the mark", "tell any four classes apart", ("place",), "uniform", 4),
)


def tiny_images(seed: int = 0) -> np.ndarray:
    """[C·30, 28, 28] uint8. Classes of a group share a coarse pattern and differ in where a bright mark stands: siblings are alike,
    and every class can be learned."""
    generator = np.random.default_rng(seed)
    base = generator.random((N_GROUPS, 7, 7)).repeat(4, axis=1).repeat(4, axis=2)
    images = np.zeros((N_CLASSES, PER_CLASS, SIDE, SIDE))
    for c in range(N_CLASSES):
        row, column = mark_of(c)
        pattern = 0.5 * base[c // PER_GROUP]
        pattern[row : row + 8, column : column + 8] += MARK
        for i in range(PER_CLASS):
            images[c, i] = np.roll(pattern, generator.integers(-2, 3, 2), axis=(0, 1))
    images += NOISE * generator.standard_normal(images.shape)
    return (images.clip(0, 1) * 255).astype(np.uint8).reshape(-1, SIDE, SIDE)


def tiny_colours(seed: int = 0) -> np.ndarray:
    """[C·30, 28, 28, 3] uint8: the same images, each in a colour of its own that says nothing of its class."""
    tint = np.random.default_rng([seed, 4]).uniform(0.4, 1.0, (N_CLASSES * PER_CLASS, 1, 1, 3))
    return (tiny_images(seed)[..., None] * tint).astype(np.uint8)


def mark_of(c: int) -> tuple[int, int]:
    """The mark's upper left corner: the same five places in every group, so that metadata that tells the place helps everywhere."""
    return ((1, 1), (1, 18), (18, 1), (18, 18), (10, 10))[c % PER_GROUP]


def tiny_classes(seed: int = 0) -> pd.DataFrame:
    """One column of each kind, one with missing values, one all empty."""
    generator = np.random.default_rng([seed, 1])
    c = np.arange(N_CLASSES)
    weight = generator.normal(50, 10, N_CLASSES)
    weight[::4] = np.nan
    colours = np.array(["red", "green", "blue", "grey"])
    return pd.DataFrame(
        {
            "class_id": c,
            "class_name": [f"thing {i}" for i in c],
            "family": [f"family {i // PER_GROUP}" for i in c],
            "size": generator.lognormal(1, 1.5, N_CLASSES),
            "count": generator.integers(1, 9, N_CLASSES),
            "is_round": generator.random(N_CLASSES) < 0.5,
            "corner": np.array(["upper left", "upper right", "lower left", "lower right", "middle"])[c % PER_GROUP],
            "traits": [f"mark {i % PER_GROUP}; {colours[generator.integers(4)]}" for i in c],
            "description": [f"a {colours[i % 4]} thing number {i} of the {i // PER_GROUP} family" for i in c],
            "found": pd.Timestamp("2001-01-01") + pd.to_timedelta(generator.integers(0, 7000, N_CLASSES), unit="D"),
            "weight": weight,
            "remark": pd.Series([None] * N_CLASSES, dtype="object"),
        }
    )


def tiny_instances(seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng([seed, 2])
    n = N_CLASSES * PER_CLASS
    return pd.DataFrame(
        {
            "instance_id": np.arange(n),
            "class_id": np.repeat(np.arange(N_CLASSES), PER_CLASS),
            "site": np.array([f"site {s}" for s in range(SITES)])[generator.integers(0, SITES, n)],
            "taken": pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 1000, n), unit="h"),
            "blank": pd.Series([None] * n, dtype="object"),
        }
    )


def tiny_splits(classes: pd.DataFrame, seeds: tuple[int, ...] = (0, 1)) -> pd.DataFrame:
    return table_of({f"family-{seed}": split_by_group(classes["family"], seed) for seed in seeds})


def tiny_description(name: str = "tiny", **changes: Any) -> Description:
    values: dict[str, Any] = {
        "name": name,
        "title": "Tiny things",
        "modality": "image",
        "licence": "none needed",
        "provenance": "drawn by tests/builders.py",
        "class_noun": "thing",
        "group_noun": "family",
        "sibling_column": "family",
        "disjoint_column": "site",
        "sources": CLASS_SOURCES + INSTANCE_SOURCES,
        "questions": QUESTIONS,
        "default_split": "family-0",
    }
    return Description(**{**values, **changes})


def write_tiny(workspace: Workspace, name: str = "tiny", **parts: Any) -> Dataset:
    """Write *tiny*, or a variant of it: ``parts`` replace ``classes``, ``instances``, ``inputs``, ``splits`` or ``description``."""
    classes = parts.get("classes", tiny_classes())
    return write_dataset(
        workspace,
        parts.get("description", tiny_description(name)),
        classes,
        parts.get("instances", tiny_instances()),
        parts.get("inputs", tiny_images()),
        parts["splits"] if "splits" in parts else tiny_splits(classes),
    )


def write_wide(workspace: Workspace, times: int = 3) -> Dataset:
    """*tiny* with ``times`` as many families, half of which test: enough groups for a verdict to be certain. It has the name and the split
    of *tiny*, so that what is stored for that is stored for this."""
    n_instances = N_CLASSES * PER_CLASS
    classes = pd.concat([tiny_classes(copy) for copy in range(times)], ignore_index=True)
    family = np.arange(len(classes)) // PER_GROUP
    classes["class_id"] = np.arange(len(classes))
    classes["class_name"] = [f"thing {c}" for c in range(len(classes))]
    classes["family"] = [f"family {f}" for f in family]
    instances = pd.concat([tiny_instances(copy) for copy in range(times)], ignore_index=True)
    instances["instance_id"] = np.arange(len(instances))
    instances["class_id"] += np.repeat(np.arange(times), n_instances) * N_CLASSES
    roles = np.where(family % 2 == 0, "test", np.where(family % 4 == 1, "train", "validation"))
    return write_tiny(
        workspace,
        classes=classes,
        instances=instances,
        inputs=np.zeros((times * n_instances, SIDE, SIDE), dtype=np.uint8),
        splits=table_of({"family-0": roles}),
    )


def tiny_vectors(seed: int = 0, dim: int = 12) -> np.ndarray:
    """[C·30, dim] float32: classes of a group lie together, and every class can be learned."""
    generator = np.random.default_rng([seed, 3])
    centre = generator.normal(size=(N_CLASSES, dim)) + 2 * generator.normal(size=(N_GROUPS, dim)).repeat(PER_GROUP, axis=0)
    spread = generator.normal(size=(N_CLASSES, PER_CLASS, dim))
    return (centre[:, None] + 0.5 * spread).astype(np.float32).reshape(-1, dim)


def write_vectors(workspace: Workspace, name: str = "vectors", **parts: Any) -> Dataset:
    """*tiny* as a data set of feature vectors."""
    description = tiny_description(name, modality="vector", title="Tiny vectors")
    return write_tiny(workspace, name, **{"inputs": tiny_vectors(), "description": description, **parts})


def write_colours(workspace: Workspace, name: str = "colours", **parts: Any) -> Dataset:
    """*tiny* as a data set of colour images."""
    return write_tiny(workspace, name, **{"inputs": tiny_colours(), **parts})


PHOTO, PHOTOS_EACH = (96, 128), 6


def tiny_photos(seed: int = 0) -> np.ndarray:
    """[C·6, 96, 128, 3] uint8: larger colour images, wider than high; of each class of *tiny* its first few, four times as large, with a
    margin of one colour at the right."""
    small = tiny_colours(seed).reshape(N_CLASSES, PER_CLASS, SIDE, SIDE, 3)[:, :PHOTOS_EACH, 2:26].reshape(-1, 24, SIDE, 3)
    large = small.repeat(4, axis=1).repeat(4, axis=2)
    margin = np.broadcast_to(np.uint8([40, 90, 60]), (*large.shape[:2], PHOTO[1] - large.shape[2], 3))
    return np.concatenate([large, margin], axis=2)


def write_photos(workspace: Workspace, name: str = "photos", **parts: Any) -> Dataset:
    """*tiny* as a data set of larger, non-square colour images, with six of each class."""
    kept = tiny_instances().groupby("class_id").head(PHOTOS_EACH)
    instances = kept.assign(instance_id=np.arange(len(kept))).reset_index(drop=True)
    return write_tiny(workspace, name, **{"inputs": tiny_photos(), "instances": instances, **parts})


def tiny_sentences(seed: int = 0) -> list[str]:
    """C·30 sentences. Classes of a group share their places and differ in their deeds, which are the same five in every group and mostly
    right, among small words that say nothing."""
    generator = np.random.default_rng([seed, 5])
    deeds = ["freeze my card", "pay the bill", "book a table", "play some music", "set an alarm"]
    places = ["garden", "station", "harbour", "market", "kitchen", "library", "castle", "valley"]
    small = ["please", "could", "you", "now", "then", "again", "maybe", "today", "for", "me", "thanks", "kindly"]
    found = []
    for c in range(N_CLASSES):
        for _ in range(PER_CLASS):
            said = [*generator.choice(small, 3), places[c // PER_GROUP]]
            said += [deeds[c % PER_GROUP if generator.random() < 0.8 else generator.integers(PER_GROUP)]]
            found.append(" ".join(generator.permutation(said)))
    return found


def write_sentences(workspace: Workspace, name: str = "sentences", **parts: Any) -> Dataset:
    """*tiny* as a data set of texts."""
    description = tiny_description(name, modality="text", title="Tiny sentences")
    return write_tiny(workspace, name, **{"inputs": tiny_sentences(), "description": description, **parts})


def tiny_mentions(seed: int = 0) -> list[str]:
    """The sentences of *tiny* with the last of their deeds' words marked, which says as much as the deed."""
    found = []
    for said in tiny_sentences(seed):
        start = max(said.rfind(word) for word in MARKED)
        end = start + next(len(word) for word in MARKED if said.startswith(word, start))
        found.append(f"{said[:start]}[[{said[start:end]}]]{said[end:]}")
    return found


MENTIONS_EACH = 8
MARKED = ("card", "bill", "table", "music", "alarm")


def write_mentions(workspace: Workspace, name: str = "mentions", **parts: Any) -> Dataset:
    """*tiny* as a data set of mentions in sentences, with eight of each class."""
    kept = tiny_instances().groupby("class_id").head(MENTIONS_EACH)
    instances = kept.assign(instance_id=np.arange(len(kept))).reset_index(drop=True)
    inputs = [row for place, row in enumerate(tiny_mentions()) if place % PER_CLASS < MENTIONS_EACH]
    description = tiny_description(name, modality="mention", title="Tiny mentions")
    return write_tiny(workspace, name, **{"inputs": inputs, "instances": instances, "description": description, **parts})


def copy_workspace(source: Workspace, root: Path, *folders: str) -> Workspace:
    """A workspace of its own with the same ``folders`` (by default the data sets): for tests that write or break things."""
    workspace = Workspace(root)
    for folder in folders or ("datasets",):
        shutil.copytree(source.root / folder, workspace.root / folder, dirs_exist_ok=True)
    return workspace


def tiny_backbone(**changes: Any) -> BackboneSpec:
    """Trains in half a second."""
    values: dict[str, Any] = {
        "dataset": "tiny",
        "split": "family-0",
        "width": 8,
        "n_way": 10,
        "n_query": 3,
        "episodes": 30,
        "learning_rate": 5e-3,
    }
    return BackboneSpec(**{**values, **changes})


def tiny_evaluation(**changes: Any) -> Evaluation:
    values: dict[str, Any] = {
        "n_way": 5,
        "shots": (1, 2, 5),
        "n_query": 5,
        "strategy": "siblings",
        "column": "family",
        "n_episodes": 120,
    }
    return Evaluation(**{**values, **changes})


def tiny_run(sources: tuple[str, ...] = (), **changes: Any) -> RunSpec:
    """A quick run over ``tiny_backbone``; with ``sources``, pseudo-shots read them."""
    values: dict[str, Any] = {
        "dataset": "tiny",
        "split": "family-0",
        "backbone": tiny_backbone(),
        "fusion": "pseudo-shots" if sources else "none",
        "sources": sources,
        "steps": 100,
        "meta_batch": 4 if changes.get("mode", "quick") == "quick" else 1,
        "evaluation": tiny_evaluation(),
    }
    return RunSpec(**{**values, **changes})


def scores_table(correct: np.ndarray, shots: tuple[int, ...], queries: int) -> pd.DataFrame:
    """[K, E] correct queries as rows of (shot, episode, correct, queries), in no order: a reader has to sort them himself."""
    shot, episode = np.meshgrid(shots, np.arange(correct.shape[1]), indexing="ij")
    frame = pd.DataFrame({"shot": shot.ravel(), "episode": episode.ravel(), "correct": correct.ravel(), "queries": queries})
    return frame.sample(frac=1, random_state=0)


def store_scores(
    store: RunStore, spec: RunSpec, dataset: Dataset, accuracy: np.ndarray, queries: int = 1000, **summary: Any
) -> Run:
    """A finished run whose scores were made up: ``accuracy`` [K, E] in 0..1, for the shots and the episodes of its evaluation."""
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    store.keep_manifest(manifest)
    correct = np.round(accuracy * queries).astype(int)
    return store.write(
        run_digest(spec, dataset),
        spec,
        dataset,
        summary={
            "manifest": manifest.hash,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": "running",
            "kappa": 0.5 if spec.sources else None,
            **summary,
        },
        environment={},
        seconds=1.5,
        frames={"scores": scores_table(correct, spec.evaluation.shots, queries)},
        arrays={},
        weights={},
        log="",
    )


def rewrite(store: RunStore, run: Run, frames: Mapping[str, pd.DataFrame] | None = None, **about: Any) -> Run:
    """The run as another version, or a defect of ours, would have stored it: sealed again, under the name that its record now gives.

    ``about`` changes what run.json says; None leaves out.
    """
    for name, frame in (frames or {}).items():
        frame.to_parquet(run.folder / f"{name}.parquet", index=False)
    (run.folder / "run.json").unlink()
    changed = {**run.about, **about, "files": sums_of(run.folder)}
    record = sealed({key: value for key, value in changed.items() if value is not None and key != "checksum"})
    (run.folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    name = digest(record["kind"], record["spec"], record["dataset_fingerprint"], record["code"])
    run.folder.rename(store.folder / name)
    found = store.get(name)
    assert found is not None
    return found


def wait_for(found: Callable[[], Any], seconds: float = 60.0, every: float = 0.05) -> Any:
    """The first true value of ``found()``; fails the test when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(every)
    raise AssertionError(f"nothing within {seconds:g} s: {found}")


def one_sentence(message: object) -> str:
    """Checks what holds for every message to a person: one short line that ends like a sentence and shows no path or stack."""
    text = re.sub(r"\\([^\w\s]|_)", r"\1", str(message))  # a page escapes what Markdown would read
    assert text.endswith((".", "?")) and "\n" not in text and len(text) < 400, text
    assert "Traceback" not in text and "Error(" not in text and "/tmp/" not in text, text
    return text


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of that size at ``folder``: a disk that is really full when it is full. Raises OSError where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OSError("there is no mount command") from error
    if done.returncode:
        raise OSError(done.stderr.decode())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


WRITERS: dict[str, Callable[..., Dataset]] = {
    "tiny": write_tiny,
    "colours": write_colours,
    "photos": write_photos,
    "vectors": write_vectors,
    "sentences": write_sentences,
    "mentions": write_mentions,
}
"""A data set of each kind of inputs that there is, by its name."""
