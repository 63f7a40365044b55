"""SNIPS: utterances to an assistant with tagged slots, 39 of them in seven intents (Coucke et al. 2018). A slot that several intents have, such as a city,
is one type."""

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset, Description, Question, Source
from metadash.data.known.entities import MENTION_SOURCES, SEVERAL, mentions_of, named, typed, write_mentions
from metadash.data.known.files import check_folder, find, read_json, read_parquet
from metadash.data.known.written import Progress, check_name, silent
from metadash.data.library import OBTAINABLE
from metadash.data.tagged.spans import Span, Tagged, in_words
from metadash.data.tagged.table import table_of_mentions
from metadash.errors import BadInput
from metadash.workspace import Workspace

NEEDS = OBTAINABLE["snips-slots"].needs
PARQUET = "snips_slots.parquet"
TOP = "2017-06-custom-intent-engines"
SOURCES = (
    Source("slot name", "class", ("name",), "what the slot is called, as words: “party size”"),
    Source("intent", "class", ("intent",), f"the one of seven intents that has the slot, or {SEVERAL}"),
    *MENTION_SOURCES,
)
TELL = "tell any five slots apart"
QUESTIONS = (
    Question("name-any", "the name of a slot", TELL, ("slot name",), "uniform", 5),
    Question("intent-any", "the intent of a slot", TELL, ("intent",), "uniform", 5),
    Question("everything-any", "all that is known of a slot", TELL, ("slot name", "intent"), "uniform", 5),
)


def install(workspace: Workspace, source: Path, name: str = "snips-slots", progress: Progress = silent) -> Dataset:
    """Write the slots in the utterances in ``source`` as data set ``name``.

    Raises BadInput, and writes nothing, for files that are missing, damaged or others.
    """
    check_name(name)
    progress("reading utterances", 0.0)
    faults: Counter[str] = Counter()
    rows = slots(Path(source), faults)
    progress("writing", 0.6)
    classes = named(typed(rows, "intent"), {"timeRange": "time range", "poi": "point of interest"})
    data = write_mentions(workspace, describe(name, in_words(faults)), classes, rows.rename(columns={"intent": "said_to"}))
    progress("done", 1.0)
    return data


def slots(source: Path, faults: Counter[str]) -> pd.DataFrame:
    """A row a tagged slot: of one table, or of the authors' files, two of each intent."""
    check_folder(source, NEEDS)
    path = find(source, PARQUET)
    if path is not None:
        return mentions_of(read_parquet(path, ["intent", "tokens", "tags"]), "intent", PARQUET, faults)
    top = source / TOP if (source / TOP).is_dir() else source
    files = sorted(top.glob("*/train_*_full.json")) + sorted(top.glob("*/validate_*.json"))
    if not files:
        raise BadInput(
            f"The folder '{source.name}' holds neither {PARQUET} nor train_<intent>_full.json; it has to hold {NEEDS}."
        )
    found = [one for file in files for one in as_published(read_json(file), file)]
    rows = table_of_mentions(found)
    if not len(rows):
        raise BadInput(f"No word in {files[0].name} is tagged as a slot; get it again.")
    return rows


def as_published(said: Any, file: Path) -> list[Tagged]:
    """Of the authors' files: pieces of text, some of which have the name of a slot, by intent."""
    intent = file.parent.name
    if not isinstance(said, dict) or not isinstance(said.get(intent), list):
        raise BadInput(f"{file.name} has no list {intent}; it is another file.")
    found = []
    for number, one in enumerate(said[intent], 1):
        text, spans = "", []
        try:
            for piece in one["data"]:
                start, text = len(text), text + piece["text"]
                if kind := piece.get("entity"):
                    spans.append(Span(start, len(text), kind))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"Utterance {number} of {file.name} lacks its pieces of text; get the file again.") from error
        found.append(Tagged(text, [span for span in spans if text[span.start : span.end].strip()], {"intent": intent}))
    return found


def describe(name: str, notes: list[str]) -> Description:
    return Description(
        name=name,
        title="Slots in utterances to an assistant",
        modality="mention",
        licence="CC0 1.0",
        provenance="SNIPS (Coucke et al. 2018, arXiv 1805.10190), github.com/sonos/nlu-benchmark, 2017-06-custom-intent-engines",
        class_noun="slot",
        group_noun="intent",
        sibling_column="intent",
        disjoint_column="sentence",
        sources=SOURCES,
        questions=QUESTIONS,
        default_split="intent-0",
        extra={"notes": notes} if notes else {},
    )
