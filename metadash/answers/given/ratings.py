"""Whether metadata help to foresee what new users like: read off one stored run, against the baselines that are seldom beaten."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from metadash.answers.ledger import Asked, record
from metadash.answers.looks import looked_words
from metadash.canonical import digest, plain
from metadash.data.dataset import Dataset
from metadash.runs.store import Run, RunStore
from metadash.specs.given.ratings import ANYTHING, INFORMED, METHODS, PLAIN, SHUFFLED, RatingsSpec
from metadash.stats.intervals import Interval
from metadash.stats.metric import AUC, HIT_RATE, MAE, NDCG, PRECISION, Metric
from metadash.stats.paired import Difference, beside_control, difference
from metadash.stats.scored import Scores
from metadash.stats.words import plural

RATING_METRICS: Mapping[str, Metric] = {metric.name: metric for metric in (MAE, NDCG, AUC, PRECISION, HIT_RATE)}
"""What a user's task is scored by, the usual one first."""


@dataclass(frozen=True)
class RatingsAnswer:
    """By the name of a metric: ``means`` of each method at each number of shots (these users, new users), what each gains ``over`` user and
    item offsets, ``gain`` of the metadata decided beside ``credit``, the gain over shuffled rows, ``beyond`` what metadata add to item factors."""

    spec: RatingsSpec
    means: Mapping[str, Mapping[str, list[tuple[Interval, Interval]]]]
    over: Mapping[str, Mapping[str, list[Difference]]]
    gain: Mapping[str, list[Difference]]
    credit: Mapping[str, list[Difference]]
    beyond: Mapping[str, list[Difference]]
    n_users: int
    left_out: int
    n_tasks: int
    one_sided: int
    digest: str
    manifest: str
    item_noun: str
    seconds: float

    def best(self, metric: Metric, shot: int) -> str:
        """The method with the best mean, of those that are no control."""
        at = self.spec.shots.index(shot)
        own = {name: metric.sign * rows[at][0].estimate for name, rows in self.means[metric.name].items() if name != SHUFFLED}
        return max(own, key=own.__getitem__)


def ratings_answer(spec: RatingsSpec, data: Dataset, store: RunStore) -> RatingsAnswer | None:
    """None while the run is missing."""
    run = store.find(spec, data)
    return None if run is None else answer_of(spec, data, run, store)


def answer_of(spec: RatingsSpec, data: Dataset, run: Run, store: RunStore) -> RatingsAnswer:
    scores = {name: scores_by_method(spec, run, store, metric) for name, metric in RATING_METRICS.items()}
    over = {
        name: {method: differences(one, found[PLAIN]) for method, one in found.items() if method != PLAIN}
        for name, found in scores.items()
    }
    credit, beyond, gain = {}, {}, {}
    for name, found in scores.items() if spec.sources else ():
        credit[name] = differences(found[INFORMED], found[SHUFFLED])
        beyond[name] = differences(found["factors+metadata"], found["factors"])
        gain[name] = beside_control(over[name][INFORMED], credit[name])
    return RatingsAnswer(
        spec,
        {
            name: {method: [one.means(shot) for shot in spec.shots] for method, one in found.items()}
            for name, found in scores.items()
        },
        over,
        gain,
        credit,
        beyond,
        run.summary["n_users"],
        run.summary["left_out"],
        run.summary["n_tasks"],
        run.summary["one_sided"],
        run.digest,
        run.summary["manifest"],
        data.description.class_noun,
        run.about["seconds"],
    )


def scores_by_method(spec: RatingsSpec, run: Run, store: RunStore, metric: Metric) -> dict[str, Scores]:
    frame, manifest = run.frame("scores"), store.manifest(run)
    rows = frame[frame["metric"] == metric.name].sort_values(["method", "shot", "episode"], kind="stable")
    shape = len(spec.shots), 1, len(manifest)
    found = {method: part["value"].to_numpy().reshape(shape) for method, part in rows.groupby("method")}
    return {name: Scores(spec.shots, found[name], manifest, (run.digest,), (spec.seed,), metric=metric) for name in spec.methods}


def differences(first: Scores, second: Scores) -> list[Difference]:
    return [difference(first, second, shot) for shot in first.shots]


def looked_at_ratings(found: RatingsAnswer, metric: Metric, data: Dataset, store: RunStore) -> str:
    """How often this data set's test users were asked about; this is one more look."""
    spec = found.spec
    if not spec.sources:
        return ""
    question = digest(data.fingerprint, plain(replace(spec, seed=0)), metric.name, spec.seed)
    title = f"{', '.join(spec.sources)} (ratings of new users, {metric.title})"
    asked = Asked(data.name, data.fingerprint, question, title, f"{spec.folds} folds", "", str(spec.seed))
    return looked_words(record(store, asked), plural("user"), found.gain[metric.name][-1].decision)


def chance_of(found: RatingsAnswer, metric: Metric, at: int) -> float:
    """What guessing gets on these very tasks: the same for every item, ties drawn."""
    return float(np.round(found.means[metric.name][ANYTHING][at][0].estimate, 6))


def title_of(method: str) -> str:
    return METHODS[method]
