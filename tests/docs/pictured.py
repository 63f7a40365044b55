"""Which words a page draws, read off its code, and which of them were on it when its picture was taken: ``docs/pictures/said.json``."""

import ast
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
SAID = PICTURES / "said.json"
DRAWS = {
    "header",
    "subheader",
    "button",
    "offer",
    "expander",
    "popover",
    "selectbox",
    "multiselect",
    "toggle",
    "download",
    "link_to",
}
"""Functions that draw a heading or a control under a name."""
OF_BRING = "bring"
"""*Bring your own* is a view of *Metadata* with a folder of its own."""


def words_of(page: str) -> list[str]:
    """Every heading and control of a page that its code names in full."""
    own = ROOT / "pages" / f"{page}.py"
    files = [*([own] if own.exists() else []), *(ROOT / "metadash" / "dashboard" / page).rglob("*.py")]
    calls = (
        node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )
    drawn = (call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) in DRAWS)
    given = (one.value for call in drawn for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return sorted({text for text in given if text[:1].isupper()})


def said() -> dict[str, list[str]]:
    """By picture, the words of its page at that time."""
    return json.loads(SAID.read_text(encoding="utf-8")) if SAID.exists() else {}


def write_down(page: str, pictures: list[str]) -> None:
    SAID.write_text(
        json.dumps({**said(), **dict.fromkeys(pictures, words_of(page))}, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


def page_of(picture: str) -> str:
    return OF_BRING if picture.startswith(OF_BRING) else picture.removeprefix("page-")
