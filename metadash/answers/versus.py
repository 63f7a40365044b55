"""Several arms against one baseline: paired differences at every number of shots, tested together, and said in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from metadash.answers.costs import Cost
from metadash.answers.family import Claim, claim_columns, claims
from metadash.answers.sentence import examples
from metadash.answers.stored_arms import StoredArm
from metadash.errors import BadInput
from metadash.specs.transduction import transductive
from metadash.stats.paired import Difference, difference, worth
from metadash.stats.scored import Scores
from metadash.stats.shots import WorthInShots, fewest_shots
from metadash.stats.verdict import SURELY, Verdict
from metadash.stats.words import count

CLAIMS = {
    Verdict.HELPS: "“{first}” {surely}does better than “{second}”",
    Verdict.HURTS: "“{first}” {surely}does worse than “{second}”",
    Verdict.EQUIVALENT: "between “{first}” and “{second}” there is {surely}no practical difference",
    Verdict.UNDETERMINED: "it cannot be told yet whether “{first}” does better than “{second}”",
}


@dataclass(frozen=True)
class Versus:
    """One arm less the baseline, at every number of shots; ``worth`` at the fewest. ``problem`` says why there is nothing."""

    differences: tuple[Difference, ...] = ()
    worth: WorthInShots | None = None
    problem: str = ""

    def at(self, shot: int) -> Difference | None:
        return next((found for found in self.differences if found.shot == shot), None)


def versus(first: Scores, baseline: Scores, rope: float | None = None, with_worth: bool = True) -> Versus:
    """The paired differences, against a region of ± ``rope`` (by default the metric's); ``with_worth`` also the bootstrap of what they are worth in examples."""
    try:
        found = tuple(difference(first, baseline, shot, rope) for shot in first.shots)
        return Versus(found, worth(first, baseline, fewest_shots(first.shots)) if with_worth and len(first.shots) > 1 else None)
    except BadInput as problem:
        return Versus(problem=str(problem))


def against_baseline(compared: Mapping[str, Versus], shot: int) -> dict[str, Claim]:
    """All arms compared at ``shot`` as one family of tests; those that could not be paired are left out."""
    return claims({arm: row for arm, one in compared.items() if (row := one.at(shot))})


def headline(first: str, second: str, found: Difference, noun: str) -> str:
    """The first sentence: verdict, difference, both intervals. ``noun``: what would be new, in the plural."""
    inside, new = found.episodes, found.new_classes
    claim = CLAIMS[found.decision.verdict].format(first=first, second=second, surely=SURELY[found.decision.grade])
    text = f"With {examples(found.shot)} per class, {claim}: {inside.words} on these {noun}"
    if new.low is None:
        return f"{text}; how it is on new {noun} cannot be said ({new.note})."
    return f"{text}, {new.bracket} on new {noun} ({count(new.n)} {noun} tested)."


def worth_words(first: str, second: str, found: WorthInShots, noun: str = "classes") -> str:
    """How many labelled examples the second needs to do as well as the first, for these and for new ``noun``."""
    opening = f"“{first}” with {examples(int(found.at))} per class does as well as “{second}” with "
    if found.censored:
        return f"{opening}{'at least' if found.censored == 'above' else 'at most'} {found.at + found.value:.1f}."
    inside, new = (
        "" if low is None or high is None else f" [{found.at + low:.1f}, {found.at + high:.1f}] on {which} {noun}"
        for low, high, which in ((found.low, found.high, "these"), (found.new_low, found.new_high, "new"))
    )
    return f"{opening}about {found.at + found.value:.1f}{inside}{',' if inside and new else ''}{new}."


def long_table(
    arms: Mapping[str, StoredArm], scores: Mapping[str, Scores], costs: Mapping[str, Cost], baseline: str
) -> pd.DataFrame:
    """Every number of the comparison, one row an arm, a number of ways and a number of shots; all by name.

    Each number of ways and shots is a family of its own: Holm corrects for the arms that are compared with the baseline there.
    """
    rows = []
    for n_way in scores[baseline].ways:
        here = {name: found.at_ways(n_way) for name, found in scores.items() if n_way in found.ways}
        compared = {name: versus(found, here[baseline], with_worth=False) for name, found in here.items() if name != baseline}
        for shot in here[baseline].shots:
            together = against_baseline(compared, shot)
            rows += [row_of(name, found, shot, together.get(name), arms[name], costs[name]) for name, found in here.items()]
    return pd.DataFrame(rows).assign(baseline=baseline)


def row_of(name: str, found: Scores, shot: int, against: Claim | None, arm: StoredArm, cost: Cost) -> dict[str, Any]:
    inside, new = found.means(shot)
    return {
        "arm": name,
        "n_way": found.n_way,
        "shots": shot,
        found.metric.column: inside.estimate,
        "these_classes_low": inside.low,
        "these_classes_high": inside.high,
        "new_classes_low": new.low,
        "new_classes_high": new.high,
        "validation_percent": arm.validation,
        **claim_columns(against, found.metric),
        **cost.as_values(),
        "n_episodes": len(found.manifest),
        "n_seeds": len(found.seeds),
        "seeds": " ".join(map(str, found.seeds)),
        "mode": arm.spec.mode,
        "batch_norm": arm.runs[0].summary.get("batch_norm"),
        "transductive": transductive(arm.spec),
        "query_dirichlet": arm.spec.evaluation.query_dirichlet,
        "manifest": arm.episodes[0],
        "digests": " ".join(found.digests),
    }


def episode_table(scores: Mapping[str, Scores]) -> pd.DataFrame:
    """The scores behind every number: one row an arm, ways, seed, number of shots and episode; the metric's value as it is stored (accuracy from 0 to 1)."""
    parts = []
    for name, all_ways in scores.items():
        for found in map(all_ways.at_ways, all_ways.ways):
            for k, shot in enumerate(found.shots):
                for s, seed in enumerate(found.seeds):
                    values = found.values[k, s]
                    columns = {"arm": name, "n_way": found.n_way, "seed": seed, "shots": shot}
                    parts.append(pd.DataFrame({**columns, "episode": range(len(values)), found.metric.name: values}))
    return pd.concat(parts, ignore_index=True)
