"""Training by episodes: a backbone as Prototypical Networks."""

import numpy as np
from torch import Tensor, nn

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import draw_from
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.runs.device import place_of
from metadash.specs.run import BackboneSpec
from metadash.training.evaluate import task_batch
from metadash.training.lessons.lessons import Lessons

DRAWN_AT_ONCE = 50


class Episodes(Lessons):
    """Uniform episodes of meta-train classes, whose queries a ``PrototypicalNetwork`` tells apart (Snell et al. 2017)."""

    def __init__(self, spec: BackboneSpec, learner: PrototypicalNetwork, dataset: Dataset, inputs: np.ndarray):
        super().__init__(spec, learner.backbone, learner.dim, dataset, inputs)
        self.learner = learner
        pool = Pool(spec.split, "train")
        self.episodes = EpisodeSpec(pool, spec.n_way, spec.n_shot, spec.n_query, seed=spec.seed, n_episodes=DRAWN_AT_ONCE)
        self.table = pool_table(dataset, self.episodes)

    def parameters(self) -> list[nn.Parameter]:
        return list(self.learner.parameters())

    def loss(self, step: int) -> Tensor:
        place = (step - 1) % DRAWN_AT_ONCE
        if place == 0:
            self.drawn = draw_from(self.table, self.episodes, self.generator)
        return self.learner.loss(task_batch(self.inputs, self.drawn[place : place + 1]).to(place_of(self.network)))
