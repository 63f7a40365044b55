"""Ratings of one's own: a folder with a table ``ratings`` and, where something is known, tables ``items`` and ``users``; columns by their names."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from metadash.data.dataset import Dataset, Source
from metadash.data.known.files import check_folder
from metadash.data.known.written import Progress, check_name, silent
from metadash.data.library import OBTAINABLE
from metadash.data.ratings.tables import RatingTables, write_ratings
from metadash.errors import BadInput
from metadash.workspace import Workspace

NEEDS = OBTAINABLE["ratings"].needs
ENDINGS = (".csv", ".parquet")
CALLED = {
    "user": ("user", "user_id", "userid", "uid", "customer", "customer_id", "reader", "reader_id", "member", "person"),
    "item": (
        "item",
        "item_id",
        "itemid",
        "iid",
        "movie",
        "movie_id",
        "movieid",
        "book",
        "book_id",
        "product",
        "product_id",
        "isbn",
        "asin",
    ),
    "value": ("value", "rating", "stars", "score", "grade"),
    "time": ("time", "timestamp", "rated_at", "date", "when"),
    "name": ("name", "title"),
}
"""What each role of a column is called, small letters, spaces and strokes as ``_``; a table ``items`` may call its key ``id`` too."""


def install(workspace: Workspace, source: Path, name: str = "ratings", progress: Progress = silent) -> Dataset:
    """Write the tables in the folder ``source`` as data set ``name``.

    Every column of ``items`` beside its key and its name is a source of metadata by itself, and every one of ``users``, marked sensitive.
    Raises BadInput, and writes nothing, for tables that cannot be read, or whose columns say no user, item or rating.
    """
    check_name(name)
    progress("reading ratings", 0.0)
    source = Path(source)
    check_folder(source, NEEDS)
    ratings = table(source, "ratings")
    if ratings is None:
        raise BadInput(f"The folder '{source.name}' holds no table ratings.csv or ratings.parquet; it has to hold {NEEDS}.")
    tables = read(ratings, table(source, "items"), table(source, "users"))
    progress("writing", 0.4)
    data = write_ratings(workspace, tables, name=name, title=f"Ratings in {source.resolve().name}")
    progress("done", 1.0)
    return data


def read(ratings: pd.DataFrame, items: pd.DataFrame | None, users: pd.DataFrame | None) -> RatingTables:
    """The tables with their columns by their roles."""
    roles = {role: column_of(ratings, role, "ratings", needed=role != "time") for role in ("user", "item", "value", "time")}
    held = pd.DataFrame({role: ratings[column] for role, column in roles.items() if column is not None})
    if "time" in held:
        held["time"] = times(held["time"], str(roles["time"]))
    for role in ("user", "item"):
        held[role] = held[role].astype("string")
    known, names = pd.DataFrame(index=pd.Index([], dtype=str)), pd.Series(dtype="string")
    if items is not None:
        known = keyed(items, "item", "items")
        if label := column_of(known, "name", "items", needed=False):
            known, names = known.drop(columns=label), known[label].astype("string")
    people = pd.DataFrame(index=pd.Index([], dtype=str)) if users is None else keyed(users, "user", "users")
    refuse_taken(known, ("class_id", "class_name"), "items")
    refuse_taken(people, ("instance_id", "class_id", "user", "rating", "rated_at"), "users")
    return RatingTables(held, known, names, people, sources(known, "class"), sources(people, "task", sensitive=True))


def sources(known: pd.DataFrame, level: str, sensitive: bool = False) -> tuple[Source, ...]:
    return tuple(Source(str(column), level, (str(column),), sensitive=sensitive) for column in known.columns)  # type: ignore[arg-type]


def table(folder: Path, name: str) -> pd.DataFrame | None:
    """A table of that name, or None. Raises BadInput where it cannot be read, or there are two."""
    found = [folder / f"{name}{ending}" for ending in ENDINGS if (folder / f"{name}{ending}").is_file()]
    if not found:
        return None
    if len(found) > 1:
        raise BadInput(f"The folder '{folder.name}' holds both {found[0].name} and {found[1].name}; take one of them away.")
    try:
        return pd.read_csv(found[0]) if found[0].suffix == ".csv" else pd.read_parquet(found[0])
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadInput(f"{found[0].name} cannot be read as a table ({str(error)[:60]}); write it anew.") from error


def plain(column: object) -> str:
    return "_".join(str(column).strip().lower().replace("-", " ").replace("_", " ").split())


def column_of(frame: pd.DataFrame, role: str, where: str, needed: bool = True, also: Sequence[str] = ()) -> str | None:
    """The column that is called as the role is. Raises BadInput where none is and one is ``needed``, or where two are."""
    called = (*CALLED[role], *also)
    found = [column for column in frame.columns if plain(column) in called]
    if len(found) > 1:
        raise BadInput(
            f"The table {where} has two columns for the {role}, '{found[0]}' and '{found[1]}'; rename or drop one of them."
        )
    if not found and needed:
        raise BadInput(f"The table {where} has no column for the {role}; call it {role} (or {', '.join(called[1:4])} …).")
    return str(found[0]) if found else None


def keyed(frame: pd.DataFrame, role: str, where: str) -> pd.DataFrame:
    """The table by its key as text. Raises BadInput where the key is missing, or one stands twice."""
    key = column_of(frame, role, where, also=("id",))
    assert key is not None
    if frame[key].isna().any():
        raise BadInput(f"Row {int(frame[key].isna().to_numpy().argmax())} of the table {where} has no {key}; each row needs one.")
    held = frame.set_index(frame[key].astype("string")).drop(columns=key)
    if held.index.duplicated().any():
        raise BadInput(
            f"The table {where} has two rows of {key} '{held.index[held.index.duplicated()][0]}'; each {role} needs one row."
        )
    return held.set_axis(held.index.astype(str))


def refuse_taken(frame: pd.DataFrame, own: Sequence[str], where: str) -> None:
    """Raises BadInput for a column that would be called as one of the data set's own."""
    taken = next((column for column in frame.columns if plain(column) in own), None)
    if taken is not None:
        raise BadInput(f"The table {where} has a column '{taken}', which is the name of one that the data set makes; rename it.")


def times(column: pd.Series, called: str) -> pd.Series:
    """Numbers are seconds since 1970. Raises BadInput where some are no times."""
    try:
        if pd.api.types.is_numeric_dtype(column):
            return pd.to_datetime(column, unit="s", utc=True)
        return pd.to_datetime(column, utc=True)
    except (ValueError, OverflowError, pd.errors.OutOfBoundsDatetime) as error:
        raise BadInput(
            f"The column '{called}' of the ratings holds what is no time ({str(error)[:60]}); mend it, or drop it."
        ) from error
