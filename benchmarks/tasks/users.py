"""Users as tasks on MovieLens latest-small: the baselines, what genres and year add, chance, time, and how often intervals hold."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import metadash as md
from benchmarks.tasks.row import Row
from metadash.answers.given.ratings import RATING_METRICS, RatingsAnswer, scores_by_method
from metadash.data.dataset import Dataset
from metadash.runs.store import RunStore
from metadash.specs.given.ratings import INFORMED, METHODS, PLAIN
from metadash.stats.intervals import group_jackknife
from metadash.stats.metric import METRICS
from metadash.workspace import Workspace

WANTED_MAE = {"own-mean": (0.805, 0.741), "item-mean": (0.765, 0.749), PLAIN: (0.726, 0.688), INFORMED: (0.723, 0.674)}
WANTED_MAE |= {"neighbours": (0.724, 0.675), "factors": (0.730, 0.719)}
WANTED_NDCG = {"own-mean": 0.667, "item-mean": 0.769, PLAIN: 0.769, INFORMED: 0.783, "neighbours": 0.774, "factors": 0.757}
"""Of ../shared/reference/structured.md: 100 new users, 2 draws each, so that a mean of theirs is known to about ± 0.03 stars."""
STUDIES, USERS = 4000, (30, 100, 250)


def rows(data: Path) -> Iterator[Row]:
    folder = data / "movielens-latest-small"
    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(Path(place))
        began, cpu = time.perf_counter(), time.process_time()
        films = md.install("movielens", folder, workspace=workspace, progress=False)
        found = md.recommend(films, "genres,year", progress=False)
        yield Row(
            "first answer from an empty workspace, s",
            "at most 60",
            f"{time.perf_counter() - began:.0f} ({time.process_time() - cpu:.0f} of one processor)",
        )
        yield from means(found.found)
        yield from gains(found.found)
        yield from scoring(films)
        yield from covered(films, found.found)


def means(found: RatingsAnswer) -> Iterator[Row]:
    for method, wanted in WANTED_MAE.items():
        for at, shot in enumerate(found.spec.shots):
            yield Row(f"MAE, {METHODS[method]}, {shot} known, stars", f"{wanted[at]:.3f}", of(found, "mae", method, at))
    for method, one in WANTED_NDCG.items():
        yield Row(f"nDCG@5, {METHODS[method]}, 15 known", f"{one:.3f}", of(found, "ndcg_at_5", method, 1, 0.01))
    for name in ("ndcg_at_5", "precision_at_5", "hit_at_5"):
        yield Row(f"{METRICS[name].title} of any order (chance)", "said beside it", of(found, name, "everything", 1, 0.01))


def of(found: RatingsAnswer, metric: str, method: str, at: int, scale: float = 1.0) -> str:
    new = found.means[metric][method][at][1]
    assert new.low is not None and new.high is not None
    return f"{scale * new.estimate:.3f} [{scale * new.low:.3f}, {scale * new.high:.3f}]"


def gains(found: RatingsAnswer) -> Iterator[Row]:
    for name, wanted in (("mae", "+0.013 ± 0.010 stars less"), ("ndcg_at_5", "+1.4 ± 1.1 points"), ("auc", "")):
        one = found.gain[name][-1]
        yield Row(f"genres and year, {METRICS[name].title}, 15 known", wanted, f"{one.new_classes.words} ({one.decision.words})")
        yield Row(
            f"rows shuffled, {METRICS[name].title}, 15 known", "nothing", found.over[name]["shuffled"][-1].new_classes.words
        )


def scoring(films: Dataset) -> Iterator[Row]:
    began = time.perf_counter()
    found = md.recommend(films, "genres,year", draws=4, progress=False).found
    each = f"{time.perf_counter() - began:.0f} for {found.n_tasks} tasks, {len(found.spec.methods)} methods, {len(RATING_METRICS)} measures"
    yield Row("2,000 test tasks scored, s", "at most 60", each)


def covered(films: Dataset, found: RatingsAnswer) -> Iterator[Row]:
    """Studies of so many users drawn from all there are: how often the 95 % interval for new users holds the mean over all."""
    store = RunStore(films.workspace)
    run = store.find(found.spec, films)
    assert run is not None
    generator = np.random.default_rng(0)
    for metric in RATING_METRICS.values():
        scores = scores_by_method(found.spec, run, store, metric)
        values = metric.per_value * (scores[INFORMED].at(15)[0] - scores[PLAIN].at(15)[0])
        by_user = values.reshape(-1, found.spec.draws)
        held = [f"{coverage(by_user, users, generator):.1f} %" for users in USERS]
        yield Row(f"coverage of the gain in {metric.title}, {', '.join(map(str, USERS))} users", "93 to 97 %", ", ".join(held))


def coverage(by_user: np.ndarray, users: int, generator: np.random.Generator) -> float:
    truth, held = by_user.mean(), 0
    for _ in range(STUDIES):
        drawn = by_user[generator.integers(0, len(by_user), users)]
        one = group_jackknife(drawn.ravel(), np.repeat(np.arange(users), by_user.shape[1]))
        assert one.low is not None and one.high is not None
        held += one.low <= truth <= one.high
    return 100 * held / STUDIES
