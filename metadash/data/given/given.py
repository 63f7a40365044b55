"""What a person gave a trained learner: examples of new classes, what is known of these, and inputs to label. Stored by its content.

Under ``workspace/given`` lie folders of two sorts, both named by a hash of what is in them: inputs (pictures, texts, vectors), and what is
said of them. A correction says something else of the same inputs, which then are neither stored nor embedded again.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.canonical import digest
from metadash.checksums import is_sealed, is_whole, sealed, sums_of
from metadash.data.inputs.storage import Inputs, add_to, file_of, read_inputs, write_inputs
from metadash.data.modality import modality_of
from metadash.errors import BadInput
from metadash.workspace import Workspace, new_folder, read_json, reason, refuse_change

FORMAT = 1
GIVEN = re.compile("[0-9a-f]{20}")
LATER = ("of_examples", "of_queries")
"""Fields that came later: left out where nothing stands in them, so that what was given before keeps its name."""


@dataclass(frozen=True)
class Said:
    """All that is said of some inputs, as plain values: ``support`` and ``queries`` are their rows in the inputs.

    ``labels`` are those of the support, ``classes`` all that there are, those without an example among them. ``metadata`` are values by
    column by class, only what is known. ``names`` say which query is which, ``example_names`` which example. ``corrected`` are labels that a
    person gave to queries, by their place among the queries: these are among the support too. ``of_examples`` and ``of_queries`` are what is
    known of each single input, values by column, only what is known; None where nothing was said of any.
    """

    dataset: str
    modality: str
    inputs: str
    support: tuple[int, ...]
    labels: tuple[str, ...]
    example_names: tuple[str, ...]
    queries: tuple[int, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    metadata: Mapping[str, Mapping[str, Any]] | None = None
    corrected: Mapping[int, str] | None = None
    notes: tuple[str, ...] = ()
    of_examples: tuple[Mapping[str, Any], ...] | None = None
    of_queries: tuple[Mapping[str, Any], ...] | None = None

    @property
    def shots(self) -> dict[str, int]:
        """How many examples each class has."""
        return {name: self.labels.count(name) for name in self.classes}

    @property
    def table(self) -> pd.DataFrame | None:
        """What is known, a row a class, in the order of ``classes``; None where nothing was said."""
        if self.metadata is None:
            return None
        found = pd.DataFrame.from_dict({name: dict(row) for name, row in self.metadata.items()}, orient="index")
        return found.reindex(index=list(self.classes))


@dataclass(frozen=True)
class Given:
    """What lies in one folder; its ``digest`` is its name, in a spec and on disk. ``said`` holds every small thing, inputs are read when asked for."""

    workspace: Workspace | None
    digest: str
    said: Said

    @property
    def kept_in(self) -> Workspace:
        """Raises BadInput for what was labelled by a learner outside of every workspace, which keeps nothing."""
        if self.workspace is None:
            raise BadInput("What a learner labels outside of a workspace is not kept; ask it again with the inputs.")
        return self.workspace

    @property
    def dataset(self) -> str:
        return self.said.dataset

    @property
    def classes(self) -> list[str]:
        """Every class, in the order in which they were named; those without an example last."""
        return list(self.said.classes)

    @property
    def shots(self) -> dict[str, int]:
        """How many examples each class has."""
        return self.said.shots

    @property
    def names(self) -> list[str]:
        """What each query is called: a file's name, or a number."""
        return list(self.said.names)

    @property
    def corrected(self) -> dict[int, str]:
        """The labels that a person gave to queries, by place."""
        return dict(self.said.corrected or {})

    @property
    def metadata(self) -> pd.DataFrame | None:
        """What is known, a row a class, in the order of ``classes``; None where nothing was said."""
        return self.said.table

    @cached_property
    def inputs(self) -> Inputs:
        """[n, ...] all of them, memory-mapped. Raises BadInput where they are gone or damaged."""
        return inputs_named(self.kept_in, self.said.modality, self.said.inputs)

    @property
    def support(self) -> np.ndarray:
        """[n, ...] the examples, in the order of ``said.labels``."""
        return self.inputs[list(self.said.support)]

    @property
    def queries(self) -> np.ndarray:
        """[Q, ...] what is to be labelled."""
        return self.inputs[list(self.said.queries)]

    def forget(self) -> None:
        """Remove what was given; results that were computed from it stay. What other folders say of the same inputs is removed with them."""
        place = self.kept_in
        refuse_change(place.root)
        same = [name for name in names_in(place) if (found := said_in(place, name)) and found.inputs == self.said.inputs]
        for name in (*same, self.digest, self.said.inputs):
            shutil.rmtree(folder_of(place, name), ignore_errors=True)


def inputs_named(workspace: Workspace, modality: str, name: str) -> Inputs:
    """[n, ...] of one folder, memory-mapped. Raises BadInput where they are gone or damaged."""
    kind, folder = modality_of(modality), folder_of(workspace, name)
    path, record = folder / file_of(kind), read_json(folder / "inputs.json")
    try:
        if isinstance(record, dict) and is_sealed(record) and is_whole(path, record["files"][path.name]):
            return read_inputs(path, kind, "The inputs that were given")
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"The inputs that were given cannot be read ({reason(error)}); give them again.") from error
    raise gone(name)


def folder_of(workspace: Workspace, name: str) -> Path:
    return workspace.root / "given" / name


def names_in(workspace: Workspace) -> list[str]:
    folder = workspace.root / "given"
    return [path.name for path in folder.iterdir() if GIVEN.fullmatch(path.name)] if folder.is_dir() else []


def gone(name: str) -> BadInput:
    return BadInput(f"What was given under the name {name} is gone or damaged; give the examples and the inputs again.")


def keep_inputs(workspace: Workspace, modality: str, inputs: np.ndarray | Sequence[str]) -> str:
    """Store some inputs, once; returns their name. Raises BadInput for a full disk."""
    import hashlib

    content = hashlib.sha256(modality.encode())
    kind = modality_of(modality)
    inputs = list(inputs) if kind.stored == "texts" else np.ascontiguousarray(inputs)
    add_to(content, inputs)
    name = content.hexdigest()[:20]
    target = folder_of(workspace, name)
    if not (target / "inputs.json").is_file():
        with new_folder(target) as folder:
            write_inputs(folder, kind, inputs)
            (folder / "inputs.json").write_text(
                json.dumps(sealed({"format": FORMAT, "files": sums_of(folder)})), encoding="utf-8"
            )
    return name


def keep(workspace: Workspace, said: Said) -> Given:
    """Store what is said of inputs that are stored already."""
    values = plainly(said)
    name = digest("given", FORMAT, values)
    with_inputs = Given(workspace, name, said)
    if said_in(workspace, name) is None:
        target = folder_of(workspace, name)
        refuse_change(target)
        shutil.rmtree(target, ignore_errors=True)
        with new_folder(target) as folder:
            text = json.dumps(sealed({"format": FORMAT, **values}), ensure_ascii=False)
            (folder / "given.json").write_text(text, encoding="utf-8")
    return with_inputs


def plainly(said: Said) -> dict[str, Any]:
    """As JSON gives it back."""
    values = {**said.__dict__, "corrected": {str(place): label for place, label in (said.corrected or {}).items()} or None}
    values = {name: value for name, value in values.items() if value is not None or name not in LATER}
    return json.loads(json.dumps(values, ensure_ascii=False))


def said_in(workspace: Workspace, name: str) -> Said | None:
    """What a folder holds; None where it is no such folder, or damaged."""
    record = read_json(folder_of(workspace, name) / "given.json")
    if not isinstance(record, dict) or record.get("format") != FORMAT or not is_sealed(record):
        return None
    kept = {key: value for key, value in record.items() if key not in ("format", "checksum")}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()}
    values["corrected"] = {int(place): label for place, label in (kept.get("corrected") or {}).items()} or None
    try:
        return Said(**values)
    except TypeError:
        return None


def given_named(workspace: Workspace, name: str) -> Given:
    """What was given before. Raises BadInput where it is gone or damaged."""
    if not GIVEN.fullmatch(name) or (said := said_in(workspace, name)) is None:
        raise gone(name)
    return Given(workspace, name, said)
