"""FewRel: sentences from Wikipedia by the relation that they state, of 80 relations that Wikidata names and describes (Han et al. 2018, EMNLP)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Description, Question, Source
from metadash.data.known.files import check_folder, check_texts, find, need, read_json, read_parquet
from metadash.data.known.written import Progress, check_name, seeded, silent, write_sentences
from metadash.data.library import OBTAINABLE
from metadash.errors import BadInput
from metadash.workspace import Workspace

NEEDS = OBTAINABLE["fewrel"].needs
SENTENCES, RELATIONS, NAMES = "fewrel80_sentences.parquet", "fewrel_relations.parquet", "pid2name.json"
PUBLISHED = {"train": "train_wiki.json", "val": "val_wiki.json"}
NAMED = (
    Source("relation name", "class", ("name",), "what Wikidata calls the relation: “mouth of the watercourse”"),
    Source("description", "class", ("description",), "Wikidata's sentence on what the relation holds between"),
)
ENTITIES = Source("entities", "instance", ("head", "tail"), "the two things between which the sentence states the relation")
TELL = "tell any five relations apart"
QUESTIONS = (
    Question("description-any", "the description of a relation", TELL, ("description",), "uniform", 5),
    Question("name-any", "the name of a relation", TELL, ("relation name",), "uniform", 5),
    Question("everything-any", "all that is known of a relation", TELL, ("relation name", "description"), "uniform", 5),
)


def install(workspace: Workspace, source: Path, name: str = "fewrel", progress: Progress = silent) -> Dataset:
    """Write the sentences in ``source`` as data set ``name``.

    Raises BadInput, and writes nothing, for files that are missing, damaged or others.
    """
    check_name(name)
    progress("reading sentences", 0.0)
    rows, known = sentences(Path(source))
    progress("writing", 0.6)
    classes = rows[["relation", "authors_part"]].drop_duplicates("relation").sort_values("relation", kind="stable")
    named = known.set_index("relation").reindex(classes["relation"])
    if named["name"].isna().any():
        raise BadInput(
            f"No name is known of the relation '{classes['relation'][named['name'].isna().to_numpy()].iloc[0]}'; get its file again."
        )
    classes.insert(0, "class_name", named["name"].to_numpy())
    classes["name"] = named["name"].to_numpy()
    classes["description"] = named["description"].str.replace("; ", ", ").to_numpy()  # "; " parts labels, and these are sentences
    splits = seeded(classes, {"relation": "relation"})
    if {"train", "val"} <= set(classes["authors_part"]):
        splits["authors"] = as_authors(classes["authors_part"])
    data = write_sentences(workspace, describe(name, rows), classes, rows.drop(columns="authors_part"), "relation", splits)
    progress("done", 1.0)
    return data


def as_authors(part: pd.Series) -> np.ndarray:
    """[C] their 64 training relations train, their 16 for validation (the last that are public) test; a quarter of the former validates."""
    roles = np.where(part == "val", "test", "train").astype(object)
    train = np.flatnonzero(roles == "train")
    roles[np.random.default_rng(0).permutation(train)[: max(1, len(train) // 4)]] = "validation"
    return roles


def sentences(source: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(a row each: text, relation, authors_part and, where they are known, head and tail; a row a relation: relation, name, description)."""
    check_folder(source, NEEDS)
    path = find(source, SENTENCES)
    if path is not None:
        rows = read_parquet(path, ["text", "relation", "official_split"]).rename(columns={"official_split": "authors_part"})
        known = read_parquet(need(source, RELATIONS, NEEDS), ["relation", "name", "description"])
        return check_texts(rows, ["text", "relation", "authors_part"], SENTENCES), check_texts(
            known, ["relation", "name"], RELATIONS
        )
    parts = [as_published(read_json(need(source, file, NEEDS)), part, file) for part, file in PUBLISHED.items()]
    return pd.concat(parts, ignore_index=True), names_in(read_json(need(source, NAMES, NEEDS)))


def as_published(said: Any, part: str, file: str) -> pd.DataFrame:
    """Of the authors' files: tokens and the two entities, by relation."""
    if not isinstance(said, dict) or not said or not all(isinstance(rows, list) for rows in said.values()):
        raise BadInput(f"{file} is no list of sentences by relation; it is another file.")
    rows = []
    for relation, listed in said.items():
        for number, one in enumerate(listed, 1):
            try:
                text, head, tail = " ".join(one["tokens"]), one["h"][0], one["t"][0]
            except (KeyError, TypeError, IndexError) as error:
                raise BadInput(
                    f"Sentence {number} of {relation} in {file} lacks its tokens or entities; get the file again."
                ) from error
            rows.append((text, relation, part, head, tail))
    return check_texts(
        pd.DataFrame(rows, columns=["text", "relation", "authors_part", "head", "tail"]), ["text", "head", "tail"], file
    )


def names_in(said: Any) -> pd.DataFrame:
    if not isinstance(said, dict) or not all(isinstance(pair, list) and len(pair) == 2 for pair in said.values()):
        raise BadInput(f"{NAMES} is no list of name and description by relation; it is another file.")
    return check_texts(
        pd.DataFrame([(relation, *pair) for relation, pair in said.items()], columns=["relation", "name", "description"]),
        ["name"],
        NAMES,
    )


def describe(name: str, rows: pd.DataFrame) -> Description:
    spans = "head" in rows
    notes = (
        [] if spans else ["These sentences came without their entities: which two things the relation is between is not known."]
    )
    return Description(
        name=name,
        title="Relations stated in sentences",
        modality="text",
        licence="MIT, Copyright (c) 2018 THUNLP; the sentences are from Wikipedia (CC BY-SA 3.0)",
        provenance="FewRel (Han et al. 2018, EMNLP, 4803-4809), github.com/thunlp/FewRel; names and descriptions of relations from Wikidata",
        class_noun="relation",
        group_noun="relation",
        sibling_column=None,
        disjoint_column=None,
        sources=(*NAMED, ENTITIES) if spans else NAMED,
        questions=QUESTIONS,
        default_split="relation-0",
        extra={"notes": notes},
    )
