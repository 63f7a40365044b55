"""Trains one arm: a learner with some metadata sources (or none, or falsified ones) over a shared backbone."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Protocol, cast

import numpy as np
import pandas as pd
import torch
from torch import nn

from metadash.data.dataset import Dataset, Source
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import draw, draw_from
from metadash.errors import BadInput
from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.base import EmbeddingLearner, Learner
from metadash.learners.core.fusions import PLACING
from metadash.learners.core.optimisers import Annealing, optimisers_of
from metadash.learners.registry import check_options, entry_of, make
from metadash.metadata.blur import blur_table, read_blur
from metadash.metadata.controls import control, control_instances
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.metadata.encoder import encode, encode_instances
from metadash.networks.anchors import MetadataContext
from metadash.networks.encoders.of_metadata import reader
from metadash.runs.device import on_the_device, place_of
from metadash.runs.progress import SCORING, History
from metadash.runs.store import Run, RunStore
from metadash.specs.run import VALIDATION_EPISODES, BackboneSpec, RunSpec
from metadash.training.backbone import Outcome, make_backbone
from metadash.training.evaluate import context_of, embed, places, score, task_batch
from metadash.training.features.normalised import normaliser
from metadash.training.features.stored import features_of, network_inputs, read_by
from metadash.training.modulated import by_row, count_modulated
from metadash.training.outcome import accuracy_of, outcome_of
from metadash.training.scorable import scorable

DRAWN_AT_ONCE = 50
TRAINING_SHARE = 0.85


def encode_sources(spec: RunSpec, dataset: Dataset, table: pd.DataFrame | None = None) -> list[EncodedSource]:
    """The run's class sources as vectors, fitted on meta-train classes, blurred and falsified where the spec says so.

    ``table`` takes the place of the data set's classes where some of their values have been changed.
    """
    sources = sources_of(spec, dataset, "class")
    if not sources:
        return []
    classes = dataset.classes if table is None else table
    roles = dataset.split(spec.split)
    blurs = [read_blur(entry) for entry in spec.blur]
    encoded = [
        found
        for source in sources
        for found in encode(
            blur_table(classes, source.name, blurs, spec.seed), (source,), roles["train"], reader(spec.text_encoder)
        )
    ]
    return falsify(spec, encoded, list(roles.values()))


def falsify(spec: RunSpec, encoded: list[EncodedSource], roles: list[np.ndarray]) -> list[EncodedSource]:
    """The encoded sources with the spec's control applied to those that it falsifies."""
    chosen = [source for source in encoded if source.name in (spec.falsified or spec.sources)]
    if not chosen:
        return encoded
    wrong = {source.name: source for source in control(chosen, spec.control, roles, np.random.default_rng([spec.seed, 1]))}
    return [wrong.get(source.name, source) for source in encoded]


def encode_instance_sources(spec: RunSpec, dataset: Dataset) -> list[EncodedInstances]:
    """The run's sources that describe instances, likewise."""
    sources = sources_of(spec, dataset, "instance")
    if not sources:
        return []
    roles = [np.flatnonzero(np.isin(dataset.class_of, members)) for members in dataset.split(spec.split).values()]
    columns = dict.fromkeys(column for source in sources for column in source.columns)
    encoded = encode_instances(dataset.instance_columns(list(columns)), sources, roles[0], reader(spec.text_encoder))
    chosen = [source for source in encoded if source.name in (spec.falsified or spec.sources)]
    wrong = {s.name: s for s in control_instances(chosen, spec.control, roles, np.random.default_rng([spec.seed, 3]))}
    return [wrong.get(source.name, source) for source in encoded]


def sources_of(spec: RunSpec, dataset: "HasSources", level: str) -> tuple[Source, ...]:
    """Those of the run that describe classes, or instances. Raises BadInput for one that describes tasks."""
    for source in map(dataset.source, spec.sources):
        if source.level == "task":
            raise BadInput(f"The source '{source.name}' describes the owners of tasks, which no learner reads yet; leave it out.")
    return tuple(source for source in map(dataset.source, spec.sources) if source.level == level)


def make_learner(
    spec: RunSpec, backbone: nn.Module, dim: int, encoded: list[EncodedSource], instances: Sequence[EncodedInstances] = ()
) -> Learner:
    return make(
        spec.learner,
        backbone,
        dim,
        spec.evaluation.n_way,
        source_dims=[source.vectors.shape[1] for source in encoded],
        fusion=spec.fusion,
        distance=spec.distance,
        dropout=spec.dropout,
        options=dict(spec.options),
        instance_dims=[source.width for source in instances],
        auxiliary_weight=spec.auxiliary_weight,
        mode=spec.mode,
    )


class HasSources(Protocol):
    """A data set, or what a learner took with it of one."""

    def source(self, name: str) -> Source: ...


class Arm:
    """A learner in training, with all that its tasks are made of.

    In quick mode the learner's inputs are the backbone's stored embeddings (``centroid`` alone reads the data set's own inputs);
    in full mode they are the data set's inputs, and ``embeddings_of`` embeds again what an evaluation needs.
    """

    def __init__(self, spec: RunSpec, dataset: Dataset, *needed: Run):
        """``needed``: the runs of ``spec.needs``."""
        torch.manual_seed(spec.seed)
        self.spec, self.dataset = spec, dataset
        self.encoded = encode_sources(spec, dataset)
        self.instances = encode_instance_sources(spec, dataset)
        self.generator = np.random.default_rng([spec.seed, 2])
        self.frozen = spec.mode == "quick" and not entry_of(spec.learner).reads_inputs
        train = np.isin(dataset.class_of, dataset.split(spec.split)["train"])
        network: nn.Module = nn.Identity()
        if spec.from_random:
            architecture = cast(BackboneSpec, spec.backbone)
            self.inputs = read_by(architecture, dataset, list(needed))
            network, dim = make_backbone(architecture, dataset, self.inputs.shape[1:])
            self.stored = np.zeros((0, dim), dtype=np.float32)
            self.centre = np.zeros(dim, dtype=np.float32)
        else:
            self.stored = np.array(features_of(needed[0]))
            self.normalise = normaliser(spec.normalised, self.stored[train])
            self.stored = self.normalise(self.stored)
            self.centre = self.stored[train].mean(axis=0)
            dim, self.inputs = self.stored.shape[1], self.stored
        if spec.mode == "full" and not spec.from_random:
            self.inputs = network_inputs(needed[0], dataset)
            network = load_backbone(needed[0], dataset, self.inputs)
        elif spec.mode == "quick" and not self.frozen:
            self.inputs = dataset.inputs
            dim = int(np.prod(self.inputs.shape[1:]))
        self.learner = make_learner(spec, network, dim, self.encoded, self.instances)
        if spec.fusion in PLACING and self.frozen:
            self.learner.anchors.anchor.bias.data = torch.from_numpy(self.centre.copy())
        if self.learner.auxiliary is not None:
            members = dataset.split(spec.split)["train"]
            known = [source.vectors[members[source.present[members]]] for source in self.encoded]
            variance = torch.tensor([float(vectors.var(axis=0).sum()) for vectors in known])
            self.learner.auxiliary.start([torch.from_numpy(vectors.mean(axis=0)) for vectors in known], variance)
        self.episodes = spec.training_episodes(spec.meta_batch * DRAWN_AT_ONCE)
        self.table = pool_table(dataset, self.episodes)
        self.validation = draw(dataset, spec.evaluation.episodes(spec.split, "validation", n_episodes=self.validation_episodes))

    @property
    def validation_episodes(self) -> int:
        return VALIDATION_EPISODES[self.spec.mode]

    def parameters(self) -> list[dict]:
        """A trained backbone learns ten times more slowly than what is new; its start is already good. From random weights, all is new."""
        spec, backbone = self.spec, [] if self.spec.from_random else list(self.learner.backbone.parameters())
        known = {id(parameter) for parameter in backbone}
        new = [parameter for parameter in self.learner.parameters() if id(parameter) not in known]
        groups = [{"params": new, "lr": spec.learning_rate, "weight_decay": spec.weight_decay}]
        return groups + ([{"params": backbone, "lr": spec.learning_rate / 10, "weight_decay": 0.0}] if backbone else [])

    def loss(self, tasks: EpisodeManifest, progress: float) -> torch.Tensor:
        """The learner's loss on some training tasks at once, with shots and hidden sources drawn anew; ``progress`` 0..1 of the training."""
        return self.loss_of(*self.drawn(tasks), progress)

    def drawn(self, tasks: EpisodeManifest) -> tuple[EpisodeManifest, np.ndarray | None]:
        """Tasks at a number of shots, one for all of them, and which of the sources [B, S] each is told; None where it is all."""
        tasks = tasks.at_shot(int(self.generator.choice(self.spec.training_shots)))
        if not self.spec.source_dropout or (context := self.context(tasks)) is None:
            return tasks, None
        return tasks, self.generator.random((len(tasks), context.n_sources)) >= self.spec.source_dropout

    def loss_of(self, tasks: EpisodeManifest, told: np.ndarray | None, progress: float) -> torch.Tensor:
        context = self.context(tasks)
        if context is not None and told is not None:
            context = context.masked(torch.from_numpy(told))
        return self.learner.loss(task_batch(self.inputs, tasks, context).to(place_of(self.learner)), progress)

    def descend(self, tasks: EpisodeManifest, progress: float) -> torch.Tensor:
        """Adds the gradient of the mean loss of B tasks to that of the learner's parameters, and returns that loss, a number.

        All tasks at once where the learner is the faster for it and they do not see one another; else one after the other, each with its
        own batch statistics and with the memory of one: the same gradient, to rounding.
        """
        tasks, told = self.drawn(tasks)
        if len(tasks) == 1 or self.takes_tasks_at_once:
            loss = self.loss_of(tasks, told, progress)
            loss.backward()
            return loss.detach()
        total = torch.zeros(())
        for b in range(len(tasks)):
            loss = self.loss_of(tasks[b : b + 1], None if told is None else told[b : b + 1], progress) / len(tasks)
            loss.backward()
            total = total + loss.detach().cpu()
        return total

    @property
    def takes_tasks_at_once(self) -> bool:
        """Over frozen embeddings any learner does; of those with a network, one that adapts it by ``vmap`` (dense, or on a GPU)."""
        if self.spec.mode == "quick":
            return True
        learner = self.learner
        example = torch.empty(0, device=place_of(learner))
        return isinstance(learner, AdaptingLearner) and learner.inner.runs_vectorised(example)

    def context(self, tasks: EpisodeManifest) -> MetadataContext | None:
        """All that the metadata say of some tasks; what only teaches is among it."""
        return context_of(self.encoded, tasks.classes, self.instances, tasks.support, tasks.asked[0])

    def evaluate(self, manifest: EpisodeManifest, shots: tuple[int, ...] | None = None) -> np.ndarray:
        """Correct queries [len(shots), E], by default at all the shots of the evaluation."""
        return self.evaluate_ways(manifest, (manifest.n_way,), shots)[manifest.n_way]

    def evaluate_ways(
        self, manifest: EpisodeManifest, ways: Iterable[int], shots: tuple[int, ...] | None = None
    ) -> dict[int, np.ndarray]:
        """Correct queries [len(shots), E] at each number of ways; what the tasks need is embedded once for all."""
        rows = manifest.rows
        if self.frozen or isinstance(self.learner, EmbeddingLearner):
            table, position = self.embeddings_of(rows)
        else:
            needed, position = places(rows, len(self.inputs))
            table = np.asarray(self.inputs[needed])
        encoded, shots = self.encoded if self.spec.reads_at_test else [], shots or self.spec.evaluation.shots
        count = count_modulated if by_row(self.learner) else score
        return {w: count(self.learner, table, position, manifest.at_ways(w), shots, encoded, self.instances) for w in ways}

    def embeddings_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings [R, D] of (at least) these rows under the current weights, and the place of each row of the data set among them."""
        if self.frozen:
            return self.stored, np.arange(len(self.stored))
        needed, position = places(rows, len(self.inputs))
        return embed(self.learner.backbone, self.inputs, needed), position

    @property
    def can_do_without(self) -> bool:
        """Whether the learner can also be asked without its metadata."""
        return not entry_of(self.spec.learner).needs_metadata

    @torch.no_grad()
    def predict(self, task: EpisodeManifest, context: MetadataContext | None) -> np.ndarray:
        """The position 0..N-1 of the class predicted for each query [T] of a manifest of one task."""
        self.learner.eval()
        return scorable(self.learner(task_batch(self.inputs, task, context)))[0].argmax(dim=-1).numpy()

    def accuracy(self, correct: np.ndarray, manifest: EpisodeManifest) -> float:
        """In %, the mean over the shots."""
        return accuracy_of(correct, manifest.queries)

    def look(self) -> float:
        """The accuracy on the validation episodes: what training is stopped and selected on."""
        shots, manifest = self.spec.evaluation.shots, self.validation
        if not self.spec.adapts_network:
            return self.accuracy(self.evaluate(manifest), manifest)
        parts = [(manifest[turn :: len(shots)], shots[turn : turn + 1]) for turn in range(len(shots))]
        return float(np.mean([self.accuracy(self.evaluate(part, shot), part) for part, shot in parts]))


def load_backbone(backbone: Run, dataset: Dataset, inputs: np.ndarray) -> nn.Module:
    """The trained network of a backbone that reads ``inputs`` [I, ...]."""
    network, _ = make_backbone(cast(BackboneSpec, backbone.spec), dataset, inputs.shape[1:])
    network.load_state_dict(backbone.weights())
    return network


def fit(arm: Arm, history: History) -> dict[str, float]:
    """Train until validation accuracy has not risen for ``patience`` looks (0: whatever it does), or the budget is spent; keep the best
    weights, or the last ones where the spec says so. ``best_step`` is the step after which what is kept was so."""
    spec, entry = arm.spec, entry_of(arm.spec.learner)
    every, keeps_last = spec.look_every, spec.training.keep == "last"
    optimisers = optimisers_of(arm.learner, entry, arm.parameters(), spec.learning_rate, spec.weight_decay)
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    anneal = Annealing(optimisers, spec.training.schedule, getattr(options, entry.annealed) if entry.annealed else None)
    with named_step(0, spec.steps):
        best, best_step, waited = arm.look(), 0, 0
    weights = None if keeps_last else copy.deepcopy(arm.learner.state_dict())
    history(0, "training", 0.0, validation_accuracy=best)
    batch = arm.episodes.n_episodes // DRAWN_AT_ONCE
    manifest = draw_from(arm.table, arm.episodes, arm.generator)
    step = 0
    accuracy = best
    for step in range(1, spec.steps + 1):
        drawn = (step - 1) % DRAWN_AT_ONCE
        if drawn == 0 and step > 1:
            manifest = draw_from(arm.table, arm.episodes, arm.generator)
        if not arm.learner.training:  # after a look; to go through all modules at every step would cost a twentieth of it
            arm.learner.train()
        progress = (step - 1) / spec.steps
        arm.learner.zero_grad()
        with named_step(step, spec.steps):
            loss = arm.descend(manifest[drawn * batch : (drawn + 1) * batch], progress)
        if entry.clip is not None:
            torch.nn.utils.clip_grad_norm_(arm.learner.parameters(), entry.clip)
        anneal(progress)
        for optimiser in optimisers:
            optimiser.step()
        if not torch.isfinite(loss):
            raise BadInput(f"The loss is not a number at step {step} of {spec.steps}; {cure(spec, step)}.")
        fraction = TRAINING_SHARE * step / spec.steps
        if step % every and step < spec.steps:
            history(step, "training", fraction, **({"loss": loss.item()} if step % 10 == 0 else {}))
            continue
        with named_step(step, spec.steps):
            accuracy = arm.look()
        history(step, "training", fraction, loss=loss.item(), validation_accuracy=accuracy)
        waited += 1
        if accuracy > best:
            best, best_step, waited = accuracy, step, 0
            weights = None if keeps_last else copy.deepcopy(arm.learner.state_dict())
        if spec.patience and waited >= spec.patience:
            break
    if keeps_last:
        return {"validation_accuracy": accuracy, "best_step": step, "steps": step}
    assert weights is not None
    arm.learner.load_state_dict(weights)
    return {"validation_accuracy": best, "best_step": best_step, "steps": step}


@contextmanager
def named_step(step: int, steps: int) -> Iterator[None]:
    """What a learner refuses inside (an inner loop that diverges) is told with the training step at which it happened."""
    try:
        yield
    except BadInput as problem:
        raise BadInput(f"Training stopped at step {step} of {steps}. {problem}") from problem


def cure(spec: RunSpec, step: int) -> str:
    """What probably makes a loss a number again; before the first step nothing was learned yet that could have gone wrong."""
    if step == 1:
        return "the inputs or the backbone's embeddings hold values that are not numbers"
    entry, options = entry_of(spec.learner), check_options(spec.learner, dict(spec.options), spec.mode)
    inner = f"lower inner_lr ({options.inner_lr:g})" if "inner_lr" in entry.options else ""
    if entry.annealed:
        return f"{inner} or {entry.annealed} ({getattr(options, entry.annealed):g})"
    return f"{inner or f'try another seed than {spec.seed}'}, or lower learning_rate ({spec.learning_rate:g})"


def train_arm(spec: RunSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Train (where there is something to train) and score on the test manifest.

    Frames: ``scores`` (every episode's own, at every number of ways) and, where metadata place the prototypes, ``anchors`` (class_id,
    kappa or weight λ, mu as lists). Where nothing is trained, validation accuracy is measured all the same: it is what learners may be
    chosen by.
    """
    arm = Arm(spec, dataset, *needed)
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    rows = np.flatnonzero(np.isin(dataset.class_of, dataset.split(spec.split)["test"]))
    with on_the_device(arm.learner) if spec.mode == "full" else nullcontext():
        found = (
            fit(arm, history)
            if spec.trains and any(parameter.requires_grad for parameter in arm.learner.parameters())
            else {"validation_accuracy": arm.accuracy(arm.evaluate(arm.validation), arm.validation)}
        )
        history(int(found.get("steps", 0)), SCORING, TRAINING_SHARE)
        store.keep_manifest(manifest)
        correct = arm.evaluate_ways(manifest, spec.ways)
        embeddings = embed(arm.learner.backbone, arm.inputs, rows) if spec.mode == "full" else None
    outcome = outcome_of(spec, arm.learner, arm.encoded, manifest, correct, found)
    if embeddings is not None:
        outcome.arrays |= {"embedded_rows": rows, "embeddings": embeddings}
    return outcome
