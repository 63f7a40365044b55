"""What there is to say of a data set on one page: where it comes from, how much there is of what, what is missing, what to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset
from metadash.data.literals import identifier
from metadash.data.profile import coverage, in_words, profile_table
from metadash.metadata.audit.audit import Audit, audit
from metadash.metadata.audit.privacy import Personal, personal_columns
from metadash.stats import words

TABLES = {"classes": "class_id", "instances": "instance_id"}
KEYS = ("class_id", "instance_id", "class_name")
PARTS = 50
"""Pieces of equal length that a table is cut into to show where its holes are."""


@dataclass(frozen=True)
class DataCard:
    """``columns``: a row a column of either table; ``sizes`` [C] the instances of each class; ``missing``: of each table that has holes a frame
    of the share missing, a row each of at most ``PARTS`` pieces of the table in its order, a column each of its columns."""

    data: Dataset
    columns: pd.DataFrame
    sizes: pd.Series
    missing: Mapping[str, pd.DataFrame]
    known: Mapping[str, float]
    found: Audit
    personal: tuple[Personal, ...]

    @property
    def headline(self) -> str:
        """``940 characters with 79 011 images, and 9 sources of metadata.``"""
        about, kind = self.data.description, self.data.modality
        classes = words.plural_of(len(self.sizes), about.class_noun)
        inputs = words.plural_of(int(self.sizes.sum()), kind.noun)
        n = len(self.data.sources)
        return f"{classes} with {inputs}, and {words.plural_of(n, 'source') if n else 'no source'} of metadata."

    @property
    def told(self) -> list[str]:
        """The headline, then a sentence each on balance, holes, what the audit says and what looks personal."""
        return [self.headline, self.balance, self.holes, self.found.headline, self.privacy, *self.notes]

    @property
    def balance(self) -> str:
        noun, least, most = self.data.description.class_noun, int(self.sizes.min()), int(self.sizes.max())
        if least == most:
            return f"Every {noun} has {words.plural_of(least, 'instance')}."
        alone = int((self.sizes < 2).sum())
        few = (
            f" {words.plural_of(alone, noun)} {'has' if alone == 1 else 'have'} fewer than two, and can be in no task."
            if alone
            else ""
        )
        return (
            f"{words.capital(words.with_article(noun))} has {words.count(least)} to {words.count(most)} instances, half of them at least "
            f"{words.count(int(self.sizes.median()))}.{few}"
        )

    @property
    def holes(self) -> str:
        holed = self.columns[self.columns["missing"] > 0]
        if holed.empty:
            return "No value is missing."
        worst = holed.iloc[int(holed["missing"].argmax())]
        return (
            f"{words.plural_of(len(holed), 'column')} of {len(self.columns)} {'has' if len(holed) == 1 else 'have'} missing values, "
            f"most of all “{worst['column']}” ({worst['missing']:.0%})."
        )

    @property
    def privacy(self) -> str:
        if not self.personal:
            return "No column looks personal."
        listed = ", ".join(f"“{one.column}” ({one.sign})" for one in self.personal[:4])
        more = f" and {len(self.personal) - 4} more" if len(self.personal) > 4 else ""
        return f"{words.plural_of(len(self.personal), 'column')} may be personal: {listed}{more}."

    @property
    def notes(self) -> list[str]:
        return [str(note) for note in self.data.description.extra.get("notes", ())]

    @property
    def about(self) -> pd.DataFrame:
        """What it is, in rows of a name and what is said."""
        said, data = self.data.description, self.data
        rows = {
            "name": said.name,
            "title": said.title,
            "licence": said.licence,
            "provenance": said.provenance,
            "inputs": f"{data.modality.noun}s, such as {data.modality.words(data.inputs[0])}",
            "like classes share": said.sibling_column or "nothing that is known",
            "support and query may differ in": said.disjoint_column or "nothing that is known",
            "fingerprint": data.fingerprint,
        }
        return pd.DataFrame({"what": list(rows), "said": list(rows.values())})

    @property
    def sources(self) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {
                    "source": one.name,
                    "level": one.level,
                    "known": self.known.get(one.name, 0.0),
                    "columns": ", ".join(one.columns),
                    "at prediction": one.available_at_prediction,
                    "sensitive": one.sensitive,
                    "description": one.description,
                }
                for one in self.data.sources
            ],
            columns=["source", "level", "known", "columns", "at prediction", "sensitive", "description"],
        )

    @property
    def splits(self) -> pd.DataFrame:
        """Classes and instances by role, a row each split."""
        dealt = self.data.splits.assign(instances=self.data.splits["class_id"].map(self.sizes.reset_index(drop=True)))
        rows = []
        for name, of_split in dealt.groupby("split", sort=False):
            roles = of_split.groupby("role")["instances"].agg(["size", "sum"])
            counts = {
                f"{role} {what}": int(roles["size" if what == "classes" else "sum"].get(role, 0))
                for what in ("classes", "instances")
                for role in ("train", "validation", "test")
            }
            rows.append({"split": name, **counts})
        return pd.DataFrame(rows)

    def values(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        return {
            "headline": self.headline,
            "told": self.told,
            "about": dict(zip(self.about["what"], self.about["said"], strict=True)),
            "sources": self.sources.to_dict("records"),
            "splits": self.splits.to_dict("records"),
            "columns": self.columns.to_dict("records"),
            "class_sizes": {"least": int(self.sizes.min()), "median": float(self.sizes.median()), "most": int(self.sizes.max())},
            "questions": {question.id: question.title for question in self.data.description.questions},
            "findings": [
                {name: getattr(one, name) for name in ("severity", "code", "source", "column", "sentence", "advice")}
                for one in self.found.findings
            ],
            "personal": [
                {name: getattr(one, name) for name in ("table", "column", "source", "sign", "by", "share")}
                for one in self.personal
            ],
        }


def card_of(data: Dataset) -> DataCard:
    """Everything is worked out inside the database but the audit's own checks. Raises BadInput for a damaged data set."""
    with data.connect() as connection:
        found = {table: profile_table(connection, table) for table in TABLES}
    source_of = {(source.level == "class", column): source.name for source in data.sources for column in source.columns}
    columns = pd.DataFrame(
        [
            {
                "table": table,
                "column": one.name,
                "kind": one.kind,
                "missing": one.missing_share,
                "different": one.distinct,
                "holds": in_words(one),
                "source": source_of.get((table == "classes", one.name), ""),
            }
            for table, listed in found.items()
            for one in listed
            if one.name not in KEYS
        ],
        columns=["table", "column", "kind", "missing", "different", "holds", "source"],
    )
    holes = {table: missing_in(data, table, {one.name: one.type for one in listed}) for table, listed in found.items()}
    return DataCard(
        data,
        columns,
        sizes_of(data),
        {table: frame for table, frame in holes.items() if frame.to_numpy(dtype=float).any()},
        coverage(data),
        audit(data),
        tuple(personal_columns(data)),
    )


def sizes_of(data: Dataset) -> pd.Series:
    """[C] the number of instances of each class, by its name."""
    counts = data.frame("SELECT class_id, count(*) AS n FROM instances GROUP BY class_id").set_index("class_id")["n"]
    names = data.classes["class_name"].astype(str)
    return pd.Series(counts.reindex(data.classes["class_id"], fill_value=0).to_numpy(), index=names)


def missing_in(data: Dataset, table: str, types: Mapping[str, str]) -> pd.DataFrame:
    """[at most PARTS pieces, columns] the share of missing values, where they are in the table's order."""
    names = [name for name in types if name not in KEYS]
    if not names:
        return pd.DataFrame()
    key = TABLES[table]
    shares = ", ".join(f"avg(CAST({value_of(name, types[name])} IS NULL AS DOUBLE)) AS {identifier(name)}" for name in names)
    rows = len(data.classes if table == "classes" else data.class_of)
    piece = f"CAST({key} * {min(PARTS, rows)} // {rows} AS INTEGER)"
    sql = f"SELECT {piece} AS {identifier('·piece')}, {shares} FROM {table} GROUP BY 1 ORDER BY 1"
    return data.frame(sql).drop(columns="·piece")


def value_of(column: str, type: str) -> str:
    """As the profile counts: what is no number is missing."""
    name = identifier(column)
    return f"nullif({name}, 'nan')" if type in ("FLOAT", "DOUBLE") else name
