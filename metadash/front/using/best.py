"""Which learner to put to work: the cheapest that no other is shown to beat, among those that were trained on a data set. Reads no torch."""

from dataclasses import dataclass

from metadash.answers.comparison import Report
from metadash.answers.costs import cheapest, cheapest_words, cost_of
from metadash.answers.stored_arms import StoredArm, arm_scores, comparable, names_of, ordered, stored_arms
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.registry import entry_of
from metadash.runs.store import Run, RunStore
from metadash.stats.shots import fewest_shots


@dataclass(frozen=True)
class Best:
    """``run`` of one learner (of several seeds the first), the ``sentence`` that says why it, and how many were ``compared``."""

    run: Run
    sentence: str
    compared: int


def best_run(data: Dataset, shots: int | None = None) -> Best:
    """Of the learners trained on ``data`` as it is, those that were tested on the same episodes (most of them, then the newest) are compared in pairs
    at ``shots`` labelled examples (default: the fewest); Holm over all pairs. Falsified controls, cross-fitted learners and those that look at no
    input do no work.

    Raises BadInput where none was trained.
    """
    store = RunStore(data.workspace)
    runs = [run for run in store.runs("learner") if run.about.get("dataset_fingerprint") == data.fingerprint and works(run)]
    arms = [arm for arm in ordered(stored_arms(runs)[0]) if arm.folds == 1]
    if not arms:
        raise BadInput(f"No learner has been trained on '{data.name}' yet; `train --dataset {data.name}` trains one.")
    groups = [comparable(arms, arm) for arm in arms]
    group = max(groups, key=lambda found: (len(found), max(arm.created for arm in found)))
    if len(group) == 1:
        return Best(group[0].runs[0], f"The only learner of its kind: “{names_of(group)[group[0].id]}”.", 1)
    return among(group, store, shots)


def among(group: list[StoredArm], store: RunStore, shots: int | None) -> Best:
    report = Report(group, {arm.id: arm_scores(arm.runs, store) for arm in group})
    known = report.shots
    at = fewest_shots(known) if shots is None else min(known, key=lambda shot: (abs(shot - shots), shot))
    costs, pairs = {arm.id: cost_of(arm) for arm in group}, report.pairs(at)
    found = cheapest(costs, pairs)
    arm = next(arm for arm in group if arm.id == found)
    return Best(arm.runs[0], cheapest_words(report.names, costs, pairs), len(group))


def works(run: Run) -> bool:
    """Whether it can be put to work."""
    spec = run.about["spec"]
    return spec.get("control", "none") == "none" and not entry_of(spec.get("learner", "prototypical")).blind
