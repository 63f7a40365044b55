"""Chooses the classes: characters that half of the families have, without look-alikes and without rare ones.

The scale of a style depends on the characters drawn in it, and whether two characters look alike depends on the scale. So
choosing repeats draw, clean, merge, count until a pass takes nothing more away.
"""

import logging
import unicodedata
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from metadash.data.glyphs.builder.clean import clean, without_doubles
from metadash.data.glyphs.builder.fonts import FontStyle, covered
from metadash.data.glyphs.builder.lookalikes import Drawings, groups
from metadash.data.glyphs.builder.render import draw
from metadash.data.glyphs.builder.unicode_facts import block

FAMILY_SHARE = 0.5
MIN_INSTANCES = 50
DRAWN_CATEGORIES = "LNPS"  # letters, numbers, punctuation, symbols: no spaces, controls or bare combining marks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """`codepoints` become classes; `look_alikes` maps a class to the code points merged into it."""

    codepoints: list[int]
    look_alikes: dict[int, list[int]]


def candidates(styles: Sequence[FontStyle]) -> list[int]:
    """Code points of drawable characters that at least half of the families map to a glyph."""
    by_family: dict[str, set[int]] = {}
    for style in styles:
        by_family.setdefault(style.slug, set()).update(covered(style))
    families = Counter(point for points in by_family.values() for point in points)
    return sorted(
        point
        for point, count in families.items()
        if count >= FAMILY_SHARE * len(by_family)
        and unicodedata.category(chr(point))[0] in DRAWN_CATEGORIES
        and block(chr(point))
    )


def draw_styles(styles: Sequence[FontStyle], codepoints: Sequence[int]) -> Drawings:
    """The clean drawings of the given characters in each style."""
    return {style.style_id: clean(draw(style, covered(style) & set(codepoints))) for style in styles}


def final_drawings(drawings: Drawings, merged: Container[int] = ()) -> Drawings:
    """The drawings of the classes proper: nothing that was merged away, no letter that repeats another."""
    return {
        style: without_doubles({point: image for point, image in images.items() if point not in merged})
        for style, images in drawings.items()
    }


def choose(styles: Sequence[FontStyle]) -> tuple[Choice, Drawings]:
    """The classes, and their drawings at the final scale."""
    kept = candidates(styles)
    merged_into: dict[int, int] = {}
    while True:
        drawings = draw_styles(styles, kept)
        merged = groups(drawings)
        drawings = final_drawings(drawings, merged)
        count = Counter(point for images in drawings.values() for point in images)
        rare = {point for point in kept if point not in merged and count[point] < MIN_INSTANCES}
        log.info("%d characters, %d merged, too rare: %s", len(kept), len(merged), "".join(map(chr, sorted(rare))))
        if not merged and not rare:
            return Choice(kept, _members(merged_into, kept)), drawings
        merged_into |= merged
        kept = [point for point in kept if point not in merged and point not in rare]


def _members(merged_into: Mapping[int, int], kept: Sequence[int]) -> dict[int, list[int]]:
    """Class -> what was merged into it, following merges of merges over the passes."""
    members: dict[int, list[int]] = {point: [] for point in kept}
    for point in sorted(merged_into):
        first = merged_into[point]
        while first in merged_into:
            first = merged_into[first]
        if first in members:  # else the group's first character was too rare
            members[first].append(point)
    return members
