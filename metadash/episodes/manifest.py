"""Episodes drawn and frozen: integer arrays with a hash, shared by every learner, arm and seed, so that differences are paired."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metadash.errors import BadInput
from metadash.workspace import part_of, reason


@dataclass(frozen=True)
class EpisodeManifest:
    """``classes`` [E, N] class ids; ``support`` [E, N, K] and ``query`` [E, N, Q] rows of the data set's inputs, −1 where a class has
    fewer (given tasks, and unbalanced queries; those that are there stand first).

    ``group`` [E] is the index into ``group_names`` of the value that an episode's sibling classes share, or of a given task's owner,
    or −1.
    ``fingerprint`` says which data set the rows belong to.
    """

    classes: np.ndarray
    support: np.ndarray
    query: np.ndarray
    group: np.ndarray
    group_names: tuple[str, ...]
    fingerprint: str

    def __post_init__(self) -> None:
        for array in (self.classes, self.support, self.query, self.group):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def n_way(self) -> int:
        return self.classes.shape[1]

    @property
    def n_shot(self) -> int:
        return self.support.shape[2]

    @property
    def n_query(self) -> int:
        return self.query.shape[2]

    @property
    def support_mask(self) -> np.ndarray | None:
        """Which support rows [E, N, K] are there; None where all are, as in every drawn classification task."""
        return there(self.support)

    @property
    def queries(self) -> np.ndarray:
        """How many queries each episode asks: [E]."""
        return (self.query >= 0).sum(axis=(1, 2))

    @property
    def asked(self) -> tuple[np.ndarray, np.ndarray]:
        """The queries of each episode one after another, class by class, as rows and labels [E, T]; −1 in both where it asks fewer."""
        rows = self.query.reshape(len(self), -1)
        label = np.tile(np.repeat(np.arange(self.n_way), self.n_query), (len(self), 1))
        if self.query_mask is None:
            return rows, label
        first = np.argsort(rows < 0, axis=1, kind="stable")[:, : int(self.queries.max(initial=0))]
        rows = np.take_along_axis(rows, first, axis=1)
        return rows, np.where(rows < 0, -1, np.take_along_axis(label, first, axis=1))

    @property
    def queries_each(self) -> int:
        """How many queries every episode asks. Raises BadInput where they ask different numbers."""
        different = np.unique(self.queries)
        if len(different) != 1:
            raise BadInput("These tasks ask different numbers of queries; their answers cannot be added up over one number.")
        return int(different[0])

    @property
    def rows(self) -> np.ndarray:
        """The different rows of the data set that are asked for, in their order."""
        found = np.unique(np.concatenate([self.support.ravel(), self.query.ravel()]))
        return found[found >= 0]

    @property
    def query_mask(self) -> np.ndarray | None:
        """Which queries [E, N, Q] are there; None where all are."""
        return there(self.query)

    @property
    def hash(self) -> str:
        """The first 20 hexadecimal digits of the SHA-256 of shapes and content."""
        content = hashlib.sha256(
            json.dumps([self.fingerprint, self.group_names, self.classes.shape, self.n_shot, self.n_query]).encode()
        )
        for array in (self.classes, self.support, self.query, self.group):
            content.update(np.ascontiguousarray(array, dtype="<i8").data)
        return content.hexdigest()[:20]

    def at_shot(self, n_shot: int) -> "EpisodeManifest":
        """The same tasks and queries with only the first ``n_shot`` support instances of each class."""
        if not 0 <= n_shot <= self.n_shot:
            raise BadInput(f"These episodes hold {self.n_shot} support examples per class; {n_shot} cannot be taken from them.")
        return EpisodeManifest(
            self.classes.copy(),
            self.support[:, :, :n_shot].copy(),
            self.query.copy(),
            self.group.copy(),
            self.group_names,
            self.fingerprint,
        )

    def at_ways(self, n_way: int) -> "EpisodeManifest":
        """The same tasks with only the first ``n_way`` of their classes, and the queries of those.

        Nested, as ``at_shot`` is: task by task, the classes, the support and the queries of fewer ways are among those of more, so
        that accuracies at different ways are of the same draw. The sampler puts classes in random order, so the first are any.
        """
        if not 2 <= n_way <= self.n_way:
            raise BadInput(f"These episodes hold {self.n_way} classes each; {n_way} cannot be taken from them.")
        if n_way == self.n_way:
            return self
        return EpisodeManifest(
            self.classes[:, :n_way].copy(),
            self.support[:, :n_way].copy(),
            self.query[:, :n_way].copy(),
            self.group.copy(),
            self.group_names,
            self.fingerprint,
        )

    def __getitem__(self, episodes: slice) -> "EpisodeManifest":
        return EpisodeManifest(
            self.classes[episodes],
            self.support[episodes],
            self.query[episodes],
            self.group[episodes],
            self.group_names,
            self.fingerprint,
        )

    @classmethod
    def joined(cls, parts: Sequence["EpisodeManifest"]) -> "EpisodeManifest":
        """The episodes of several manifests of one data set one after another; groups of one name are one group.

        Raises BadInput where they do not fit together.
        """
        shapes = {(part.fingerprint, part.n_way, part.n_shot, None if uneven(part) else part.n_query) for part in parts}
        if len(shapes) != 1:
            raise BadInput("These episodes are of different data or of different sizes; they cannot be put together.")
        widest = max(part.n_query for part in parts)
        names = tuple(dict.fromkeys(name for part in parts for name in part.group_names))
        place = [np.array([*map(names.index, part.group_names), -1]) for part in parts]
        classes, support = (np.concatenate([getattr(part, field) for part in parts]) for field in ("classes", "support"))
        missing = [((0, 0), (0, 0), (0, widest - part.n_query)) for part in parts]
        query = np.concatenate([np.pad(part.query, more, constant_values=-1) for part, more in zip(parts, missing, strict=True)])
        group = np.concatenate([known[part.group] for known, part in zip(place, parts, strict=True)])
        return cls(classes, support, query, group, names, parts[0].fingerprint)

    def to_bytes(self) -> bytes:
        buffer = io.BytesIO()
        about = json.dumps({"group_names": self.group_names, "fingerprint": self.fingerprint})
        np.savez_compressed(
            buffer, classes=self.classes, support=self.support, query=self.query, group=self.group, about=np.array(about)
        )
        return buffer.getvalue()

    def save(self, path: Path) -> None:
        """Written beside and renamed into place. Raises BadInput when the disk refuses."""
        part = part_of(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(self.to_bytes())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise BadInput(f"The episodes could not be saved: {reason(error)}.") from error

    @classmethod
    def load(cls, path: Path) -> "EpisodeManifest":
        """Raises BadInput when the file is missing or is not a manifest."""
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                arrays = [file[name] for name in ("classes", "support", "query", "group")]
            check_arrays(*arrays)
            classes, support, query, group = arrays
            return cls(classes, support, query, group, tuple(about["group_names"]), about["fingerprint"])
        except FileNotFoundError as error:
            raise BadInput(f"There are no saved episodes '{path.stem}'.") from error
        except (
            Exception
        ) as error:  # zipfile and NumPy raise nearly anything at a flipped bit: RuntimeError for "encrypted", TokenError
            raise BadInput(f"'{path.name}' is damaged or holds no episodes.") from error


def uneven(manifest: EpisodeManifest) -> bool:
    return manifest.query_mask is not None


def there(rows: np.ndarray) -> np.ndarray | None:
    found = rows >= 0
    return None if found.all() else found


def check_arrays(classes: np.ndarray, support: np.ndarray, query: np.ndarray, group: np.ndarray) -> None:
    """Raises ValueError for arrays that are no episodes."""
    shapes = [array.shape for array in (classes, support, query, group)]
    if [len(shape) for shape in shapes] != [2, 3, 3, 1] or any(shape[:2] != classes.shape for shape in shapes[:3]):
        raise ValueError(f"shapes {shapes}")
    if shapes[3] != classes.shape[:1] or any(array.dtype.kind != "i" for array in (classes, support, query, group)):
        raise ValueError("other types")


def describe(manifest: EpisodeManifest) -> dict:
    """The facts of a manifest as plain values, for a command line or a page."""
    return {
        "hash": manifest.hash,
        "n_episodes": len(manifest),
        "n_way": manifest.n_way,
        "n_shot": manifest.n_shot,
        "n_query": manifest.n_query,
        **({"queries": manifest.queries.tolist()} if uneven(manifest) else {}),
        "n_classes": len(np.unique(manifest.classes)),
        "groups": [manifest.group_names[g] for g in np.unique(manifest.group) if g >= 0],
    }
