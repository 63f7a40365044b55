"""Sentences with tagged spans: files of columns (CoNLL, BIO), JSON lines of ``tokens`` and tags or of a text and its spans, a table with a row a span.

An instance is a mention: its sentence with the span marked (``metadash.data.inputs.mentions``); its class is its type. Several files, such as those of the
parts of a split, are read as one; folders that they lie in are a column ``domain``.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.data.importing.formats.looking import HEAD, content_of, head_of, tables_at
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.linking import link_of, put_together
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import Folder, Place, place_at
from metadash.data.importing.readers.tables import Table, is_table, tables_of
from metadash.data.importing.words import SPLIT_WORDS
from metadash.data.known.files import words_of
from metadash.data.tagged.bio import tagged
from metadash.data.tagged.columns import looks_tagged, sentences_in
from metadash.data.tagged.records import (
    ENDS,
    STARTS,
    TAGS,
    TEXTS,
    TOKENS,
    TYPES,
    has_spans,
    has_tags,
    named,
    says_a_mention,
    sentence_of,
)
from metadash.data.tagged.spans import Tagged, checked_spans, in_words
from metadash.data.tagged.table import SOURCES, table_of_mentions
from metadash.errors import BadInput
from metadash.stats.words import plural_of

COLUMNS = (".conll", ".bio", ".iob", ".iob2", ".ner", ".tsv", ".txt")
RECORDS = (".jsonl", ".ndjson", ".json")
PARQUET = (".parquet", ".pq")
HEADS, MOST_DEEP, LOOKED_AT = 5, 3, 20
"""Files of a folder that are looked into, how far below it they may lie, and sentences of a file that are looked at."""
BETWEEN = re.compile(r"[\s,\[]*")
OWN = ("text", "type", "sentence", *(column for source in SOURCES for column in source.columns))
COMMON = ("ner_data", "data", "annotations")
"""Folders that say nothing of what lies in them."""


def claims(path: Path) -> bool:
    if path.is_file() and path.suffix.lower() != ".zip":
        return is_tagged_file(path)
    if not path.exists():
        return False
    place = place_at(path)
    return any(is_ours(place, name) for name in candidates(place)[:HEADS])


def is_tagged_file(path: Path) -> bool:
    if path.suffix.lower() in PARQUET:
        try:
            with pq.ParquetFile(path) as file:
                names = [named(file.schema_arrow.names, wanted) for wanted in (TOKENS, TAGS)]
                first = next(file.iter_batches(LOOKED_AT, columns=names)).to_pylist() if None not in names else []
        except (OSError, pa.ArrowException, StopIteration):
            return False
        return are_tagged(first)
    head = head_of(path)
    return looks_like(head, path.name) or (path.suffix.lower() in (".csv", ".tsv") and is_table_of_spans(path, head))


def looks_like(head: str, name: str) -> bool:
    if name.lower().endswith(COLUMNS):
        return looks_tagged(head)
    return name.lower().endswith(RECORDS) and are_tagged(list(first_records(head)))


def are_tagged(records: list[dict[str, Any]]) -> bool:
    """Whether most are sentences with tags or spans, and some has one: lists of labels of whole texts are none."""
    return 2 * sum(has_tags(one) or has_spans(one) for one in records) >= len(records) and any(map(says_a_mention, records))


def first_records(head: str) -> Iterator[dict[str, Any]]:
    """The first objects of JSON lines, or of a list of objects, as far as they are whole."""
    place = 0
    for _ in range(LOOKED_AT):
        start = BETWEEN.match(head, place)
        try:
            found, place = json.JSONDecoder().raw_decode(head, start.end() if start else place)
        except ValueError:
            return
        if isinstance(found, dict):
            yield found


def is_table_of_spans(path: Path, head: str) -> bool:
    """A row a span: columns for the text, where the span begins and ends (numbers that lie in the text), and its type."""
    header = head.splitlines()[0] if head else ""
    names = [name.strip().strip('"') for name in re.split(r"[,;\t|]", header)]
    if any(named(names, wanted) is None for wanted in (TEXTS, STARTS, ENDS, TYPES)):
        return False
    rows = tables_of(path)[0].frame.head(HEADS)
    text, start, end = (named(rows, wanted) for wanted in (TEXTS, STARTS, ENDS))
    return all(str(rows[one].dtype).lower().startswith("int") for one in (start, end)) and rows[text].map(type).eq(str).all()


def is_ours(place: Place, name: str) -> bool:
    if name.lower().endswith(PARQUET):
        return isinstance(place, Folder) and is_tagged_file(place.path / name)
    return looks_like(head_in(place, name), name)


def candidates(place: Place) -> list[str]:
    return [
        name
        for name in place.names
        if name.lower().endswith((*COLUMNS, *RECORDS, *PARQUET))
        and name[len(place.top) :].count("/") < MOST_DEEP
        and not re.search(r"(?i)(^|/)(readme|licen[cs]e|notice|requirements)", name)
    ]


def head_in(place: Place, name: str) -> str:
    if isinstance(place, Folder):
        return head_of(place.path / name)
    return content_of(place, name)[:HEAD].decode("utf-8-sig", errors="ignore")


def read(path: Path, asked: Asked) -> Found:
    faults: Counter[str] = Counter()
    place: Place | None = None
    if path.is_file() and path.suffix.lower() != ".zip":
        files, found = [path.name], list(sentences_of_file(path, faults))
    else:
        place = place_at(path)
        files = [name for name in candidates(place) if is_ours(place, name)]
        found = [one for name in files for one in sentences_in_place(place, name, len(files) > 1, faults)]
    rows = table_of_mentions([clear_of_ours(one) for one in found])
    if not len(rows):
        raise BadInput(f"No span of the {plural_of(len(found), 'sentence')} in '{path.name}' is tagged; a mention needs a type.")
    read_too: list[str] = []
    said: list[str] = []
    if asked.classes is not None:
        classes: Table | None = tables_of(asked.classes)[0]
        read_too = [asked.classes.name]
    else:
        classes, read_too, said = beside(place, files, rows) if place is not None else (None, [], [])
    made = put_together([Table("mentions", rows)], classes or names_of(rows), "type")
    made.hints = hints(rows, made.hints)
    made.notes = [*notes(found, rows, faults), *said, *made.notes]
    made.tables, made.table = (), ""
    made.files = tuple(name.rsplit("/", 1)[-1] for name in [*files, *read_too])
    return made


def beside(place: Place, files: list[str], rows: pd.DataFrame) -> tuple[Table | None, list[str], list[str]]:
    """(the first table that has a row for each type, its file's name, a sentence of each other table) of what lies beside the sentences."""
    found: Table | None = None
    name_of_it: list[str] = []
    said = []
    for name in place.names:
        if name in files or not is_table(name) or name.lower().endswith((*RECORDS, ".txt")):
            continue
        table = tables_at(place, name)[0]
        if found is None and link_of(rows, table.frame, "type") is not None:
            found, name_of_it = table, [name]
        else:
            said.append(f"'{name}' has no row of its own for each type, and was not read (--classes names a table of types).")
    return found, name_of_it, said


def hints(rows: pd.DataFrame, known: Hints) -> Hints:
    return replace(
        known,
        class_column="type",
        input_column="text",
        disjoint_column="sentence" if rows["sentence"].nunique() > 1 else None,
        sources=SOURCES,
        kept=tuple(name for name in ("sentence", "file", "split", "id") if name in rows),
        class_noun="type",
    )


def notes(sentences: list[Tagged], rows: pd.DataFrame, faults: Counter[str]) -> list[str]:
    """What became of the sentences, a sentence for each thing that is to be known."""
    said = [f"Each of {plural_of(len(rows), 'tagged span')} is an instance: its sentence, with the span marked."]
    bare = sum(not one.spans for one in sentences)
    if bare:
        said.append(
            f"{plural_of(bare, 'sentence')} {'has' if bare == 1 else 'have'} no tagged span, and {'is' if bare == 1 else 'are'} no input."
        )
    sizes = rows["type"].value_counts()
    if len(alone := sorted(sizes.index[sizes == 1])):
        said.append(
            f"{plural_of(len(alone), 'type')} {'has' if len(alone) == 1 else 'have'} one mention alone ({', '.join(alone[:3])}{', …' * (len(alone) > 3)}), of which "
            "nothing is left to ask once it is shown."
        )
    return [*said, *in_words(faults)]


def names_of(rows: pd.DataFrame) -> Table:
    """Where nobody describes the types: what they are called, as words."""
    kinds = sorted(rows["type"].unique())
    return Table("types", pd.DataFrame({"type": kinds, "name": [words_of(kind) for kind in kinds]}))


def clear_of_ours(one: Tagged) -> Tagged:
    """What is known of a sentence under other names than those of the columns that are made here."""
    one.known = {
        f"{name} of the sentence" if name in OWN and name != "sentence" else name: value for name, value in one.known.items()
    }
    return one


def sentences_of_file(path: Path, faults: Counter[str]) -> Iterator[Tagged]:
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        yield from of_records(pq.read_table(path).to_pylist(), path.name, faults)
    elif suffix in RECORDS or looks_tagged(head_of(path)):
        yield from of_content(path.read_bytes(), path.name, faults)
    else:
        yield from of_rows(tables_of(path)[0].frame, faults)


def sentences_in_place(place: Place, name: str, several: bool, faults: Counter[str]) -> Iterator[Tagged]:
    """With the file that it stands in and, where it lies in a folder of its own, the domain."""
    short = name[len(place.top) :]
    if name.lower().endswith(PARQUET) and isinstance(place, Folder):
        read_ones = of_records(pq.read_table(place.path / name).to_pylist(), short, faults)
    else:
        read_ones = of_content(content_of(place, name), short, faults)
    folders = [part for part in short.split("/")[:-1] if part.casefold() not in {*COMMON, *SPLIT_WORDS}]
    where = {"file": short} if several else {}
    for one in read_ones:
        one.known = {**one.known, **where, **({"domain": folders[-1]} if folders and "domain" not in one.known else {})}
        yield one


def of_content(content: bytes, name: str, faults: Counter[str]) -> Iterator[Tagged]:
    if name.lower().endswith(RECORDS):
        yield from of_records(records_in(content, name), name, faults)
    else:
        yield from (tagged(words, tags, faults) for words, tags in sentences_in(content, name))


def records_in(content: bytes, name: str) -> list[dict[str, Any]]:
    """Of JSON lines, or of a list. Raises BadInput naming the line that is no JSON."""
    text = content.decode("utf-8-sig", errors="replace")
    try:
        if text.lstrip().startswith("["):
            return [one for one in json.loads(text) if isinstance(one, dict)]
    except ValueError as error:
        raise BadInput(f"'{name}' is no JSON, or damaged ({str(error)[:80]}); mend it.") from error
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise BadInput(f"Line {number} of '{name}' is no JSON ({str(error)[:80]}); mend it.") from error
            if not isinstance(found[-1], dict):
                raise BadInput(f"Line {number} of '{name}' is no object with a sentence in it; mend it.")
    return found


def of_records(records: list[dict[str, Any]], name: str, faults: Counter[str]) -> Iterator[Tagged]:
    for number, record in enumerate(records, 1):
        found = sentence_of(record, f"sentence {number} of '{name}'", faults)
        if found is not None:
            yield found


def of_rows(frame: pd.DataFrame, faults: Counter[str]) -> Iterator[Tagged]:
    """A row a span: rows of the same text are of one sentence."""
    text, start, end, kind = (named(frame, wanted) for wanted in (TEXTS, STARTS, ENDS, TYPES))
    number: dict[str, int] = {}
    for row in frame.to_dict("records"):
        said = row[text] if isinstance(row[text], str) else ""
        known = {str(name): value for name, value in row.items() if name not in (text, start, end, kind)}
        known["sentence"] = number.setdefault(said, len(number) + 1)
        yield Tagged(said, checked_spans(said, [(row[start], row[end], row[kind])], faults), known)
