"""Takes out drawings that do not show their character: small letters drawn as capitals, missing accents, another letter.

Works on pixels, so it needs no list of fonts. `drawings` maps a code point to its image uint8 [28, 28] within one style.
"""

import unicodedata

import numpy as np

from metadash.data.glyphs.builder.unicode_facts import base_and_accents, case, is_titlecase, script

UNICASE_SHARE = 0.5  # a style that draws half of its small letters as capitals has no lower case


def clean(drawings: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The drawings that may become instances."""
    capital_of = {point: capital for point in drawings if (capital := _capital(point)) in drawings}
    alike = {point for point, capital in capital_of.items() if np.array_equal(drawings[point], drawings[capital])}

    if capital_of and len(alike) >= UNICASE_SHARE * len(capital_of):
        wrong = {point for point in drawings if case(chr(point)) == "lower" or is_titlecase(chr(point))}
    else:
        # A pixel font may put accents on small letters only and use them for capitals too: then neither shows its case.
        wrong = alike | {capital_of[point] for point in alike if base_and_accents(chr(point))[1]}
    wrong |= {point for point in drawings if _accent_is_missing(point, drawings)}
    return {point: image for point, image in drawings.items() if point not in wrong}


def without_doubles(drawings: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The drawings less each letter that repeats an earlier letter of its own script and case.

    Between scripts or cases a shared shape is how writing is; within one (Bitter draws the Bashkir Ҡ as a plain К) the font
    shows the wrong letter. Only for classes that stay after merging look-alikes, which would otherwise lose all drawings.
    """
    seen: set[tuple[str, str, bytes]] = set()
    kept = {}
    for point in sorted(drawings):
        char, image = chr(point), drawings[point]
        sight = (script(char), case(char), image.tobytes())
        is_letter = unicodedata.category(char).startswith("L") and script(char) != "Common"
        if not (is_letter and sight in seen):
            kept[point] = image
        seen.add(sight)
    return kept


def _capital(point: int) -> int:
    """The capital of a small or titlecase letter, where that is one character, else -1."""
    upper = chr(point).upper()
    return ord(upper) if len(upper) == 1 and ord(upper) != point else -1


def _accent_is_missing(point: int, drawings: dict[int, np.ndarray]) -> bool:
    """Whether an accented letter shows the pixels of its bare letter of the same case."""
    base, accents = base_and_accents(chr(point))
    bare = base.upper() if case(chr(point)) == "upper" else base
    return bool(accents) and len(bare) == 1 and ord(bare) in drawings and np.array_equal(drawings[point], drawings[ord(bare)])
