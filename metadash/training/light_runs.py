"""Light runs, alone or many at once: the one place where they come about, whoever asks for them."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.learners.registry import entry_of
from metadash.runs.kinds import run_digest
from metadash.runs.machine import environment
from metadash.runs.progress import SCORING, History
from metadash.runs.store import Run, RunStore
from metadash.specs.choosing.tuning import with_choice
from metadash.specs.run import RunSpec
from metadash.specs.subsets import LoopSpec
from metadash.training.backbone import Outcome
from metadash.training.choosing.tuning import as_tuned
from metadash.training.heads import Heads, fit_heads, plain_count
from metadash.training.outcome import outcome_of
from metadash.training.trainer import TRAINING_SHARE, Arm, make_learner, train_arm


def train_learner(spec: RunSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """One learner: a light one as a loop of its own, any other by itself; a tuned one in the form that was chosen."""
    if spec.tune:
        *needed, tuning = needed
        chosen = with_choice(spec, tuning.summary["chosen"])
        return as_tuned(train_learner(chosen, dataset, needed, store, history), tuning)
    if spec.light:
        return light_outcomes([spec], (spec.seed,), dataset, needed, store, history)[spec]
    if plain_prototypes(spec):
        return plain_outcome(spec, dataset, needed, store, history)
    return train_arm(spec, dataset, needed, store, history)


def train_loop(spec: LoopSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Trains its runs together, and stores each that is not there yet as what it is; of itself it keeps their digests only."""
    started, busy = time.monotonic(), time.process_time()
    found = {run: plain_outcome(run, dataset, needed, store, history) for run in spec.runs if not run.trains}
    if spec.arms:
        found |= light_outcomes(spec.arms, spec.seeds, dataset, needed, store, history)
    seconds, processor = (time.monotonic() - started) / len(found), (time.process_time() - busy) / len(found)
    digests = {run: run_digest(run, dataset) for run in spec.runs}
    for run, outcome in found.items():
        with store.claim(digests[run]):
            if store.get(digests[run]) is None:
                store.write(
                    digests[run],
                    run,
                    dataset,
                    summary={**outcome.summary, "needs": [one.digest for one in needed]},
                    environment=environment(),
                    seconds=seconds,
                    cost={"cpu_seconds": round(processor, 2)},
                    frames={**outcome.frames, "history": history.frame()},
                    arrays=outcome.arrays,
                    weights=outcome.weights,
                    log=f"trained in one loop with {len(found) - 1} others\n",
                )
    return Outcome(summary={"runs": list(digests.values())})


def plain_prototypes(spec: RunSpec) -> bool:
    """Whether nothing is trained and classes are the means of frozen embeddings."""
    return entry_of(spec.learner).stacks and not spec.trains


def light_outcomes(
    arms: Sequence[RunSpec], seeds: tuple[int, ...], dataset: Dataset, needed: list[Run], store: RunStore, history: History
) -> dict[RunSpec, Outcome]:
    """Every arm with every seed, trained in one loop and scored."""
    heads = Heads(arms, seeds, dataset, *needed)
    fitted = fit_heads(heads, history)
    history(int(fitted["steps"].max()), SCORING, TRAINING_SHARE)
    manifest = draw(dataset, heads.run.evaluation.episodes(heads.run.split, "test"))
    store.keep_manifest(manifest)
    correct = {n_way: heads.count(manifest.at_ways(n_way))[0] for n_way in heads.run.ways}
    found = {}
    for lane, seed in enumerate(seeds):
        for a, run in enumerate(arms):
            encoded = heads.encoded[lane][a]
            learner = make_learner(run, nn.Identity(), len(heads.arm.centre), encoded)
            assert isinstance(learner, PrototypicalNetwork)
            heads.stack.write(learner, lane, a)
            rows = {n_way: counted[lane, a] for n_way, counted in correct.items()}
            own = {"validation_accuracy": float(fitted["validation_accuracy"][lane, a])}
            own |= {name: int(fitted[name][lane, a]) for name in ("best_step", "steps")}
            found[replace(run, seed=seed)] = outcome_of(run, learner, encoded, manifest, rows, own)
    return found


def plain_outcome(spec: RunSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """The prototypes of frozen embeddings: nothing to train, counted as those of the heads beside them are."""
    arm = Arm(spec, dataset, *needed)
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    history(0, SCORING, 0.0)
    store.keep_manifest(manifest)
    validated = arm.accuracy(plain_count(arm, arm.validation), arm.validation)
    correct = {n_way: plain_count(arm, manifest.at_ways(n_way)).astype(np.int64) for n_way in spec.ways}
    return outcome_of(spec, arm.learner, [], manifest, correct, {"validation_accuracy": validated})
