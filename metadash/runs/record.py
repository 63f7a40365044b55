"""A finished run as it is read: its record ``run.json``, and its parts, each believed only when it is what was computed."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from metadash.canonical import digest
from metadash.checksums import Kept, Stamp, is_sealed, is_whole, stamp_of
from metadash.errors import BadInput
from metadash.fields import checked, hints_of
from metadash.runs.device import marked
from metadash.runs.kinds import KINDS, facts_of, from_plain, kind_of, title_of
from metadash.runs.shelf.learner_id import learner_id
from metadash.runs.version import code_version
from metadash.specs.any_spec import Spec
from metadash.stats.metric import ACCURACY, Metric, metric_of
from metadash.workspace import read_json, reason, set_aside

S = TypeVar("S")

WRITTEN = {"kind", "spec", "summary", "environment", "seconds", "created"}
"""What every ``run.json`` holds, those of older versions too."""

SEALED = WRITTEN | {"dataset_fingerprint", "code", "files"}
"""What it holds beside its checksum since there is one; ``files`` are the SHA-256 of the run's other files by name."""

SHAPES: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "spec": dict,
    "summary": dict,
    "environment": dict,
    "seconds": (int, float),
    "created": (int, float),
    "dataset_fingerprint": str,
    "code": str,
    "files": dict,
    "cost": dict,
}
"""What each part of it is, where it is there."""

MOST_SECONDS = 9e9
"""Seconds since 1970, or of work, that a record may say: until the year 2255, where dates of pandas end."""

HALF = "its run.json is missing or half-written"
CHANGED = "its run.json is not as it was written"
UNSEALED = "it was made by an older version of MetaDash that kept no checksums"
MISSHAPEN = "its run.json says in “{part}” what no run says there"
MISNAMED = "its spec, data and code give another name than its folder has"
UNMOVED = "one of its files is not as it was written"

REFUSED: dict[str, Stamp] = {}
"""Damaged runs that could not be moved aside: folder, and what was known of its ``run.json`` then."""


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run; frames are read when asked for. Two are equal where they lie in one folder and their records are the same."""

    folder: Path
    about: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.folder == other.folder and self.about["checksum"] == other.about["checksum"]

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def kind(self) -> str:
        return self.about["kind"]

    @cached_property
    def spec(self) -> Spec:
        return spec_in(self.kind, self.about["spec"])

    def spec_as(self, cls: type[S]) -> S:
        """Its spec, where the kind of the run is known to whoever asks."""
        spec = self.spec
        assert isinstance(spec, cls), f"a run of the kind {self.kind} is no {cls.__name__}"
        return spec

    @property
    def is_understood(self) -> bool:
        """False for a run of another version, whose spec has options that this one does not know."""
        return not self.misunderstood

    @property
    def misunderstood(self) -> str:
        """What this version says of a spec that is another's; empty where it understands it."""
        try:
            return "" if self.spec is not None else "it has no spec"
        except BadInput as problem:
            return str(problem)

    @property
    def title(self) -> str:
        """A line that tells it from its neighbours. Raises BadInput where its spec is another version's."""
        return title_of(self.spec)

    @property
    def created(self) -> float:
        """Seconds since 1970."""
        return float(self.about["created"])

    @property
    def dataset(self) -> str:
        """Its data set; empty where its spec, of another version, does not say."""
        return dataset_in(self.about["spec"])

    @property
    def place(self) -> tuple[str, int]:
        """Of a learner: its split and its seed. Raises KeyError or TypeError where its spec, of another version, does not say."""
        spec = self.about["spec"]
        return (str(spec["split"]), int(spec["seed"])) if self.kind == "learner" else ("", 0)

    @property
    def learner(self) -> str:
        """The id of the learner that it is of; of other kinds its own digest. Raises KeyError or TypeError where its record misses some."""
        return learner_id(self.about) if self.kind == "learner" else self.digest

    @property
    def family(self) -> str:
        """Equal of runs whose time tells each other's."""
        return family(self.spec)

    @property
    def summary(self) -> dict[str, Any]:
        return self.about["summary"]

    @property
    def metric(self) -> Metric:
        """What its scores are values of; accuracy where it does not say, as an older version did not. Raises BadInput for an unknown one."""
        return metric_of(self.summary.get("metric", ACCURACY.name))

    @property
    def cost(self) -> dict[str, Any]:
        """``cpu_seconds``, ``peak_mib``, ``peak_by`` and, for learners, ``scoring_seconds``; empty for a run of an older version."""
        return self.about.get("cost", {})

    def scores(self) -> pd.DataFrame:
        """Rows of (n_way, shot, episode, value, correct, queries): every test episode's own score. Older versions stored no n_way, and no value
        beside the counts."""
        return self.frame("scores")

    def history(self) -> pd.DataFrame:
        return self.frame("history")

    def frame(self, name: str) -> pd.DataFrame:
        with self.part(f"{name}.parquet") as path:
            return pd.read_parquet(path)

    def array(self, name: str) -> np.ndarray:
        with self.part(f"{name}.npy") as path:
            return np.load(path, mmap_mode="r")

    def weights(self) -> dict[str, Any]:
        """Tensors by name; imports torch."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        with self.part("weights.safetensors", SafetensorError) as path:
            return load_file(path)

    def log(self) -> str:
        with self.part("log.txt") as path:
            return path.read_text(encoding="utf-8")

    @contextmanager
    def part(self, name: str, error_of_reader: type[Exception] = ValueError) -> Iterator[Path]:
        """The file of a part, whose content is what was computed. What goes wrong inside becomes one sentence."""
        try:
            yield self.whole(name)
        except BadInput:
            raise
        except (OSError, ValueError, EOFError, error_of_reader) as error:
            if getattr(error, "errno", None) == errno.ENOMEM:
                raise MemoryError from error
            raise BadInput(f"The {name} of the run {self.digest} cannot be read ({reason(error)}); try again.") from error

    def whole(self, name: str) -> Path:
        """Where a part lies. Raises BadInput where it is not what was computed, and moves the run aside."""
        if name not in self.about["files"]:
            raise BadInput(f"The run {self.digest} has no {name}; train it again with this version of MetaDash.")
        if is_whole(self.folder / name, self.about["files"][name]):
            return self.folder / name
        with suppress(OSError):
            now = look(self.folder)
            if isinstance(now, Run) and now.about["checksum"] != self.about["checksum"]:
                return now.whole(name)  # it was computed anew since
        self.distrust()
        raise BadInput(
            f"The run {self.digest} is damaged ({name} is not as it was written), so it was left out; ask again, or train again, "
            "to compute it anew."
        )

    def distrust(self) -> None:
        """Out of the way of its digest; where the folder cannot be moved, this process ignores it from now on."""
        try:
            stamp = stamp_of(self.folder / "run.json")
            set_aside(self.folder)
        except FileNotFoundError:
            pass  # somebody else moved it
        except OSError:
            REFUSED[str(self.folder)] = stamp

    def flaws(self) -> list[str]:
        """The files that are not as they were written, by name. Reads them all, and moves nothing."""
        return [name for name, sha256 in self.about["files"].items() if not is_whole_or_unread(self.folder / name, sha256)]


def spec_in(kind: str, values: Mapping[str, Any]) -> Spec:
    """As ``from_plain``; the parts of a spec, which most runs share with others, are built once. Raises BadInput."""
    if kind not in KINDS:
        return from_plain(kind, values)  # which refuses it
    cls = KINDS[kind].spec
    parts = {
        name: part_in(cls, name, json.dumps(value))
        for name, value in values.items()
        if isinstance(value, dict) and name in hints_of(cls)
    }
    return from_plain(kind, {**values, **parts})


@lru_cache(maxsize=1024)
def part_in(cls: type, name: str, text: str) -> Any:
    return checked(name, hints_of(cls)[name], json.loads(text))


def dataset_in(spec: Mapping[str, Any]) -> str:
    """The data set that a spec, or the spec within it, is of; empty where none is said."""
    found = spec.get("dataset")
    if isinstance(found, str):
        return found
    inner = next((part for part in spec.values() if isinstance(part, dict) and dataset_in(part)), {})
    lists = (part for value in spec.values() if isinstance(value, list) for part in value if isinstance(part, dict))
    return dataset_in(inner) if inner else next((name for part in lists if (name := dataset_in(part))), "")


def family(spec: Spec) -> str:
    """Equal of specs whose runs tell of each other's time, in proportion to their sizes."""
    return repr((kind_of(spec), *facts_of(spec).like(spec)))


def is_whole_or_unread(path: Path, sha256: str) -> bool:
    try:
        return is_whole(path, sha256)
    except OSError:
        return False


def look(folder: Path) -> Run | str:
    """The run in a folder, or in words why what lies there is none to be believed. Raises OSError where nothing does."""
    record = folder / "run.json"
    try:
        if str(folder) in REFUSED and REFUSED[str(folder)] == stamp_of(record):
            return UNMOVED
        return RECORDS(record)
    except FileNotFoundError:
        if folder.is_dir():
            return HALF
        raise


def read_record(path: Path) -> Run | str:
    """The folder's name is that which its spec, the data and the code *of then* give: runs of older code stay runs."""
    about = read_json(path)
    if not isinstance(about, dict) or not about.keys() >= WRITTEN:
        return HALF
    if "checksum" not in about and "files" not in about:
        return CHANGED if about.get("code") == marked(code_version()) else UNSEALED
    if not is_sealed(about) or not about.keys() >= SEALED:
        return CHANGED
    if part := misshapen(about):
        return MISSHAPEN.format(part=part)
    named = digest(about["kind"], about["spec"], about["dataset_fingerprint"], about["code"])
    return Run(path.parent, about) if named == path.parent.name else MISNAMED


def misshapen(about: dict[str, Any]) -> str:
    """The part of a record that no run could hold, whoever sealed it; empty where each is what it is in all runs."""
    for part, kind in SHAPES.items():
        value = about.get(part)
        if part in about and (not isinstance(value, kind) or isinstance(value, bool)):
            return part
        if isinstance(value, (int, float)) and not 0 <= value < MOST_SECONDS:  # of NaN that is not so either
            return part
    return "files" if any(not isinstance(sum_of, str) for sum_of in about["files"].values()) else ""


RECORDS = Kept(read_record)
