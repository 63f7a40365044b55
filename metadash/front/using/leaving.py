"""``run.save(folder)`` and ``metadash.load(folder)``: a learner leaves as one folder, and runs without its workspace.

The folder holds ``card.json`` (what it is, what it was trained on, how good it is, for which use), ``weights.safetensors``, the metadata of
meta-train classes on which the encoders of its sources are fitted (``metadata.parquet``), and what its probabilities are worth
(``trust-*.parquet``). Nothing in it is a program.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import metadash
from metadash.answers.export import accuracy_rows
from metadash.answers.scores import load_scores
from metadash.checksums import is_sealed, is_whole, sealed
from metadash.data.dataset import Dataset, Source
from metadash.data.given.given import Given, Said
from metadash.errors import BadInput
from metadash.fields import build
from metadash.front.computing import compute_one
from metadash.front.using.asked import calibration_of, check_said, told_of
from metadash.front.using.checks import Support, shown
from metadash.front.using.given import checked
from metadash.front.using.labelled import Labelled
from metadash.front.using.trust import Trust
from metadash.metadata.told import Metadata
from metadash.runs.facts.use import refuse_to_leave
from metadash.runs.kinds import title_of
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.use import CalibrationSpec, LeavingSpec, UseSpec
from metadash.workspace import new_folder, read_json, reason

CARD, WEIGHTS, METADATA = "card.json", "weights.safetensors", "metadata.parquet"
FORMAT = 1


def save(spec: RunSpec, dataset: Dataset, store: RunStore, folder: str | Path, progress: bool = True) -> Path:
    """Write the learner of a run as one new folder. Raises BadInput where it cannot leave, and where the folder is there already or cannot be
    written."""
    target = Path(folder)
    if target.exists():
        raise BadInput(f"'{target.name}' is there already; name a new folder.")
    packed = compute_one(leaving_spec(spec, dataset), store.workspace, progress)
    with new_folder(target) as part:
        for name, content in files_of(packed, dataset, store).items():
            (part / name).write_bytes(content)
    return target


def leaving_spec(spec: RunSpec, dataset: Dataset) -> LeavingSpec:
    """The run that makes what leaves with a learner. Raises BadInput where it cannot leave."""
    refuse_to_leave(spec, dataset)
    return LeavingSpec(spec, tuple(calibrations(spec, dataset)))


def files_of(packed: Run, dataset: Dataset, store: RunStore) -> dict[str, bytes]:
    """What stands in the folder of a learner that leaves, by name, from the finished run of a ``LeavingSpec``. Reads no torch."""
    trusts = len(packed.spec_as(LeavingSpec).trust)
    parts = [METADATA, *[f"trust-{number}.parquet" for number in range(trusts)]]
    files = {}
    if WEIGHTS in packed.about["files"]:
        parts.append(WEIGHTS)
    else:  # it has nothing to learn
        from safetensors.numpy import save as tensors

        files[WEIGHTS] = tensors({})
    for name in parts:
        with packed.part(name) as path:
            files[name] = path.read_bytes()
    trained = store.get(packed.summary["needs"][0])
    if trained is None:
        raise BadInput(f"The run {packed.summary['needs'][0]} is gone; train it again.")
    sums = {name: sha256(content).hexdigest() for name, content in files.items()}
    card = card_of(packed, trained, dataset, accuracy_rows(load_scores([trained], store))) | {"files": sums}
    return files | {CARD: json.dumps(sealed(card), ensure_ascii=False, indent=1).encode()}


def calibrations(spec: RunSpec, dataset: Dataset) -> list[CalibrationSpec]:
    """At its own ways and every number of shots that it was tested at, told of all its sources, and of none."""
    sources = tuple(name for name in spec.sources if dataset.source(name).level == "class") if spec.reads_at_test else ()
    found = [
        calibration_of(spec, dataset, [shot] * spec.evaluation.n_way, told)
        for told in dict.fromkeys([sources, ()])
        for shot in spec.evaluation.shots
        if shot or told
    ]
    return list(dict.fromkeys(filter(None, found)))


def card_of(packed: Run, run: Run, dataset: Dataset, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    """What a person and a program need to know of a learner that has left; ``metrics`` are the rows of its accuracy, with intervals."""
    spec = build(RunSpec, packed.summary["spec"])
    about, read = dataset.description, [dataset.source(name) for name in spec.sources]
    return {
        "format": FORMAT,
        "title": title_of(run.spec),
        "made_by": f"metadash {metadash.__version__}",
        "run": run.digest,
        "spec": packed.summary["spec"],
        "dataset": {
            "name": about.name,
            "title": about.title,
            "licence": about.licence,
            "provenance": about.provenance,
            "fingerprint": dataset.fingerprint,
            "modality": about.modality,
            "shape": list(dataset.inputs.shape[1:]),
            "dtype": str(dataset.inputs.dtype),
            "sources": [asdict(source) for source in read],
        },
        "licence": about.licence,
        "features": spec.backbone.title,
        "normalise": spec.normalised if spec.mode == "quick" else "none",
        "metrics": metrics,
        "trust": packed.summary["trust"],
        "holds": (
            f"{METADATA} holds what its sources say of meta-train classes"
            + (" (some are marked sensitive)" if any(source.sensitive for source in read) else "")
            + "; whoever gets this folder can read it."
        ),
    }


@dataclass(frozen=True)
class Held(Run):
    """A result that lies in no store: read as a run is."""

    what: Any
    frames: Mapping[str, pd.DataFrame]
    arrays: Mapping[str, np.ndarray]

    @property
    def spec(self) -> Any:
        return self.what

    def frame(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def array(self, name: str) -> np.ndarray:
        return self.arrays[name]


@dataclass(frozen=True)
class LeftRun:
    """A learner in a folder of its own (``card`` is its card): asked as the run that it was, and bound to no workspace."""

    folder: Path
    card: Mapping[str, Any]

    @property
    def spec(self) -> RunSpec:
        """Everything it was made of."""
        return build(RunSpec, self.card["spec"])

    @property
    def title(self) -> str:
        return self.card["title"]

    def __str__(self) -> str:
        return f"{self.title}, trained on {self.card['dataset']['title']} ({self.card['dataset']['fingerprint']})"

    def accuracy(self) -> list[dict[str, Any]]:
        """As that of the run: in %, at each number of ways and shots, with both intervals."""
        return list(self.card["metrics"])

    @cached_property
    def parts(self) -> tuple[Any, Any]:
        """The learner, and what it knows of its data set. Raises BadInput where the folder is damaged."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from metadash.training.use.leaving import left, unpacked

        about = self.card["dataset"]
        try:
            own = left(
                about["name"],
                about["modality"],
                tuple(about["shape"]),
                about["dtype"],
                pd.read_parquet(self.whole(METADATA)),
                tuple(Source(**{**one, "columns": tuple(one["columns"])}) for one in about["sources"]),
            )
            return unpacked(self.spec, load_file(self.whole(WEIGHTS)), own), own
        except BadInput:
            raise
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise BadInput(
                f"The learner in '{self.folder.name}' cannot be read by this version of MetaDash ({self.card.get('made_by')} wrote it): "
                f"{str(error).splitlines()[0][:120]}; save it again."
            ) from error

    def whole(self, name: str) -> Path:
        """Where a part lies. Raises BadInput where it is not what was saved."""
        path = self.folder / name
        try:
            if is_whole(path, self.card["files"][name]):
                return path
        except (OSError, KeyError):
            pass
        raise damaged(self.folder, f"{name} is not as it was written")

    def predict(self, support: Support, queries: Any, metadata: Metadata | None = None) -> pd.DataFrame:
        """As of the run: a row a query, ``label``, then the learner's own probability of each class."""
        found = replace(self.label(support, queries, metadata), trust=None).probabilities()
        found.insert(0, "label", found.idxmax(axis=1))
        return found

    def label(
        self,
        support: Support,
        queries: Any,
        metadata: Metadata | None = None,
        *,
        names: Sequence[str] | None = None,
        zero_shot: Sequence[Any] = (),
        false_alarm: float = 0.05,
        notes: Sequence[str] = (),
    ) -> Labelled:
        """As of the run (``notes`` say how the inputs were read). Probabilities are calibrated by the tasks of those that left with it which are most like what is given; nothing is
        stored."""
        from metadash.training.use.labelling import answered

        learner, own = self.parts
        inputs, labels = shown(support)
        said, rows = checked(own, inputs, labels, queries, metadata, names, zero_shot=zero_shot)
        said = replace(said, notes=(*notes, *said.notes))
        check_said(self.spec, own, said)
        trust = self.trust_for(said, told_of(self.spec, own, said), false_alarm)
        found = answered(learner, own, said, learner.see(rows))
        spec = UseSpec(self.spec, "", "", None if trust is None else trust.spec, false_alarm)
        about = {"kind": "use", "summary": found.summary}
        return Labelled(Held(self.folder, about, spec, found.frames, found.arrays), Given(None, "", said), trust)

    def trust_for(self, said: Said, told: tuple[str, ...], false_alarm: float) -> Trust | None:
        """What is known of tasks most like what is given; None where nothing left with the learner."""
        kept = [(number, build(CalibrationSpec, one["spec"])) for number, one in enumerate(self.card["trust"])]
        if not kept:
            return None
        shots = float(np.mean(list(said.shots.values())))
        number, spec = min(kept, key=lambda one: (len(set(one[1].told) ^ set(told)), abs(one[1].n_shot - shots)))
        answers = pd.read_parquet(self.whole(f"trust-{number}.parquet"))
        about = {"kind": "calibration", "summary": self.card["trust"][number]["summary"]}
        return Trust(Held(self.folder, about, spec, {"answers": answers}, {}), false_alarm).at(false_alarm)


def is_left(name: str | Path) -> bool:
    """Whether that names a folder and not a digest."""
    return isinstance(name, Path) or "/" in str(name) or Path(str(name)).is_dir() or str(name).lower().endswith(".zip")


def load_left(folder: str | Path) -> LeftRun:
    """The learner of a folder that ``save`` wrote. Raises BadInput where there is none, or its card is not as it was written."""
    path = Path(folder)
    card = read_json(path / CARD)
    if path.suffix.lower() == ".zip" and path.is_file():
        raise BadInput(f"'{path.name}' is a zip file; unpack it, and name the folder that was in it.")
    if card is None and not path.is_dir():
        raise BadInput(f"There is no folder '{path.name}' with a learner; `run.save(folder)` writes one.")
    if not isinstance(card, dict) or not is_sealed(card):
        raise damaged(path, f"its {CARD} is missing or not as it was written")
    if card.get("format") != FORMAT:
        raise BadInput(
            f"The learner in '{path.name}' was saved by another version of MetaDash ({card.get('made_by')}); save it again."
        )
    try:
        found = LeftRun(path, card)
        found.spec  # noqa: B018  read once, so that what cannot be read is said here
        for name in card["files"]:
            found.whole(name)
    except (KeyError, TypeError) as error:
        raise damaged(path, reason(error)) from error
    return found


def damaged(folder: Path, why: str) -> BadInput:
    return BadInput(f"The learner in '{folder.name}' is damaged: {why}; save it again.")
