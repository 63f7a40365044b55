"""The verb ``episodes``: draws episodes and saves their manifest."""

import argparse
from pathlib import Path

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.episodes.manifest import describe
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool, Strategy
from metadash.errors import BadInput
from metadash.specs.defaults import fitting
from metadash.specs.source_levels import column_for
from metadash.stats import words
from metadash.verbs.options import Verbs, add_dataset, add_tasks
from metadash.verbs.result import Result
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("episodes", parents=[common], help="draw episodes and save their manifest")
    add_dataset(verb)
    add_tasks(verb)
    verb.add_argument("--n-shot", type=int, default=1)
    verb.add_argument("--n-query", type=int, help="queries per class (default 15, fewer where classes are small)")
    verb.add_argument("--split")
    verb.add_argument("--role", default="test")
    verb.add_argument("--where", help="SQL condition on the table classes")
    verb.add_argument("--count", type=int, default=1, help="how many episodes (default 1)")
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--out", metavar="FILE", help="also write the manifest there (.npz)")
    verb.set_defaults(run=episodes)


def episodes(options: argparse.Namespace, workspace: Workspace) -> Result:
    data = open_dataset(workspace, options.dataset)
    manifest = draw(data, spec_of(options, data))
    path = workspace.episodes / f"{manifest.hash}.npz"
    manifest.save(path)
    if options.out:
        manifest.save(Path(options.out))
    names = data.classes["class_name"].to_numpy()
    first = [
        {
            "class": str(names[c]),
            "support": manifest.support[0, i].tolist(),
            "query": [q for q in manifest.query[0, i].tolist() if q >= 0],
        }
        for i, c in enumerate(manifest.classes[0])
    ]
    text = f"{words.count(len(manifest))} episodes, manifest {manifest.hash}. The first:\n" + "\n".join(
        f"  {row['class']}: support rows {row['support']}, {words.count(len(row['query']))} queries" for row in first
    )
    return Result({**describe(manifest), "first": first}, text)


def spec_of(options: argparse.Namespace, data: Dataset) -> EpisodeSpec:
    """What was not said about ways and queries is such as the data set can serve."""
    split, column = options.split or data.description.default_split, column_of(options, data)
    strategy: Strategy = options.strategy or "uniform"
    n_way, n_query = options.n_way, options.n_query
    if n_way is None or n_query is None:
        narrowed = options.where if options.role == "test" else None
        usual = fitting(data, split, strategy, column, where=narrowed, n_way=n_way, shots=(options.n_shot,), n_query=n_query)
        n_way, n_query = usual.n_way if n_way is None else n_way, usual.n_query if n_query is None else n_query
    pool = Pool(split, options.role, options.where)
    return EpisodeSpec(
        pool, n_way, options.n_shot, n_query, strategy, column, options.seed, options.count, options.query_dirichlet
    )


def column_of(options: argparse.Namespace, data: Dataset) -> str | None:
    if options.column and options.strategy in (None, "uniform"):
        raise BadInput("--column would be ignored by uniform tasks; choose --strategy siblings or disjoint.")
    return options.column or column_for(options.strategy, data)
