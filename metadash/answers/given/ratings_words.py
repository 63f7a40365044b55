"""An answer about new users in words: what metadata add, what simple means can do, what is chance."""

from typing import Any

import pandas as pd

from metadash.answers.export import metric_values, simple
from metadash.answers.family import marked
from metadash.answers.given.ratings import RATING_METRICS, RatingsAnswer, chance_of, title_of
from metadash.answers.sentence import both, cell, chance_sentence, new_only
from metadash.answers.tables import bounds
from metadash.specs.given.ratings import ANYTHING, PLAIN
from metadash.stats.metric import HIT_RATE, MAE, Metric
from metadash.stats.paired import Difference
from metadash.stats.verdict import SURELY, Verdict
from metadash.stats.words import capital, count, plural, plural_of

UNIT = "user"
FEWEST_FOR_HITS = 250
"""Users. Most tasks are hits whatever is foreseen, so that few differ: measured, 95 % intervals of 100 users cover 88 % (docs/recommendation.md)."""
SAME_ORDER = (
    "A user's own offset moves all that is foreseen for that user alike, so it cannot change the order: by every measure of ranking, user and "
    "item offsets are the item's mean."
)


def subject(found: RatingsAnswer) -> str:
    """``knowing genres and year``"""
    *most, last = found.spec.sources
    return f"knowing {', '.join(most)} and {last}" if most else f"knowing {last}"


def rating_sentences(found: RatingsAnswer, metric: Metric) -> list[str]:
    """The headline at the most known ratings, the fewest beside it, the control, what else reaches as far, and what is chance."""
    most = len(found.spec.shots) - 1
    if not found.spec.sources:
        return [best_sentence(found, metric, most), *ranking_sentences(found, metric, most), left_out_sentence(found)]
    first = found.gain[metric.name][most]
    said = [
        headline(found, metric, most),
        chance_sentence(first, UNIT),
        *(fewer_sentence(found, metric, at) for at in range(most)),
        f"Rows dealt to other {plural(found.item_noun)}: {new_only(found.over[metric.name]['shuffled'][most], UNIT)}.",
        beyond_sentence(found, metric, most),
        best_sentence(found, metric, most),
        *ranking_sentences(found, metric, most),
        left_out_sentence(found),
    ]
    return [sentence for sentence in said if sentence]


def headline(found: RatingsAnswer, metric: Metric, at: int) -> str:
    one, what, about = found.gain[metric.name][at], subject(found), aim(metric)
    surely = SURELY[one.decision.grade]
    claim = {
        Verdict.HELPS: f"{what} {surely}helps to {about}",
        Verdict.HURTS: f"{what} {surely}makes it harder to {about}",
        Verdict.EQUIVALENT: f"{what} {surely}makes no practical difference when you {about}",
        Verdict.UNDETERMINED: f"it cannot be told yet whether {what} helps to {about}",
    }[one.decision.verdict]
    return f"With {ratings(one.shot)} of a new user, {claim}: {both(one, UNIT)}."


def aim(metric: Metric) -> str:
    return "foresee the others" if metric is MAE else "put the others in order"


def ratings(shot: int) -> str:
    return plural_of(shot, "rating")


def fewer_sentence(found: RatingsAnswer, metric: Metric, at: int) -> str:
    """``With 3 ratings it makes no practical difference: +0.001 stars less [−0.001, 0.003] on new users.``"""
    one = found.gain[metric.name][at]
    told = "it cannot be told yet" if one.decision.verdict is Verdict.UNDETERMINED else f"it {one.decision.words}"
    return f"With {ratings(one.shot)} {told}: {new_only(one, UNIT)}."


def beyond_sentence(found: RatingsAnswer, metric: Metric, at: int) -> str:
    one = found.beyond[metric.name][at]
    return f"Beside item factors, which know only who rated what, metadata add {new_only(one, UNIT)}."


def best_sentence(found: RatingsAnswer, metric: Metric, at: int) -> str:
    """Which of all methods is best at that number of shots, and how far the plainest are from it."""
    shot = found.spec.shots[at]
    name = found.best(metric, shot)
    value = metric.said(found.means[metric.name][name][at][0].estimate)
    plain = metric.said(found.means[metric.name][PLAIN][at][0].estimate)
    beside = "" if name == PLAIN else f", {title_of(PLAIN)} {plain}"
    return (
        f"Best of all {len(found.spec.methods)} methods with {ratings(shot)}: {title_of(name)}, {metric.title} {value}{beside}."
    )


def ranking_sentences(found: RatingsAnswer, metric: Metric, at: int) -> list[str]:
    """What any order gets; that an offset of the user's cannot rank; and where a measure says next to nothing."""
    if metric is MAE:
        return []
    chance = chance_of(found, metric, at)
    said = [f"Any order gets {metric.said(chance)}.", SAME_ORDER]
    if metric is HIT_RATE or chance > 90:
        said.append("A measure of which chance has that much can hardly tell methods apart.")
    if metric is HIT_RATE and found.n_users < FEWEST_FOR_HITS:
        said.append(f"Of fewer than {FEWEST_FOR_HITS} users its intervals hold less often than they say.")
    if found.one_sided:
        said.append(
            f"In {count(found.one_sided)} of {count(found.n_tasks)} tasks all that was asked about was liked, or nothing: there any order is as good."
        )
    return said


def left_out_sentence(found: RatingsAnswer) -> str:
    if not found.left_out:
        return ""
    needed = max(found.spec.shots) + 2
    return f"{capital(plural_of(found.left_out, 'user'))} with fewer than {needed} ratings were left out."


def rests_on(found: RatingsAnswer) -> str:
    """``610 users, each tested once in 5 folds; 1 220 tasks …``"""
    spec = found.spec
    order = "by time" if spec.order == "time" else "at random"
    return (
        f"{plural_of(found.n_users, 'user')}, each a test user once in {spec.folds} folds; {plural_of(found.n_tasks, 'task')} of at most {spec.n_query} "
        f"ratings to foresee, parted {order}; strengths chosen on validation users."
    )


def methods_table(found: RatingsAnswer, metric: Metric) -> pd.DataFrame:
    """A row a method: its mean at each number of shots, and what it gains over user and item offsets."""
    rows = {}
    for name in found.spec.methods:
        row = {}
        for at, shot in enumerate(found.spec.shots):
            mean = found.means[metric.name][name][at]
            row[f"{ratings(shot)}, {metric.unit}"] = cell(*mean, decimals=metric.decimals)
            one = None if name == PLAIN else found.over[metric.name][name][at]
            row[f"{ratings(shot)}: gain, {metric.gain}"] = "" if one is None else gain_cell(one)
        rows[title_of(name) + (" (chance)" if name == ANYTHING and metric is not MAE else "")] = row
    return pd.DataFrame(rows).T


def gain_cell(one: Difference) -> str:
    """``+0.009 [0.005, 0.012], new [0.005, 0.012]``, as exact as its intervals."""
    return f"{one.episodes.bare}, new {one.new_classes.bracket if one.new_classes.low is not None else one.new_classes.note}"


def gains_table(found: RatingsAnswer) -> pd.DataFrame:
    """A row a metric and number of shots: what metadata gain, decided, beside the control."""
    rows = []
    for name, metric in RATING_METRICS.items() if found.spec.sources else ():
        for at, shot in enumerate(found.spec.shots):
            gain, credit = found.gain[name][at], found.credit[name][at]
            rows.append(
                {
                    "measure": f"{metric.title}, {metric.gain}",
                    "known": ratings(shot),
                    "metadata − without": gain_cell(gain),
                    "metadata − shuffled": gain_cell(credit),
                    "any order": "" if metric is MAE else f"{chance_of(found, metric, at):.1f} {metric.unit}",
                    "verdict": marked(gain.decision),
                }
            )
    return pd.DataFrame(rows)


def ratings_frame(found: RatingsAnswer) -> pd.DataFrame:
    """A row a metric, method and number of shots: ``estimate`` of the mean and of the ``gain`` over offsets, with both intervals."""
    rows = []
    for name, metric in RATING_METRICS.items():
        for method in found.spec.methods:
            for at, shot in enumerate(found.spec.shots):
                about = {"metric": name, "method": method, "shot": shot}
                rows.append({**about, "what": "mean", "unit": metric.unit, **bounds(*found.means[name][method][at])})
                if method != PLAIN:
                    one = found.over[name][method][at]
                    rows.append({**about, "what": "gain over offsets", "unit": one.unit, **bounds(one.episodes, one.new_classes)})
    return pd.DataFrame(rows)


def ratings_json(found: RatingsAnswer, metric: Metric) -> dict[str, Any]:
    """Every number, as the verb prints them with ``--json``."""
    spec = found.spec
    return {
        "sentence": " ".join(rating_sentences(found, metric)),
        "dataset": spec.dataset,
        "sources": list(spec.sources),
        "shots": list(spec.shots),
        "folds": spec.folds,
        "order": spec.order,
        "metric": metric_values(metric),
        "n_users": found.n_users,
        "n_tasks": found.n_tasks,
        "left_out": found.left_out,
        "verdict": found.gain[metric.name][-1].decision.words if spec.sources else None,
        "differences": {
            name: {
                what: [simple(row) for row in rows[name]]
                for what, rows in (
                    ("metadata_minus_plain", found.gain),
                    ("metadata_minus_shuffled", found.credit),
                    ("beyond_factors", found.beyond),
                )
            }
            for name in (RATING_METRICS if spec.sources else ())
        },
        "methods": ratings_frame(found).to_dict("records"),
        "manifest": found.manifest,
        "digest": found.digest,
        "seconds_computed": round(found.seconds, 1),
    }
