"""The one kind of error a person is meant to read, and the word that was perhaps meant."""

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """What was asked cannot be done, said in one sentence: what is wrong, where, and what to do about it.

    The command line prints the sentence and exits with 2; a page shows it in place of its answer. Anything else that is
    raised is a defect of ours and goes to the log.
    """


def nearest(word: str, words: Iterable[str]) -> str:
    """How a sentence about an unknown ``word`` ends: with the nearest of the known ones, or with all of them."""
    words = list(words)
    near = difflib.get_close_matches(word, words, 1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(words)}."
