"""Trains light heads: prototypes over frozen embeddings whose anchors and strengths read metadata, many of them in one loop.

Whoever wants such a head gets it from here: a run by itself, the runs of an answer, every arm of an ablation. A head does not depend
on the heads beside it, so that equal questions have equal numbers, whichever page asked first.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw, draw_from
from metadash.errors import BadInput
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedSource
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.subsets import HeadsSpec
from metadash.training.backbone import Outcome
from metadash.training.counting import count_correct, places_of, share_of_anchor
from metadash.training.evaluate import tensor_rows
from metadash.training.stack import HeadStack, inputs_of, stack_learners
from metadash.training.trainer import DRAWN_AT_ONCE, TRAINING_SHARE, Arm, encode_sources, falsify, make_learner


class Heads:
    """The heads of some light runs in training: a lane for each of the ``seeds``, in it one head for each of the ``runs`` (whose own
    seeds do not matter), all on the same tasks.

    The tasks, their order and their shots are those that any run with the seed has; each head starts with the weights, and drops out
    at the positions, that it would by itself.
    """

    def __init__(self, runs: Sequence[RunSpec], seeds: Sequence[int], dataset: Dataset, backbone: Run):
        self.runs, self.seeds, self.dataset = list(runs), tuple(seeds), dataset
        everything = tuple(dict.fromkeys(name for run in runs for name in run.sources))
        self.run = replace(runs[0], seed=self.seeds[0])
        self.arm = Arm(self.run, dataset, backbone)
        self.stored = self.arm.stored.astype(np.float64)
        self.generators = [np.random.default_rng([seed, 2]) for seed in self.seeds]
        self.dropout = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self.encoded = [self.encode_arms(seed, everything) for seed in self.seeds]
        self.stack = self.fresh_stack()

    def encode_arms(self, seed: int, everything: tuple[str, ...]) -> list[list[EncodedSource]]:
        """Of each arm of a lane; equal sources are the same object."""
        blur = dict.fromkeys(entry for run in self.runs for entry in run.blur)
        real = replace(self.run, sources=everything, control="none", falsified=(), blur=tuple(blur), seed=seed)
        roles = list(self.dataset.split(self.run.split).values())
        known = {(source.name, "none"): source for source in encode_sources(real, self.dataset)}
        found = []
        for run in self.runs:
            wrong = set(run.falsified or run.sources) if run.control != "none" else set()
            keys = [(name, run.control if name in wrong else "none") for name in run.sources]
            if not known.keys() >= set(keys):
                fresh = falsify(replace(run, seed=seed), [known[name, "none"] for name in run.sources], roles)
                known = {**dict(zip(keys, fresh, strict=True)), **known}
            found.append([known[key] for key in keys])
        return found

    def fresh_stack(self) -> HeadStack:
        centre = torch.from_numpy(self.arm.centre)
        lanes: list[list[PrototypicalNetwork]] = []
        for seed, encoded in zip(self.seeds, self.encoded, strict=True):
            lanes.append([])
            for run, sources in zip(self.runs, encoded, strict=True):
                torch.manual_seed(seed)
                learner = make_learner(run, torch.nn.Identity(), len(centre), sources)
                assert isinstance(learner, PrototypicalNetwork)
                learner.anchors.anchor.bias.data = centre.clone()
                lanes[-1].append(learner)
        return stack_learners(lanes, inputs_of(self.encoded))

    def step_loss(self, tasks: Sequence[EpisodeManifest]) -> Tensor:
        """Each head's loss [S, A] on its lane's training tasks, with shots drawn anew."""
        shots = [int(self.generators[lane].choice(self.run.training_shots)) for lane in self.stack.lanes]
        mean = torch.stack([self.means(lane, k) for lane, k in zip(tasks, shots, strict=True)])
        query = torch.stack([tensor_rows(self.stored, lane.query).flatten(1, 2) for lane in tasks])
        classes = torch.from_numpy(np.stack([lane.classes for lane in tasks]))
        return self.stack.loss(
            mean, torch.tensor(shots).double(), query, classes, self.run.distance, self.drop(classes[0].numel())
        )

    def means(self, tasks: EpisodeManifest, shots: int) -> Tensor:
        """The mean [B, N, D] of the first ``shots`` examples of each class; zero where there are none."""
        if not shots:
            return torch.zeros(*tasks.classes.shape, self.stored.shape[1], dtype=torch.float64)
        return tensor_rows(self.stored, tasks.support[:, :, :shots]).mean(dim=2)

    def drop(self, slots: int) -> Tensor | None:
        """One mask for all heads of a lane: the same positions drop out of each, which keeps the arms matched and blind to one another."""
        if not self.run.dropout:
            return None
        hidden, keep = self.stack.parameters["anchor.weight"].shape[-1], 1 - self.run.dropout
        masks = [torch.empty(slots, hidden).bernoulli_(keep, generator=self.dropout[lane]) for lane in self.stack.lanes]
        return torch.stack(masks).double() / keep

    @torch.no_grad()
    def count(self, manifest: EpisodeManifest, history: History | None = None) -> tuple[np.ndarray, Tensor]:
        """Right answers [S, A, shots, E] of the heads in the stack, and κ [S, A, T] of the manifest's T classes."""
        shots, (lanes, arms) = self.run.evaluation.shots, (len(self.stack.lanes), len(self.stack.arms))
        classes, place = places_of(manifest)
        anchor, strength = self.stack.anchors(torch.from_numpy(classes).expand(lanes, -1))
        share = share_of_anchor(strength, shots)

        def tick(fraction: float) -> None:
            if history is not None:
                history(0, "scoring the test episodes", TRAINING_SHARE + (1 - TRAINING_SHARE) * fraction)

        position = np.arange(len(self.stored))
        correct = count_correct(
            self.stored, position, manifest, shots, anchor.flatten(0, 1), share.flatten(0, 1), place, self.run.distance, tick
        )
        return correct.reshape(lanes, arms, *correct.shape[1:]), strength


def fit_heads(heads: Heads, history: History) -> dict[str, np.ndarray]:
    """Train every head until its validation accuracy has not risen for ``patience`` looks; the stack ends with each one's best weights, in
    the single precision in which they are stored.

    The rule is that of ``arms.fit``, head by head. ``validation_accuracy``, ``best_step`` and ``steps``, each [S, A].
    """
    run, arm = heads.run, heads.arm
    every, batch = run.look_every, arm.episodes.n_episodes // DRAWN_AT_ONCE
    queries = arm.validation.n_way * arm.validation.n_query
    whole, best_weights = heads.stack, heads.stack.snapshot()
    optimiser = optimiser_of(heads.stack, run)

    def validate() -> np.ndarray:
        return heads.count(arm.validation)[0].mean(axis=(2, 3)) / queries * 100

    best = validate()
    history(0, "training the heads", 0.0, validation_accuracy=float(best.mean()))
    best_step, steps, waited = (np.zeros(best.shape, dtype=int) for _ in range(3))
    training = np.ones(best.shape, dtype=bool)
    drawn: list[EpisodeManifest] = []
    for step in range(1, run.steps + 1):
        place = (step - 1) % DRAWN_AT_ONCE
        if place == 0:
            drawn = [draw_from(arm.table, arm.episodes, heads.generators[lane]) for lane in heads.stack.lanes]
        loss = heads.step_loss([lane[place * batch : (place + 1) * batch] for lane in drawn])
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        steps[training] = step
        fraction = TRAINING_SHARE * step / run.steps
        if step % every and step < run.steps:
            history(step, "training the heads", fraction, **({"loss": float(loss.detach().mean())} if step % 10 == 0 else {}))
            continue
        here = np.ix_(heads.stack.lanes, heads.stack.arms)
        if not torch.isfinite(loss)[torch.from_numpy(training[here])].all():
            raise BadInput(
                f"The loss is not a number at step {step}; try another seed than {run.seed}, or lower learning_rate ({run.learning_rate:g})."
            )
        found = np.full(best.shape, -np.inf)
        found[here] = validate()
        better = training & (found > best)
        waited = np.where(better, 0, waited + 1)
        best, best_step = np.where(better, found, best), np.where(better, step, best_step)
        keep_rows(best_weights, whole, heads.stack, better)
        training &= (waited < run.patience) | (run.patience == 0)
        measured = {"loss": float(loss.detach().mean()), "validation_accuracy": float(found[here].mean())}
        history(step, "training the heads", fraction, in_training=int(training.sum()), **measured)
        if not training.any():
            break
        lanes, arms = np.flatnonzero(training.any(axis=1)), np.flatnonzero(training.any(axis=0))
        if len(lanes) < len(heads.stack.lanes):
            drawn = [lane for number, lane in zip(heads.stack.lanes, drawn, strict=True) if number in lanes]
        if (len(lanes), len(arms)) != (len(heads.stack.lanes), len(heads.stack.arms)):
            heads.stack, optimiser = shrink(heads.stack, optimiser, lanes, arms, run)
    heads.stack = HeadStack(whole.inputs, best_weights, whole.lanes, whole.arms).rounded()
    return {"validation_accuracy": best, "best_step": best_step, "steps": steps}


def optimiser_of(stack: HeadStack, run: RunSpec) -> torch.optim.Optimizer:
    """Elementwise, so that a stack of heads learns as each would alone."""
    return torch.optim.AdamW(stack.parameters.values(), lr=run.learning_rate, weight_decay=run.weight_decay, fused=True)


def shrink(
    stack: HeadStack, optimiser: torch.optim.Optimizer, lanes: np.ndarray, arms: np.ndarray, run: RunSpec
) -> tuple[HeadStack, torch.optim.Optimizer]:
    """Stack and optimiser of the lanes and arms that still train, the moments of their gradients kept."""
    smaller = stack.part(lanes, arms)
    again = optimiser_of(smaller, run)
    for name, parameter in smaller.parameters.items():
        moments = optimiser.state[stack.parameters[name]]
        again.state[parameter] = {
            key: value if key == "step" else stack.rows(name, value, lanes, arms) for key, value in moments.items()
        }
    return smaller, again


def keep_rows(best: dict[str, Tensor], whole: HeadStack, stack: HeadStack, improved: np.ndarray) -> None:
    """Copy the weights of the ``improved`` [S, A] heads into their places of ``best``."""
    for lane, number in enumerate(stack.lanes):
        arms = np.flatnonzero(improved[number])
        for name, value in stack.parameters.items():
            now, then = stack.columns(name, arms), whole.columns(name, arms)
            best[name][number, then] = value.detach()[lane, now]


def train_heads(spec: HeadsSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [A, shots, E]. Frames: ``arms``, one row an arm in the order of ``spec.arms``."""
    learned = [spec.run_of(arm) for arm in spec.arms if arm.mask]
    heads = Heads(learned, (spec.run.seed,), dataset, *needed)
    fitted = pd.DataFrame({name: values[0] for name, values in fit_heads(heads, history).items()})
    manifest = draw(dataset, spec.run.evaluation.episodes(spec.run.split, "test"))
    store.keep_manifest(manifest)
    counted, kappa = heads.count(manifest, history)
    correct, strength = counted[0], kappa[0]
    queries = manifest.queries_each
    if len(learned) < len(spec.arms):  # the empty subset: nothing to train, the plain prototype
        plain = plain_count(heads.arm, manifest)
        validated = plain_count(heads.arm, heads.arm.validation).mean() / (
            heads.arm.validation.n_way * heads.arm.validation.n_query
        )
        row = pd.DataFrame({"validation_accuracy": [validated * 100], "best_step": [0], "steps": [0]})
        correct, fitted = np.concatenate([plain[None], correct]), pd.concat([row, fitted], ignore_index=True)
        strength = torch.cat([torch.zeros(1, strength.shape[1]), strength])
    frame = pd.DataFrame([vars(arm) for arm in spec.arms]).join(fitted)
    frame["kappa"] = strength.mean(dim=1).numpy().astype(float)
    frame["accuracy"] = correct.mean(axis=(1, 2)) / queries * 100
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "metric": spec.run.evaluation.metric.name,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": "running",
            "heads": len(spec.arms),
            "head_steps": int(fitted["steps"].sum()),
            "queries": queries,
        },
        frames={"arms": frame},
        arrays={"correct": correct.astype(np.uint8) if queries < 256 else correct},
    )


def plain_count(arm: Arm, manifest: EpisodeManifest) -> np.ndarray:
    """Right answers [shots, E] of the prototype without metadata."""
    classes, place = places_of(manifest)
    stored, shots = arm.stored.astype(np.float64), arm.spec.evaluation.shots
    nowhere = torch.zeros(1, len(classes), stored.shape[1], dtype=torch.float64)
    share = torch.zeros(1, len(shots), len(classes), dtype=torch.float64)
    return count_correct(stored, np.arange(len(stored)), manifest, shots, nowhere, share, place, arm.spec.distance)[0]
