"""A trained learner at work: what a person gives it, the run that labels that, and the labels as they are read. None of it reads torch.

>>> import metadash as md                                                                                    # doctest: +SKIP
>>> from metadash.front.use import give, labelled, use_spec                                                   # doctest: +SKIP
>>> given = give(data, examples, ["ash", "ash", "oak"], photos, {"ash": {"leaf": "long"}}, names)            # doctest: +SKIP
>>> spec = use_spec(learner.run, given)                                                                      # doctest: +SKIP
>>> board.submit(spec)                                                                                       # doctest: +SKIP
>>> labelled(store.get(digest), store).frame()                                                               # doctest: +SKIP
"""

from metadash.data.given.given import Given, given_named
from metadash.front.using.asked import calibration_for, columns_of_inputs, columns_read, places_by_metadata, use_spec, why_not
from metadash.front.using.given import give, with_corrections
from metadash.front.using.labelled import FIXED, Labelled, labelled
from metadash.front.using.rising import Rise, expected_rise
from metadash.front.using.trust import Trust

__all__ = [
    "FIXED",
    "Given",
    "Labelled",
    "Rise",
    "Trust",
    "calibration_for",
    "columns_of_inputs",
    "columns_read",
    "expected_rise",
    "give",
    "given_named",
    "labelled",
    "places_by_metadata",
    "use_spec",
    "why_not",
    "with_corrections",
]
