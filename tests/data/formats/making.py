"""What the tests of formats are made of: pictures that differ by class, files of JSON, and an import that says what came of it."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from metadash.data.dataset import Dataset
from metadash.data.importing.landing import land
from metadash.data.importing.preview import preview
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def needs(name: str) -> Any:
    return pytest.mark.skipif(not (SHARED / name).is_dir(), reason=f"needs ../shared/data/{name} beside the checkout")


def picture(seed: int, size: tuple[int, int] = (8, 8)) -> np.ndarray:
    """[H, W, 3] noise around a colour of its own."""
    generator = np.random.default_rng(seed)
    return (generator.integers(0, 200, 3) + generator.integers(0, 55, (size[1], size[0], 3))).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def write_json(path: Path, said: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def imported(path: Path, root: Path, **choices: Any) -> Dataset:
    """As the verb does it: guessed, then landed."""
    seen = preview(path, **choices)
    assert not seen.problem, seen.problem
    return land(Workspace(root), path, seen.plan)


def refused(path: Path, **choices: Any) -> str:
    """The sentence with which a preview or its import is refused."""
    with pytest.raises(BadInput) as refusal:
        seen = preview(path, **choices)
        if seen.problem:
            raise BadInput(seen.problem)
    return one_sentence(refusal.value)


def notes_of(data: Dataset) -> str:
    return " ".join(data.description.extra.get("notes", ()))


def rows_of(data: Dataset) -> Any:
    """Instances with the name of their class."""
    return data.instances.assign(class_name=data.classes["class_name"].to_numpy()[data.class_of])


def changed(said: dict, *path: Any, to: Any) -> dict:
    """A document with another value at one place."""
    said = copy.deepcopy(said)
    part = said
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return said
