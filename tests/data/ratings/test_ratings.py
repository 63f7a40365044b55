"""Ratings become a data set: MovieLens in the layouts that it is published in, any other tables, and what is wrong with them in one sentence."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metadash as md
from metadash.data.exporting.export import export
from metadash.data.exporting.restore import restore
from metadash.data.ratings.movielens import install
from metadash.data.ratings.rated import Rated, rated_in, ratings_of
from metadash.errors import BadInput
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.ratings import made_up, write_made_up

MOVIELENS = Path(__file__).resolve().parents[4] / "shared" / "data" / "movielens-latest-small"
LATEST = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,10,4.0,964982703\n1,20,0.5,964982704\n2,10,5.0,964982705\n2,30,3.0,964982706\n12,30,2.5,9\n",
    "movies.csv": (
        'movieId,title,genres\n10,"Heat, The (1995)",Action|Crime\n20,Nothing known,(no genres listed)\n30,Heat (1995),Drama\n40,Unseen (2001),War\n'
    ),
    "tags.csv": "userId,movieId,tag,timestamp\n2,10,Pacino ,1\n1,10,pacino,2\n",
}
HUNDRED = {
    "u.data": "1\t10\t4\t881250949\n1\t20\t2\t881250950\n2\t30\t5\t881250951\n",
    "u.item": "".join(
        f"{i}|Caf\xe9 {i} ({1990 + i})|01-Jan-1995||http://x|" + "|".join("1" if g in (1, 5) else "0" for g in range(19)) + "\n"
        for i in (10, 20, 30)
    ),
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
}
MILLION = {
    "ratings.dat": "1::10::4::978300760\n1::20::2::978300761\n2::30::5::978300762\n",
    "movies.dat": "10::Heat: Again (1995)::Action|Crime\n20::Dull (1990)::Drama\n30::Long (1999)::War\n",
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def files(folder: Path, held: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in held.items():
        (folder / name).write_text(text, encoding="latin-1")
    return folder


def test_latest_small_is_told_by_its_files_and_brings_genres_year_and_tags(workspace: Workspace, tmp_path: Path) -> None:
    data = install(workspace, files(tmp_path / "ml", LATEST))
    films = data.classes.set_index("class_name")
    assert films.index.tolist() == ["Heat, The (1995)", "Nothing known", "Heat (1995)", "Unseen (2001)"]
    assert list(films.loc["Heat, The (1995)", "genres"]) == ["Action", "Crime"] and films.loc["Heat, The (1995)", "year"] == 1995
    assert list(films.loc["Heat, The (1995)", "tags"]) == ["pacino"], "the same tag twice is one"
    assert pd.isna(films.loc["Nothing known", "year"]) and not len(np.atleast_1d(films.loc["Nothing known", ["genres"]].dropna()))
    assert data.instances[["user", "rating"]].to_numpy().tolist() == [
        ["01", 4.0],
        ["01", 0.5],
        ["02", 5.0],
        ["02", 3.0],
        ["12", 2.5],
    ]
    assert rated_in(data) == Rated("user", "rating", "rated_at", 0.5, 5.0)
    assert "1 user with one rating alone can be no task" in " ".join(data.description.extra["notes"])


@pytest.mark.parametrize(("held", "edition"), [(HUNDRED, "100K"), (MILLION, "1M")])
def test_100k_and_1m_bring_what_users_said_of_themselves_marked_sensitive(
    held: dict[str, str], edition: str, workspace: Workspace, tmp_path: Path
) -> None:
    data = install(workspace, files(tmp_path / "ml", held))
    assert edition in data.description.title and len(data.classes) == 3
    users = [source for source in data.sources if source.level == "task"]
    assert [source.name for source in users] == ["age", "gender", "occupation"] and all(source.sensitive for source in users)
    said = data.instances.drop_duplicates("user").set_index("user")[["age", "gender", "occupation"]].to_numpy().tolist()
    assert said == (
        [[24, "M", "technician"], [53, "F", "other"]]
        if edition == "100K"
        else [["under 18", "F", "K-12 student"], ["56 and over", "M", "self-employed"]]
    )
    assert data.classes["year"].tolist() == ([2000, 2010, 2020] if edition == "100K" else [1995, 1990, 1999])


@pytest.mark.skipif(not MOVIELENS.is_dir(), reason="needs ../shared/data/movielens-latest-small beside the checkout")
def test_the_published_ratings_are_all_there(workspace: Workspace) -> None:
    data = install(workspace, MOVIELENS)
    assert (len(data.classes), len(data.class_of), data.instances["user"].nunique()) == (9742, 100836, 610)
    assert abs(data.instances["rating"].mean() - 3.5016) < 1e-4, "as grouplens.org says"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("movies.csv", None, "holds no MovieLens that is known"),
        ("movies.csv", "movieId,title\n1,x\n", "lacks the column genres"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n", "is empty"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n1,10,good,1\n", "'good', which is no number"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n1,10,3,1\n2,20,3,1\n2,10,3,1\n", "All 3 ratings are 3"),
    ],
)
def test_what_is_wrong_with_the_files_is_one_sentence(
    file: str, text: str | None, said: str, workspace: Workspace, tmp_path: Path
) -> None:
    folder = files(tmp_path / "ml", {name: held for name, held in (LATEST | {file: text}).items() if held is not None})
    with pytest.raises(BadInput, match=said) as refused:
        install(workspace, folder)
    one_sentence(refused.value)
    assert not list(workspace.datasets.iterdir())


def test_odd_ratings_are_counted_and_nothing_is_lost(workspace: Workspace) -> None:
    tables = made_up()
    again = tables.ratings.iloc[[0]].assign(value=5.0, time=pd.Timestamp("2030-01-01", tz="UTC"))
    alone = again.assign(user="alone", item="not in the table of items")
    data = write_made_up(workspace, tables=dataclasses.replace(tables, ratings=pd.concat([tables.ratings, again, alone])))
    first = tables.ratings.iloc[0]
    row = data.instances[
        (data.instances["user"] == first["user"])
        & (data.classes["class_name"].to_numpy()[data.class_of] == f"thing {int(first['item'][1:])}")
    ]
    assert row["rating"].tolist() == [5.0], "the later rating counts"
    assert len(data.class_of) == len(tables.ratings) + 1
    notes = " ".join(data.description.extra["notes"])
    assert "1 rating of an item that the same user rated again" in notes and "1 thing in the ratings have no row" in notes
    unknown = data.classes.iloc[-1]
    assert unknown["class_name"] == "not in the table of items" and pd.isna(unknown["kind"])


OWN = {
    "ratings.csv": "Reader ID,book-id,Stars,date\na,1,5,2020-01-02\na,2,3,2020-01-01\nb,1,1,2020-01-03\nb,3,4,2020-02-01\n",
    "items.csv": "id,Title,pages,shelf\n1,One,100,x\n2,Two,200,y\n3,Three,,\n",
    "users.csv": "user,town\na,Ulm\nb,Bonn\n",
}


def test_tables_of_ones_own_are_read_by_what_their_columns_are_called(workspace: Workspace, tmp_path: Path) -> None:
    data = md.install("ratings", files(tmp_path / "books", OWN), as_name="books", workspace=workspace, progress=False)
    assert data.classes[["class_name", "shelf"]].fillna("").to_numpy().tolist() == [["One", "x"], ["Two", "y"], ["Three", ""]]
    assert data.instances[["user", "rating", "town"]].to_numpy().tolist() == [
        ["a", 5, "Ulm"],
        ["a", 3, "Ulm"],
        ["b", 1, "Bonn"],
        ["b", 4, "Bonn"],
    ]
    assert [(source.name, source.level, source.sensitive) for source in data.sources] == [
        ("pages", "class", False),
        ("shelf", "class", False),
        ("town", "task", True),
    ]
    bare = md.install(
        "ratings", files(tmp_path / "bare", {"ratings.csv": OWN["ratings.csv"]}), workspace=workspace, progress=False
    )
    assert bare.classes["class_name"].tolist() == ["1", "2", "3"] and not bare.sources


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("ratings.csv", None, "holds no table ratings.csv"),
        ("ratings.csv", "user,rating\na,1\n", "no column for the item; call it item"),
        ("ratings.csv", "user,user_id,item,rating\na,a,1,1\n", "two columns for the user"),
        ("ratings.csv", "user,item,rating,time\na,1,1,soon\n", "holds what is no time"),
        ("items.csv", "id,pages\n1,2\n1,3\n", "two rows of id '1'"),
        ("items.csv", "id,class_id\n1,2\n", "rename it"),
        ("users.csv", "user,rating\na,2\n", "has a column 'rating'"),
    ],
)
def test_what_is_wrong_with_tables_of_ones_own_is_one_sentence(
    file: str, text: str | None, said: str, workspace: Workspace, tmp_path: Path
) -> None:
    folder = files(tmp_path / "books", {name: held for name, held in (OWN | {file: text}).items() if held is not None})
    with pytest.raises(BadInput, match=said) as refused:
        md.install("ratings", folder, workspace=workspace, progress=False)
    one_sentence(refused.value)
    assert not list(workspace.datasets.iterdir())


def test_items_of_one_name_are_told_apart_by_their_id(workspace: Workspace) -> None:
    tables = made_up()
    names = tables.names.copy()
    names.iloc[:2] = "twin"
    data = write_made_up(workspace, tables=dataclasses.replace(tables, names=names))
    assert data.classes["class_name"].tolist()[:3] == ["twin [i00]", "twin [i01]", "thing 2"]


def test_another_scale_is_said_in_five_stars() -> None:
    assert Rated("u", "r", None, 0.5, 5.0).in_stars(np.array([0.5, 5.0])).tolist() == [0.5, 5.0]
    assert Rated("u", "r", None, 1.0, 5.0).in_stars(np.array([1.0, 4.0])).tolist() == [1.0, 4.0]
    assert Rated("u", "r", None, -10.0, 10.0).in_stars(np.array([-10.0, 0.0, 10.0])).tolist() == [1.0, 3.0, 5.0]


def test_ratings_go_out_as_files_and_come_back(workspace: Workspace, tmp_path: Path) -> None:
    data = write_made_up(workspace)
    back = restore(Workspace(tmp_path / "other"), export(data, tmp_path / "out"))
    assert back.fingerprint == data.fingerprint and ratings_of(back) == ratings_of(data)


def test_nobody_draws_classes_from_ratings(workspace: Workspace) -> None:
    data = write_made_up(workspace)
    with pytest.raises(BadInput, match="The tasks of 'things' are its users, and no thing is a class") as refused:
        run_for(data, ["kind"])
    one_sentence(refused.value)
