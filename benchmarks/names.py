"""Names of classes as metadata, read word by word and by a network that has read English: what they add on intents of CLINC150.

``python -m benchmarks.names ../shared/data/text/clinc150.parquet`` prints the tables of docs/learners.md; ``--per-intent`` utterances of
each intent (150 are all there are), tasks of any intents and of one domain, with the shuffled control beside.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import metadash as md
from metadash.data.dataset import Dataset
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.stats.intervals import episode_interval
from metadash.workspace import Workspace

ARMS = (
    ("no names", (), {}),
    ("names word by word", ("name",), {}),
    ("names by MiniLM-L6", ("name",), {"text_encoder": "minilm"}),
    ("the same, shuffled", ("name",), {"text_encoder": "minilm", "control": "shuffled"}),
)
TASKS = (("uniform", 20), ("siblings", 5))


def intents(file: Path, per_intent: int, workspace: Workspace) -> Dataset:
    table = pd.read_parquet(file).query("in_scope").groupby("intent", sort=True).head(per_intent)
    classes = table.groupby("intent", sort=True)["domain"].first().rename_axis("class_name").reset_index()
    classes["name"] = classes["class_name"].str.replace("_", " ")
    instances = table[["intent"]].rename(columns={"intent": "class_name"}).reset_index(drop=True)
    return md.from_tables(
        classes,
        instances,
        table["text"].tolist(),
        {"name": "name"},
        name="clinc",
        siblings="domain",
        class_noun="intent",
        workspace=workspace,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--per-intent", type=int, default=150)
    parser.add_argument("--n-episodes", type=int, default=600)
    parser.add_argument("--steps", type=int, default=1000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        data = intents(asked.file, asked.per_intent, Workspace(folder))
        for encoder in ("tfidf", "minilm"):
            begun = time.process_time()
            found = train(run_for(data, backbone=encoder).backbone, data.workspace)
            spent = time.process_time() - begun
            print(
                f"{found.spec.title}: {len(data.inputs) / spent:.0f} texts a CPU-second, {spent:.1f} s for {len(data.inputs)}",
                flush=True,
            )
        print("| tasks | metadata | 1 shot | 5 shots |\n|---|---|---|---|")
        for strategy, n_way in TASKS:
            for name, sources, choices in ARMS:
                budget = {"n_episodes": asked.n_episodes, "steps": asked.steps, "shots": (1, 5), "backbone": "minilm"}
                run = train(run_for(data, sources, strategy=strategy, n_way=n_way, **budget, **choices), data.workspace)
                scores = run.scores().query(f"n_way == {n_way}")
                told = []
                for _, rows in scores.groupby("shot"):
                    mean = episode_interval((100 * rows["correct"] / rows["queries"]).to_numpy())
                    told.append(f"{mean.estimate:.1f} {mean.bracket}")
                print(f"| {n_way}-way, {strategy} | {name} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
