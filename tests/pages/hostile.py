"""A data set whose every word is Markdown, LaTeX, an icon, HTML and a picture at once; and where a page would have read it so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from metadash.data.dataset import Dataset, Question, Source
from metadash.data.splits import split_by_group, table_of
from metadash.workspace import Workspace
from tests.builders import tiny_classes, tiny_description, tiny_images, tiny_instances, write_tiny

HOSTILE = "*b* $x$ [a](b) ![x](http://127.0.0.1:9/x.png) :material/home: <img src=x onerror=alert(1)> `code` <b>c</b>"
READ = ("*b*", "$x$", "[a](", "![x]", ":material/home:", "<img src=x", "`code`", "<b>c")
"""What is in it while it is not escaped."""
MARKUP = ("<img src=x", "<b>c")
"""What HTML and charts would read."""


def hostile(of: str) -> str:
    return f"{HOSTILE} {of}"


def write_hostile(workspace: Workspace) -> Dataset:
    """Called *hostile*; with the sources ``hostile("place")``, ``hostile("age")`` and, of instances, ``hostile("site")``."""
    classes, instances = tiny_classes(), tiny_instances()
    for name in ("class_name", "family", "corner", "description"):
        classes[name] = HOSTILE + " " + classes[name]
    instances["site"] = HOSTILE + " " + instances["site"]
    tags = np.empty(len(classes), dtype=object)
    tags[:] = [[hostile("tag"), hostile(str(row % 3))] for row in range(len(classes))]
    classes["tags"] = pd.Series(tags, dtype=object)
    renamed = {name: hostile(name) for name in ("family", "corner", "description", "found", "size", "site", "tags")}
    classes, instances = classes.rename(columns=renamed), instances.rename(columns=renamed)
    sources = tuple(
        Source(hostile(name), level, tuple(renamed[column] for column in columns), hostile("said"))
        for name, level, columns in (
            ("place", "class", ("corner", "tags")),
            ("age", "class", ("found", "size")),
            ("words", "class", ("description",)),
            ("site", "instance", ("site",)),
        )
    )
    said: dict[str, Any] = {
        name: hostile(name) for name in ("title", "licence", "provenance", "class_noun", "group_noun", "thumbnail_note")
    }
    said |= {"sibling_column": renamed["family"], "disjoint_column": renamed["site"], "default_split": hostile("split")}
    question = Question("q", hostile("subject"), hostile("task"), (sources[0].name,), "siblings", 4)
    description = replace(
        tiny_description("hostile"), **said, sources=sources, questions=(question,), extra={"notes": [hostile("note")]}
    )
    splits = table_of({hostile("split"): split_by_group(classes[renamed["family"]], 0)})
    return write_tiny(
        workspace, "hostile", classes=classes, instances=instances, inputs=tiny_images(), splits=splits, description=description
    )


UNREAD = {
    "id", "form_id", "element_id", "query_param_key", "options", "raw_value", "raw_values", "value", "default", "set_value", "code_text", "placeholder", "url", "spec", "icon", "data", "styler", "columns", "body_json", "file_name", "alt", "alt_text", "json", "page_script_hash", "element_hash", "accept_new_options",
}  # fmt: skip
"""Fields that Streamlit shows as they are, or not at all."""


def texts_of(message: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in what is sent to the browser, with the way to it."""
    for field, value in message.ListFields():
        where = f"{path}.{field.name}"
        for one in value if field.is_repeated and not hasattr(value, "items") else [value]:
            if hasattr(one, "ListFields"):
                yield from texts_of(one, where)
            elif isinstance(one, str):
                yield where, one


def elements_of(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from elements_of(child)


def interpreted(page: AppTest) -> list[str]:
    """Where something of the data is sent as Markdown, or as markup in HTML and charts."""
    found = []
    for root in page._tree.children.values():
        for element in [root, *elements_of(root)]:
            proto = getattr(element, "proto", None)
            if proto is None or not hasattr(proto, "ListFields"):
                continue
            kind = getattr(element, "type", "")
            for where, text in texts_of(proto):
                last = where.rpartition(".")[2]
                marks = MARKUP if kind == "html" or last == "spec" else () if last in UNREAD else READ
                for mark in marks:
                    if mark in text:
                        found.append(f"{kind}{where}: {mark!r} in {text[max(0, text.find(mark) - 60) :][:80]!r}")
                        break
    return found
