"""What one more example, or one more source, of one class is worth: tasks asked before and after, with nothing else changed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.use import LABEL, StepsSpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import ADAPT_BATCH, SCORE_BATCH, context_of, tensor_rows
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.trainer import Arm
from metadash.training.use.calibrating import readable

State = tuple[Any, ...]
"""(examples, sources that are told …)"""


@torch.no_grad()
def take_steps(spec: StepsSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``steps``: rows of (state, step, episode, gain, own): by how many points the accuracy of the whole task rises, and that of the
    one class, when it takes the step; ``state`` is a place among ``spec.different``, ``step`` "label" or a source."""
    arm = restored(spec.run, dataset, needed[0], store)
    arm.learner.eval()
    stepper = Stepper(arm, spec, draw(dataset, spec.episodes))
    frames, states = [], spec.different
    for number, state in enumerate(states):
        history(number, "taking steps", number / len(states))
        before = stepper.right(state)
        for step in steps_from(state, stepper.names):
            gained = 100 * (stepper.right(stepped(state, step)) - before)
            frames.append(
                pd.DataFrame(
                    {
                        "state": number,
                        "step": step,
                        "episode": np.arange(len(gained)),
                        "gain": gained.mean(axis=(1, 2)),
                        "own": gained[:, 0].mean(axis=1),
                    }
                )
            )
    return Outcome({"n_way": spec.n_way, "n_episodes": spec.n_episodes}, frames={"steps": pd.concat(frames, ignore_index=True)})


def steps_from(state: State, names: Sequence[str]) -> list[str]:
    return [LABEL, *[name for name in names if name not in state[1:]]]


def stepped(state: State, step: str) -> State:
    return (state[0] + 1, *state[1:]) if step == LABEL else (*state, step)


class Stepper:
    """Tasks whose classes know different things. The first class of each is the one that takes the step."""

    def __init__(self, arm: Arm, spec: StepsSpec, tasks: EpisodeManifest):
        self.arm, self.spec, self.tasks = arm, spec, tasks
        self.names = [source.name for source in arm.encoded] if spec.run.reads_at_test else []
        others = np.random.default_rng([spec.seed, 5]).integers(0, len(spec.states), tasks.classes.shape)
        self.others = [[spec.states[place] for place in row] for row in others]
        self.table, self.position = readable(arm, tasks)

    def right(self, own: State) -> np.ndarray:
        """[E, N, Q] which queries are answered rightly when the first class of each task is in the state ``own``."""
        return self.answered([[own, *row[1:]] for row in self.others])

    @torch.no_grad()
    def answered(self, states: Sequence[Sequence[State]]) -> np.ndarray:
        """[E, N, Q] which queries are answered rightly when the classes of each task are in the ``states`` [E][N]."""
        shots = np.array([[state[0] for state in row] for row in states])
        told = np.array([[[name in state[1:] for name in self.names] for state in row] for row in states])
        arm, tasks = self.arm, self.tasks
        predict = arm.learner.classify if isinstance(arm.learner, EmbeddingLearner) else arm.learner
        batch, found = SCORE_BATCH if self.table.ndim == 2 else ADAPT_BATCH, []
        for start in range(0, len(tasks), batch):
            part = slice(start, start + batch)
            one = tasks[part]
            query, label = one.asked
            support, queries = (tensor_rows(self.table, self.position[rows]) for rows in (one.support, query))
            mask = torch.from_numpy(np.arange(tasks.n_shot)[None, None, :] < shots[part][..., None])
            context = self.context(one, query, torch.from_numpy(told[part]))
            logits = scorable(predict(TaskBatch.by_class(support, queries, context, mask=mask)))
            found.append((logits.argmax(dim=-1).numpy() == label).reshape(len(one), tasks.n_way, -1))
        return np.concatenate(found).astype(float)

    def context(self, tasks: EpisodeManifest, query: np.ndarray, told: torch.Tensor) -> MetadataContext | None:
        """Only what ``told`` [B, N, S] says of each class, and nothing of single instances."""
        if not self.spec.run.reads_at_test:
            return None
        found = context_of(self.arm.encoded, tasks.classes, self.arm.instances, tasks.support, query)
        if found is None:
            return None
        hidden = found.masked(torch.tensor([True] * len(self.arm.encoded) + [False] * len(self.arm.instances), dtype=torch.bool))
        return MetadataContext(hidden.vectors, hidden.present & told, hidden.support, hidden.query)
