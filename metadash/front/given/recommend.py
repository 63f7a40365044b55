"""``metadash.recommend``: whether metadata help to foresee what new users like, beside the baselines that are seldom beaten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.given.ratings import RATING_METRICS, RatingsAnswer, looked_at_ratings, ratings_answer
from metadash.answers.given.ratings_words import (
    gains_table,
    methods_table,
    rating_sentences,
    ratings_frame,
    ratings_json,
    rests_on,
    subject,
)
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.errors import BadInput, nearest
from metadash.figures.palette import LIGHT
from metadash.figures.ratings import curves_of, method_dots, rating_curve
from metadash.figures.section import Section
from metadash.figures.svg import curve_svg
from metadash.front.choices import names_in, numbers_in, opened
from metadash.front.computing import compute_all
from metadash.front.sharing.methods import data_words, intervals_words
from metadash.front.shown import Shown
from metadash.runs.kinds import check
from metadash.runs.store import RunStore
from metadash.specs.given.ratings import RatingsSpec
from metadash.stats.metric import MAE, Metric

METHOD_WORDS = (
    "All methods share shrunk offsets of items, fitted on meta-train users, and of the user (Koren 2008's baseline estimates). Ridge: a user's own "
    "weights, from the known ratings alone, on metadata (fitted on items that meta-train users rated) or on the first directions of a "
    "singular value decomposition of meta-train residuals (Sarwar et al. 2000). Neighbours: Sarwar et al. 2001, shrunk by how many users rated both. "
    "Every strength is chosen on validation users by the error, 0 among them; a strength of 0 is the offsets alone."
)


@dataclass(frozen=True, repr=False)
class RatingsResult(Shown):
    """What is known of new users: ``print`` gives the sentences, a notebook the curve and the table too.

    ``found`` holds every number behind them (:class:`metadash.answers.given.ratings.RatingsAnswer`), ``metric`` is what the sentences are about.
    """

    found: RatingsAnswer
    data: Dataset
    metric: Metric = MAE
    looked: str = ""

    @property
    def sentence(self) -> str:
        """The whole answer in words."""
        return " ".join(filter(None, [*rating_sentences(self.found, self.metric), self.looked]))

    @property
    def digest(self) -> str:
        """Names the run that it was read from."""
        return self.found.digest

    def __str__(self) -> str:
        return self.sentence

    __repr__ = __str__

    def parts(self) -> Section:
        found, metric = self.found, self.metric
        asked = f"Does {subject(found)} help" if found.spec.sources else "How well can one"
        tables = {f"Every method, {metric.axis}": methods_table(found, metric)}
        if found.spec.sources:
            tables["What metadata gain, by every measure"] = gains_table(found)
        shot = found.spec.shots[-1]
        return Section(
            f"{asked} {'to ' if found.spec.sources else ''}foresee what new users like?",
            rating_sentences(found, metric),
            tables,
            [recommend_command(found.spec, metric), f"{self.data.name}, fingerprint {self.data.fingerprint}\nrun {found.digest}"],
            small=" ".join(filter(None, [rests_on(found), self.looked])),
            pictures={
                f"What each method gains over user and item offsets, {shot} known ratings": lambda: method_dots(
                    found, metric, shot, LIGHT
                ),
                f"{metric.title} over known ratings": self.figure,
            },
            svg=curve_svg(found.spec.shots, curves_of(found, metric, LIGHT), LIGHT, metric),
            methods=[
                ("Data", data_words(self.data, rests_on(found))),
                ("Methods", METHOD_WORDS),
                ("Intervals and verdicts", intervals_words("user", metric.rope, metric.gain)),
            ],
            configuration={
                "ratings": plain(found.spec),
                "fingerprint": self.data.fingerprint,
                "run": found.digest,
                "metric": metric.name,
            },
        )

    def frame(self) -> pd.DataFrame:
        """A row a metric, method and number of known ratings: its mean, and its gain over user and item offsets, with both intervals."""
        return ratings_frame(self.found)

    def figure(self) -> go.Figure:
        """The metric over known ratings: with metadata, without, with shuffled rows."""
        return rating_curve(self.found, self.metric, LIGHT)

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``recommend --json`` prints them."""
        return {**ratings_json(self.found, self.metric), "looks": self.looked}


def recommend(
    data: Dataset,
    sources: str | Sequence[str] | None = None,
    *,
    metric: str = MAE.name,
    shots: int | Sequence[int] = RatingsSpec.shots,
    n_query: int = RatingsSpec.n_query,
    draws: int | None = None,
    order: str = RatingsSpec.order,
    folds: int = RatingsSpec.folds,
    seed: int = RatingsSpec.seed,
    progress: bool = True,
) -> RatingsResult:
    """Does this metadata help to foresee what new users like, from a few of their ratings?

    Each user is a task: some ratings are known, others are foreseen, by nine methods on the same tasks, from the mean of everything to
    ridge regression on item factors and metadata. What is stored already is read and not computed.

    Parameters
    ----------
    data : a data set of ratings, such as ``metadash.install("movielens", folder)`` makes.
    sources : names of sources that describe items (default: all but texts and tags); empty: the baselines alone.
    metric : what the sentences are about: ``mae`` (stars), ``ndcg_at_5``, ``auc``, ``precision_at_5`` or ``hit_at_5`` (%).
    shots, n_query : known ratings of a user, one number or several; ratings to foresee, at most.
    draws : how often each user's ratings are parted (default 2; in order of time there is one way).
    order : ``random``, or ``time``: the earliest are known, the next ones foreseen.
    folds : in how many folds every user is a test user once.
    seed : of how ratings are parted and rows of metadata shuffled.
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: for a data set without ratings, a source that there is not, or users with too few ratings.

    Examples
    --------
    >>> import metadash as md
    >>> md.recommend(data)
    Traceback (most recent call last):
        ...
    metadash.errors.BadInput: 'tiny' holds no ratings of users; its tasks are drawn from its classes.
    """
    spec = recommend_asked(opened(data), sources, shots=shots, n_query=n_query, draws=draws, order=order, folds=folds, seed=seed)
    told = metric_named(metric)
    check(spec, data)
    store = RunStore(data.workspace)
    compute_all([spec], data.workspace, "the answer", progress)
    found = ratings_answer(spec, data, store)
    if found is None:
        raise BadInput("The run this answer needs is missing or damaged; ask again to compute it anew.")
    return RatingsResult(found, data, told, looked_at_ratings(found, told, data, store))


def recommend_asked(
    data: Dataset,
    sources: str | Sequence[str] | None = None,
    *,
    shots: int | Sequence[int] = RatingsSpec.shots,
    draws: int | None = None,
    order: str = RatingsSpec.order,
    **choices: Any,
) -> RatingsSpec:
    """The run that is asked for, before anything is computed."""
    ratings_of(data)
    named = usual_sources(data) if sources is None else names_in(sources)
    draws = (1 if order == "time" else RatingsSpec.draws) if draws is None else draws
    return RatingsSpec(data.name, named, numbers_in(shots) or RatingsSpec.shots, draws=draws, order=order, **choices)  # type: ignore[arg-type]


def usual_sources(data: Dataset) -> tuple[str, ...]:
    """Those of items that are no texts: a name or a tag of an item is nearly its own."""
    from metadash.data.columns.registry import kind_of

    def brief(column: str) -> bool:
        values = data.classes[column].dropna()
        return not kind_of(values).is_prose(values) and values.map(str).nunique() * 3 < len(values)

    return tuple(source.name for source in data.class_sources() if all(map(brief, source.columns)))


def metric_named(name: str) -> Metric:
    """Raises BadInput for one that ratings are not scored by."""
    if name not in RATING_METRICS:
        raise BadInput(f"Ratings are not scored by '{name}'{nearest(name, RATING_METRICS, known='they are by')}")
    return RATING_METRICS[name]


def recommend_command(spec: RatingsSpec, metric: Metric) -> str:
    """What computes the same in a terminal."""
    said = {
        "sources": ",".join(spec.sources) or "none",
        "metric": metric.name,
        "shots": ",".join(map(str, spec.shots)),
        "n-query": spec.n_query,
        "draws": spec.draws,
        "order": spec.order,
        "folds": spec.folds,
        "seed": spec.seed,
    }
    return " ".join(
        [f"python -m metadash recommend --dataset {spec.dataset}", *(f"--{name} {value}" for name, value in said.items())]
    )
