"""What every answer is shown by, whichever page or function gave it: one section, which stands alone or among others in a report."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io

from metadash.canonical import digest
from metadash.errors import BadInput

FORMAT = 1
LARGEST = 4_000_000
"""Letters of a stored section: more than any page shows, and less than fills a disk unnoticed."""


@dataclass(frozen=True)
class Section:
    """``title`` is what was asked, the first of ``told`` the answer, ``small`` what it rests on; ``numbers`` are tables by their headings,
    ``repeat`` what computes it again and names it. ``pictures`` are figures by their headings, drawn when they are asked for, and ``svg``
    the first of them for a notebook. ``methods`` are a name and a paragraph each, ``configuration`` is all that decides the numbers.
    ``shown`` is HTML of its own, safe as it is, between what is told and the pictures."""

    title: str
    told: Sequence[str]
    numbers: Mapping[str, pd.DataFrame]
    repeat: Sequence[str]
    small: str = ""
    pictures: Mapping[str, Callable[[], go.Figure]] = field(default_factory=dict)
    svg: str = ""
    shown: str = ""
    methods: Sequence[tuple[str, str]] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names it by its content."""
        return name_of(stored(self))


def name_of(text: str) -> str:
    """Of a stored section: where the text is another, it is another section."""
    return digest(text)


def stored(section: Section) -> str:
    """All of it as one text of JSON, in its order, figures drawn; what is ``shown`` as HTML and as SVG is for other places and stays out."""
    return json.dumps(
        {
            "format": FORMAT,
            "title": section.title,
            "told": list(section.told),
            "small": section.small,
            "numbers": {name: text_of(frame) for name, frame in section.numbers.items()},
            "pictures": {name: draw().to_json() for name, draw in section.pictures.items()},
            "repeat": list(section.repeat),
            "methods": [list(one) for one in section.methods],
            "configuration": dict(section.configuration),
        },
        ensure_ascii=False,
        default=str,
    )


def restored(text: str) -> Section:
    """What ``stored`` wrote. Raises BadInput for anything else."""
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError
        return Section(
            found["title"],
            found["told"],
            {name: frame_of(one) for name, one in found["numbers"].items()},
            found["repeat"],
            found["small"],
            {name: partial(plotly.io.from_json, one) for name, one in found["pictures"].items()},
            methods=[(name, told) for name, told in found["methods"]],
            configuration=found["configuration"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("This section cannot be read; take it out of the report, and add it from its page again.") from error


def text_of(frame: pd.DataFrame) -> str:
    """A table as JSON: its columns, its index with what that is called, its rows; dates as texts."""
    text = frame.to_json(orient="split", double_precision=15, date_format="iso")
    return text if frame.index.name is None else json.dumps({**json.loads(text), "called": str(frame.index.name)})


def frame_of(text: str) -> pd.DataFrame:
    """What ``text_of`` wrote. Texts stay texts, whatever they look like."""
    found = json.loads(text)
    return pd.DataFrame(found["data"], found["index"], found["columns"]).rename_axis(found.get("called"))
