"""Trains the heads of an ablation, all of one seed in one loop, and scores them on the test episodes."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw, draw_from
from metadash.errors import BadInput
from metadash.metadata.encoded import EncodedSource
from metadash.training.arms import DRAWN_AT_ONCE, TRAINING_SHARE, Arm, falsify, make_learner
from metadash.training.backbone import Outcome
from metadash.training.evaluate import tensor_rows
from metadash.training.progress import History
from metadash.training.spec import LOOK_EVERY, RunSpec
from metadash.training.stack import HeadStack, inputs_of, stack_learners
from metadash.training.store import Run, RunStore
from metadash.training.subsets import HeadsSpec, SourceArm
from metadash.training.tally import count_correct, places_of, share_of_anchor


class Heads:
    """The heads of some arms in training, with the tasks that they share.

    The tasks, their order and their shots are those of the template ``run`` (and so of every ordinary run with its seed); each
    head starts with the weights that the ordinary run of its arm would start with.
    """

    def __init__(self, spec: HeadsSpec, arms: list[SourceArm], dataset: Dataset, backbone: Run):
        self.spec, self.run, self.arms = spec, spec.run, arms
        self.arm = Arm(spec.run, dataset, backbone)
        self.encoded = self.encode_arms(dataset)
        self.dropout = torch.Generator().manual_seed(spec.run.seed)
        self.stack = self.fresh_stack()

    def encode_arms(self, dataset: Dataset) -> list[list[EncodedSource]]:
        """Of each arm; equal sources are the same object."""
        roles, names = list(dataset.split(self.run.split).values()), self.run.sources
        known: dict[tuple[int, str, bool], EncodedSource] = {}
        found = []
        for arm in self.arms:
            run = self.spec.run_of(arm)
            chosen = [s for s in range(len(names)) if arm.mask >> s & 1]
            keys = [(s, arm.control, True) if arm.falsified >> s & 1 else (s, "none", False) for s in chosen]
            if not known.keys() >= set(keys):
                fresh = falsify(run, [self.arm.encoded[s] for s in chosen], roles)
                known = {**dict(zip(keys, fresh, strict=True)), **known}
            found.append([known[key] for key in keys])
        return found

    def fresh_stack(self) -> HeadStack:
        centre = self.arm.learner.anchors.anchor.bias.data
        learners = []
        for arm, encoded in zip(self.arms, self.encoded, strict=True):
            torch.manual_seed(self.run.seed)
            learner = make_learner(self.spec.run_of(arm), torch.nn.Identity(), len(centre), encoded)
            learner.anchors.anchor.bias.data = centre.clone()
            learners.append(learner)
        return stack_learners(learners, inputs_of(self.encoded))  # type: ignore[arg-type]

    def step_loss(self, tasks: EpisodeManifest) -> Tensor:
        """Each head's loss on some training tasks, with shots drawn anew as an ordinary run draws them."""
        run, arm = self.run, self.arm
        shots = int(arm.generator.choice(run.evaluation.shots))
        mean = tensor_rows(arm.stored, tasks.support[:, :, :shots]).mean(dim=2)
        query = tensor_rows(arm.stored, tasks.query).flatten(1, 2)
        return self.stack.loss(mean, shots, query, torch.tensor(tasks.classes), run.distance, self.drop(tasks.classes.size))

    def drop(self, slots: int) -> Tensor | None:
        """One mask for all heads: the same positions drop out of each, which keeps the arms matched and blind to one another."""
        if not self.run.dropout:
            return None
        hidden = self.stack.parameters["anchor.weight"].shape[-1]
        keep = 1 - self.run.dropout
        return torch.empty(slots, hidden).bernoulli_(keep, generator=self.dropout) / keep

    @torch.no_grad()
    def count(self, manifest: EpisodeManifest, history: History | None = None) -> tuple[np.ndarray, Tensor]:
        """Right answers [A, shots, E] of the heads in the stack, and κ [A, T] of the manifest's T classes."""
        shots = self.run.evaluation.shots
        classes, place = places_of(manifest)
        anchor, strength = self.stack.anchors(torch.from_numpy(classes))
        share = share_of_anchor(strength, shots)
        stored = self.arm.stored

        def tick(fraction: float) -> None:
            if history is not None:
                history(0, "scoring the test episodes", TRAINING_SHARE + (1 - TRAINING_SHARE) * fraction)

        position = np.arange(len(stored))
        return count_correct(stored, position, manifest, shots, anchor, share, place, self.run.distance, tick), strength


def fit_heads(heads: Heads, history: History) -> pd.DataFrame:
    """Train every head until its validation accuracy has not risen for ``patience`` looks; the stack ends with each one's best weights.

    The rule is that of ``arms.fit``, head by head; who has stopped leaves the stack. One row an arm: validation_accuracy, best_step, steps.
    """
    run, arm = heads.run, heads.arm
    every, batch = LOOK_EVERY["quick"], arm.episodes.n_episodes // DRAWN_AT_ONCE
    queries = arm.validation.n_way * arm.validation.n_query
    whole, best_weights = heads.stack, heads.stack.snapshot()
    optimiser = optimiser_of(heads.stack, run)

    def validate() -> np.ndarray:
        return heads.count(arm.validation)[0].mean(axis=(1, 2)) / queries * 100

    best = validate()
    best_step, steps, waited = (np.zeros(len(best), dtype=int) for _ in range(3))
    manifest = draw_from(arm.table, arm.episodes, arm.generator)
    for step in range(1, run.steps + 1):
        drawn = (step - 1) % DRAWN_AT_ONCE
        if drawn == 0 and step > 1:
            manifest = draw_from(arm.table, arm.episodes, arm.generator)
        loss = heads.step_loss(manifest[drawn * batch : (drawn + 1) * batch])
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        alive = heads.stack.heads
        steps[alive] = step
        fraction = TRAINING_SHARE * step / run.steps
        if step % every and step < run.steps:
            history(step, "training the heads", fraction)
            continue
        if not torch.isfinite(loss).all():
            raise BadInput(
                f"The loss is not a number at step {step}; try another seed than {run.seed}, or (from Python) lower learning_rate ({run.learning_rate:g})."
            )
        found = validate()
        better = found > best[alive]
        waited[alive] = np.where(better, 0, waited[alive] + 1)
        improved = alive[better]
        best[improved], best_step[improved] = found[better], step
        keep_rows(best_weights, whole, heads.stack, improved)
        leaving = alive[waited[alive] >= run.patience]
        history(step, "training the heads", fraction, in_training=len(alive), validation_accuracy=float(best.mean()))
        if len(leaving) == len(alive):
            break
        if len(leaving):
            heads.stack, optimiser = shrink(heads.stack, optimiser, leaving, run)
    heads.stack = HeadStack(whole.inputs, best_weights, whole.heads)
    return pd.DataFrame({"validation_accuracy": best, "best_step": best_step, "steps": steps})


def optimiser_of(stack: HeadStack, run: RunSpec) -> torch.optim.Optimizer:
    """As an ordinary run's; elementwise, so that a stack of heads learns as each would alone."""
    return torch.optim.AdamW(stack.parameters.values(), lr=run.learning_rate, weight_decay=run.weight_decay, fused=True)


def shrink(
    stack: HeadStack, optimiser: torch.optim.Optimizer, leaving: np.ndarray, run: RunSpec
) -> tuple[HeadStack, torch.optim.Optimizer]:
    """Stack and optimiser of the heads that stay, the moments of their gradients kept."""
    smaller = stack.without(leaving)
    again = optimiser_of(smaller, run)
    for name, parameter in smaller.parameters.items():
        keep = stack.staying(name, leaving)
        moments = optimiser.state[stack.parameters[name]]
        again.state[parameter] = {key: value if key == "step" else value[keep] for key, value in moments.items()}
    return smaller, again


def keep_rows(best: dict[str, Tensor], whole: HeadStack, stack: HeadStack, improved: np.ndarray) -> None:
    """Copy the weights of the improved heads into their rows of ``best``."""
    for name, value in stack.parameters.items():
        now, then = stack.rows_of(name), whole.rows_of(name)
        chosen = np.intersect1d(now, improved)
        best[name][np.searchsorted(then, chosen)] = value.detach()[np.searchsorted(now, chosen)]


def train_heads(spec: HeadsSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [A, shots, E]. Frames: ``arms``, one row an arm in the order of ``spec.arms``."""
    learned = [arm for arm in spec.arms if arm.mask]
    heads = Heads(spec, learned, dataset, *needed)
    fitted = fit_heads(heads, history)
    manifest = draw(dataset, spec.run.evaluation.episodes(spec.run.split, "test"))
    store.keep_manifest(manifest)
    correct, strength = heads.count(manifest, history)
    queries = manifest.n_way * manifest.n_query
    if len(learned) < len(spec.arms):  # the empty subset: nothing to train, the plain prototype
        correct = np.concatenate([plain_count(heads, manifest), correct])
        fitted = pd.concat([plain_row(heads), fitted], ignore_index=True)
        strength = torch.cat([torch.zeros(1, strength.shape[1]), strength])
    frame = pd.DataFrame([vars(arm) for arm in spec.arms]).join(fitted)
    frame["kappa"] = strength.mean(dim=1).numpy().astype(float)
    frame["accuracy"] = correct.mean(axis=(1, 2)) / queries * 100
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": "running",
            "heads": len(spec.arms),
            "head_steps": int(fitted["steps"].sum()),
            "queries": queries,
        },
        frames={"arms": frame},
        arrays={"correct": correct.astype(np.uint8) if queries < 256 else correct},
    )


def plain_count(heads: Heads, manifest: EpisodeManifest) -> np.ndarray:
    """Right answers [1, shots, E] of the prototype without metadata."""
    classes, place = places_of(manifest)
    stored, shots = heads.arm.stored, heads.run.evaluation.shots
    nowhere = torch.zeros(1, len(classes), stored.shape[1])
    share = torch.zeros(1, len(shots), len(classes))
    return count_correct(stored, np.arange(len(stored)), manifest, shots, nowhere, share, place, heads.run.distance)


def plain_row(heads: Heads) -> pd.DataFrame:
    validation = heads.arm.validation
    accuracy = plain_count(heads, validation).mean() / (validation.n_way * validation.n_query) * 100
    return pd.DataFrame({"validation_accuracy": [accuracy], "best_step": [0], "steps": [0]})
