"""The one kind of error a person is meant to read, and the word that was perhaps meant."""

import difflib
import re
from collections.abc import Iterable, Mapping

NEAR = 0.6
"""Above this ratio of difflib, which is its own bound, two words are alike."""


class BadInput(ValueError):
    """What was asked cannot be done, said in one sentence: what is wrong, where, and what to do about it.

    The command line prints the sentence and exits with 2; a page shows it in place of its answer. Anything else that is
    raised is a defect of ours and goes to the log.
    """


def nearest(word: str, words: Iterable[str], called: Mapping[str, str] | None = None, known: str = "there are") -> str:
    """How a sentence about an unknown ``word`` ends: with the nearest of the known ones, or with all of them.

    ``called``: other things that people say, each with the word that is meant by it. ``known``: how a list of all begins.
    """
    words = list(words)
    near = closest(word, [*words, *(called or ())])
    if near is None:
        return f"; {known} {', '.join(words) or 'none'}."
    return f"; did you mean '{(called or {}).get(near, near)}'?"


def closest(word: str, words: Iterable[str], least: float = NEAR) -> str | None:
    """The one of ``words`` that was perhaps meant, whatever its case and what joins its parts; None where none is near."""
    matcher = difflib.SequenceMatcher(b=bare(word))
    best, found = least, None
    for one in words:
        matcher.set_seq1(bare(one))
        if (ratio := matcher.ratio()) > best:  # of several as near, the first
            best, found = ratio, one
    return found


def bare(word: str) -> str:
    return re.sub(r"[\s_-]+", "-", str(word).casefold())
