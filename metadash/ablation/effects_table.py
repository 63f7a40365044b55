"""Every effect of an ablation as one long table, each with its three intervals: what is downloaded, and what a report prints."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from metadash.ablation.result import Ablation
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference
from metadash.stats.verdict import Decision

EFFECTS = {
    "delta": "left out",
    "phi": "share (Shapley)",
    "alone": "alone",
}
ALL = "all together"


def effects_table(found: Ablation) -> pd.DataFrame:
    """One row a source (or pair, or all), effect and number of shots. Estimates and bounds in what the metric counts gains in; verdicts hold among all sources."""
    return pd.DataFrame(list(rows_of(found)))


def rows_of(found: Ablation) -> Iterator[dict[str, Any]]:
    for card in found.cards:
        for name, label in EFFECTS.items():
            for index, one in enumerate(getattr(card, name)):
                tested = {"p_against_zero": card.p_zero[index]} if name == "delta" else {}
                error = {"sampling_error": card.phi_error[index]} if name == "phi" and card.phi_error else {}
                yield row(card.source, label, one, found, **tested, **error)
        for where, controls in (("beside the others", card.controls), ("alone", card.controls_alone)):
            for control, differences in controls.items():
                for one in differences:
                    yield row(card.source, f"real − {control}, {where}", one, found)
    for one in found.total:
        yield row(ALL, "all − none", one, found)
    for control, differences in found.total_credit.items():
        for one in differences:
            yield row(ALL, f"real − {control}", one, found)
    for (first, second), differences in found.interactions.items():
        for one in differences:
            yield row(f"{first} × {second}", "interaction", one, found)


def row(source: str, effect: str, one: Difference, found: Ablation, **more: Any) -> dict[str, Any]:
    return {
        "source": source,
        "effect": effect,
        "shot": one.shot,
        "estimate": one.episodes.estimate,
        **bounds("these_test_classes", one.episodes),
        **bounds("new_classes", one.new_classes),
        **(bounds("seeds", one.seeds) if one.seeds else {}),
        **decided(one.decision),
        **more,
        "tier": found.tier,
        "partial": found.partial,
    }


def decided(decision: Decision) -> dict[str, Any]:
    """A decision as columns. ``p_claim`` tests what the estimate claims against the edge of the region, after Holm over all tested together."""
    return {
        "verdict": decision.verdict.name.lower(),
        "grade": decision.grade.name.lower(),
        "in_words": decision.words,
        "chance": decision.chance,
        "p_claim": decision.p,
    }


def bounds(name: str, interval: Interval) -> dict[str, Any]:
    return {
        f"{name}_low": interval.low,
        f"{name}_high": interval.high,
        f"{name}_n": interval.n,
        f"{name}_unit": interval.unit,
        f"{name}_method": interval.method,
    }
