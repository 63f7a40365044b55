"""What the known data sets of mentions have in common: sentences with tags become a table of mentions, their types a table of classes."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from metadash.data.dataset import Dataset, Description
from metadash.data.known.files import words_of
from metadash.data.known.written import seeded, write_sentences
from metadash.data.tagged.bio import tagged
from metadash.data.tagged.table import SOURCES, table_of_mentions
from metadash.errors import BadInput
from metadash.workspace import Workspace

MENTION_SOURCES = SOURCES
SEVERAL = "several"
"""Where a type is in more than one domain."""


def mentions_of(sentences: pd.DataFrame, domain: str, file: str, faults: Counter[str]) -> pd.DataFrame:
    """A row a mention of sentences with ``tokens``, ``tags`` and ``domain``. Raises BadInput for a sentence whose tags are not as many as its
    words."""
    found = []
    for row, (where, tokens, tags) in enumerate(zip(sentences[domain], sentences["tokens"], sentences["tags"], strict=True), 1):
        if len(tokens) != len(tags) or not all(isinstance(one, str) for one in (where, *tokens, *tags)):
            raise BadInput(f"Row {row} of {file} has {len(tokens)} words and {len(tags)} tags; get it again.")
        found.append(tagged(list(tokens), list(tags), faults))
        found[-1].known = {domain: where}
    rows = table_of_mentions(found)
    if not len(rows):
        raise BadInput(f"No word in {file} is tagged as a mention; get it again.")
    return rows


def typed(rows: pd.DataFrame, domain: str) -> pd.DataFrame:
    """A row a type, in the order of domains and names, with the one domain that it is in."""
    domains = rows.groupby("type")[domain].unique()
    classes = pd.DataFrame({"type": domains.index, domain: [one[0] if len(one) == 1 else SEVERAL for one in domains]})
    return classes.sort_values([domain, "type"], kind="stable", ignore_index=True)


def named(classes: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """With ``class_name`` and, as metadata, ``name``: what ``names`` calls a type, else its tag as words."""
    called = [names.get(kind, words_of(kind)) for kind in classes["type"]]
    return classes.assign(class_name=called, name=called)


def write_mentions(workspace: Workspace, about: Description, classes: pd.DataFrame, rows: pd.DataFrame) -> Dataset:
    """Splits hold whole domains out, or types by seed. Mentions stay in the order of their sentences, so that each is read once."""
    splits = seeded(classes, {about.group_noun: about.group_noun, "type": "type"})
    return write_sentences(workspace, about, classes, rows, "type", splits, by_class=False)
