"""What would decide what cannot be told for certain: more test episodes, cross-fitting, more groups, or nothing that this data set has."""

import math

import pandas as pd

from metadash.data.dataset import Dataset
from metadash.specs.run import Evaluation
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference
from metadash.stats.words import about, count, plural

TIMES_AS_MANY = 10
"""More episodes than so many times those at hand are no advice."""


def units_in(dataset: Dataset, tests: Evaluation) -> int:
    """How many of what would be new the data set has: groups that ``n_way`` siblings can be drawn within, else classes."""
    if tests.strategy != "siblings" or tests.column is None:
        return len(dataset.classes)
    sizes: pd.Series = dataset.classes[tests.column].value_counts()
    return int((sizes >= tests.n_way).sum())


def advice(one: Difference, noun: str, in_data: int | None) -> str:
    """A sentence on what would make the decision certain, or nothing where it is, or where nothing possible is known to.

    ``noun``: what would be new, such as a letter; ``in_data``: how many of it the data set has.
    """
    decision, tested = one.decision, one.new_classes.n
    if decision.certain or decision.more is None:
        return ""
    if episodes := more_episodes(one.episodes, one.new_classes, one.rope):
        return f"About {count(episodes)} more test episodes would decide."
    if in_data is None:
        return ""
    more, nouns = decision.more, plural(noun) if decision.more != 1 else noun
    if tested + more <= in_data:
        return f"Cross-fitting, which tests all {count(in_data)} {plural(noun)} and not {count(tested)}, would decide if the rest are like these."
    has = f"all {count(in_data)} that the data has were tested" if tested >= in_data else f"the data has {count(in_data)} in all"
    return f"It takes about {count(more)} more {nouns}, and {has}."


def more_episodes(inside: Interval, new: Interval, rope: float) -> int | None:
    """About how many more episodes from the same groups or classes would decide, the estimate staying as it is; None where they would not.

    Of the variance for what is new, the part that episodes add shrinks with their number, and the rest stays.
    """
    if inside.se is None or new.se is None or new.low is None or new.high is None or not new.se > 0:
        return None
    room = abs(abs(new.estimate) - rope)
    down, up = new.estimate - new.low, new.high - new.estimate
    reach = down if new.estimate > rope else up if new.estimate < -rope else max(down, up)
    if not reach > 0:  # nothing varies: what is short is not episodes
        return None
    enough, stays = (new.se * room / reach) ** 2, max(new.se**2 - inside.se**2, 0.0)
    if enough >= new.se**2 or enough <= stays:
        return None
    total = inside.n * inside.se**2 / (enough - stays)
    return about(math.ceil(total - inside.n)) if inside.n < total <= TIMES_AS_MANY * inside.n else None
