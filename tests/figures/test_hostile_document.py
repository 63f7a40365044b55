"""Whatever data are called, a report reads as it is written: no heading, link, picture or program comes out of a name."""

import io
import re
import zipfile
from html.parser import HTMLParser

import pandas as pd
import pytest

from metadash.figures.document import bundle, html_document
from metadash.figures.section import Section

HOSTILE = (
    "../../etc/passwd",
    "*b* $x$ [a](b) ![x](http://127.0.0.1:9/x.png)",
    "<img src=x onerror=alert(1)></title><script>alert(2)</script>",
    "one\n```\n# a heading\n````\n# another",
    "x" * 300,
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append(tag)


def tags_of(name: str) -> list[str]:
    parser = Tags()
    parser.feed(html_document(name, [(section(name), " ".join(name.split()))]))
    return parser.found


def section(name: str) -> Section:
    table = pd.DataFrame({name: [name]})
    return Section(
        name,
        [name, name],
        {name: table},
        [f"metadash answer --sources '{name}'"],
        name,
        methods=[(name, name)],
        configuration={name: name},
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_read_as_text_in_html_and_in_markdown_and_name_no_folder(name: str) -> None:
    assert tags_of(name) == tags_of("a plain name"), "the same elements, whatever it is called"
    with zipfile.ZipFile(io.BytesIO(bundle(name, [(section(name), name)]))) as packed:
        files, text = packed.namelist(), packed.read("report.md").decode()
    assert all("/" not in file and ".." not in file and len(file) < 100 for file in files)
    outside = re.sub(r"^(`{3,})[a-z]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = [line for line in outside.splitlines() if line.startswith("#")]
    assert [line.split(" ")[0] for line in headings] == ["#", "##", "###", "###", "###"], headings
    assert not re.search(r"(?<!\\)(<img|\[a\]|\*b\*|<script)", outside)
