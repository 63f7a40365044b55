"""Tries a learner's candidates on validation classes and keeps what each one reached: the record of a fair choice."""

import json
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset
from metadash.learners.registry import entry_of
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.choosing.tuning import TuneSpec, choice_in_words
from metadash.specs.run import RunSpec
from metadash.training.backbone import Outcome
from metadash.training.heads import Heads, fit_heads, plain_count
from metadash.training.trainer import Arm, fit


def tune(spec: TuneSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``tuning``: a row a candidate with ``choice`` (JSON), in ``words``, its ``validation_accuracy`` in % (the mean over the shots, on the
    same validation tasks for all) and whether it was ``chosen``: the best, of equals the one tried first."""
    tried, rows = spec.tried, []
    for place, (choice, run) in enumerate(tried):
        accuracy = validated(run, dataset, needed, part_of(history, place, len(tried)))
        rows.append({"choice": json.dumps(choice), "words": choice_in_words(choice), "validation_accuracy": accuracy})
        history(place + 1, phase(place, len(tried)), (place + 1) / len(tried), validation_accuracy=accuracy)
    frame = pd.DataFrame(rows)
    best = int(frame["validation_accuracy"].to_numpy().argmax())
    frame["chosen"] = frame.index == best
    chosen = {"chosen": tried[best][0], "validation_accuracy": rows[best]["validation_accuracy"]}
    return Outcome(summary={"tried": len(tried), **chosen}, frames={"tuning": frame})


def phase(place: int, count: int) -> str:
    return f"trying candidate {place + 1} of {count}"


def part_of(history: History, place: int, count: int) -> History:
    """What one candidate reports, as its share of the whole; its own looks are not kept."""

    def report(step: int, metrics: dict[str, Any]) -> bool:
        return history.report(place, {"phase": phase(place, count), "fraction": (place + metrics["fraction"]) / count})

    return History(report)


def validated(run: RunSpec, dataset: Dataset, needed: list[Run], history: History) -> float:
    """The accuracy in % on the run's validation tasks, trained where there is something to train. Test classes are not looked at."""
    if run.light:
        return float(fit_heads(Heads([run], (run.seed,), dataset, *needed), history)["validation_accuracy"][0, 0])
    arm = Arm(run, dataset, *needed)
    if run.trains:
        return fit(arm, history)["validation_accuracy"]
    plain = entry_of(run.learner).stacks
    return arm.accuracy(plain_count(arm, arm.validation) if plain else arm.evaluate(arm.validation), arm.validation)


def as_tuned(outcome: Outcome, tuning: Run) -> Outcome:
    """The outcome of the chosen form, with what else was tried."""
    outcome.summary["tuned"] = {name: tuning.summary[name] for name in ("tried", "chosen", "validation_accuracy")}
    outcome.frames["tuning"] = tuning.frame("tuning")
    return outcome
