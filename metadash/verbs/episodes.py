"""The verb ``episodes``: draws episodes and saves their manifest."""

import argparse
from pathlib import Path

from metadash.data.library import open_dataset
from metadash.episodes.manifest import describe
from metadash.front.draw import draw_episodes
from metadash.stats import words
from metadash.verbs.options import Verbs, add_dataset, add_tasks
from metadash.verbs.result import OF_TASKS, Result, chosen
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
    """As ``metadash.draw_episodes``."""
    data = open_dataset(workspace, options.dataset)
    manifest = draw_episodes(data, **chosen(options, "n_shot", "n_query", "split", "role", "count", "seed", *OF_TASKS))
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
