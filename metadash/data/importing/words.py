"""The words by which people name columns, each list said once: what they mean is guessed from them, and can be corrected."""

import re

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "meta-train", "meta_train", "metatrain", "tr", "base", "background"), "train"),
    **dict.fromkeys(
        ("validation", "validate", "valid", "val", "dev", "development", "meta-val", "meta_val", "meta-validation"), "validation"
    ),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "meta-test", "meta_test", "metatest", "novel"), "test"),
}
"""What a value of a split column means."""

SPLIT_NAMES = ("split", "subset", "partition", "fold", "splits")
"""A column of such a name says who used a row for what, which is no metadata of it."""
CLASS_NAMES = (
    *(
        "class_name",
        "classname",
        "class",
        "label_name",
        "label",
        "labels",
        "category",
        "category_name",
        "intent",
        "relation",
        "species",
    ),
    *(
        "breed",
        "target",
        "character",
        "letter",
        "kind",
        "type",
        "variety",
        "genus",
        "product",
        "y",
        "class_id",
        "label_id",
        "category_id",
    ),
)
"""The surest first."""
NO_NOUNS = ("class", "label", "labels", "target", "y", "name", "category", "kind", "type", "id", "folder", "group", "code", "key")
"""Words that do not say what a class is."""
TEXT_NAMES = (
    "text",
    "sentence",
    "utterance",
    "content",
    "body",
    "question",
    "query",
    "comment",
    "message",
    "review",
    "title",
    "document",
    "abstract",
)
PICTURE_NAMES = (
    "image",
    "picture",
    "photo",
    "file",
    "file_name",
    "filename",
    "path",
    "filepath",
    "image_path",
    "img",
    "thumbnail",
)
ID_NAMES = (
    "id",
    "uid",
    "uuid",
    "guid",
    "key",
    "index",
    "idx",
    "no",
    "nr",
    "number",
    "instance_id",
    "file",
    "filename",
    "file_name",
    "path",
)
SIBLING_NAMES = (
    "family",
    "genus",
    "domain",
    "alphabet",
    "group",
    "supercategory",
    "superclass",
    "parent",
    "category",
    "order",
    "topic",
    "script",
)
PARENT_NAMES = (
    *(
        "parent",
        "parent_id",
        "parent_name",
        "parent_class",
        "parent_label",
        "parent_category",
        "parent_node",
        "superclass",
        "hypernym",
    ),
    *("broader", "is_a", "subclass_of", "subtype_of", "kind_of"),
)
"""Of a column that names another row, the one above it."""
DISJOINT_NAMES = (
    *(
        "site",
        "camera",
        "photographer",
        "drawer",
        "author",
        "annotator",
        "observer",
        "user",
        "session",
        "font",
        "device",
        "location",
    ),
    *("station", "writer", "source", "place", "lab", "batch", "hospital", "scanner", "speaker", "collector"),
)

MEANINGS = {
    "taxonomy": (
        "family",
        "genus",
        "order",
        "phylum",
        "kingdom",
        "superclass",
        "supercategory",
        "parent",
        "ancestor",
        "taxon",
        "clade",
        "domain",
        "hierarchy",
    ),
    "names": ("name", "names", "alias", "synonym", "synonyms", "title", "caption"),
    "description": ("description", "definition", "text", "notes", "note", "remarks", "remark", "summary", "comment", "comments"),
    "time": ("date", "time", "year", "month", "day", "hour", "timestamp", "season", "created", "taken", "recorded", "week"),
    "place": (
        "place",
        "country",
        "region",
        "city",
        "continent",
        "state",
        "lat",
        "latitude",
        "lon",
        "lng",
        "longitude",
        "location",
        "site",
        "habitat",
        "station",
        "origin",
        "province",
    ),
    "measures": (
        "height",
        "width",
        "length",
        "weight",
        "size",
        "area",
        "depth",
        "volume",
        "mass",
        "diameter",
        "count",
        "age",
        "speed",
        "temperature",
        "wingspan",
        "radius",
    ),
    "look": ("colour", "color", "shape", "texture", "pattern", "style"),
    "maker": (
        "author",
        "photographer",
        "drawer",
        "annotator",
        "observer",
        "collector",
        "vendor",
        "maker",
        "brand",
        "manufacturer",
        "designer",
        "publisher",
    ),
    "tags": ("tag", "tags", "keyword", "keywords", "traits", "topics"),
}
"""What columns of such names are about: a source of that name."""


def parts_of(name: str) -> list[str]:
    """The words of a column's name: ``vendorName_2`` is vendor, name, 2."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").replace(".", " ").casefold().split()


def bare(name: str) -> str:
    return "_".join(parts_of(name))


def place_in(name: str, words: tuple[str, ...]) -> int:
    """How far down a list a name stands: as a whole, or (behind all of those) by its last word; the list's length twice where nowhere."""
    whole = bare(name)
    if whole in words:
        return words.index(whole)
    last = parts_of(name)[-1:] or [""]
    return len(words) + words.index(last[0]) if last[0] in words else 2 * len(words)


def is_in(name: str, words: tuple[str, ...]) -> bool:
    return place_in(name, words) < 2 * len(words)


def meaning_of(name: str) -> str:
    """The source that a column's name speaks of, or nothing."""
    words = parts_of(name)
    return next((source for source, known in MEANINGS.items() if any(word in known for word in reversed(words))), "")


def noun_of(*columns: str) -> str:
    """What classes are called, by the first of their columns whose name says it: ``species``, ``intent``; else ``class``."""
    for column in columns:
        words = [word for word in parts_of(column) if word not in NO_NOUNS and not word.isdigit()]
        if words:
            return " ".join(words)
    return "class"
