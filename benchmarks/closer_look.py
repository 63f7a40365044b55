"""Baseline and Baseline++ beside the fine-tuning of Chen et al. (2019) as their own code has it: a random head, 100 epochs of random
batches of 4, torch's SGD: ``python -m benchmarks.closer_look`` (about 4 min) prints the first table of docs/learners.md; with
``--backbones`` (about 1 min) the second: learners over a backbone trained on episodes and over one trained on classes.

https://github.com/wyharveychen/CloserLookFewShot, ``methods/baselinefinetune.py`` and ``distLinear`` of ``backbone.py``; written anew, and
for many tasks side by side, whose losses are summed so that none feels another.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.data.shipped import shipped_backbone
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool, Strategy
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import make
from metadash.networks.registry import make_network
from metadash.runs.machine import prepare_process
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import BackboneSpec
from metadash.specs.source_levels import column_for
from metadash.training.evaluate import embed, places
from metadash.workspace import Workspace

EPOCHS, MINIBATCH = 100, 4


class Linear:
    """nn.Linear(D, N) of each task: weight and bias uniform in ±1/√D; without a generator, zero."""

    def __init__(self, rows: Tensor, n_way: int, generator: torch.Generator | None):
        shape, bound = (len(rows), n_way, rows.shape[-1] + 1), rows.shape[-1] ** -0.5
        head = torch.zeros(shape) if generator is None else bound * (2 * torch.rand(shape, generator=generator) - 1)
        self.weight, self.bias = (part.clone().requires_grad_() for part in (head[..., :-1], head[..., -1]))
        self.parameters = [self.weight, self.bias]

    def scores(self, x: Tensor) -> Tensor:
        return x @ self.weight.mT + self.bias[:, None]


class DistLinear:
    """Their cosine layer for up to 200 classes: WeightNorm over nn.Linear(D, N, bias=False), inputs of length one, scale 2.

    Without a generator it starts at the class means, as long as a row of nn.Linear is on average.
    """

    def __init__(self, rows: Tensor, n_way: int, generator: torch.Generator | None):
        if generator is None:
            mean = F.normalize(rows, dim=-1).unflatten(1, (n_way, -1)).mean(2)
            self.direction = (F.normalize(mean, dim=-1) / 3**0.5).requires_grad_()
        else:
            self.direction = Linear(rows, n_way, generator).weight
        self.length = self.direction.detach().norm(dim=-1, keepdim=True).requires_grad_()
        self.parameters = [self.direction, self.length]

    def scores(self, x: Tensor) -> Tensor:
        weight = self.length * self.direction / self.direction.norm(dim=-1, keepdim=True)
        return 2 * (x / (x.norm(dim=-1, keepdim=True) + 1e-5)) @ weight.mT


HEADS = {"baseline": Linear, "baseline-plus": DistLinear}


def fine_tuned(name: str, support: Tensor, query: Tensor, seed: int = 0, random_start: bool = True) -> Tensor:
    """The logits [B, Q, N] of queries [B, Q, D] after fine-tuning on support [B, N, K, D]."""
    n_way, shots = support.shape[1:3]
    rows, labels = support.flatten(1, 2), torch.arange(n_way).repeat_interleave(shots)
    generator, task = torch.Generator().manual_seed(seed), torch.arange(len(rows))[:, None]
    head = HEADS[name](rows, n_way, generator if random_start else None)
    optimiser = torch.optim.SGD(head.parameters, lr=0.01, momentum=0.9, dampening=0.9, weight_decay=0.001)
    for _ in range(EPOCHS):
        order = torch.rand(len(rows), len(labels), generator=generator).argsort(dim=1)
        for chosen in order.split(MINIBATCH, dim=1):
            losses = F.cross_entropy(head.scores(rows[task, chosen]).mT, labels[chosen], reduction="none")
            optimiser.zero_grad()
            losses.mean(dim=1).sum().backward()
            optimiser.step()
    with torch.no_grad():
        return head.scores(query)


Tasks = tuple[Tensor, Tensor]
"""Support [B, N, K, D] and queries [B, Q, D] as embeddings."""

QUERIES = 10


def shipped_network(data: Dataset) -> nn.Module:
    """The backbone that comes with glyphs: trained on episodes."""
    from safetensors.torch import load_file

    spec = run_for(data).backbone
    network = make_network(spec.backbone, data.inputs.shape[1:], spec.width)
    network.load_state_dict(load_file(shipped_backbone(data.name, spec.start).file))
    return network


def glyph_tasks(
    data: Dataset, drawn: list[tuple[int, Strategy, int]], network: nn.Module | None = None, shots: int = 5
) -> list[Tasks]:
    """Tasks of test characters (ways, strategy, how many) as embeddings by a network, of a spread of 1."""
    split, network = data.description.default_split, network or shipped_network(data)
    specs = [
        EpisodeSpec(Pool(split, "test"), ways, shots, QUERIES, strategy, column_for(strategy, data), seed=1, n_episodes=number)
        for ways, strategy, number in drawn
    ]
    found = [draw(data, spec) for spec in specs]
    rows, position = places(np.concatenate([part.ravel() for m in found for part in (m.support, m.query)]), len(data.inputs))
    embedded = torch.from_numpy(embed(network, data.inputs, rows))
    embedded = embedded / (embedded - embedded.mean(0)).square().mean().sqrt()
    return [(embedded[position[m.support]], embedded[position[m.query]].flatten(1, 2)) for m in found]


def at_shots(tasks: Tasks, shots: int, centred: bool) -> Tasks:
    """The first examples of each class; ``centred``: without what all embeddings have in common."""
    support, query = tasks
    offset = support.mean((0, 1, 2)) if centred else 0.0
    return support[:, :, :shots] - offset, query - offset


def right(logits: Tensor) -> Tensor:
    """The accuracy of each task [B] in %."""
    target = torch.arange(logits.shape[2]).repeat_interleave(logits.shape[1] // logits.shape[2])
    return (logits.argmax(dim=-1) == target).double().mean(dim=1) * 100


def ours(name: str, tasks: Tasks, **options: float) -> Tensor:
    learner = make(name, nn.Identity(), tasks[0].shape[-1], tasks[0].shape[1], options=options)
    with torch.no_grad():
        return learner(TaskBatch.by_class(*tasks))


def over_both_backbones(data: Dataset, workspace: Workspace, drawn: list[tuple[int, Strategy, int]]) -> None:
    """What learners reach over a backbone trained on episodes, and over one trained on classes for as many steps."""
    names = ("prototypical", "baseline", "baseline-plus", "logistic")
    print(f"| backbone trained on | validation | tasks | shots | {' | '.join(names)} |")
    print("|---|---|---|---|" + "---|" * len(names))
    for trained_on in ("episodes", "classes"):
        run = train(run_for(data, backbone_training=trained_on).backbone, workspace)
        spec = run.spec_as(BackboneSpec)
        network = make_network(spec.backbone, data.inputs.shape[1:], spec.width)
        network.load_state_dict(run.weights())
        for (ways, strategy, _), tasks in zip(drawn, glyph_tasks(data, drawn, network), strict=True):
            for shots in (1, 5):
                these = {plus: at_shots(tasks, shots, centred=plus) for plus in (False, True)}
                found = [f"{right(ours(name, these[name == 'baseline-plus'])).mean():.1f}" for name in names]
                validated = f"{run.summary['validation_accuracy']:.1f}"
                print(f"| {trained_on} | {validated} | {ways}-way, {strategy} | {shots} | {' | '.join(found)} |", flush=True)


def beside_the_authors(data: Dataset, drawn: list[tuple[int, Strategy, int]]) -> None:
    print(
        "| embeddings | tasks | shots | Baseline | its authors' fine-tuning | Baseline++ | its authors' fine-tuning | prototypes |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (ways, strategy, _), tasks in zip(drawn, glyph_tasks(data, drawn), strict=True):
        for shots in (1, 5):
            for centred in (False, True):
                these = at_shots(tasks, shots, centred)
                cells = []
                for name in HEADS:
                    mine, theirs = right(ours(name, these)), right(fine_tuned(name, *these))
                    apart = (mine - theirs).numpy()
                    half = 1.96 * apart.std(ddof=1) / len(apart) ** 0.5
                    cells += [f"{mine.mean():.1f}", f"{theirs.mean():.1f} ({apart.mean():+.1f} ± {half:.1f})"]
                cells.append(f"{right(ours('prototypical', these)).mean():.1f}")
                kind = "centred" if centred else "as they are"
                print(f"| {kind} | {ways}-way, {strategy} | {shots} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--backbones", action="store_true", help="learners over a backbone trained on episodes, and on classes")
    options = parser.parse_args()
    prepare_process()
    with tempfile.TemporaryDirectory() as room:
        workspace = Workspace(Path(room))
        data, number = open_dataset(workspace, "glyphs"), options.tasks
        drawn: list[tuple[int, Strategy, int]] = [(5, "uniform", number), (20, "uniform", number), (5, "siblings", number)]
        over_both_backbones(data, workspace, drawn) if options.backbones else beside_the_authors(data, drawn)


if __name__ == "__main__":
    main()
