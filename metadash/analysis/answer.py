"""The question a page asks, as runs to be made, and the answer those runs give, as numbers and as a sentence."""

from dataclasses import dataclass
from typing import Any

from metadash.analysis.compare import Difference, difference, worth
from metadash.analysis.intervals import Interval
from metadash.analysis.scores import Scores, load_scores
from metadash.analysis.shots import WorthInShots
from metadash.canonical import digest
from metadash.data.dataset import Dataset, Question
from metadash.errors import BadInput
from metadash.networks.registry import backbone_entry, usual_backbone
from metadash.training.spec import BackboneSpec, Evaluation, Mode, RunSpec, usual_ways
from metadash.training.store import Run, RunStore

ARMS = ("plain", "metadata", "shuffled")


@dataclass(frozen=True)
class AnswerSpec:
    """A question about one data set, and how thoroughly to answer it. ``where`` narrows the test classes, as SQL."""

    dataset: str
    question: Question
    split: str
    column: str | None
    seeds: tuple[int, ...] = (0, 1, 2)
    mode: Mode = "quick"
    backbone: str = "conv4"
    width: int = 0
    episodes: int = 500
    steps: int = 2000
    n_episodes: int = 2000
    shots: tuple[int, ...] = (1, 2, 5, 10)
    n_query: int = 15
    where: str | None = None

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise BadInput("An answer needs at least one seed, each named once.")
        object.__setattr__(self, "width", self.width or backbone_entry(self.backbone).width)

    @property
    def arms(self) -> dict[str, list[RunSpec]]:
        """The runs of each arm. Plain prototypes over a frozen backbone have nothing to train, so one run serves every seed."""
        base: dict[str, Any] = {
            "dataset": self.dataset,
            "split": self.split,
            "mode": self.mode,
            "backbone": BackboneSpec(self.dataset, self.split, self.backbone, self.width, episodes=self.episodes),
            "steps": self.steps,
            "evaluation": Evaluation(
                self.question.n_way,
                self.shots,
                self.n_query,
                self.question.strategy,  # type: ignore[arg-type]
                self.column if self.question.strategy != "uniform" else None,
                self.where,
                self.n_episodes,
                ways=usual_ways(self.question.n_way),
            ),
        }
        informed = {**base, "fusion": "pseudo-shots", "sources": self.question.sources}
        return {
            "plain": [RunSpec(**base, seed=seed) for seed in (self.seeds if self.mode == "full" else self.seeds[:1])],
            "metadata": [RunSpec(**informed, seed=seed) for seed in self.seeds],
            "shuffled": [RunSpec(**informed, control="shuffled", seed=seed) for seed in self.seeds],
        }

    @property
    def runs(self) -> list[RunSpec]:
        return [run for arm in self.arms.values() for run in arm]


def answer_spec(dataset: Dataset, question: Question, **choices: Any) -> AnswerSpec:
    """The default way to answer ``question`` on ``dataset``; ``choices`` override its parts."""
    column = {"siblings": dataset.description.sibling_column, "disjoint": dataset.description.disjoint_column}.get(
        question.strategy
    )
    usual = {
        "dataset": dataset.name,
        "question": question,
        "split": dataset.description.default_split,
        "column": column,
        "backbone": usual_backbone(dataset.description.modality).name,
    }
    return AnswerSpec(**{**usual, **choices})


@dataclass(frozen=True)
class Answer:
    """Everything behind the sentence. Lists over shots are in the order of ``spec.shots``."""

    spec: AnswerSpec
    accuracy: dict[str, list[tuple[Interval, Interval]]]
    gain: list[Difference]
    shuffled: list[Difference]
    credit: list[Difference]
    worth: WorthInShots
    kappa: float
    n_classes: int
    n_groups: int | None
    digests: dict[str, tuple[str, ...]]
    manifest: str
    batch_norm: str
    seconds: float
    class_noun: str
    group_noun: str

    @property
    def digest(self) -> str:
        """Names the answer by the runs it was read from."""
        return digest(self.digests)

    @property
    def unit_noun(self) -> str:
        """What would be new: the group where tasks are drawn within groups, else the class."""
        return self.group_noun if self.n_groups else self.class_noun


def stored_runs(spec: AnswerSpec, dataset: Dataset, store: RunStore) -> dict[str, list[Run]] | None:
    """The finished runs of each arm, or None while one of them is missing."""
    found = {arm: [store.find(run, dataset) for run in runs] for arm, runs in spec.arms.items()}
    if any(run is None for runs in found.values() for run in runs):
        return None
    return {arm: [run for run in runs if run is not None] for arm, runs in found.items()}


def answer(spec: AnswerSpec, dataset: Dataset, store: RunStore) -> Answer | None:
    """Read the answer off the stored runs; None while one of them is missing."""
    runs = stored_runs(spec, dataset, store)
    if runs is None:
        return None
    scores = {arm: load_scores(found, store) for arm, found in runs.items()}
    manifest = scores["plain"].manifest
    return Answer(
        spec=spec,
        accuracy={arm: [scores[arm].means(shot) for shot in spec.shots] for arm in ARMS},
        gain=differences(scores["metadata"], scores["plain"]),
        shuffled=differences(scores["shuffled"], scores["plain"]),
        credit=differences(scores["metadata"], scores["shuffled"]),
        worth=worth(scores["metadata"], scores["plain"], spec.shots[0]),
        kappa=sum(run.summary["kappa"] for run in runs["metadata"]) / len(runs["metadata"]),
        n_classes=runs["plain"][0].summary["n_test_classes"],
        n_groups=len(set(manifest.group.tolist())) if scores["plain"].group is not None else None,
        digests={arm: tuple(run.digest for run in found) for arm, found in runs.items()},
        manifest=manifest.hash,
        batch_norm=runs["plain"][0].summary["batch_norm"],
        seconds=sum(run.about["seconds"] for found in runs.values() for run in found),
        class_noun=dataset.description.class_noun,
        group_noun=dataset.description.group_noun,
    )


def differences(first: Scores, second: Scores) -> list[Difference]:
    return [difference(first, second, shot) for shot in first.shots]
