"""Sections as a document: one HTML file that opens offline and draws its figures, or Markdown with a CSV file for each table."""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence

import pandas as pd

from metadash.errors import BadInput
from metadash.figures.html import escape, page, table
from metadash.figures.result import drawn
from metadash.figures.section import Section

LARGEST = 6_000_000
"""Bytes of the HTML file, plotly.js (4.8 MB) included."""
MOST_ROWS = 24
"""Of a table that is open; a longer one opens on a click."""
Commented = tuple[Section, str]
"""A section, and what somebody wrote to it."""


def html_document(title: str, sections: Sequence[Commented], most: int | None = None) -> str:
    """Raises BadInput where it would have more than ``most`` bytes."""
    parts = [f"<h1>{escape(title)}</h1>"] if len(sections) > 1 or not sections else []
    if len(sections) > 1:
        listed = "".join(f'<li><a href="#s{place}">{escape(one.title)}</a></li>' for place, (one, _) in enumerate(sections))
        parts.append(f"<ol>{listed}</ol>")
    pictured = False
    for place, (section, comment) in enumerate(sections):
        parts += section_html(section, comment, place, alone=len(sections) == 1, plotly=not pictured)
        pictured = pictured or bool(section.pictures)
    text = page(title, parts)
    if most is not None and len(text.encode()) > most:
        raise BadInput(
            f"This report would be {len(text.encode()) / 1e6:.0f} MB, and {most / 1e6:.0f} MB are the most; take a section out, such as the largest map."
        )
    return text


def section_html(section: Section, comment: str, place: int, alone: bool, plotly: bool) -> list[str]:
    first, *rest = section.told
    heading, below = ("h1", "h2") if alone else ("h2", "h3")
    parts = [
        f"<{heading}>{escape(section.title)}</{heading}>"
        if alone
        else f'<{heading} id="s{place}">{escape(section.title)}</{heading}>',
        f'<p class="lead">{escape(first)}</p>',
        f"<p>{escape(' '.join(rest))}</p>" if rest else "",
        f'<p class="small">{escape(section.small)}</p>' if section.small else "",
        *(f'<p class="comment">{escape(line)}</p>' for line in comment.splitlines() if line.strip()),
        section.shown,
    ]
    for number, (name, draw) in enumerate(section.pictures.items()):
        parts.append(drawn(name, draw(), first=plotly and number == 0, heading=below))
    for name, frame in section.numbers.items():
        shown = table(frame, index=has_names(frame))
        if len(frame) > MOST_ROWS:
            shown = f"<details><summary>{len(frame)} rows</summary>{shown}</details>"
        parts += [f"<{below}>{escape(name)}</{below}>", shown]
    if section.methods:
        parts.append(f"<{below}>Methods</{below}>")
        parts += [f"<p><b>{escape(name)}.</b> {escape(told)}</p>" for name, told in section.methods]
    parts += [f"<{below}>To repeat it</{below}>", *(f"<pre>{escape(one)}</pre>" for one in section.repeat)]
    if section.configuration:
        text = json.dumps(section.configuration, ensure_ascii=False, indent=1, default=str)
        parts.append(f"<details><summary>Configuration</summary><pre>{escape(text)}</pre></details>")
    return parts


def markdown_document(title: str, sections: Sequence[Commented], tables: Mapping[tuple[int, str], str]) -> str:
    """``tables`` are the names of the CSV files, by the place of the section and the heading of the table."""
    lines = [f"# {marked(title)}", ""]
    for place, (section, comment) in enumerate(sections):
        first, *rest = section.told
        lines += [f"## {marked(section.title)}", "", f"**{marked(first)}**", ""]
        lines += [marked(" ".join(rest)), ""] if rest else []
        lines += [f"*{marked(section.small)}*", ""] if section.small else []
        lines += [f"> {marked(line)}" for line in comment.splitlines() if line.strip()] + [""] * bool(comment.strip())
        for name in section.numbers:
            lines += [f"- {marked(name)}: [{tables[place, name]}]({tables[place, name]})"]
        lines += [""] * bool(section.numbers)
        if section.methods:
            lines += ["### Methods", "", *(f"- **{marked(name)}** {marked(told)}" for name, told in section.methods), ""]
        lines += ["### To repeat it", "", *map(fenced, section.repeat), ""]
        if section.configuration:
            text = json.dumps(section.configuration, ensure_ascii=False, indent=1, default=str)
            lines += ["### Configuration", "", fenced(text, "json"), ""]
    return "\n".join(lines)


def fenced(text: str, language: str = "") -> str:
    """As a block of code, between more backticks than it holds in a row: what comes from data cannot close it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def marked(text: str) -> str:
    """As Markdown that reads as it stands: what comes from data is no heading, link or HTML."""
    return re.sub(r"([\\`*_\[\]<>#|~$])", r"\\\1", " ".join(str(text).split()))


def bundle(title: str, sections: Sequence[Commented]) -> bytes:
    """A zip file: ``report.md`` and a CSV file for each table."""
    frames: dict[str, pd.DataFrame] = {}
    tables: dict[tuple[int, str], str] = {}
    for place, (section, _) in enumerate(sections):
        for name, frame in section.numbers.items():
            file = f"{place + 1}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')[:60] or 'table'}.csv"
            file = file if file not in frames else f"{place + 1}-{len(frames)}-table.csv"
            frames[file], tables[place, name] = frame, file
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("report.md", markdown_document(title, sections, tables))
        for file, frame in frames.items():
            packed.writestr(file, frame.to_csv(index=has_names(frame)))
    return buffer.getvalue()


def has_names(frame: pd.DataFrame) -> bool:
    """Whether its index says something."""
    return not isinstance(frame.index, pd.RangeIndex) and frame.index.dtype.kind not in "iu"
