"""A data set from files: every kind of table and of folder gives the same set, guesses can be corrected, and a recipe repeats them."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from metadash.answers.answer import answer_spec, own_question
from metadash.data.dataset import Dataset
from metadash.data.folds import fold_roles
from metadash.data.importing.plan import plan_from
from metadash.data.importing.preview import Preview, preview
from metadash.data.importing.questions import fitting_ways
from metadash.data.splits import split_by_group
from metadash.specs.check import check_run
from metadash.workspace import Workspace
from tests.data.importing.makers import EACH, N_CLASSES, imported, notes_of, photos, picture, png, save, songs, zipped


def roles_in(found: Preview) -> dict[str, tuple]:
    return {row["name"]: (row["role"], row["level"], row["source"]) for row in found.columns.to_dict("records")}


def written(table: pd.DataFrame, path: Path) -> Path:
    """The table as a file of the kind that its name says."""
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path)) as connection:
            connection.register("frame", table)
            connection.execute("CREATE TABLE songs AS SELECT * FROM frame")
    elif path.stem == "german":
        table.to_csv(path, sep=";", decimal=",", index=False)
    elif path.stem == "windows":
        path.write_bytes(table.to_csv(index=False, sep="\t").encode("utf-16"))
    else:
        how = {
            ".csv": lambda: table.to_csv(path, index=False),
            ".tsv": lambda: table.to_csv(path, sep="\t", index=False),
            ".parquet": lambda: table.to_parquet(path),
            ".json": lambda: table.to_json(path, orient="records"),
            ".jsonl": lambda: table.to_json(path, orient="records", lines=True),
            ".xlsx": lambda: table.to_excel(path, index=False),
        }
        how[path.suffix]()
    return path


FILES = ("a.csv", "a.tsv", "german.csv", "windows.tsv", "a.parquet", "a.json", "a.jsonl", "a.xlsx", "a.duckdb")


def test_every_kind_of_table_gives_the_same_data_set(tmp_path: Path, workspace: Workspace) -> None:
    table = songs().assign(**{"wing length": lambda t: t["wing length"] + 0.25})
    made = [imported(workspace, written(table, tmp_path / name), name="songs") for name in FILES]
    first = made[0]
    assert {(one.name, one.fingerprint) for one in made} == {("songs", first.fingerprint)}, [one.name for one in made]
    assert first.inputs[7] == "song number 1 that bird 1 sang on some day"
    assert first.classes.columns.tolist() == ["class_id", "class_name", "family", "wing length"]
    assert first.classes["wing length"].tolist() == [10.75 + 3 * c for c in range(N_CLASSES)]
    assert first.instances["station"].tolist() == [f"station {i % 3}" for _ in range(N_CLASSES) for i in range(EACH)]


def test_what_columns_are_is_guessed_and_every_guess_can_be_corrected(tmp_path: Path) -> None:
    table = songs().assign(
        number=range(54),
        vendor_name=lambda t: "v" + t["family"],
        vendor_country=lambda t: t["family"].str[-1],
        observer="x",
        split=lambda t: "train",
    )
    table.loc[::2, "observer"] = "y"
    path = written(table.drop(columns="split"), tmp_path / "songs.csv")
    found = preview(path)
    assert roles_in(found) == {
        "text": ("input", "", ""),
        "species": ("class", "", ""),
        "family": ("metadata", "class", "taxonomy"),
        "wing length": ("metadata", "class", "measures"),
        "station": ("metadata", "instance", "place"),
        "number": ("id", "", ""),
        "vendor_name": ("metadata", "class", "vendor"),
        "vendor_country": ("metadata", "class", "vendor"),
        "observer": ("metadata", "instance", "maker"),
    }
    assert (found.plan.siblings, found.plan.disjoint, found.plan.class_noun) == ("family", "observer", "species")
    assert found.columns.set_index("name")["sensitive"].to_dict()["observer"] and not found.problem
    said = {"station": "ignored", "vendor_name": "siblings", "wing length": "class-metadata:wings", "number": "instance-metadata"}
    other = preview(path, roles=said)
    assert roles_in(other)["station"][0] == "ignored" and roles_in(other)["wing length"] == ("metadata", "class", "wings")
    assert roles_in(other)["number"] == ("metadata", "instance", "number") and other.plan.siblings == "vendor_name"


def test_labels_in_one_text_are_several_whatever_parts_them(tmp_path: Path, workspace: Workspace) -> None:
    traits = [
        ["small", "red"],
        ["small"],
        ["large", "red"],
        ["large", "grey"],
        ["red"],
        ["grey", "small"],
        ["small"],
        ["large"],
        ["grey"],
    ]
    for place, separator in enumerate(("|", ",", ";", "; ")):
        table = songs().assign(traits=[separator.join(traits[c]) for c in range(9) for _ in range(6)])
        data = imported(workspace, written(table, tmp_path / f"traits{place}.parquet"))
        assert data.classes["traits"].tolist() == ["; ".join(labels) for labels in traits]


def test_a_recipe_repeats_an_import_and_is_kept_with_the_data(tmp_path: Path, workspace: Workspace) -> None:
    path = written(songs(), tmp_path / "songs.csv")
    one = imported(workspace, path, role={"station": "ignored"}, seed=3, class_noun="bird")
    record = one.folder / "dataset.json"
    again = imported(workspace, path, recipe=record)
    assert again.name == one.name and again.fingerprint == one.fingerprint
    plan = plan_from(json.loads(record.read_text())["extra"]["recipe"])
    assert plan_from(json.loads(json.dumps(plan.values()))) == plan and plan.seed == 3
    printed = tmp_path / "printed.json"
    printed.write_text(json.dumps(preview(path, roles={"station": "ignored"}, seed=3, class_noun="bird").values()))
    assert imported(workspace, path, recipe=printed).fingerprint == one.fingerprint
    assert imported(Workspace(tmp_path / "w2"), path, recipe=printed, name="others").name == "others"


def test_of_the_same_content_there_is_one_data_set_and_of_other_content_a_version_beside_it(
    tmp_path: Path, workspace: Workspace
) -> None:
    path = written(songs(), tmp_path / "songs.csv")
    first = imported(workspace, path)
    assert imported(workspace, path).fingerprint == first.fingerprint
    written(songs(each=7), path)
    second, third = imported(workspace, path), imported(workspace, path, class_noun="bird")
    assert [second.name, third.name] == ["songs-2", "songs-3"] and Dataset.open(
        workspace, "songs"
    ).fingerprint == first.fingerprint
    assert imported(workspace, path).name == "songs-2"
    assert sorted(folder.name for folder in workspace.datasets.iterdir()) == ["songs", "songs-2", "songs-3"]


# --- pictures ----------------------------------------------------------------------------------------------------------------


def test_a_folder_a_zip_file_a_column_of_paths_and_one_of_bytes_give_the_same_pictures(
    tmp_path: Path, workspace: Workspace
) -> None:
    folder = photos(tmp_path / "photos")
    named = songs().drop(columns="text").assign(picture=[f"photos/bird {c}/{i}.png" for c in range(9) for i in range(6)])
    held = named.assign(picture=[png(picture(100 * c + i)) for c in range(9) for i in range(6)])
    expected = np.stack([picture(100 * c + i) for c in range(9) for i in range(6)])
    for path in (
        folder,
        zipped(folder, tmp_path / "zipped.zip"),
        written(named, tmp_path / "paths.csv"),
        written(held, tmp_path / "bytes.parquet"),
    ):
        data = imported(workspace, path)
        np.testing.assert_array_equal(data.inputs, expected)
        assert len(data.classes) == 9 and not (data.folder / "inputs.npy").stat().st_mode & 0o111
    (folder / "table.csv").write_text(named.assign(picture=named["picture"].str.removeprefix("photos/")).to_csv(index=False))
    data = imported(workspace, folder, name="both")
    np.testing.assert_array_equal(data.inputs, expected)
    assert {"family", "wing length"} <= set(data.classes) and "station" in data.instances


def test_folders_may_say_the_split_and_what_classes_share(tmp_path: Path, workspace: Workspace) -> None:
    for c in range(9):
        for i in range(3):
            save(tmp_path / "split" / ("train", "val", "test")[c // 3] / f"bird {c}" / f"{i}.png", picture(10 * c + i))
            save(tmp_path / "deep" / f"family {c // 2}" / f"bird {c}" / f"{i}.png", picture(10 * c + i))
    data = imported(workspace, tmp_path / "split")
    assert {role: list(data.classes["class_name"][ids]) for role, ids in data.split("split").items()} == {
        "train": ["bird 0", "bird 1", "bird 2"],
        "validation": ["bird 3", "bird 4", "bird 5"],
        "test": ["bird 6", "bird 7", "bird 8"],
    }
    data = imported(workspace, tmp_path / "deep")
    assert data.classes["group"].tolist() == [f"family {c // 2}" for c in range(9)] and data.description.sibling_column == "group"
    assert data.classes["class_name"][3] == "family 1/bird 3"


def test_pictures_of_any_make_are_upright_bytes_of_one_size(tmp_path: Path, workspace: Workspace) -> None:
    folder = photos(tmp_path / "photos", colour=True)
    turned = Image.Exif()
    turned[0x0112] = 6
    red = np.zeros((10, 12, 3), np.uint8)
    red[..., 0], red[:, 6:, 1] = 200, 100
    half = np.dstack([red, np.full((10, 12), 0, np.uint8)])
    kinds = {
        "a palette": (Image.fromarray(red).convert("P"), {}, red[0, 0]),
        "b clear": (Image.fromarray(half), {}, [255, 255, 255]),
        "c deep": (Image.fromarray(np.full((10, 12), 32896, np.uint16)), {}, [128, 128, 128]),
        "d line": (Image.new("1", (12, 10), 1), {}, [255, 255, 255]),
        "e cmyk": (Image.new("CMYK", (12, 10), (0, 0, 0, 255)), {"format": "TIFF"}, [0, 0, 0]),
    }
    for name, (image, how, _) in kinds.items():
        save(folder / "odd" / f"{name}.png", image, **how)
    frames = [Image.new("RGB", (12, 10), colour) for colour in ("blue", "red")]
    save(folder / "odd" / "f animated.gif", frames[0], save_all=True, append_images=frames[1:])
    save(folder / "odd" / "g turned.png", Image.fromarray(np.rot90(red).copy()), exif=turned)
    data = imported(workspace, folder)
    assert data.inputs.shape == (61, 10, 12, 3) and data.inputs.dtype == np.uint8
    odd = data.inputs[data.class_of == int(data.classes.index[data.classes["class_name"] == "odd"][0])]
    for place, (name, (_, _, expected)) in enumerate(kinds.items()):
        assert np.abs(odd[place, 0, 0].astype(int) - expected).max() <= 4, name
    assert odd[5, 0, 0].tolist() == [0, 0, 255] or odd[5, 0, 0, 2] > 240
    np.testing.assert_array_equal(odd[6], red)
    for said in ("1 of the pictures is animated", "1 of the pictures is deeper than a byte", "1 of the pictures is transparent"):
        assert said in notes_of(data)


def test_grey_or_colour_and_one_size_are_decided_for_the_whole_set(tmp_path: Path, workspace: Workspace) -> None:
    grey = photos(tmp_path / "grey")
    save(grey / "bird 0" / "0.png", Image.fromarray(picture(0)).convert("RGB"))  # grey in three bytes
    assert imported(workspace, grey).inputs.shape == (54, 10, 12)
    save(grey / "bird 0" / "one.png", picture(1, size=(40, 20), colour=True))
    data = imported(workspace, grey, side=16)
    assert data.inputs.shape == (55, 16, 16, 3) and "12 × 10 to 40 × 20 pixels; each is scaled to fit 16 × 16" in notes_of(data)
    wide = data.inputs[6]  # 16 × 8 of it are picture, the rest its border's colour
    assert (wide[:4] == wide[0, 0]).all() and not (wide[4:12] == wide[0, 0]).all()
    large = photos(tmp_path / "large", n_classes=3, each=2, size=(700, 350))
    assert imported(workspace, large).inputs.shape == (6, 256, 256)


# --- questions and defaults ----------------------------------------------------------------------------------------------------


def test_eight_classes_of_six_examples_are_asked_about_by_default(tmp_path: Path, workspace: Workspace) -> None:
    data = imported(workspace, written(songs(8), tmp_path / "songs.csv"))
    assert [question.id for question in data.description.questions] == ["everything", "taxonomy", "measures"]
    for question in data.description.questions:
        spec = answer_spec(data, question)
        assert (spec.run.evaluation.n_way, spec.run.evaluation.shots) == (2, (1, 2)) and question.n_way == 2
        for run in spec.fold_runs:
            check_run(run, data)
    by_class = imported(workspace, written(songs(8).drop(columns="family"), tmp_path / "plain.csv"))
    spec = answer_spec(by_class, own_question(by_class, ["measures"]))
    assert spec.folds == 4 and all(len(ids) >= 2 for split in spec.splits for ids in by_class.split(split).values())


@pytest.mark.parametrize("n", range(6, 12))
def test_each_role_gets_two_of_few_classes(n: int) -> None:
    classes = pd.DataFrame({"class_id": range(n)})
    dealt = split_by_group(classes["class_id"], seed=1)
    assert min(pd.Series(dealt).value_counts()) >= 2
    rotated = [fold_roles(classes["class_id"], fold + 1, 3) for fold in range(3)]
    assert all(min(pd.Series(roles).value_counts()) >= 2 for roles in rotated)
    assert fitting_ways(classes, None, dealt, None) >= 2


def test_questions_are_about_siblings_where_a_source_tells_them_apart(tmp_path: Path, workspace: Workspace) -> None:
    table = songs(20).assign(family=lambda t: "family " + (t["species"].str[5:].astype(int) // 4).astype(str))
    asked = {
        question.id: question for question in imported(workspace, written(table, tmp_path / "songs.csv")).description.questions
    }
    assert (asked["measures"].strategy, asked["taxonomy"].strategy) == ("siblings", "uniform")
    assert asked["measures"].title == "Does the metadata “measures” help tell sibling species apart?"
    assert asked["measures"].n_way == 4 and asked["taxonomy"].title.endswith("tell any 4 species apart?")


# --- real sets -----------------------------------------------------------------------------------------------------------------

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "text"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data beside the checkout are not here")
def test_clinc150_and_fewrel_are_read_as_people_have_them(tmp_path: Path, workspace: Workspace) -> None:
    clinc = preview(SHARED / "clinc150.parquet")
    assert {name: role for name, (role, _, _) in roles_in(clinc).items()} == {
        "text": "input",
        "intent": "class",
        "domain": "metadata",
        "split": "split",
        "in_scope": "metadata",
    }
    assert clinc.plan.siblings == "domain" and len(clinc.counts) == 151 and not clinc.problem
    assert "151 of 151 classes are in several parts" in " ".join(clinc.notes)
    fewrel = imported(
        workspace, SHARED / "fewrel80_sentences.parquet", classes=SHARED / "fewrel_relations.parquet", name="relations"
    )
    assert [source.columns for source in fewrel.sources] == [("name",), ("description",)] and len(fewrel.classes) == 80
    assert fewrel.classes["description"].notna().all() and "official_split" not in {c for s in fewrel.sources for c in s.columns}


def test_dates_are_read_however_they_are_written(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("2020-01-05", periods=54, freq="37D"))
    forms = {
        "iso.csv": days.dt.strftime("%Y-%m-%d"),
        "german.csv": days.dt.strftime("%d.%m.%Y"),
        "american.csv": days.dt.strftime("%m/%d/%Y"),
        "excel.xlsx": days,
        "own.parquet": days,
    }
    for name, column in forms.items():
        found = preview(written(songs().assign(day=column), tmp_path / name))
        assert (
            pd.to_datetime(found.found.instances["day"]).astype("datetime64[s]").tolist() == days.astype("datetime64[s]").tolist()
        ), name
        assert found.columns.set_index("name").loc["day", ["kind", "source"]].tolist() == ["timestamp", "time"]
    codes = preview(written(songs().assign(zip=[f"{i:05d}" for i in range(54)]), tmp_path / "codes.csv"))
    assert codes.found.instances["zip"].tolist()[:2] == ["00000", "00001"]
