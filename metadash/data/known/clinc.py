"""CLINC150: 22,500 utterances of 150 intents in 10 domains, as said to an assistant (Larson et al. 2019, EMNLP).

Its 1,200 utterances that are out of scope have no intent, so that they are no class here: they are counted and kept out.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset, Description, Question, Source
from metadash.data.known.files import check_folder, check_texts, find, need, read_json, read_parquet, words_of
from metadash.data.known.written import Progress, check_name, seeded, silent, write_sentences
from metadash.data.library import OBTAINABLE
from metadash.errors import BadInput
from metadash.stats.words import count
from metadash.workspace import Workspace

NEEDS = OBTAINABLE["clinc150"].needs
PARQUET, SENTENCES, DOMAINS = "clinc150.parquet", "data_full.json", "domains.json"
INTENTS = 150
PARTS = ("train", "val", "test")
SOURCES = (
    Source("domain", "class", ("domain",), "what the intent is about, one of ten: banking, travel, kitchen and dining …"),
    Source("intent name", "class", ("name",), "the name that its makers gave it, as words: “freeze account”"),
)
QUESTIONS = (
    Question("name-siblings", "the name of an intent", "tell sibling intents apart", ("intent name",), "siblings", 5),
    Question("domain-any", "the domain of an intent", "tell any five intents apart", ("domain",), "uniform", 5),
    Question(
        "everything-any", "all that is known of an intent", "tell any five intents apart", ("domain", "intent name"), "uniform", 5
    ),
)


def install(workspace: Workspace, source: Path, name: str = "clinc150", progress: Progress = silent) -> Dataset:
    """Write the utterances in ``source`` as data set ``name``.

    Raises BadInput, and writes nothing, for files that are missing, damaged, partial or others.
    """
    check_name(name)
    progress("reading utterances", 0.0)
    rows, outside = utterances(Path(source))
    progress("writing", 0.5)
    classes = rows[["intent", "domain"]].drop_duplicates("intent").sort_values(["domain", "intent"], kind="stable")
    if len(classes) != INTENTS:
        raise BadInput(f"These files hold {len(classes)} intents, and CLINC150 has {INTENTS}; get them again.")
    classes.insert(0, "class_name", classes["intent"].map(words_of))
    classes["name"] = classes["class_name"]
    splits = seeded(classes, {"domain": "domain", "intent": "intent"})
    data = write_sentences(workspace, describe(name, outside), classes, rows.drop(columns="domain"), "intent", splits)
    progress("done", 1.0)
    return data


def utterances(source: Path) -> tuple[pd.DataFrame, int]:
    """(a row each: text, intent, domain, authors_part; how many out-of-scope ones were left out)."""
    check_folder(source, NEEDS)
    path = find(source, PARQUET)
    if path is not None:
        rows = read_parquet(path, ["text", "intent", "domain", "split"]).rename(columns={"split": "authors_part"})
        known = rows["intent"] != "oos"
        return check_texts(rows[known].reset_index(drop=True), ["text", "intent", "domain", "authors_part"], PARQUET), int(
            (~known).sum()
        )
    return as_published(read_json(need(source, SENTENCES, NEEDS)), read_json(need(source, DOMAINS, NEEDS)))


def as_published(said: Any, domains: Any) -> tuple[pd.DataFrame, int]:
    """The authors' two files: pairs of text and intent by part, and the intents of each domain."""
    if not isinstance(said, dict) or not all(isinstance(said.get(part), list) for part in PARTS):
        raise BadInput(f"{SENTENCES} has no lists {', '.join(PARTS)}; it is another file.")
    if not isinstance(domains, dict) or not all(isinstance(intents, list) for intents in domains.values()):
        raise BadInput(f"{DOMAINS} is no list of intents by domain; it is another file.")
    rows = []
    for part in PARTS:
        for number, pair in enumerate(said[part], 1):
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) and one.strip() for one in pair)):
                raise BadInput(f"Entry {number} of {part} in {SENTENCES} is no pair of text and intent; get the file again.")
            rows.append((*pair, part))
    frame = check_texts(pd.DataFrame(rows, columns=["text", "intent", "authors_part"]), ["text"], SENTENCES)
    domain_of = {intent: domain for domain, intents in domains.items() for intent in intents}
    frame["domain"] = frame["intent"].map(domain_of)
    known = frame["intent"] != "oos"
    lost = frame["domain"].isna() & known
    if lost.any():
        raise BadInput(
            f"{DOMAINS} names no domain of the intent '{frame['intent'][lost].iloc[0]}'; get both files of one version."
        )
    outside = sum(len(said.get(f"oos_{part}", ())) for part in PARTS) + int((~known).sum())
    return frame[known].reset_index(drop=True), outside


def describe(name: str, outside: int) -> Description:
    notes = [f"{count(outside)} out-of-scope utterances have no intent and were kept out."] if outside else []
    return Description(
        name=name,
        title="Utterances to an assistant",
        modality="text",
        licence="CC BY 3.0, Copyright (c) 2019 Clinc",
        provenance="CLINC150 (Larson et al. 2019, EMNLP-IJCNLP, 1311-1316), github.com/clinc/oos-eval, data_full",
        class_noun="intent",
        group_noun="domain",
        sibling_column="domain",
        disjoint_column=None,
        sources=SOURCES,
        questions=QUESTIONS,
        default_split="domain-0",
        extra={"notes": notes},
    )
