"""What the Omniglot loader promises: whole characters, upright and white on black, turned copies in one role, facts or honest gaps."""

import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.data.omniglot import known, strokes
from metadash.data.omniglot.archives import ZipLayout
from metadash.data.omniglot.drawing import read_png, shrink
from metadash.data.omniglot.install import install
from metadash.data.omniglot.layout import open_layout
from metadash.data.omniglot.roles import check_disjoint
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.omniglot_maker import CHARACTERS, DRAWN_WITH_PEN, make_parquet, make_zips, png_of

SHARED = (
    Path(os.environ.get("METADASH_SHARED_DATA") or Path(__file__).resolve().parents[2] / ".." / "shared" / "data") / "omniglot"
)
ROLES = ("train", "validation", "test")


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_zips(tmp_path_factory.mktemp("zips"))


@pytest.fixture(scope="session")
def parquet(tmp_path_factory: pytest.TempPathFactory, zips: Path) -> Path:
    return make_parquet(tmp_path_factory.mktemp("parquet"), zips)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, zips: Path) -> Dataset:
    return install(Workspace(tmp_path_factory.mktemp("small")), zips)


@pytest.fixture
def copy(zips: Path, tmp_path: Path) -> Path:
    """The made-up archives, to break."""
    return Path(shutil.copytree(zips, tmp_path / "copy"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


# --- made-up archives, both layouts


def test_both_layouts_give_the_same_data_set(small, parquet, workspace):
    assert install(workspace, parquet).fingerprint == small.fingerprint


def test_each_character_is_four_classes_of_twenty_drawings_by_twenty_drawers(small):
    assert len(small.classes) == 4 * sum(CHARACTERS.values())
    assert small.classes["class_name"].is_unique
    per_class = small.instances.groupby("class_id")
    assert (per_class.size() == 20).all() and (per_class["drawer_id"].nunique() == 20).all()


def test_without_rotations_each_character_is_one_class(zips, workspace):
    data = install(workspace, zips, rotations=False)
    assert len(data.classes) == sum(CHARACTERS.values()) and (data.classes["rotation"] == 0).all()


def test_the_turned_copies_are_the_upright_picture_turned_counter_clockwise(small):
    pictures = small.inputs.reshape(-1, 4, 20, 28, 28)
    for turn in range(4):
        np.testing.assert_array_equal(pictures[:, turn], np.rot90(pictures[:, 0], turn, axes=(2, 3)))
    by_class = small.classes["rotation"].to_numpy().reshape(-1, 4)
    assert (by_class == [0, 90, 180, 270]).all()
    again = np.asarray(Image.fromarray(pictures[0, 0, 0]).rotate(90))
    np.testing.assert_array_equal(again, pictures[0, 1, 0])


def test_a_picture_is_upright_and_white_on_black():
    page = Image.new("1", (105, 105), 1)
    ImageDraw.Draw(page).rectangle((70, 5, 95, 25), fill=0)  # ink at the upper right
    picture = shrink(read_png(png_of(page), "test"))
    assert picture.dtype == np.uint8 and picture.shape == (28, 28)
    assert picture[3, 22] > 240 and picture[24, 3] == 0 and picture[3, 3] == 0 and picture[24, 22] == 0


def test_pen_measures_are_there_where_strokes_are_and_missing_elsewhere(small):
    alphabet = small.classes["alphabet"].to_numpy()[small.class_of]
    with_pen = small.instances["n_strokes"].notna().to_numpy()
    assert set(alphabet[with_pen]) == {DRAWN_WITH_PEN} and not set(alphabet[~with_pen]) & {DRAWN_WITH_PEN}
    assert small.frame("SELECT count(*) AS n FROM instances WHERE n_strokes IS NULL")["n"][0] == (~with_pen).sum()


def test_the_measures_of_a_pen_are_those_of_a_hand_computation():
    text = b"START\n0,0,0\n3,-4,100\nBREAK\n3,-4,200\n3,-8,300\n6,-8,350\nBREAK\n"
    found = strokes.measure(strokes.read_strokes(text, "here"))
    assert found == {
        "n_strokes": 2,
        "n_pen_points": 5,
        "duration_ms": 350.0,
        "pen_down_ms": 250.0,
        "path_length_px": 12.0,
        "pen_speed_px_s": 48.0,
        "straightness": round((1 + 5 / 7) / 2, 4),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "do not go from START to BREAK"),
        (b"0,0,0 BREAK", "do not go from START to BREAK"),
        (b"START 0,0,0", "do not go from START to BREAK"),
        (b"START BREAK", "are empty"),
        (b"START 0,0 BREAK", "have the line '0,0' where x,y,t should be"),
        (b"START 0,0,x BREAK", "have the line '0,0,x'"),
    ],
)
def test_strokes_that_the_authors_did_not_write_are_refused(text, said):
    with pytest.raises(BadInput) as refusal:
        strokes.read_strokes(text, "there")
    assert said in str(refusal.value)


def test_a_dot_is_straight_and_has_no_speed():
    found = strokes.measure([np.array([[3.0, 4.0, 100.0]])])
    assert found == {
        **{"n_strokes": 1, "n_pen_points": 1, "duration_ms": 0.0, "pen_down_ms": 0.0},
        **{"path_length_px": 0.0, "pen_speed_px_s": None, "straightness": 1.0},
    }


@pytest.mark.parametrize("split", ["authors", "vinyals", *(f"alphabet-{seed}" for seed in range(5))])
def test_no_character_is_in_two_roles_not_even_turned(small, split):
    roles = small.split(split)
    assert all(len(roles[role]) for role in ROLES)
    characters = {role: set(small.classes.iloc[roles[role]][["alphabet", "character"]].itertuples(index=False)) for role in ROLES}
    assert not characters["train"] & characters["test"] and not characters["train"] & characters["validation"]
    assert not characters["validation"] & characters["test"]
    assert sum(map(len, roles.values())) == len(small.classes)
    if split != "vinyals":
        alphabets = [set(small.classes.iloc[roles[role]]["alphabet"]) for role in ROLES]
        assert sum(map(len, alphabets)) == len(set.union(*alphabets))


def test_a_turned_copy_in_another_role_is_refused(small):
    table = small.frame("SELECT * FROM splits WHERE split = 'authors'")
    table.loc[table["class_id"] == 1, "role"] = "test" if table.loc[table["class_id"] == 1, "role"].item() == "train" else "train"
    with pytest.raises(BadInput, match="has two roles"):
        check_disjoint(small.classes, table)


def test_the_authors_split_tests_on_the_evaluation_alphabets(small):
    roles = small.split("authors")
    assert (small.classes.iloc[roles["test"]]["authors_split"] == "evaluation").all()
    assert (small.classes.iloc[np.r_[roles["train"], roles["validation"]]]["authors_split"] == "background").all()


@pytest.mark.parametrize("strategy", ["uniform", "siblings", "disjoint"])
def test_episodes_of_every_strategy_can_be_drawn(small, strategy):
    column = {"siblings": "alphabet", "disjoint": "drawer_id"}.get(strategy)
    manifest = draw(small, EpisodeSpec(Pool("alphabet-0", "test", None), 4, 1, 5, strategy, column, 0, 20))
    assert len(manifest) == 20


# --- the real drawings


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dataset, float]]:
    if not (SHARED / "drawings.parquet").is_file():
        pytest.skip(
            "the reference drawings ../shared/data/omniglot are not on this machine (nor where METADASH_SHARED_DATA says)"
        )
    folder = tmp_path_factory.mktemp("real")
    start = time.perf_counter()
    yield install(Workspace(folder), SHARED), time.perf_counter() - start
    shutil.rmtree(folder)  # 100 MB


def test_the_real_set_installs_within_a_minute(real):
    assert real[1] < 60


def test_the_real_set_has_the_counts_it_is_known_for(real):
    data = real[0]
    upright = data.classes[data.classes["rotation"] == 0]
    assert len(upright) == 1623 and len(data.classes) == 4 * 1623 and data.classes["alphabet"].nunique() == 50
    assert data.instances["drawing_id"].nunique() == 32_460 and data.inputs.shape == (4 * 32_460, 28, 28)
    drawn = data.instances[data.instances["n_strokes"].notna()]
    assert drawn["drawing_id"].nunique() == 4840 and drawn["class_id"].nunique() == 4 * 242
    assert data.classes["class_name"].is_unique
    assert not any("not pixel for pixel" in note for note in data.description.extra["notes"])


def test_the_real_splits_have_the_published_sizes_and_gurmukhi_in_both(real):
    data = real[0]
    roles = {role: data.classes.iloc[ids] for role, ids in data.split("vinyals").items()}
    assert [len(roles[role]) for role in ROLES] == [4 * 1028, 4 * 172, 4 * 423]
    assert set(roles["train"]["alphabet"]) & set(roles["test"]["alphabet"]) == {"Gurmukhi"}
    assert len(data.split("authors")["test"]) == 4 * 659
    for name in data.split_names:
        check_disjoint(data.classes, data.frame("SELECT * FROM splits WHERE split = ?", [name]))


def test_the_real_pictures_are_those_of_their_png_files(real):
    data, layout = real[0], open_layout(SHARED)
    upright = data.instances[data.classes["rotation"].to_numpy()[data.class_of] == 0].set_index("drawing_id")["instance_id"]
    for row, png in layout.pictures():
        if row % 997 == 0:
            paper = np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)
            box = 255 - np.asarray(Image.fromarray(paper).resize((28, 28), Image.Resampling.BOX))
            ours = data.inputs[upright[layout.index.loc[row, "drawing_id"]]].astype(float)
            assert np.corrcoef(box.ravel(), ours.ravel())[0, 1] > 0.97


def test_the_stroke_archives_give_the_measures_of_the_table(real, tmp_path):
    layout = open_layout(SHARED)
    for name in ("strokes_background_small1.zip", "strokes_background_small2.zip"):
        (tmp_path / name).symlink_to(SHARED / name)
    zipped = ZipLayout.__new__(ZipLayout)
    zipped.folder = tmp_path
    ours, theirs = (one.measures().sort_values(strokes.KEY, ignore_index=True) for one in (zipped, layout))
    pd.testing.assert_frame_equal(ours[strokes.KEY], theirs[strokes.KEY])
    for name in strokes.MEASURES:
        np.testing.assert_allclose(ours[name], theirs[name].to_numpy(), atol=0.0101, rtol=1e-6, equal_nan=True, err_msg=name)


def test_the_table_of_alphabets_agrees_with_the_drawings(real):
    table = known.load_known().alphabets
    assert len(table) == 50 and table["n_characters"].sum() == 1623
    assert real[0].classes["region"].notna().all() and real[0].classes["iso15924"].isna().any()


# --- bad input


def rewrite(path: Path, change) -> None:
    """Write an archive again; ``change(name, content)`` gives (name, content), or None to leave the member out."""
    with zipfile.ZipFile(path) as old:
        members = [(name, old.read(name)) for name in old.namelist()]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members:
            kept = change(name, content)
            if kept:
                new.writestr(*kept)


def spoil(part: str, content: bytes):
    return lambda name, old: (name, content if part in name else old)


def break_it(copy: Path, how: str) -> None:
    evaluation, pen = copy / "images_evaluation.zip", copy / "strokes_background_small1.zip"
    if how == "cut short":
        evaluation.write_bytes(evaluation.read_bytes()[:-3000])
    elif how == "a byte changed":
        content = bytearray(evaluation.read_bytes())
        content[len(content) // 3] ^= 0xFF
        evaluation.write_bytes(content)
    elif how == "no zip":
        evaluation.write_text("<html>404</html>")
    elif how == "empty":
        zipfile.ZipFile(evaluation, "w").close()
    elif how == "one archive only":
        evaluation.unlink()
    elif how == "halves exchanged":
        shutil.copy(copy / "images_background.zip", evaluation)
    elif how == "wrong size":
        rewrite(evaluation, spoil("Zeta/character01/0017_07", png_of(Image.new("1", (28, 28), 1))))
    elif how == "inverted":
        rewrite(evaluation, spoil("Zeta/character01/0017_07", png_of(Image.new("1", (105, 105), 0))))
    elif how == "no png":
        rewrite(evaluation, spoil("Zeta/character01/0017_07", b"GIF89a"))
    elif how == "too long":
        rewrite(evaluation, spoil("Zeta/character01/0017_07", bytes(1 << 17)))
    elif how == "a drawing gone":
        rewrite(evaluation, lambda name, old: None if "character01/0017_07" in name else (name, old))
    elif how == "a character gone":
        rewrite(evaluation, lambda name, old: None if "Zeta/character02" in name else (name, old))
    elif how == "an alphabet gone":
        rewrite(evaluation, lambda name, old: None if "/Zeta/" in name else (name, old))
    elif how == "other alphabets":
        rewrite(evaluation, lambda name, old: (name.replace("/Zeta/", "/Klingon/"), old))
    elif how == "other pictures":
        rewrite(evaluation, lambda name, old: (name.replace("character", "letter"), old))
    elif how == "bad strokes":
        rewrite(pen, spoil("_07", b"START\n1,2\nBREAK\n"))
    elif how == "cut strokes":
        rewrite(pen, spoil("_07", b"START\n1,2,3\n"))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("cut short", "images_evaluation.zip is damaged"),
        ("a byte changed", "damaged|readable"),
        ("no zip", "images_evaluation.zip is damaged, or no zip file"),
        ("empty", "images_evaluation.zip holds no .png files"),
        ("one archive only", "holds no images_evaluation.zip"),
        ("halves exchanged", "belong to the background set"),
        ("wrong size", "Zeta/character01/0017_07 has 28 x 28 pixels; Omniglot's have 105 x 105"),
        ("inverted", "black on white"),
        ("no png", "Zeta/character01/0017_07 is no readable PNG file"),
        ("too long", "unpacks to more than"),
        ("a drawing gone", "character 1 has 19 drawings.*partial"),
        ("a character gone", "Zeta lacks character 2.*partial"),
        ("an alphabet gone", "The alphabet Zeta is missing.*partial"),
        ("other alphabets", "'Klingon' is no alphabet of Omniglot"),
        ("other pictures", "this is another archive"),
        ("bad strokes", "have the line '1,2' where x,y,t should be"),
        ("cut strokes", "do not go from START to BREAK"),
    ],
)
def test_damaged_partial_or_other_archives_are_one_sentence_and_write_nothing(copy, workspace, how, sentence):
    break_it(copy, how)
    with pytest.raises(BadInput, match=sentence) as problem:
        install(workspace, copy)
    one_sentence(problem.value)
    assert not list(workspace.datasets.iterdir())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "nowhere", "'nowhere' does not exist"),
        (lambda folder: folder, "holds neither"),
        (lambda folder: (folder / "drawings.parquet").write_bytes(b"PAR1 no more") and folder, "drawings.parquet is damaged"),
        (lambda folder: pd.DataFrame({"a": [1]}).to_parquet(folder / "drawings.parquet") or folder, "lacks the column"),
    ],
)
def test_a_folder_without_omniglot_is_refused_in_one_sentence(tmp_path, workspace, make, sentence):
    folder = tmp_path / "source"
    folder.mkdir()
    with pytest.raises(BadInput, match=sentence) as problem:
        install(workspace, make(folder))
    one_sentence(problem.value)


def test_a_cut_parquet_file_is_refused(parquet, workspace, tmp_path):
    folder = Path(shutil.copytree(parquet, tmp_path / "cut"))
    content = bytearray((folder / "drawings.parquet").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "drawings.parquet").write_bytes(content)
    with pytest.raises(BadInput) as problem:
        install(workspace, folder)
    one_sentence(problem.value)


def test_a_full_disk_is_said_and_leaves_nothing(zips, full_disk):
    workspace = Workspace(full_disk / "workspace")
    with pytest.raises(BadInput, match="disk is full"):
        install(workspace, zips)
    assert not list(workspace.datasets.iterdir())


def test_a_name_that_is_a_path_is_refused(zips, workspace):
    with pytest.raises(BadInput, match="no name for a data set"):
        install(workspace, zips, name="../outside")


def test_opening_it_before_it_is_there_says_how_to_get_it(workspace):
    with pytest.raises(BadInput, match="datasets fetch omniglot"):
        open_dataset(workspace, "omniglot")


# --- the command line


def test_import_installs_under_the_name_asked_for_and_the_list_shows_it(zips, workspace, capsys):
    where = ["--workspace", str(workspace.root), "--json"]
    assert cli.main(["datasets", *where, "import", "omniglot", "--source", str(zips), "--as", "letters", "--no-rotations"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == sum(CHARACTERS.values())
    assert cli.main(["datasets", *where]) == 0
    assert "letters" in {entry["name"] for entry in json.loads(capsys.readouterr().out)}
    assert cli.main(["datasets", "import", "omniglott", "--source", str(zips), "--workspace", str(workspace.root)]) == 2
    assert "cannot be fetched or imported" in one_sentence(capsys.readouterr().err.strip())
