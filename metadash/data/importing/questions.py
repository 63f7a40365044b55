"""The first questions to ask about a data set, made from its sources: what each helps to tell apart, and all of them together."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Question, Source
from metadash.data.folds import fold_roles
from metadash.errors import BadInput
from metadash.stats.words import plural

USUAL_WAYS = 5
FOLDS = (5, 4, 3, 2)
FEWEST = 2
"""Ways of a task."""


def questions_for(
    sources: Sequence[Source], siblings: str | None, classes: pd.DataFrame, roles: np.ndarray, class_noun: str
) -> tuple[Question, ...]:
    """One of all sources of classes, then one of each. ``roles`` [C] of the default split, empty for a class that has none.

    Tasks are of siblings where groups are large enough and the source differs within them; as many ways as fit every role, at most five.
    """
    known = [source for source in sources if source.level == "class" and classes[list(source.columns)].notna().any(axis=None)]
    group = None if siblings is None else pd.factorize(classes[siblings])[0]
    alike = 0 if group is None else fitting_ways(classes, siblings, roles, group)
    anyhow = fitting_ways(classes, siblings, roles, None)
    sets = [("everything", "all that is known", tuple(known))] if len(known) > 1 else []
    sets += [(slug(source.name), f"the metadata “{source.name}”", (source,)) for source in known]
    found: dict[str, Question] = {}
    for identity, subject, asked in sets:
        within = group is not None and alike >= FEWEST and any(differs(classes, source, group) for source in asked)
        ways = alike if within else anyhow
        if ways < FEWEST:
            continue
        nouns = plural(class_noun)
        task = f"tell sibling {nouns} apart" if within else f"tell any {ways} {nouns} apart"
        while identity in found:
            identity += "-2"
        names = tuple(source.name for source in asked)
        found[identity] = Question(identity, subject, task, names, "siblings" if within else "uniform", ways)
    return tuple(found.values())


def slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "source"


def differs(classes: pd.DataFrame, source: Source, group: np.ndarray) -> bool:
    """Whether a source tells any two classes of one group apart: what all siblings share says nothing about them."""
    for column in source.columns:
        values = classes[column]
        codes = pd.factorize(values if values.dtype != object else values.map(repr))[0]
        pairs = np.unique(np.stack([group, codes]), axis=1)[0]
        if (np.bincount(pairs[pairs >= 0], minlength=1) > 1).any():
            return True
    return False


def fitting_ways(classes: pd.DataFrame, siblings: str | None, roles: np.ndarray, group: np.ndarray | None) -> int:
    """The ways of tasks that every role can serve, in the split as it is or cross-fitted, whichever serves more; at most ``USUAL_WAYS``."""
    groups = classes["class_id"] if siblings is None else classes[siblings]
    best = least_together(roles, roles, group)
    for folds in FOLDS:
        if best >= USUAL_WAYS:
            break
        try:
            rotated = [fold_roles(groups, fold + 1, folds) for fold in range(folds)]
        except BadInput:  # too few groups
            continue
        best = max(best, min(least_together(one, roles, group) for one in rotated))
    return min(best, USUAL_WAYS)


def least_together(roles: np.ndarray, stored: np.ndarray, group: np.ndarray | None) -> int:
    """The classes of one task in the role that has fewest, among classes that have a role at all."""
    found = []
    for role in ROLES:
        members = np.flatnonzero((roles == role) & np.isin(stored, ROLES))
        if group is None:
            found.append(len(members))
        else:
            own = group[members]
            found.append(int(np.bincount(own[own >= 0], minlength=1).max()))
    return min(found)
