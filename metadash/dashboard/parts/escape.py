"""Text of the data or of a person where Streamlit would read Markdown: a class named ``*`` or ``:material/home:`` stays as it is."""

import re

PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!$:~<>|&^=])")


def plain(text: object) -> str:
    """The text with its punctuation escaped, line breaks as spaces."""
    return PUNCTUATION.sub(r"\\\1", str(text).replace("\n", " "))
