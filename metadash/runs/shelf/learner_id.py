"""Which learner a stored run is of: runs alike but for their training seed, and for the fold of one cross-fitting, are one learner."""

from collections.abc import Mapping
from typing import Any

from metadash.canonical import digest
from metadash.data.folds import read_fold


def learner_id(about: Mapping[str, Any]) -> str:
    """Names everything a run is made of but its seed: its spec, the data, the code that computed it, the episodes it was scored on; of a
    fold, those of the whole cross-fitting, whichever fold it is. ``about`` is its record. Raises KeyError or TypeError where that misses some."""
    rest = {key: value for key, value in about["spec"].items() if key != "seed"}
    manifest = about["summary"]["manifest"]
    if fold := read_fold(rest["split"]):
        manifest = rest["split"] = cross_fitting(fold[1])
        rest["backbone"] = {**rest["backbone"], "split": rest["split"], "start": bool(rest["backbone"].get("start"))}
    return digest(rest, about["dataset_fingerprint"], about.get("code"), manifest, length=10)


def cross_fitting(folds: int) -> str:
    return f"cross-fitted in {folds} folds"
