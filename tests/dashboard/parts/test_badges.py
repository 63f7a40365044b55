"""A decision looks the same on every page: its mark, its words, its colour."""

import pytest

from metadash.dashboard.parts.badges import badge_of
from metadash.stats.verdict import Decision, Grade, Verdict


@pytest.mark.parametrize(
    ("verdict", "grade", "label", "compared", "colour"),
    [
        (Verdict.HELPS, Grade.CERTAIN, "▲ helps", "▲ better", "primary"),
        (Verdict.HELPS, Grade.VERY_LIKELY, "▲ very likely helps", "▲ very likely better", "primary"),
        (Verdict.HURTS, Grade.PROBABLY, "▼ probably hurts", "▼ probably worse", "red"),
        (
            Verdict.EQUIVALENT,
            Grade.VERY_LIKELY,
            "= very likely no practical difference",
            "= very likely no practical difference",
            "gray",
        ),
        (Verdict.UNDETERMINED, Grade.UNDETERMINED, "? cannot tell yet", "? cannot tell yet", "gray"),
    ],
)
def test_the_colour_is_the_verdict_s_and_the_words_say_how_sure(
    verdict: Verdict, grade: Grade, label: str, compared: str, colour: str
) -> None:
    decision = Decision(verdict, "group", grade=grade)
    assert badge_of(decision) == (label, colour) and badge_of(decision, compared=True) == (compared, colour)
