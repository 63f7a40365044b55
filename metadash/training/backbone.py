"""Trains a backbone on the inputs alone and embeds every instance with it, once, for all arms that will share it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from metadash.data.dataset import Dataset
from metadash.data.shipped import shipped_backbone
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.networks.registry import check_inputs, make_network
from metadash.runs.device import on_the_device, torch_device
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.run import BackboneSpec
from metadash.training.evaluate import embed, places, score
from metadash.training.features.stored import read_by
from metadash.training.lessons.classes import Classes
from metadash.training.lessons.episodes import Episodes
from metadash.training.scorable import spread_of

VALIDATE_EVERY = 100
VALIDATION_EPISODES = 60
TRAINING_SHARE = 0.8
"""Of a backbone run's time; the rest is embedding. Only the progress bar depends on it."""


@dataclass
class Outcome:
    """What a training function hands to the run store."""

    summary: dict[str, Any]
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def make_backbone(spec: BackboneSpec, dataset: Dataset, shape: Sequence[int] | None = None) -> tuple[nn.Module, int]:
    """The untrained network for inputs of ``shape`` each (by default the data set's), and its output dimension. Raises BadInput for inputs
    it cannot take."""
    shape = dataset.inputs.shape[1:] if shape is None else shape
    check_inputs(spec.backbone, "vector" if spec.reads else dataset.modality.name, shape, dataset.name)
    network = make_network(spec.backbone, shape, spec.width)
    with torch.no_grad():
        dim = network.eval()(torch.zeros(1, *shape)).shape[1]
    return network, dim


def train_backbone(spec: BackboneSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """By episodes, as Prototypical Networks, or by classes with cross-entropy (``metadash.training.lessons``); the weights kept are the best
    on tasks of validation classes, whichever it is trained by.

    Arrays of the outcome: ``embeddings`` [I, D] float32 of all instances, divided by their spread over meta-train. With a ``start``
    there is nothing to train, and the weights are those.
    """
    if spec.start:
        return embed_shipped(spec, dataset, history)
    torch.manual_seed(spec.seed)
    inputs = read_by(spec, dataset, needed)
    network, dim = make_backbone(spec, dataset, inputs.shape[1:])
    learner = PrototypicalNetwork(network, dim, distance=spec.distance).to(torch_device())
    by_classes = spec.trained_on == "classes"
    lessons = Classes(spec, network, dim, dataset, inputs) if by_classes else Episodes(spec, learner, dataset, inputs)
    optimiser = torch.optim.Adam(lessons.parameters(), spec.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, spec.episodes)
    best_accuracy, best_step, best_weights = -1.0, 0, learner.state_dict()

    for step in range(1, spec.episodes + 1):
        learner.train()
        loss = lessons.loss(step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if not torch.isfinite(loss):
            cause = (
                "the inputs hold values that are not numbers"
                if step == 1
                else f"scale the inputs to a spread of about 1, or (from Python) lower learning_rate ({spec.learning_rate:g})"
            )
            raise BadInput(f"The backbone's loss is not a number at step {step}; {cause}.")
        fraction = TRAINING_SHARE * step / spec.episodes
        if step % VALIDATE_EVERY == 0 or step == spec.episodes:
            accuracy = validate_backbone(learner, spec, dataset, inputs)
            history(step, "training the backbone", fraction, loss=loss.item(), validation_accuracy=accuracy)
            if accuracy > best_accuracy:
                best_accuracy, best_step = accuracy, step
                best_weights = {name: value.clone() for name, value in learner.state_dict().items()}
        elif step % 10 == 0:
            history(step, "training the backbone", fraction, loss=loss.item())
        else:
            history(step, "training the backbone", fraction)

    learner.load_state_dict(best_weights)
    embeddings = embed_all(network, inputs, dataset, spec, history)
    return Outcome(
        summary={"validation_accuracy": best_accuracy, "best_step": best_step, "dim": dim, "batch_norm": "running"},
        weights={name: value.contiguous() for name, value in network.state_dict().items()},
        arrays={"embeddings": embeddings},
    )


def embed_shipped(spec: BackboneSpec, dataset: Dataset, history: History) -> Outcome:
    """The outcome of a backbone whose weights come with the data set."""
    from safetensors.torch import load_file

    shipped = shipped_backbone(spec.dataset, spec.start)
    weights = load_file(shipped.file)
    network, dim = make_backbone(spec, dataset)
    network.load_state_dict(weights)
    made = {key: shipped.made[key] for key in ("validation_accuracy", "best_step")}
    embeddings = embed_all(network, dataset.inputs, dataset, spec, history)
    summary = {**made, "dim": dim, "batch_norm": "running", "shipped": shipped.file.name}
    return Outcome(summary=summary, weights=weights, arrays={"embeddings": embeddings})


def embed_all(network: nn.Module, inputs: np.ndarray, dataset: Dataset, spec: BackboneSpec, history: History) -> np.ndarray:
    begun = 0.0 if spec.start else TRAINING_SHARE

    def tick(fraction: float) -> None:
        history(0 if spec.start else spec.episodes, "embedding every instance", begun + (1 - begun) * fraction)

    with on_the_device(network):
        embeddings = embed(network, inputs, np.arange(len(inputs)), tick)
    train = np.isin(dataset.class_of, dataset.split(spec.split)["train"])
    return embeddings / spread_of(embeddings[train])


def validate_backbone(learner: PrototypicalNetwork, spec: BackboneSpec, dataset: Dataset, inputs: np.ndarray) -> float:
    """Accuracy in % on one fixed draw of episodes of validation classes; fewer ways where there are fewer classes."""
    pool = Pool(spec.split, "validation")
    n_way = min(spec.n_way, len(dataset.split(spec.split)["validation"]))
    episodes = EpisodeSpec(pool, n_way, spec.n_shot, spec.n_query, seed=0, n_episodes=VALIDATION_EPISODES)
    manifest = draw(dataset, episodes)
    rows, position = places(np.concatenate([manifest.support.ravel(), manifest.query.ravel()]), len(inputs))
    correct = score(learner, embed(learner.backbone, inputs, rows), position, manifest, (spec.n_shot,), [])
    return float(correct.mean() / (n_way * spec.n_query) * 100)
