"""MovieLens as GroupLens publishes it (Harper & Konstan, ACM TiiS 2015): latest-small, 100K and 1M, told by their files."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Source
from metadash.data.known.files import check_folder, read_parquet
from metadash.data.known.written import Progress, check_name, silent
from metadash.data.library import OBTAINABLE
from metadash.data.ratings.tables import RatingTables, write_ratings
from metadash.errors import BadInput
from metadash.workspace import Workspace, reason

NEEDS = OBTAINABLE["movielens"].needs
LICENCE = "GroupLens: for research, no redistribution without permission, no commercial use without permission"
PROVENANCE = "MovieLens {edition} (Harper & Konstan 2015, ACM TiiS 5(4), doi 10.1145/2827872), grouplens.org/datasets/movielens"
NO_GENRES = ("(no genres listed)", "unknown")
YEAR = re.compile(r"\((\d{4})\)\s*$")
GENRES_100K = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]
AGES_1M = {1: "under 18", 18: "18-24", 25: "25-34", 35: "35-44", 45: "45-49", 50: "50-55", 56: "56 and over"}
OCCUPATIONS_1M = [
    "other",
    "academic or educator",
    "artist",
    "clerical or admin",
    "college or grad student",
    "customer service",
    "doctor or health care",
    "executive or managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales or marketing",
    "scientist",
    "self-employed",
    "technician or engineer",
    "tradesman or craftsman",
    "unemployed",
    "writer",
]
ITEM_SOURCES = (
    Source("genres", "class", ("genres",), "the genres of the film, several at once"),
    Source("year", "class", ("year",), "the year in which it came out"),
)
TITLE = Source("title", "class", ("title",), "the film's title, as words")
TAGS = Source("tags", "class", ("tags",), "words that users of MovieLens have put to the film")
USER_SOURCES = (
    Source("age", "task", ("age",), "the user's age, as the user said it", sensitive=True),
    Source("gender", "task", ("gender",), "the user's gender, as the user said it", sensitive=True),
    Source("occupation", "task", ("occupation",), "the user's occupation, as the user said it", sensitive=True),
)


@dataclass(frozen=True)
class Layout:
    """One way in which the files lie; ``marks`` are those that tell it."""

    edition: str
    marks: tuple[str, ...]
    read: Callable[[Path], RatingTables]


def install(workspace: Workspace, source: Path, name: str = "movielens", progress: Progress = silent) -> Dataset:
    """Write the ratings in the folder ``source`` as data set ``name``. Raises BadInput, and writes nothing, for files that are missing,
    damaged or others."""
    check_name(name)
    progress("reading ratings", 0.0)
    source = Path(source)
    check_folder(source, NEEDS)
    layout = next((layout for layout in LAYOUTS if all((source / file).is_file() for file in layout.marks)), None)
    if layout is None:
        raise BadInput(f"The folder '{source.name}' holds no MovieLens that is known; it has to hold {NEEDS}.")
    tables = layout.read(source)
    progress("writing", 0.4)
    data = write_ratings(
        workspace,
        tables,
        name=name,
        title=f"Films rated by users (MovieLens {layout.edition})",
        item_noun="film",
        licence=LICENCE,
        provenance=PROVENANCE.format(edition=layout.edition),
    )
    progress("done", 1.0)
    return data


# --- latest-small, as csv and as Parquet -------------------------------------------------------------------------------------------


def latest_csv(folder: Path) -> RatingTables:
    ratings = read_text(folder / "ratings.csv", ["userId", "movieId", "rating", "timestamp"])
    films = read_text(folder / "movies.csv", ["movieId", "title", "genres"])
    films["year"] = years_in(films["title"])
    films["genres"] = genres(told.split("|") for told in films["genres"])
    films["title"] = films["title"].str.replace(YEAR, "", regex=True).str.strip()
    file = folder / "tags.csv"
    tags = read_text(file, ["movieId", "tag"]) if file.is_file() else None
    times = pd.to_datetime(pd.to_numeric(ratings["timestamp"]), unit="s", utc=True)
    return tables_of(ratings["userId"], ratings["movieId"], ratings["rating"], times, films.set_index("movieId"), tags)


def latest_parquet(folder: Path) -> RatingTables:
    ratings = read_parquet(folder / "ratings.parquet", ["user_id", "movie_id", "rating", "rated_at"])
    films = read_parquet(folder / "movies.parquet", ["movie_id", "title", "genres", "year"])
    films["genres"] = genres([] if told is None else told for told in films["genres"])
    films["movie_id"] = films["movie_id"].astype(str)
    file = folder / "tags.parquet"
    tags = read_parquet(file, ["movie_id", "tag"]).rename(columns={"movie_id": "movieId"}) if file.is_file() else None
    return tables_of(
        ratings["user_id"], ratings["movie_id"], ratings["rating"], ratings["rated_at"], films.set_index("movie_id"), tags
    )


# --- 100K and 1M -------------------------------------------------------------------------------------------------------------------


def hundred_thousand(folder: Path) -> RatingTables:
    ratings = read_parts(folder / "u.data", "\t", ["user", "item", "value", "time"])
    films = read_parts(folder / "u.item", "|", ["item", "title", "released", "video", "link", *GENRES_100K])
    films["year"] = years_in(films["title"])
    held = films[GENRES_100K].to_numpy(dtype=str) == "1"
    films["genres"] = genres(np.array(GENRES_100K)[row] for row in held)
    films["title"] = films["title"].str.replace(YEAR, "", regex=True).str.strip()
    users = read_parts(folder / "u.user", "|", ["user", "age", "gender", "occupation", "zip"]).set_index("user")
    users["age"] = pd.to_numeric(users["age"])
    times = pd.to_datetime(pd.to_numeric(ratings["time"]), unit="s", utc=True)
    return tables_of(ratings["user"], ratings["item"], ratings["value"], times, films.set_index("item"), None, users)


def one_million(folder: Path) -> RatingTables:
    ratings = read_parts(folder / "ratings.dat", "::", ["user", "item", "value", "time"])
    films = read_parts(folder / "movies.dat", "::", ["item", "title", "genres"])
    films["year"] = years_in(films["title"])
    films["genres"] = genres(told.split("|") for told in films["genres"])
    films["title"] = films["title"].str.replace(YEAR, "", regex=True).str.strip()
    users = read_parts(folder / "users.dat", "::", ["user", "gender", "age", "occupation", "zip"]).set_index("user")
    users["age"] = pd.to_numeric(users["age"]).map(AGES_1M)
    users["occupation"] = pd.to_numeric(users["occupation"]).map(dict(enumerate(OCCUPATIONS_1M)))
    times = pd.to_datetime(pd.to_numeric(ratings["time"]), unit="s", utc=True)
    return tables_of(ratings["user"], ratings["item"], ratings["value"], times, films.set_index("item"), None, users)


LAYOUTS = (
    Layout("latest-small", ("ratings.csv", "movies.csv"), latest_csv),
    Layout("latest-small", ("ratings.parquet", "movies.parquet"), latest_parquet),
    Layout("100K", ("u.data", "u.item", "u.user"), hundred_thousand),
    Layout("1M", ("ratings.dat", "movies.dat", "users.dat"), one_million),
)


# --- what they have in common ------------------------------------------------------------------------------------------------------


def tables_of(
    user: pd.Series,
    item: pd.Series,
    value: pd.Series,
    time: pd.Series,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    users: pd.DataFrame | None = None,
) -> RatingTables:
    ratings = pd.DataFrame({"user": user.astype(str), "item": item.astype(str), "value": value, "time": time})
    if users is not None:
        users = users.loc[:, ["age", "gender", "occupation"]]
    width = int(ratings["user"].str.len().max()) if len(ratings) else 1
    ratings["user"] = ratings["user"].str.zfill(width)  # so that their order as texts is that of their numbers
    known = (
        pd.DataFrame(index=pd.Index([], dtype=str)) if users is None else users.set_axis(users.index.astype(str).str.zfill(width))
    )
    told = films[["title", "genres", "year"]].copy()
    sources = [*ITEM_SOURCES, TITLE]
    if tags is not None:
        told["tags"] = tags_of(tags, told.index)
        sources.append(TAGS)
    year = told["year"].astype("string")
    names = told["title"] + (" (" + year + ")").fillna("")
    return RatingTables(ratings, told, names, known, tuple(sources), USER_SOURCES if users is not None else ())


def genres(told: Iterable[Iterable[str]]) -> pd.Series:
    """The genres of each film as a list; None where it has none: that is not known, and no genre of its own."""
    return pd.Series([[one for one in found if one and one not in NO_GENRES] or None for found in told], dtype=object)


def years_in(titles: pd.Series) -> pd.Series:
    """``Toy Story (1995)``"""
    return titles.str.extract(YEAR, expand=False).astype("Int16")


def tags_of(tags: pd.DataFrame, films: pd.Index) -> pd.Series:
    """The different tags of each film, in small letters; missing where it has none."""
    said = pd.DataFrame({"film": tags["movieId"].astype(str), "tag": tags["tag"].astype(str).str.strip().str.lower()})
    each = said[said["tag"] != ""].drop_duplicates().groupby("film")["tag"].agg(lambda held: sorted(held))
    return each.reindex(films)


def read_text(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """A csv file with a heading. Raises BadInput where it is damaged, or another."""
    try:
        found = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path.name} cannot be read as a csv table ({str(error)[:60]}); get it again.") from error
    lacking = [name for name in columns if name not in found]
    if lacking:
        raise BadInput(f"{path.name} lacks the column {lacking[0]}; it is another table.")
    return found[list(columns)]


def read_parts(path: Path, separator: str, columns: Sequence[str]) -> pd.DataFrame:
    """A file without a heading, a record a line, in Latin-1 as GroupLens wrote it. Raises BadInput for a line of another number of fields."""
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {reason(error)}.") from error
    rows = [line.split(separator) for line in lines if line]
    odd = next((number for number, row in enumerate(rows, 1) if len(row) != len(columns)), None)
    if odd is not None or not rows:
        raise BadInput(
            f"Line {odd or 1} of {path.name} has not {len(columns)} fields with {separator!r} between; get the file again."
        )
    return pd.DataFrame(rows, columns=list(columns))
