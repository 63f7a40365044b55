"""Makes a data set of Omniglot: what its columns mean, its sources, splits and questions, and its 28 x 28 pictures."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Description, Question, Source, write_dataset
from metadash.data.omniglot import drawing, strokes
from metadash.data.omniglot.known import DRAWERS, FACTS, Known, check_whole, load_known
from metadash.data.omniglot.layout import Layout, open_layout
from metadash.data.omniglot.roles import splits_of
from metadash.errors import BadInput
from metadash.workspace import Workspace

Progress = Callable[[str, float], None]
"""``progress(what is being done, fraction of the whole)``."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")

TURNS = (0, 90, 180, 270)
"""Degrees, counter-clockwise."""

SOURCES = (
    Source("alphabet", "class", ("alphabet", "iso15924"), "the alphabet it belongs to, and that script's ISO code"),
    Source(
        "origin",
        "class",
        ("origin", "region"),
        "whether the script was ever in use or invented for fiction, and where it comes from",
    ),
    Source("writing system", "class", ("writing_system",), "alphabet, abjad, abugida, syllabary or featural alphabet"),
    Source("drawer", "instance", ("drawer_id",), "who drew it: one person within one alphabet", sensitive=True),
    Source(
        "pen strokes",
        "instance",
        strokes.MEASURES,
        "how the pen moved; recorded for 242 characters of 8 alphabets, missing elsewhere",
    ),
)

TELL_ANY = "tell any twenty characters apart"
QUESTIONS = (
    Question("script-any", "knowing a script's origin and writing system", TELL_ANY, ("origin", "writing system"), "uniform", 20),
    Question("alphabet-any", "the alphabet", TELL_ANY, ("alphabet",), "uniform", 20),
    Question(
        "everything-any", "all that is known of the alphabet", TELL_ANY, ("alphabet", "origin", "writing system"), "uniform", 20
    ),
)

TRAPS = (
    "In the split vinyals the alphabet Gurmukhi has characters in both train and test: with the source alphabet, use another split.",
    "A drawer number means one person within one alphabet; the turned copies of a drawing share their drawer and pen strokes.",
)


def silent(phase: str, fraction: float) -> None:
    pass


def install(
    workspace: Workspace, source: Path, name: str = "omniglot", rotations: bool = True, progress: Progress = silent
) -> Dataset:
    """Write the drawings in ``source`` as data set ``name``: the folder holds the authors' zip files, or the Parquet layout.

    With ``rotations`` each character becomes four classes, one for each quarter turn. Raises BadInput, and writes nothing, when the
    drawings are damaged, partial or others, or the disk is full.
    """
    if not NAME.fullmatch(name):
        raise BadInput(
            f"'{name[:40]}' is no name for a data set; use letters, digits, '-', '_' and '.', beginning with a letter or digit."
        )
    progress("reading the list of drawings", 0.0)
    known = load_known(Path(source))
    layout = open_layout(Path(source))
    check_whole(layout.index, known)
    index = layout.index.sort_values(strokes.KEY, kind="stable")
    turns = TURNS if rotations else TURNS[:1]
    inputs, ink_px, hashes = draw_all(layout, index, turns, progress)
    progress("reading pen strokes", 0.85)
    index = index.reset_index(drop=True)
    pen = strokes.beside(index, layout.measures())
    classes = classes_of(index, known, turns)
    instances = instances_of(pd.concat([index, ink_px, pen], axis=1), turns)
    progress("writing", 0.9)
    splits = splits_of(classes, known.vinyals)
    others = [alphabet for alphabet in known.pixels if known.pixels[alphabet] != hashes[alphabet]]
    written = write_dataset(workspace, describe(name, pen, others, splits), classes, instances, inputs, splits)
    progress("done", 1.0)
    return written


def draw_all(
    layout: Layout, index: pd.DataFrame, turns: tuple[int, ...], progress: Progress
) -> tuple[np.ndarray, pd.Series, dict[str, str]]:
    """Pictures [I, 28, 28] by class, then drawer; ink of each drawing of ``index``; a hash of each alphabet. One drawing at a time."""
    place = np.empty(len(index), dtype=int)
    place[index.index.to_numpy()] = np.arange(len(index))
    pictures = np.empty((len(index) // DRAWERS, len(turns), DRAWERS, drawing.SMALL, drawing.SMALL), dtype=np.uint8)
    ink_px, hashes = np.zeros(len(index), dtype=np.int64), [b""] * len(index)
    names = layout.index["drawing_id"].to_numpy()
    done = 0
    for row, png in layout.pictures():
        ink = drawing.read_png(png, names[row])
        character, drawer = divmod(place[row], DRAWERS)
        small = drawing.shrink(ink)
        for turn in range(len(turns)):
            pictures[character, turn, drawer] = np.rot90(small, turn)
        ink_px[place[row]], hashes[place[row]] = ink.sum(), drawing.pixel_hash(ink)
        done += 1
        if done % 500 == 0:
            progress("reading drawings", 0.85 * done / len(index))
    if done != len(index):
        raise BadInput(f"There are {done} pictures for {len(index)} drawings; get Omniglot again.")
    rows_of = index.reset_index().groupby("alphabet").indices
    by_alphabet = {str(alphabet): hash_of([hashes[i] for i in rows]) for alphabet, rows in rows_of.items()}
    return pictures.reshape(-1, drawing.SMALL, drawing.SMALL), pd.Series(ink_px, name="ink_px"), by_alphabet


def hash_of(hashes: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashes)).hexdigest()[:16]


def classes_of(index: pd.DataFrame, known: Known, turns: tuple[int, ...]) -> pd.DataFrame:
    characters = index.iloc[::DRAWERS][["alphabet", "character", "part"]]
    classes = characters.loc[characters.index.repeat(len(turns))].reset_index(drop=True).rename(columns={"part": "authors_split"})
    classes["rotation"] = np.tile(np.array(turns, dtype=np.int64), len(characters))
    facts = known.alphabets.loc[classes["alphabet"], list(FACTS)].reset_index(drop=True)
    upright = classes["alphabet"].str.replace("_", " ") + " " + classes["character"].astype("str")
    turned = ", turned " + classes["rotation"].astype("str") + "°"
    classes.insert(0, "class_id", np.arange(len(classes)))
    classes.insert(1, "class_name", upright.where(classes["rotation"] == 0, upright + turned))
    return pd.concat([classes, facts.astype(object).where(facts.notna(), None)], axis=1)


def instances_of(drawings: pd.DataFrame, turns: tuple[int, ...]) -> pd.DataFrame:
    """The rows of ``drawings`` once for each turn, in the order of the pictures."""
    order = np.arange(len(drawings)).reshape(-1, 1, DRAWERS).repeat(len(turns), axis=1).ravel()
    rows = drawings.iloc[order].reset_index(drop=True)
    rows.insert(0, "instance_id", np.arange(len(rows)))
    rows.insert(1, "class_id", np.arange(len(rows)) // DRAWERS)
    rows["drawer_id"] = rows["alphabet"] + "/" + rows["drawer"].astype("str").str.zfill(2)
    return rows[["instance_id", "class_id", "drawing_id", "drawer", "drawer_id", "ink_px", *strokes.MEASURES]]


def describe(name: str, pen: pd.DataFrame, others: list[str], splits: pd.DataFrame) -> Description:
    notes = list(TRAPS if "vinyals" in set(splits["split"]) else TRAPS[1:])
    if pen["n_strokes"].isna().all():
        notes.append("No pen strokes came with the drawings: the source pen strokes is missing everywhere.")
    if others:
        notes.append(f"The drawings of {', '.join(others)} are not pixel for pixel those that MetaDash was tested with.")
    return Description(
        name=name,
        title="Handwritten characters",
        modality="image",
        licence="MIT, Copyright (c) 2015 Brenden Lake",
        provenance="Omniglot (Lake, Salakhutdinov, Tenenbaum 2015, Science 350, 1332-1338), github.com/brendenlake/omniglot; origin, writing "
        "system, ISO code and region of the alphabets compiled by hand for MetaDash; split vinyals from jakesnell/prototypical-networks (MIT)",
        class_noun="character",
        group_noun="alphabet",
        sibling_column="alphabet",
        disjoint_column="drawer_id",
        sources=SOURCES,
        questions=QUESTIONS,
        default_split="alphabet-0",
        extra={"notes": notes},
    )
