"""A made-up Omniglot: seven small alphabets in both layouts, with the tables that say what is whole."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from metadash.data.omniglot import strokes
from metadash.data.omniglot.archives import ZipLayout

CHARACTERS = {"Alpha": 3, "Beta_(old)": 4, "Gamma": 3, "Delta": 3, "Epsilon": 3, "Zeta": 4, "Eta": 3}
BACKGROUND = ("Alpha", "Beta_(old)", "Gamma", "Delta")
DRAWN_WITH_PEN = "Gamma"


def png_of(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def write_tables(folder: Path) -> Path:
    rows = [
        {
            "alphabet": alphabet,
            "origin": "invented" if alphabet == "Eta" else "historical or living",
            "writing_system": None if alphabet == "Eta" else ["alphabet", "abjad"][i % 2],
            "iso15924": None if alphabet == "Eta" else f"Ab{i:02d}",
            "region": "none" if alphabet == "Eta" else "Europe",
            "split": "background" if alphabet in BACKGROUND else "evaluation",
            "n_characters": n,
        }
        for i, (alphabet, n) in enumerate(CHARACTERS.items())
    ]
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "alphabets.csv", index=False)
    listed = [(a, c) for a, n in CHARACTERS.items() for c in range(1, n + 1)]
    roles = ["train"] * 14 + ["val"] * 3 + ["test"] * (len(listed) - 17)
    pd.DataFrame(
        [(*one, role) for one, role in zip(listed, roles, strict=True)], columns=["alphabet", "character", "split"]
    ).to_csv(folder / "vinyals_split.csv", index=False)
    pd.DataFrame({"alphabet": list(CHARACTERS), "hash": "0" * 16}).to_csv(folder / "pixels.csv", index=False)
    return folder


def make_zips(folder: Path, tables: bool = True) -> Path:
    """The authors' layout, with the litter that their archives carry."""
    generator = np.random.default_rng(0)
    if tables:
        write_tables(folder)
    images = {part: zipfile.ZipFile(folder / f"images_{part}.zip", "w") for part in ("background", "evaluation")}
    pen = zipfile.ZipFile(folder / "strokes_background_small1.zip", "w")
    number = 0
    for alphabet, n in CHARACTERS.items():
        part = "background" if alphabet in BACKGROUND else "evaluation"
        archive = images[part]
        archive.writestr(f"__MACOSX/images_{part}/{alphabet}/._.DS_Store", "litter")
        archive.writestr(f"images_{part}/{alphabet}/.DS_Store", "litter")
        for character in range(1, n + 1):
            number += 1
            corners = generator.integers(10, 95, (4, 2))
            for drawer in range(1, 21):
                points = [(int(x), int(y)) for x, y in corners + generator.integers(-4, 5, (4, 2))]
                page = Image.new("1", (105, 105), 1)
                ImageDraw.Draw(page).line(points, fill=0, width=3)
                name = f"{alphabet}/character{character:02d}/{number:04d}_{drawer:02d}"
                archive.writestr(f"images_{part}/{name}.png", png_of(page))
                if alphabet == DRAWN_WITH_PEN:
                    lines = [f"{x},{-y},{40 * t}" for t, (x, y) in enumerate(points)]
                    pen.writestr(f"strokes_background_small1/{name}.txt", "\n".join(["START", *lines, "BREAK"]) + "\n")
    for archive in (*images.values(), pen):
        archive.close()
    return folder


def make_parquet(folder: Path, zips: Path) -> Path:
    """The same drawings as a table, in another order."""
    write_tables(folder)
    layout = ZipLayout(zips)
    frame = layout.index.rename(columns={"part": "split"})
    frame["png"] = pd.Series(dict(layout.pictures()))
    frame = frame.merge(layout.measures(), on=strokes.KEY, how="left").sample(frac=1, random_state=0)
    frame.drop(columns=["member", "archive"]).astype({"path_length_px": "float32"}).to_parquet(folder / "drawings.parquet")
    return folder
