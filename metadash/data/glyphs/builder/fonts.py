"""Reads the pinned font packages: which styles there are, and what each font says of itself.

A *style* is one drawing of a whole alphabet: regular, bold or italic of one family. Facts that the font does not state stay
None. Files are read with fontTools; nothing is drawn here.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fontpkg
from fontTools.ttLib import TTFont

from metadash.errors import BadInput

PINS = Path(__file__).with_name("fonts_pinned.txt")
STYLES = (("normal", 400), ("normal", 700), ("italic", 400))

NAME_MANUFACTURER, NAME_DESIGNER, NAME_VENDOR_URL = 8, 9, 11
NO_VENDOR = {"", "NONE", "UKWN"}  # what fonts write when nobody registered a tag
VENDOR_NAMES = {"GOOG": "Google"}  # the one registered tag that stands in for a missing manufacturer in several families
FONT_EPOCH = datetime(1904, 1, 1)  # font tables count seconds from here
FIRST_OPENTYPE = datetime(1996, 1, 1)  # a date before the format existed is an unset clock, not a date


@dataclass(frozen=True)
class FontStyle:
    """One style: where its file is, where on the variable axes it lies, and its columns of `instances`."""

    style_id: str
    slug: str
    path: Path
    location: dict[str, float]  # empty for a static font
    facts: dict[str, Any] = field(repr=False)


def pinned_families() -> dict[str, str]:
    """Family slug -> package version, in the order of the file of pins."""
    lines = (line.strip() for line in PINS.read_text().splitlines())
    pins = dict(line.split("==") for line in lines if line.startswith("fontpkg-"))
    return {name.removeprefix("fontpkg-"): pin for name, pin in pins.items()}


def read_family(slug: str) -> dict[str, Any]:
    """The metadata.json of one installed family, with `pin`, `root` and what its upright font says of its makers added.

    BadInput when the package is absent or at another version.
    """
    pin = pinned_families().get(slug)
    if pin is None:
        raise BadInput(f"Family {slug!r} is not in {PINS.name}; use one of the names listed there.")
    try:
        found = version(f"fontpkg-{slug}")
    except PackageNotFoundError:
        found = None
    if found is None or _canonical(found) != _canonical(pin):
        raise BadInput(f"Package fontpkg-{slug} is {found or 'not installed'}; run pip install fontpkg-{slug}=={pin} first.")
    root = fontpkg.family(slug).files[0].path.parents[1]
    family = json.loads((root / "metadata.json").read_text(encoding="utf-8"))
    with TTFont(_file(family, root, *STYLES[0]), lazy=True) as font:
        return family | {"pin": f"fontpkg-{slug}=={pin}", "root": root} | _makers(font)


def _canonical(release: str) -> list[str]:
    """Version parts without padding: 2.000 and 2.0 are one release, and so are 3.021 and 3.21."""
    parts = [part.lstrip("0") for part in release.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return parts


def read_styles(slugs: Iterable[str]) -> list[FontStyle]:
    """Regular, bold and italic of each family, as far as it has them."""
    return [style for slug in slugs for style in _styles_of(read_family(slug))]


def _styles_of(family: dict[str, Any]) -> list[FontStyle]:
    found = []
    for style, weight in STYLES:
        path = _file(family, family["root"], style, weight)
        if path is not None:
            style_id = f"{family['slug']}-{weight}-{style}"
            found.append(FontStyle(style_id, family["slug"], path, _location(path, weight), _facts(path, family, style, weight)))
    return found


def _file(family: dict[str, Any], root: Path, style: str, weight: int) -> Path | None:
    """The font file that has the style at the weight: a static one of that weight, or a variable one that reaches it."""
    reach = next(((axis["min"], axis["max"]) for axis in family["axes"] if axis["tag"] == "wght"), (400, 400))
    for file in family["files"]:
        fits = reach[0] <= weight <= reach[1] if file["variable"] else file["weight"] == weight
        if fits and file["style"] == style:
            return root / file["path"]
    return None


def _location(path: Path, weight: int) -> dict[str, float]:
    """All axes at their default and the weight as asked, in the font's axis order; empty for a static font."""
    with TTFont(path, lazy=True) as font:
        axes = font["fvar"].axes if "fvar" in font else []
    return {axis.axisTag: float(weight) if axis.axisTag == "wght" else axis.defaultValue for axis in axes}


def _facts(path: Path, family: dict[str, Any], style: str, weight: int) -> dict[str, Any]:
    with TTFont(path, lazy=True) as font:
        head, os2, post = font["head"], font["OS/2"], font["post"]
        return {
            "family": family["family"],
            "design_category": family["category"][0].replace("_", " ").lower(),
            "style": style,
            "weight": weight,
            "width_class": int(os2.usWidthClass),
            "italic_angle": float(post.italicAngle),
            "is_fixed_pitch": bool(post.isFixedPitch),
            "created": _date(head.created),
            "modified": _date(head.modified),
            "x_height_em": os2.sxHeight / head.unitsPerEm if getattr(os2, "sxHeight", 0) > 0 else None,
        } | _makers(font)


def _makers(font: TTFont) -> dict[str, str | None]:
    """Designer as named, and foundry: the manufacturer named, or else the registered vendor tag."""
    manufacturer = (font["name"].getDebugName(NAME_MANUFACTURER) or "").strip()
    if manufacturer == "NaN":  # a foundry of that name, which readers of CSV files would take for a missing value
        manufacturer = f"NaN ({font['name'].getDebugName(NAME_VENDOR_URL)})"
    vendor = font["OS/2"].achVendID.strip("\0 ")
    return {
        "foundry": manufacturer or (None if vendor in NO_VENDOR else VENDOR_NAMES.get(vendor, vendor)),
        "designer": (font["name"].getDebugName(NAME_DESIGNER) or "").strip() or None,
    }


def _date(seconds: int) -> datetime | None:
    date = FONT_EPOCH + timedelta(seconds=seconds)
    return date if date >= FIRST_OPENTYPE else None


def covered(style: FontStyle) -> set[int]:
    """The code points the font maps to a glyph other than .notdef."""
    with TTFont(style.path, lazy=True) as font:
        return {codepoint for codepoint, glyph in font.getBestCmap().items() if glyph != ".notdef"}


def outlines(style: FontStyle, codepoints: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Measures of each outline: stored points, contours, curved strokes between on-curve points, and advance in em.

    The advance is that of the style's own weight; the points of a variable font are the same at every weight.
    """
    with TTFont(style.path) as font:
        cmap, glyf, em = font.getBestCmap(), font["glyf"], font["head"].unitsPerEm
        glyphs = font.getGlyphSet(location=style.location or None)
        measures = {}
        for codepoint in codepoints:
            name = cmap[codepoint]
            points, ends, flags = glyf[name].getCoordinates(glyf)
            measures[codepoint] = {
                "n_points": len(points),
                "n_contours": len(ends),
                "n_curves": _curves([flag & 1 for flag in flags], ends),
                "advance_em": glyphs[name].width / em,
            }
    return measures


def _curves(on_curve: list[int], ends: list[int]) -> int:
    """How many runs of off-curve points there are: each bends one stroke between two on-curve points."""
    count, start = 0, 0
    for end in ends:
        contour = on_curve[start : end + 1]
        runs = sum(1 for before, here in zip([contour[-1], *contour], contour, strict=False) if before and not here)
        count += runs or (0 if all(contour) else 1)  # a contour of off-curve points alone is one closed curve
        start = end + 1
    return count
