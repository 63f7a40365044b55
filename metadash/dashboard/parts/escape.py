"""Text of the data or of a person where Streamlit would read Markdown: a class named ``*`` or ``:material/home:`` stays as it is."""

import re

PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!$:~<>|&^=])")


def unbroken(quantity: str) -> str:
    """``80.4 %`` or ``1 s`` that stays on one line: a browser breaks at any ordinary space."""
    return quantity.replace(" ", "\N{NO-BREAK SPACE}")


def plain(text: object) -> str:
    """The text with its punctuation escaped, line breaks as spaces."""
    return PUNCTUATION.sub(r"\\\1", str(text).replace("\n", " "))
