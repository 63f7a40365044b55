"""What the Unicode character database says about a character, in words a person can read.

Python's `unicodedata` knows names, categories, decompositions and numbers, but neither scripts nor blocks: the script is
read off the character's name, the block off a table of the ranges from which glyphs are drawn.
All functions take one character (a `str` of length 1).
"""

import unicodedata

from metadash.errors import BadInput

CATEGORY_WORDS = {
    "Lu": "uppercase letter",
    "Ll": "lowercase letter",
    "Lt": "titlecase letter",
    "Lm": "modifier letter",
    "Lo": "other letter",
    "Nd": "decimal digit",
    "Nl": "letter number",
    "No": "other number",
    "Pc": "connector punctuation",
    "Pd": "dash punctuation",
    "Ps": "open punctuation",
    "Pe": "close punctuation",
    "Pi": "initial quote punctuation",
    "Pf": "final quote punctuation",
    "Po": "other punctuation",
    "Sm": "math symbol",
    "Sc": "currency symbol",
    "Sk": "modifier symbol",
    "So": "other symbol",
}

# First and last code point, official name. A character outside these ranges is never a class.
BLOCKS = (
    (0x0000, 0x007F, "Basic Latin"),
    (0x0080, 0x00FF, "Latin-1 Supplement"),
    (0x0100, 0x017F, "Latin Extended-A"),
    (0x0180, 0x024F, "Latin Extended-B"),
    (0x0250, 0x02AF, "IPA Extensions"),
    (0x02B0, 0x02FF, "Spacing Modifier Letters"),
    (0x0370, 0x03FF, "Greek and Coptic"),
    (0x0400, 0x04FF, "Cyrillic"),
    (0x0500, 0x052F, "Cyrillic Supplement"),
    (0x1E00, 0x1EFF, "Latin Extended Additional"),
    (0x1F00, 0x1FFF, "Greek Extended"),
    (0x2000, 0x206F, "General Punctuation"),
    (0x2070, 0x209F, "Superscripts and Subscripts"),
    (0x20A0, 0x20CF, "Currency Symbols"),
    (0x2100, 0x214F, "Letterlike Symbols"),
    (0x2150, 0x218F, "Number Forms"),
    (0x2190, 0x21FF, "Arrows"),
    (0x2200, 0x22FF, "Mathematical Operators"),
    (0x2300, 0x23FF, "Miscellaneous Technical"),
    (0x2500, 0x257F, "Box Drawing"),
    (0x2580, 0x259F, "Block Elements"),
    (0x25A0, 0x25FF, "Geometric Shapes"),
    (0x2600, 0x26FF, "Miscellaneous Symbols"),
    (0xFB00, 0xFB4F, "Alphabetic Presentation Forms"),
)

SCRIPT_OF_WORD = {"LATIN": "Latin", "GREEK": "Greek", "CYRILLIC": "Cyrillic"}

# Characters whose script stands in no word of their name.
SCRIPT_OF_CHARACTER = {"ª": "Latin", "º": "Latin", "\u0384": "Greek", "\u2126": "Greek"}


def block(char: str) -> str | None:
    """The official block name, or None outside the ranges drawn here."""
    return next((name for first, last, name in BLOCKS if first <= ord(char) <= last), None)


def script(char: str) -> str:
    """'Latin', 'Greek' or 'Cyrillic' for letters of those scripts, 'Common' for everything shared between scripts."""
    if char in SCRIPT_OF_CHARACTER:
        return SCRIPT_OF_CHARACTER[char]
    if not unicodedata.category(char).startswith("L"):
        return "Common"
    words = unicodedata.name(char).split()
    return next((SCRIPT_OF_WORD[word] for word in words if word in SCRIPT_OF_WORD), "Common")


def case(char: str) -> str:
    """'upper', 'lower', or 'none'; the titlecase digraphs (ǅ) are neither and count as none."""
    return {"Lu": "upper", "Ll": "lower"}.get(unicodedata.category(char), "none")


def is_titlecase(char: str) -> bool:
    return unicodedata.category(char) == "Lt"


def base_and_accents(char: str) -> tuple[str, list[str]]:
    """The bare character under all accents, lower-cased, and the accents in reading order.

    É, é give ('e', ['acute']); Ǿ gives ('o', ['stroke', 'acute']). Accents come from the canonical decomposition, so Greek
    tonos and Latin acute are one word; a stroke or a hook is no decomposition and is read off the name after WITH.
    """
    if (case(char) == "upper" or is_titlecase(char)) and len(char.lower()) == 1:  # the lower case of İ is two characters
        char = char.lower()
    decomposed = unicodedata.normalize("NFD", char)
    if len(decomposed) > 1:
        base, accents = base_and_accents(decomposed[0])
        return base, accents + [_mark_word(mark) for mark in decomposed[1:]]

    if not unicodedata.category(char).startswith("L"):
        return char, []
    bare_name, found, after = unicodedata.name(char).partition(" WITH ")
    if not found:
        return char, []
    try:
        base, accents = base_and_accents(unicodedata.lookup(bare_name))
    except KeyError:  # the bare letter has no code point of its own
        base, accents = char, []
    return base, accents + [word.lower() for word in after.split(" AND ")]


def _mark_word(mark: str) -> str:
    """COMBINING ACUTE ACCENT -> 'acute'."""
    return unicodedata.name(mark).removeprefix("COMBINING ").removesuffix(" ACCENT").lower()


def facts(char: str) -> dict[str, object]:
    """The columns of `classes` that depend on the character alone; what does not apply is None.

    Raises BadInput for a character without a name or outside the known blocks.
    """
    name, block_name = unicodedata.name(char, None), block(char)
    if name is None or block_name is None:
        raise BadInput(f"U+{ord(char):04X} has no name or lies outside the known blocks, so it cannot be a class of glyphs.")
    base, accents = base_and_accents(char)
    code = unicodedata.category(char)
    return {
        "class_name": name,
        "char": char,
        "codepoint": ord(char),
        "unicode_name": name,
        "script": script(char),
        "general_category": CATEGORY_WORDS[code],
        "category_code": code,
        "block": block_name,
        "base_letter": base,
        "accents": "; ".join(accents) or None,
        "n_accents": len(accents),
        "case": case(char),
        "numeric_value": unicodedata.numeric(char, None),
    }
