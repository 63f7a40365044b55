"""CrossNER: sentences from Wikipedia with tagged entities of 39 types in five domains (Liu et al. 2021, AAAI). A type that several domains have, such as a
person, is one type.

The part made of Reuters news (CoNLL-2003) has a licence of its own and is left out where it is found.
"""

from collections import Counter
from pathlib import Path

import pandas as pd

from metadash.data.dataset import Dataset, Description, Question, Source
from metadash.data.known.entities import MENTION_SOURCES, SEVERAL, mentions_of, named, typed, write_mentions
from metadash.data.known.files import check_folder, find, read_parquet, words_of
from metadash.data.known.written import Progress, check_name, silent
from metadash.data.library import OBTAINABLE
from metadash.data.tagged.columns import sentences_in
from metadash.data.tagged.spans import in_words
from metadash.errors import BadInput
from metadash.workspace import Workspace

NEEDS = OBTAINABLE["crossner"].needs
PARQUET, TYPES = "crossner.parquet", "crossner_types.parquet"
DOMAINS = ("politics", "science", "music", "literature", "ai")
PARTS = ("train", "dev", "test")
SOURCES = (
    Source("type name", "class", ("name",), "what the type is called, as words: “musical instrument”"),
    Source("domain", "class", ("domain",), f"the one of five domains that has the type, or {SEVERAL}"),
    *MENTION_SOURCES,
)
TELL = "tell any five types apart"
QUESTIONS = (
    Question("name-any", "the name of a type", TELL, ("type name",), "uniform", 5),
    Question("domain-any", "the domain of a type", TELL, ("domain",), "uniform", 5),
    Question("everything-any", "all that is known of a type", TELL, ("type name", "domain"), "uniform", 5),
)


def install(workspace: Workspace, source: Path, name: str = "crossner", progress: Progress = silent) -> Dataset:
    """Write the mentions in the sentences in ``source`` as data set ``name``.

    Raises BadInput, and writes nothing, for files that are missing, damaged or others.
    """
    check_name(name)
    progress("reading sentences", 0.0)
    faults: Counter[str] = Counter()
    rows = mentions_of(sentences(Path(source)), "domain", PARQUET, faults)
    progress("writing", 0.6)
    classes = named(typed(rows, "domain"), names_in(Path(source)))
    about = describe(name, in_words(faults))
    data = write_mentions(workspace, about, classes, rows.rename(columns={"domain": "sentence_domain"}))
    progress("done", 1.0)
    return data


def sentences(source: Path) -> pd.DataFrame:
    """A row each: domain, tokens, tags; of one table, or of the authors' folders with three files of two columns each."""
    check_folder(source, NEEDS)
    path = find(source, PARQUET)
    if path is not None:
        return read_parquet(path, ["domain", "tokens", "tags"])
    top = next((folder for folder in (source / "ner_data", source) if (folder / DOMAINS[0]).is_dir()), None)
    if top is None:
        raise BadInput(f"The folder '{source.name}' holds neither {PARQUET} nor a folder of each domain; it has to hold {NEEDS}.")
    parts = []
    for domain in DOMAINS:
        for part in PARTS:
            file = top / domain / f"{part}.txt"
            if not file.is_file():
                raise BadInput(f"The folder '{source.name}' holds no {domain}/{part}.txt; get it whole.")
            found = sentences_in(file.read_bytes(), f"{domain}/{part}.txt")
            parts.append(pd.DataFrame({"domain": domain, "tokens": [one[0] for one in found], "tags": [one[1] for one in found]}))
    return pd.concat(parts, ignore_index=True)


def names_in(source: Path) -> dict[str, str]:
    """How types are called, where a table says it."""
    path = find(source, TYPES)
    if path is None:
        return WRITTEN_TOGETHER
    known = read_parquet(path, ["type", "name"])
    return dict(zip(known["type"], known["name"].map(words_of), strict=True))


WRITTEN_TOGETHER = {
    "academicjournal": "academic journal",
    "astronomicalobject": "astronomical object",
    "chemicalcompound": "chemical compound",
    "chemicalelement": "chemical element",
    "literarygenre": "literary genre",
    "misc": "miscellaneous",
    "musicalartist": "musical artist",
    "musicalinstrument": "musical instrument",
    "musicgenre": "music genre",
    "politicalparty": "political party",
    "programlang": "programming language",
}
"""The types' names that the authors' files write as one word."""


def describe(name: str, notes: list[str]) -> Description:
    return Description(
        name=name,
        title="Entities in sentences of five domains",
        modality="mention",
        licence="annotations MIT, Copyright (c) 2020 Zihan Liu; the sentences are from Wikipedia (CC BY-SA 3.0)",
        provenance="CrossNER (Liu et al. 2021, AAAI, 13452-13460), github.com/zliucr/CrossNER, without the part made of Reuters news",
        class_noun="type",
        group_noun="domain",
        sibling_column="domain",
        disjoint_column="sentence",
        sources=SOURCES,
        questions=QUESTIONS,
        default_split="domain-0",
        extra={"notes": notes} if notes else {},
    )
