"""``metadash.card``: a data set on one page, to be read before it is trusted and sent along with it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset
from metadash.figures.data_card import balance_chart, examples, missing_chart
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.front.choices import opened
from metadash.front.shown import Shown
from metadash.metadata.card import DataCard, card_of


@dataclass(frozen=True, repr=False)
class CardResult(Shown):
    """What there is to say of a data set; ``found`` holds it all as frames."""

    found: DataCard

    @property
    def data(self) -> Dataset:
        return self.found.data

    @property
    def title(self) -> str:
        """``Printed characters (glyphs)``."""
        about = self.data.description
        return about.title if about.title == about.name else f"{about.title} ({about.name})"

    def parts(self) -> Section:
        found, shown = self.found, examples(self.data)
        pictures = {f"Missing in {table}": partial(missing_chart, holes, LIGHT, table) for table, holes in found.missing.items()}
        if found.sizes.nunique() > 1:
            pictures["Class balance"] = partial(balance_chart, found.sizes, LIGHT, self.data.description.class_noun)
        questions = pd.DataFrame({"question": [question.title for question in self.data.description.questions]})
        findings = pd.DataFrame(
            found.values()["findings"], columns=["severity", "code", "source", "column", "sentence", "advice"]
        )
        personal = pd.DataFrame(found.values()["personal"], columns=["table", "column", "source", "sign", "by", "share"])
        more = {"Questions": questions, "Audit": findings, "Personal data": personal}
        numbers = {
            "What it is": found.about,
            "Sources of metadata": readable(found.sources),
            "Splits": found.splits,
            "Columns": readable(found.columns),
            **{name: readable(frame) for name, frame in more.items() if len(frame)},
        }
        licence, whence = self.data.description.licence, self.data.description.provenance
        return Section(
            self.title,
            found.told,
            numbers,
            [f"python -m metadash datasets card {self.data.name}", f"{self.data.name}, fingerprint {self.data.fingerprint}"],
            small=f"Licence: {licence}. From: {whence}",
            pictures=pictures,
            svg=shown,
            shown=shown,
        )

    def __str__(self) -> str:
        about = self.found.about
        wide = max(map(len, about["what"]))
        lines = [f"{self.title}: {self.found.headline}", *self.found.told[1:], ""]
        lines += [f"{what:{wide}}  {said}" for what, said in zip(about["what"], about["said"], strict=True)]
        for heading, frame in (("Sources", self.found.sources), ("Splits", self.found.splits), ("Columns", self.found.columns)):
            if len(frame):
                lines += ["", f"{heading}:", readable(frame).to_string(index=False, max_colwidth=60)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{self.title}: {self.found.headline}"

    def frame(self) -> pd.DataFrame:
        """A row a column of either table: ``table``, ``column``, ``kind``, the share ``missing``, how many values are ``different``, what it
        ``holds`` and its ``source``."""
        return self.found.columns

    def values(self) -> dict[str, Any]:
        return self.found.values()


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares as percent, yes and no as words."""
    words = {name: frame[name].map(lambda share: f"{share:.0%}") for name in ("known", "missing", "share") if name in frame}
    words |= {name: frame[name].map({True: "yes", False: "no"}) for name in ("at prediction", "sensitive") if name in frame}
    return frame.assign(**words)


def card(data: Dataset) -> CardResult:
    """Everything there is to say of a data set on one page: provenance, licence, counts, balance, holes, sources, splits, audit, privacy.

    ``data``: what :func:`metadash.open` or :func:`metadash.from_tables` gave. ``.to_html(file)`` writes the page with thumbnails and the
    missing values as a picture; it opens offline. After Gebru et al. 2021 (*Datasheets for datasets*), as far as a program can know.
    Raises BadInput for a damaged data set.

    Examples
    --------
    >>> import metadash as md
    >>> md.card(data)
    Tiny things (tiny): 40 things with 1...200 images, and 9 sources of metadata.
    >>> md.card(data).frame().query("missing > 0")["column"].tolist()
    ['weight', 'remark', 'blank']
    """
    return CardResult(card_of(opened(data)))
