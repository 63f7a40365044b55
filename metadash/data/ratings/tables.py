"""A data set of ratings from tables in memory: who rated what and how, what is known of the items, what of the users.

An item is stored as a class, whose metadata are columns of classes; a rating is an instance, whose input is the item's name; what is known
of a user is repeated at each of the user's ratings, as sources of the level *task* are.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Description, Source, write_dataset
from metadash.data.ratings.rated import Rated
from metadash.data.splits import FEWEST_GROUPS, split_by_group, table_of
from metadash.errors import BadInput
from metadash.stats.words import count, plural_of
from metadash.workspace import Workspace

SPLIT = "items-0"
"""Deals the items, as any data set's classes are dealt; users are dealt anew for every fold (``metadash.episodes.rated``)."""


@dataclass(frozen=True)
class RatingTables:
    """``ratings`` has the columns ``user``, ``item``, ``value`` and perhaps ``time``; ``items`` and ``users`` are indexed by the same names, with
    the columns that ``item_sources`` and ``user_sources`` group. ``names`` are the items' own, by the index of ``items``."""

    ratings: pd.DataFrame
    items: pd.DataFrame
    names: pd.Series
    users: pd.DataFrame
    item_sources: tuple[Source, ...] = ()
    user_sources: tuple[Source, ...] = ()
    notes: list[str] = field(default_factory=list)


def write_ratings(
    workspace: Workspace,
    tables: RatingTables,
    *,
    name: str,
    title: str,
    item_noun: str = "item",
    licence: str = "not stated",
    provenance: str = "not stated",
) -> Dataset:
    """Write the tables as a data set. Raises BadInput for ratings that are none, and for fewer items than can be dealt.

    What is odd and does no harm is counted in the data set's notes: an item that was rated again by the same user (the last rating counts),
    one without a row of its own (it has no metadata), users with one rating alone (nothing can be asked of them).
    """
    notes = [*tables.notes]
    ratings = checked_ratings(tables.ratings, notes)
    rated = scale_of(ratings)
    rows = pd.Index(tables.items.index.union(pd.Index(ratings["item"].unique()), sort=False))
    if len(rows) < FEWEST_GROUPS:
        raise BadInput(f"These ratings are of {plural_of(len(rows), item_noun)}; bring at least {FEWEST_GROUPS}.")
    unknown = ~rows.isin(tables.items.index)
    if unknown.any() and len(tables.items):
        notes.append(
            f"{plural_of(int(unknown.sum()), item_noun)} in the ratings have no row of their own: nothing is known about them."
        )
    single = int((ratings["user"].value_counts() == 1).sum())
    if single:
        notes.append(f"{plural_of(single, 'user')} with one rating alone can be no task; the ratings stay.")
    classes = pd.DataFrame({"class_id": np.arange(len(rows)), "class_name": told_apart(tables.names.reindex(rows), rows)})
    classes = pd.concat([classes, tables.items.reindex(rows).reset_index(drop=True)], axis=1)
    instances = instances_of(ratings, rows, tables.users)
    sources = (*tables.item_sources, *tables.user_sources)
    description = Description(
        name=name,
        title=title,
        modality="text",
        licence=licence,
        provenance=provenance,
        class_noun=item_noun,
        group_noun="user",
        sibling_column=None,
        disjoint_column=None,
        sources=sources,
        default_split=SPLIT,
        extra={**rated.kept, **({"notes": notes} if notes else {})},
    )
    splits = table_of({SPLIT: split_by_group(classes["class_id"], 0)})
    inputs = classes["class_name"].to_numpy(dtype=object)[instances["class_id"].to_numpy()].tolist()
    return write_dataset(workspace, description, classes, instances, inputs, splits)


def checked_ratings(ratings: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Users and items as texts, values as finite numbers, one rating of an item by a user. Raises BadInput, and names the row."""
    if not len(ratings):
        raise BadInput("The table of ratings is empty; it needs a row for each rating.")
    for column in ("user", "item", "value"):
        missing = ratings[column].isna().to_numpy()
        if missing.any():
            raise BadInput(f"Row {int(missing.argmax())} of the ratings has no {column}; fill it in, or leave the row out.")
    values = pd.to_numeric(ratings["value"], errors="coerce").astype(np.float64)
    wrong = ~np.isfinite(values.to_numpy())
    if wrong.any():
        row = int(wrong.argmax())
        raise BadInput(
            f"Row {row} of the ratings says '{ratings['value'].iloc[row]}', which is no number; a rating has to be one."
        )
    found = ratings.assign(user=ratings["user"].astype(str), item=ratings["item"].astype(str), value=values)
    if "time" in found:
        found = found.sort_values("time", kind="stable")
    again = int(found.duplicated(["user", "item"]).sum())
    if again:
        notes.append(f"{plural_of(again, 'rating')} of an item that the same user rated again later were left out.")
        found = found.drop_duplicates(["user", "item"], keep="last")
    return found.sort_values(["user", "item"], kind="stable").reset_index(drop=True)


def scale_of(ratings: pd.DataFrame) -> Rated:
    """Raises BadInput where all ratings are alike."""
    least, most = float(ratings["value"].min()), float(ratings["value"].max())
    if least == most:
        raise BadInput(
            f"All {count(len(ratings))} ratings are {least:g}: there is nothing to foresee. Bring ratings that differ."
        )
    return Rated("user", "rating", "rated_at" if "time" in ratings else None, least, most)


def told_apart(names: pd.Series, rows: pd.Index) -> list[str]:
    """A name for each item, no two alike: with its id behind it where another has the same, the id alone where it has none."""
    held = [
        str(item) if pd.isna(name) or not str(name).strip() else str(name).strip() for name, item in zip(names, rows, strict=True)
    ]
    often = pd.Series(held).duplicated(keep=False)
    return [f"{name} [{item}]" if twice else name for name, item, twice in zip(held, rows, often, strict=True)]


def instances_of(ratings: pd.DataFrame, rows: pd.Index, users: pd.DataFrame) -> pd.DataFrame:
    """A row a rating: of which item, by whom, how, when, and what is known of the user."""
    known = {"user": ratings["user"], "rating": ratings["value"]} | ({"rated_at": ratings["time"]} if "time" in ratings else {})
    of_user = users.reindex(ratings["user"]).reset_index(drop=True)
    numbers = {"instance_id": np.arange(len(ratings)), "class_id": rows.get_indexer(pd.Index(ratings["item"]))}
    return pd.concat([pd.DataFrame(numbers), pd.DataFrame(known), of_user], axis=1)
