"""Of the groups at hand, so many gain more than the threshold: counted, not estimated."""

import numpy as np
import pytest

from metadash.stats.group_shares import GroupShare, share_of_groups


def test_groups_are_counted_by_their_own_means_however_often_they_were_drawn() -> None:
    group = np.array([7, 7, 7, 2, 9, 9, 4])
    differences = np.array([3.0, -2.0, 0.8, 0.4, -1.0, -0.2, 0.51])
    found = share_of_groups(differences, group, 0.5)
    assert (found.above, found.inside, found.below, found.n) == (2, 1, 1, 4)
    assert share_of_groups(differences, group, 1.0).above == 0
    with pytest.raises(ValueError, match="needs its group"):
        share_of_groups(differences, group[:3], 0.5)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (GroupShare(24, 1, 28, 0.5), "24 of 28 letters gain more than half a point"),
        (GroupShare(1, 20, 28, 0.5), "20 of 28 letters lose more than half a point"),
        (GroupShare(1, 0, 28, 1.0), "1 of 28 letters gains more than a point"),
        (GroupShare(28, 0, 28, 0.3), "all 28 letters gain more than 0.3 points"),
        (GroupShare(0, 0, 28, 0.5), "none of 28 letters gain more than half a point"),
        (GroupShare(3, 0, 3, 0.0), "all 3 letters gain more than nothing"),
        (GroupShare(1, 0, 1, 0.5), "1 of 1 letter gains more than half a point"),
    ],
)
def test_the_plain_fact_in_words(share: GroupShare, words: str) -> None:
    assert share.words("letter") == words
