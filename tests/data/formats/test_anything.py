"""A document that says anything anywhere is read or refused in one sentence; it is never a crash."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metadash.data.importing.preview import preview
from metadash.errors import BadInput
from tests.builders import one_sentence
from tests.data.formats.making import write_json
from tests.data.formats.test_coco import photos
from tests.data.formats.test_croissant import songs
from tests.data.formats.test_frictionless import package
from tests.data.formats.test_mentions import records

JUNK = [
    None,
    5,
    -1.5,
    "x",
    "",
    [],
    {},
    [None],
    [[]],
    {"a": 1},
    True,
    ["x", "y"],
    float("nan"),
    "../x",
    10**30,
    {"@id": []},
    {"@id": None},
]
DOCUMENTS = {
    "coco": (photos, "all.json"),
    "croissant": (songs, "croissant.json"),
    "frictionless": (package, "datapackage.json"),
    "mentions": (records, "all.json"),
}
DRAWS = 10


def ways_into(said: Any, way: tuple = ()) -> Iterator[tuple]:
    """Of every part of a document, of lists the first few."""
    if way:
        yield way
    parts = said.items() if isinstance(said, dict) else enumerate(said[:3]) if isinstance(said, list) else ()
    for key, part in parts:
        yield from ways_into(part, (*way, key))


def spoiled(said: Any, generator: random.Random) -> Any:
    said = copy.deepcopy(said)
    way = generator.choice(list(ways_into(said)))
    part = said
    for key in way[:-1]:
        part = part[key]
    if generator.random() < 0.2:
        del part[way[-1]]
    else:
        part[way[-1]] = copy.deepcopy(generator.choice(JUNK))
    return said


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_a_document_that_says_anything_is_read_or_refused(name: str, tmp_path: Path) -> None:
    make, file = DOCUMENTS[name]
    said, generator = make(tmp_path / "set"), random.Random(5)
    for _ in range(DRAWS):
        document = write_json(tmp_path / "set" / file, spoiled(said, generator))
        try:
            preview(document)
        except BadInput as refusal:
            one_sentence(refusal)
