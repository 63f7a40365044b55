"""Episodes that a person saved: the manifest, and beside it a small file with its name and the spec it was drawn from.

The same folder holds the large test manifests of runs; they have no such file, so they are not in this list.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metadash.canonical import plain
from metadash.checksums import is_sealed, sealed
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.workspace import Workspace, read_json, write_json

LONGEST_NAME = 80
WRITTEN = {"name", "saved", "fingerprint", "spec"}


@dataclass(frozen=True)
class SavedEpisode:
    """One line of the list; ``saved`` is the time in ISO form."""

    hash: str
    name: str
    spec: EpisodeSpec
    saved: str


def save(workspace: Workspace, dataset: Dataset, manifest: EpisodeManifest, name: str, spec: EpisodeSpec) -> SavedEpisode:
    """Write one episode under its hash; the same episode saved twice is one, with the later name. Raises BadInput when the disk refuses."""
    name = " ".join(name.split())[:LONGEST_NAME] or f"{manifest.n_way}-way {manifest.n_shot}-shot"
    manifest.save(workspace.episodes / f"{manifest.hash}.npz")
    entry = SavedEpisode(manifest.hash, name, spec, time.strftime("%Y-%m-%d %H:%M:%S"))
    content = {"name": name, "saved": entry.saved, "fingerprint": dataset.fingerprint, "spec": plain(spec)}
    write_json(workspace.episodes / f"{manifest.hash}.json", sealed(content))
    return entry


def saved_episodes(workspace: Workspace, dataset: Dataset) -> list[SavedEpisode]:
    """What was saved of this very data set, the latest first; what cannot be read is left out."""
    found = []
    for file in workspace.episodes.glob("*.json"):
        content: Any = read_json(file)
        try:
            if is_entry(content) and content["fingerprint"] == dataset.fingerprint and file.with_suffix(".npz").is_file():
                spec = EpisodeSpec(**{**content["spec"], "pool": Pool(**content["spec"]["pool"])})
                found.append(SavedEpisode(file.stem, str(content["name"]), spec, str(content["saved"])))
        except (TypeError, KeyError, BadInput):
            continue
    return sorted(found, key=lambda entry: (entry.saved, entry.hash), reverse=True)


def is_entry(content: Any) -> bool:
    """Whether a small file beside an episode is as it was written; those of older versions had no checksum, and are believed."""
    if not isinstance(content, dict):
        return False
    return content.keys() == WRITTEN or (content.keys() == WRITTEN | {"checksum"} and is_sealed(content))


def reopen(workspace: Workspace, dataset: Dataset, entry: SavedEpisode) -> EpisodeManifest:
    """The saved episode. Raises BadInput when its file is gone, damaged, or of another data set."""
    manifest = EpisodeManifest.load(workspace.episodes / f"{entry.hash}.npz")
    rows, classes = np.append(manifest.support, manifest.query), manifest.classes
    inside = (
        rows.min() >= -1
        and manifest.support.min(initial=0) >= 0
        and rows.max() < len(dataset.class_of)
        and classes.min() >= 0
        and classes.max() < len(dataset.classes)
    )
    if manifest.hash != entry.hash or len(manifest) != 1 or manifest.fingerprint != dataset.fingerprint or not inside:
        raise BadInput(f"The saved episode '{entry.name}' is damaged or belongs to other data; save it anew.")
    return manifest


def as_table(manifest: EpisodeManifest, dataset: Dataset) -> pd.DataFrame:
    """One row an instance of the episode: its label, class, part and id."""
    names = dataset.classes["class_name"].to_numpy()
    lines = [
        {"label": label, "class_id": int(identity), "class_name": names[identity], "part": part, "instance_id": int(row)}
        for label, identity in enumerate(manifest.classes[0])
        for part, rows in (("support", manifest.support), ("query", manifest.query))
        for row in rows[0, label]
        if row >= 0
    ]
    return pd.DataFrame(lines)
