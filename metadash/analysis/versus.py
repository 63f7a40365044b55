"""Several arms against one baseline: paired differences at every number of shots, tested together, and said in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from metadash.analysis.arms import StoredArm
from metadash.analysis.compare import Difference, difference, worth
from metadash.analysis.scores import Scores
from metadash.analysis.sentence import bracket, examples
from metadash.analysis.shots import WorthInShots
from metadash.analysis.verdict import Verdict, holm, p_value
from metadash.analysis.words import points
from metadash.errors import BadInput

CLAIMS = {
    Verdict.HELPS: "“{first}” does better than “{second}”",
    Verdict.HURTS: "“{first}” does worse than “{second}”",
    Verdict.EQUIVALENT: "between “{first}” and “{second}” there is no practical difference",
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


def versus(first: Scores, baseline: Scores) -> Versus:
    try:
        found = tuple(difference(first, baseline, shot) for shot in first.shots)
        return Versus(found, worth(first, baseline, first.shots[0]) if len(first.shots) > 1 else None)
    except BadInput as problem:
        return Versus(problem=str(problem))


def p_values(compared: Mapping[str, Versus], shot: int) -> dict[str, tuple[float, float]]:
    """p for *new classes* and its Holm adjustment over all arms compared at ``shot``; arms without an interval are left out."""
    found = {arm: p for arm, one in compared.items() if (row := one.at(shot)) and (p := p_value(row.new_classes)) is not None}
    return (
        dict(zip(found, zip(found.values(), map(float, holm(list(found.values()))), strict=True), strict=True)) if found else {}
    )


def headline(first: str, second: str, found: Difference, noun: str) -> str:
    """The first sentence: verdict, difference, both intervals. ``noun``: what would be new, in the plural."""
    inside, new = found.episodes, found.new_classes
    claim = CLAIMS[found.decision.verdict].format(first=first, second=second)
    text = f"With {examples(found.shot)} per class, {claim}: {points(inside.estimate, inside.low, inside.high)} on these {noun}"
    if new.low is None:
        return f"{text}; how it is on new {noun} cannot be said ({new.note})."
    return f"{text}, {bracket(new.estimate, new.low, new.high)} on new {noun}."


def worth_words(first: str, second: str, found: WorthInShots) -> str:
    """How many labelled examples the second needs to do as well as the first, with an interval for these test classes."""
    opening = f"“{first}” with {examples(int(found.at))} per class does as well as “{second}” with "
    if found.censored:
        return f"{opening}{'at least' if found.censored == 'above' else 'at most'} {found.at + found.value:.1f}."
    interval = "" if found.low is None or found.high is None else f" [{found.at + found.low:.1f}, {found.at + found.high:.1f}]"
    return f"{opening}about {found.at + found.value:.1f}{interval}."


def long_table(
    arms: Mapping[str, StoredArm], scores: Mapping[str, Scores], compared: Mapping[str, Versus], baseline: str
) -> pd.DataFrame:
    """Every number of the comparison, one row an arm and a number of shots; ``arms`` and ``scores`` by name."""
    adjusted = {shot: p_values(compared, shot) for shot in scores[baseline].shots}
    rows = []
    for name, found in scores.items():
        for shot in found.shots:
            inside, new = found.means(shot)
            row = compared[name].at(shot) if name in compared else None
            p, p_holm = adjusted[shot].get(name, (None, None))
            rows.append(
                {
                    "arm": name,
                    "shots": shot,
                    "accuracy_percent": inside.estimate,
                    "these_classes_low": inside.low,
                    "these_classes_high": inside.high,
                    "new_classes_low": new.low,
                    "new_classes_high": new.high,
                    "baseline": baseline,
                    "difference_points": row.episodes.estimate if row else None,
                    "difference_these_classes_low": row.episodes.low if row else None,
                    "difference_these_classes_high": row.episodes.high if row else None,
                    "difference_new_classes_low": row.new_classes.low if row else None,
                    "difference_new_classes_high": row.new_classes.high if row else None,
                    "p_new_classes": p,
                    "p_holm": p_holm,
                    "verdict": row.decision.verdict.name.lower() if row else None,
                    "n_episodes": len(found.manifest),
                    "n_seeds": len(found.seeds),
                    "seeds": " ".join(map(str, found.seeds)),
                    "mode": arms[name].spec.mode,
                    "batch_norm": arms[name].runs[0].summary.get("batch_norm"),
                    "manifest": found.manifest.hash,
                    "digests": " ".join(found.digests),
                }
            )
    return pd.DataFrame(rows)


def episode_table(scores: Mapping[str, Scores]) -> pd.DataFrame:
    """The scores behind every number: one row an arm, seed, number of shots and episode; accuracy from 0 to 1."""
    parts = []
    for name, found in scores.items():
        for k, shot in enumerate(found.shots):
            for s, seed in enumerate(found.seeds):
                accuracy = found.accuracy[k, s]
                parts.append(
                    pd.DataFrame(
                        {"arm": name, "seed": seed, "shots": shot, "episode": range(len(accuracy)), "accuracy": accuracy}
                    )
                )
    return pd.concat(parts, ignore_index=True)
