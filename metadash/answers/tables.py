"""An answer as tables: one for people, one for machines, and the line that computes it again."""

import shlex
from typing import Any

import pandas as pd

from metadash.answers.answer import OWN, Answer
from metadash.answers.family import marked
from metadash.answers.sentence import cell
from metadash.specs.builder import as_options
from metadash.stats.intervals import Interval
from metadash.stats.words import plural_of

ARM_NAMES = {"plain": "without metadata", "metadata": "with metadata", "shuffled": "rows shuffled"}
MODE_NOTES = {
    "quick": "quick mode: one backbone trained without metadata, frozen; the metadata trains light heads over it",
    "full": "full mode: every weight trained end to end, all arms from the same start, trained without metadata",
}


def numbers_table(answer: Answer) -> pd.DataFrame:
    """A column for each number of shots: means, paired differences with both intervals, over seeds, and the verdict."""
    rows, metric = {}, answer.metric
    for index, shot in enumerate(answer.spec.shots):
        column = {
            f"{ARM_NAMES[arm]}, {metric.unit}": cell(*answer.means[arm][index], decimals=metric.decimals)
            for arm in ("plain", "metadata", "shuffled")
        }
        for name, row in (
            ("metadata − without", answer.gain[index]),
            ("shuffled − without", answer.shuffled[index]),
            ("metadata − shuffled", answer.credit[index]),
        ):
            column[f"{name}, {metric.gain}"] = cell(row.episodes, row.new_classes, signed=True)
        gain = answer.gain[index]
        column["metadata − without, over seeds"] = gain.seeds.words if gain.seeds else "one seed"
        column["verdict"] = marked(gain.decision)
        rows[plural_of(shot, "shot")] = column
    return pd.DataFrame(rows)


def answer_frame(answer: Answer) -> pd.DataFrame:
    """A row for each number of shots and each mean or difference, with both intervals; ``verdict`` and ``chance`` of differences."""
    rows = []
    for index, shot in enumerate(answer.spec.shots):
        for arm, found in answer.means.items():
            rows.append({"shot": shot, "what": arm, "unit": answer.metric.unit, **bounds(*found[index])})
        for name, differences in (
            ("metadata − plain", answer.gain),
            ("shuffled − plain", answer.shuffled),
            ("metadata − shuffled", answer.credit),
        ):
            one = differences[index]
            decided = {"verdict": one.decision.verdict.name.lower(), "chance": one.decision.chance}
            rows.append({"shot": shot, "what": name, "unit": one.unit, **bounds(one.episodes, one.new_classes), **decided})
    return pd.DataFrame(rows)


def bounds(inside: Interval, new: Interval) -> dict[str, Any]:
    """An estimate with its interval for these test classes (over ``n`` tasks) and for new ones (over ``new_n`` classes or groups)."""
    of_tasks = {"estimate": inside.estimate, "low": inside.low, "high": inside.high, "n": inside.n}
    return {**of_tasks, "new_low": new.low, "new_high": new.high, "new_n": new.n}


def answer_command(answer: Answer) -> str:
    """What computes the same answer in a terminal."""
    spec, run = answer.spec, answer.spec.run
    tests, asked = run.evaluation, spec.question
    own = {"sources": ",".join(asked.sources), "strategy": asked.strategy, "n-way": asked.n_way}
    said = {
        "dataset": spec.dataset,
        **({"question": asked.id} if asked.id != OWN else own),
        "column": tests.column,
        "seeds": len(spec.seeds),
        **({"folds": spec.folds} if spec.folds else {"split": run.split}),
        "mode": spec.mode,
        "steps": run.steps,
        "n-episodes": tests.n_episodes,
        "shots": ",".join(map(str, tests.shots)),
        "n-query": tests.n_query,
        "query-dirichlet": tests.query_dirichlet,
        "where": tests.where,
        "normalise": None if run.normalise == "usual" else run.normalise,
        "text-encoder": None if run.text_encoder == "words" else run.text_encoder,
    }
    parts = [f"--{name} {shlex.quote(str(value))}" for name, value in said.items() if value is not None]
    return " ".join(["python -m metadash answer", *parts, *as_options(run.backbone.choices), "--json"])
