"""Writes the data set: images, two Parquet tables, and which font came from where under which licence."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import PIL
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import features

from metadash.data.glyphs.builder.fonts import read_family

CLASS_SCHEMA = pa.schema(
    {
        "class_id": pa.int64(),
        "class_name": pa.string(),
        "char": pa.string(),
        "codepoint": pa.int64(),
        "unicode_name": pa.string(),
        "script": pa.string(),
        "general_category": pa.string(),
        "category_code": pa.string(),
        "block": pa.string(),
        "base_letter": pa.string(),
        "accents": pa.string(),
        "n_accents": pa.int64(),
        "case": pa.string(),
        "numeric_value": pa.float64(),
        "look_alikes": pa.string(),
        "n_look_alikes": pa.int64(),
        "tiny_mark": pa.bool_(),
        "n_instances": pa.int64(),
    }
)

INSTANCE_SCHEMA = pa.schema(
    {
        "instance_id": pa.int64(),
        "class_id": pa.int64(),
        "style_id": pa.string(),
        "family": pa.string(),
        "foundry": pa.string(),
        "design_category": pa.string(),
        "style": pa.string(),
        "weight": pa.int64(),
        "width_class": pa.int64(),
        "italic_angle": pa.float64(),
        "is_fixed_pitch": pa.bool_(),
        "created": pa.timestamp("us"),
        "modified": pa.timestamp("us"),
        "designer": pa.string(),
        "x_height_em": pa.float64(),
        "n_points": pa.int64(),
        "n_contours": pa.int64(),
        "n_curves": pa.int64(),
        "advance_em": pa.float64(),
        "ink_px": pa.float64(),
    }
)


def write(out: Path, classes: pd.DataFrame, instances: pd.DataFrame, images: np.ndarray, slugs: Sequence[str]) -> None:
    """Writes all files beside `out` first and moves them in at the end, so a failure leaves nothing half-written."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        fresh = Path(name)
        np.savez_compressed(fresh / "images.npz", images=images)
        _write_table(fresh / "classes.parquet", classes, CLASS_SCHEMA)
        _write_table(fresh / "instances.parquet", instances, INSTANCE_SCHEMA)
        families = family_table(slugs)
        families.drop(columns="copyright").to_csv(fresh / "families.csv", index=False, lineterminator="\n")
        (fresh / "LICENCES.md").write_text(licence_text(families), encoding="utf-8")
        for file in sorted(fresh.iterdir()):
            shutil.move(file, out / file.name)


def _write_table(path: Path, table: pd.DataFrame, schema: pa.Schema) -> None:
    """Page checksums let a reader tell a damaged file from a sound one."""
    rows = pa.Table.from_pandas(table, schema=schema, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(rows, path, compression="zstd", write_page_checksum=True)


def family_table(slugs: Sequence[str]) -> pd.DataFrame:
    """One row per family, from its package."""
    rows = []
    for slug in slugs:
        family = read_family(slug)
        source = family["source"]
        rows.append(
            {
                "family": family["family"],
                "licence": family["license"],
                "version": family["version"],
                "designer": family["designer"],
                "foundry": family["foundry"],
                "upstream": f"{source['repo']}/tree/{source['commit']}/{source['path']}",
                "upstream_commit": source["commit"],
                "package": family["pin"],
                "copyright": family["copyright"].replace("\\'", "'"),  # some packages escape their quotes
            }
        )
    return pd.DataFrame(rows)


def licence_text(families: pd.DataFrame) -> str:
    """The text of LICENCES.md."""
    lines = [
        "# Licences of the fonts behind the glyph images",
        "",
        "This folder holds images of characters and tables of measurements. It holds no font software: no outlines, no hinting",
        "programs, no font files, and nothing from which a font could be restored. The fonts that were drawn are open fonts;",
        "their names, versions and upstream commits are in `families.csv`.",
        "",
        f"Drawn with Pillow {PIL.__version__} (FreeType {features.version('freetype2')}) from the unmodified files of google/fonts",
        "in the `fontpkg-*` packages; `python -m metadash.data.glyphs.builder` draws them again.",
    ]
    for licence, members in families.groupby("licence", sort=True):
        lines += ["", f"## {licence}", ""]
        lines += [f"- {row.family}: {row.copyright}" for row in members.itertuples()]
    return "\n".join(lines) + "\n"
