"""The verb ``recommend``: whether metadata help to foresee what new users like, beside the baselines that are seldom beaten."""

import argparse
from typing import get_args

from metadash.answers.given.ratings import RATING_METRICS
from metadash.data.library import open_dataset
from metadash.episodes.rated import Order
from metadash.front.given.recommend import recommend as ask
from metadash.specs.given.ratings import RatingsSpec
from metadash.stats.metric import MAE
from metadash.verbs.options import Verbs, names, numbers
from metadash.verbs.result import Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("recommend", parents=[common], help="foresee ratings of new users, with metadata and without")
    verb.add_argument("--dataset", required=True, help="a data set of ratings, such as movielens")
    verb.add_argument(
        "--sources",
        help="what is known of items, separated by commas; none: the baselines alone (default: all but texts and tags)",
    )
    verb.add_argument(
        "--metric", default=MAE.name, choices=list(RATING_METRICS), help="what the sentences are about (default mae)"
    )
    usual = ",".join(map(str, RatingsSpec.shots))
    verb.add_argument("--shots", type=numbers, default=RatingsSpec.shots, help=f"known ratings of a user (default {usual})")
    verb.add_argument(
        "--n-query", type=int, default=RatingsSpec.n_query, help=f"ratings to foresee, at most (default {RatingsSpec.n_query})"
    )
    verb.add_argument(
        "--draws", type=int, help=f"how often each user's ratings are parted (default {RatingsSpec.draws}; by time 1)"
    )
    verb.add_argument(
        "--order", default=RatingsSpec.order, choices=get_args(Order), help="known ratings: any, or the earliest (default random)"
    )
    verb.add_argument(
        "--folds",
        type=int,
        default=RatingsSpec.folds,
        help=f"every user is a test user in one of so many (default {RatingsSpec.folds})",
    )
    verb.add_argument(
        "--seed", type=int, default=RatingsSpec.seed, help="of how ratings are parted and rows shuffled (default 0)"
    )
    verb.set_defaults(run=recommend)


def recommend(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.recommend``."""
    choices = chosen(options, "metric", "shots", "n_query", "draws", "order", "folds", "seed")
    sources = None if options.sources is None else () if options.sources == "none" else names(options.sources)
    found = ask(open_dataset(workspace, options.dataset), sources, **choices)
    return Result(found.values(), found.sentence)
