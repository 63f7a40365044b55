"""What is to be computed, said completely: equal specs on equal data are the same run."""

from dataclasses import dataclass, field
from typing import Any, Literal

from metadash.episodes.spec import EpisodeSpec, Pool, Strategy
from metadash.errors import BadInput
from metadash.learners.registry import Mode, check_options, entry_of, options_for
from metadash.networks.registry import backbone_entry
from metadash.training.fields import check_fields, check_range

VALIDATION_EPISODES = {"quick": 400, "full": 50}
LOOK_EVERY = {"quick": 50, "full": 25, "adapting": 100}
"""Steps between two looks at the validation episodes. End to end, a learner that adapts its whole network to every task looks less
often, and at each episode with one number of shots in turn: with all of them, scoring would take many times longer than learning."""


@dataclass(frozen=True)
class BackboneSpec:
    """A backbone trained on the inputs alone, as Prototypical Networks on uniform episodes, then frozen (or a start for full mode).

    ``backbone`` is one of ``metadash.networks.registry``, which says what ``width`` counts; 0 stands for its usual width. At
    most ``episodes`` training episodes of ``n_way``, ``n_shot``, ``n_query``; ``learning_rate`` of Adam, annealed to zero by a
    cosine; the weights kept are those with the best accuracy on validation classes.
    """

    dataset: str = "glyphs"
    split: str = "base_letter-0"
    backbone: str = "conv4"
    width: int = 0
    distance: Literal["euclidean", "cosine"] = "euclidean"
    n_way: int = 20
    n_shot: int = 1
    n_query: int = 5
    episodes: int = 500
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self)
        entry = backbone_entry(self.backbone)
        object.__setattr__(self, "width", self.width or entry.width)
        check_range(self, "width", entry.least, entry.most)
        check_range(self, "n_way", 2, 200)
        check_range(self, "n_shot", 1, 20)
        check_range(self, "n_query", 1, 50)
        check_range(self, "episodes", 1, 1_000_000)
        check_range(self, "learning_rate", 1e-7, 1.0)
        check_range(self, "seed", 0, 2**31)

    @property
    def needs(self) -> list:
        return []

    @property
    def title(self) -> str:
        """``Conv-4-32``"""
        return f"{backbone_entry(self.backbone).title}-{self.width}"


@dataclass(frozen=True)
class Evaluation:
    """The test episodes every arm is scored on: the same manifest, read at each of ``shots``."""

    n_way: int = 5
    shots: tuple[int, ...] = (1, 2, 5, 10)
    n_query: int = 15
    strategy: Strategy = "siblings"
    column: str | None = "base_letter"
    where: str | None = None
    n_episodes: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.shots or list(self.shots) != sorted(set(self.shots)) or self.shots[0] < 1:
            raise BadInput(f"shots is {self.shots}; it must be different whole numbers from 1 on, smallest first.")
        self.episodes("any", "test")

    def episodes(self, split: str, role: str, **changes: Any) -> EpisodeSpec:
        """The EpisodeSpec of one role. ``where`` narrows the test classes only: training sees its whole pool."""
        values: dict[str, Any] = {
            "pool": Pool(split, role, self.where if role == "test" else None),
            "n_way": self.n_way,
            "n_shot": max(self.shots),
            "n_query": self.n_query,
            "strategy": self.strategy,
            "column": self.column if self.strategy != "uniform" else None,
            "seed": self.seed,
            "n_episodes": self.n_episodes,
        }
        return EpisodeSpec(**{**values, **changes})


@dataclass(frozen=True)
class RunSpec:
    """One learner, one set of metadata sources, one seed.

    Mode *quick* freezes ``backbone`` and trains what reads the metadata on cached embeddings; *full* starts from the same
    backbone and trains every weight end to end. ``control`` falsifies the metadata (see ``metadash.metadata.controls``).
    ``learner`` and its ``options`` (pairs of name and value, those that differ from its defaults in that mode) are the registry's.
    ``source_dropout`` is the chance that a source is hidden from a training task, so that one model serves every subset.
    Training tasks have the evaluation's n_way and strategy, and shots drawn from ``evaluation.shots``.
    """

    dataset: str = "glyphs"
    split: str = "base_letter-0"
    learner: str = "prototypical"
    options: tuple[Any, ...] = ()
    mode: Mode = "quick"
    backbone: BackboneSpec = field(default_factory=BackboneSpec)
    distance: Literal["euclidean", "cosine"] = "euclidean"
    fusion: Literal["none", "pseudo-shots", "am3"] = "none"
    sources: tuple[str, ...] = ()
    control: Literal["none", "shuffled", "noise", "constant"] = "none"
    source_dropout: float = 0.0
    dropout: float = 0.5
    steps: int = 2000
    meta_batch: int = 16
    learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    patience: int = 8
    seed: int = 0
    evaluation: Evaluation = field(default_factory=Evaluation)

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "options", normal_options(self.learner, self.options, self.mode))
        check_learner(self)
        check_range(self, "source_dropout", 0.0, 0.95)
        check_range(self, "dropout", 0.0, 0.95)
        check_range(self, "steps", 1, 1_000_000)
        check_range(self, "meta_batch", 1, 1024)
        check_range(self, "learning_rate", 1e-7, 1.0)
        check_range(self, "weight_decay", 0.0, 1.0)
        check_range(self, "patience", 1, 10_000)
        check_range(self, "seed", 0, 2**31)
        if (self.fusion == "none") != (not self.sources):
            raise BadInput(
                "Sources without a fusion would be ignored; choose the fusion pseudo-shots or am3."
                if self.sources
                else f"The fusion '{self.fusion}' needs at least one metadata source."
            )
        if self.control != "none" and not self.sources:
            raise BadInput(f"The control '{self.control}' needs metadata sources to falsify.")
        if len(set(self.sources)) < len(self.sources):
            raise BadInput(f"A source is named twice in {', '.join(self.sources)}.")
        if (self.backbone.dataset, self.backbone.split) != (self.dataset, self.split):
            raise BadInput(
                "The backbone must be trained on the data set and the split of the run, else it has seen test classes."
            )

    @property
    def needs(self) -> list[BackboneSpec]:
        return [self.backbone]

    @property
    def adapts_network(self) -> bool:
        """Every task adapts the whole network to itself, so that nothing can be embedded once for all tasks."""
        return self.mode == "full" and entry_of(self.learner).adapts_backbone

    @property
    def trains(self) -> bool:
        """A quick prototype without metadata has nothing to train: it is a mean of frozen embeddings."""
        return self.mode == "full" or self.fusion != "none" or entry_of(self.learner).learns


def normal_options(learner: str, options: Any, mode: Mode) -> tuple[tuple[str, Any], ...]:
    """Only what differs from the learner's defaults, sorted by name, so that equal meanings stay one run.

    Raises BadInput for an unknown learner (naming the nearest), and for an option that it ignores or that is out of range.
    """
    entry_of(learner)
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in options}
    complete, usual = check_options(learner, given, mode), options_for(learner, mode)
    return tuple((name, getattr(complete, name)) for name in sorted(given) if getattr(complete, name) != getattr(usual, name))


def check_learner(spec: RunSpec) -> None:
    """Raises BadInput where the learner cannot do what the spec asks, or would ignore it."""
    entry = entry_of(spec.learner)
    if spec.fusion not in entry.fusions:
        if entry.needs_metadata and spec.fusion == "none":
            raise BadInput(f"The learner '{spec.learner}' needs at least one metadata source.")
        raise BadInput(
            f"The learner '{spec.learner}' cannot take metadata in by the fusion '{spec.fusion}'; it has {', '.join(entry.fusions)}."
        )
    if spec.distance != "euclidean" and spec.distance not in entry.distances:
        raise BadInput(f"The learner '{spec.learner}' would ignore the distance '{spec.distance}'.")
    for name, _ in spec.options:
        if spec.mode == "quick" and name in ("batch_norm", "per_step_norm"):
            raise BadInput(
                f"The mode quick would ignore the option {name}: a frozen embedding has no batch norm; use the mode full."
            )
        if name == "fce_steps" and not dict(spec.options).get("fce"):
            raise BadInput("The learner 'matching' would ignore the option fce_steps without fce=true.")
    if spec.mode == "full" and entry.family == "reference":
        raise BadInput(
            f"The learner '{spec.learner}' is a reference over a fixed embedding and has nothing to train end to end; use the mode quick."
        )
