"""What is to be computed, said completely: equal specs on equal data are the same run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from metadash.canonical import QUIET
from metadash.episodes.spec import EpisodeSpec, Pool, Strategy
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked
from metadash.learners.core.entry import Mode
from metadash.learners.core.fusions import BOTH, PLACING
from metadash.learners.registry import USUAL, check_options, entry_of, options_for
from metadash.metadata.controls import Control
from metadash.networks.encoders.of_metadata import TextEncoder
from metadash.networks.registry import backbone_entry
from metadash.specs.asked import check_learner
from metadash.specs.features import FeaturesSpec
from metadash.specs.normalising import Normalise, normal_normalise, normalised
from metadash.specs.reading import (
    AUXILIARY_WEIGHT,
    check_auxiliary,
    check_zero_shots,
    normal_blur,
    normal_falsified,
    normalise_fusion,
)
from metadash.specs.training import AS_TESTS, Training, check_training, normal_training
from metadash.stats.metric import ACCURACY, Metric

if TYPE_CHECKING:
    from metadash.specs.choosing.tuning import TuneSpec

Distance = Literal["euclidean", "cosine"]
TrainedOn = Literal["episodes", "classes"]

MOST_TRIED = 64
"""Candidates of a tuning."""

VALIDATION_EPISODES = {"quick": 400, "full": 50}
LOOK_EVERY = {"quick": 50, "full": 25, "adapting": 100}
"""Steps between two looks at the validation episodes. End to end, a learner that adapts its whole network to every task looks less
often, and at each episode with one number of shots in turn: with all of them, scoring would take many times longer than learning."""

LOOKS = {"best": 40, "last": 10}
"""At most so many looks where none of them can end the training; with the last weights kept they decide nothing, and only draw a curve."""

USUAL_BATCH = {"quick": 16, "full": 1}
"""Training tasks a step. End to end one: its images fill a core, and small data want steps rather than fewer, smoother ones."""


@dataclass(frozen=True)
class BackboneSpec(Checked):
    """A backbone trained on the inputs alone, then frozen (or a start for full mode).

    ``backbone`` is one of ``metadash.networks.registry``, which says what ``width`` counts; 0 stands for its usual width. It is
    ``trained_on`` *episodes*, as Prototypical Networks on uniform ones of ``n_way``, ``n_shot``, ``n_query``, or on all meta-train *classes*
    at once, by cross-entropy, without meta-learning, in batches as large. At most ``episodes`` of either; ``learning_rate`` of Adam,
    annealed to zero by a cosine; the weights kept are those with the best accuracy on tasks of validation classes. ``start`` names,
    by their content, weights that come with the data set (see ``metadash.data.shipped``) in the place of training; empty where the
    backbone is trained here. ``reads`` is the encoder (at its usual width) whose features the network reads where the inputs are no numbers.
    """

    dataset: str
    split: str
    backbone: str = "conv4"
    width: int = 0
    distance: Distance = "euclidean"
    n_way: Annotated[int, Between(2, 200)] = 20
    n_shot: Annotated[int, Between(1, 20)] = 1
    n_query: Annotated[int, Between(1, 50)] = 5
    episodes: Annotated[int, Between(1, 1_000_000)] = 500
    learning_rate: Annotated[float, Between(1e-7, 1.0)] = 2e-3
    seed: Annotated[int, Between(0, SEED)] = 0
    start: str = ""
    reads: str = ""
    trained_on: TrainedOn = field(default="episodes", metadata=QUIET)

    def settle(self) -> None:
        entry = backbone_entry(self.backbone)
        self.set(width=self.width or entry.width)
        Between(entry.least, entry.most).check("width", self.width)

    @property
    def needs(self) -> list[FeaturesSpec]:
        return [FeaturesSpec(self.dataset, self.split, self.reads)] if self.reads else []

    @property
    def batch(self) -> int:
        """Inputs of a training step."""
        return self.n_way * (self.n_shot + self.n_query)

    @property
    def title(self) -> str:
        """``Conv-4-32``, ``Conv-4-32 trained on classes``"""
        return f"{backbone_entry(self.backbone).title}-{self.width}" + (
            "" if self.trained_on == "episodes" else " trained on classes"
        )

    def seconds_per_input(self, shape: Sequence[int]) -> float:
        """Of a forward and a backward pass of one input."""
        return backbone_entry(self.backbone).seconds_per_input(self.width, shape)

    @property
    def choices(self) -> dict[str, Any]:
        """The choices of ``run_for`` that give it."""
        found: dict[str, Any] = {"backbone": self.backbone, "width": self.width, "backbone_episodes": self.episodes}
        found |= {} if self.trained_on == "episodes" else {"backbone_training": self.trained_on}
        return found if self.start else {**found, "own_backbone": True}

    @property
    def bare(self) -> "BackboneSpec":
        """The same network without a word of its training, for a run that starts from random weights: equal meanings stay one run."""
        kept = ("dataset", "split", "backbone", "width", "reads")
        usual: dict[str, Any] = {field.name: field.default for field in fields(self) if field.name not in kept}
        return replace(self, **usual)

    def on(self, split: str) -> "BackboneSpec":
        """The same, trained on the training classes of another split."""
        return replace(self, split=split, start="")


AnyFeatures = BackboneSpec | FeaturesSpec
"""Whatever gives features [I, D] of a data set."""


@dataclass(frozen=True)
class Evaluation(Checked):
    """The test episodes every arm is scored on: the same manifest, read at each of ``shots``; at 0 no class has an example, and metadata
    alone say where it lies.

    ``ways`` are fewer numbers of ways to score at besides ``n_way``, on that same manifest: a task of w ways is the first w classes
    of a task of ``n_way`` with their support and their queries, and the learner is given these alone. So tasks are nested in ways as
    they are in shots, and accuracies are paired over both. Training and validation keep to ``n_way``. A learner whose head has one
    row a class (``fixed_way`` in the registry) is scored at ``n_way`` only. ``query_dirichlet`` deals the test tasks' queries unevenly to
    their classes (see ``EpisodeSpec``); training and validation tasks ask each class alike.
    """

    n_way: int = 5
    shots: tuple[int, ...] = (1, 2, 5, 10)
    n_query: int = 15
    strategy: Strategy = "uniform"
    column: str | None = None
    where: str | None = None
    n_episodes: int = 2000
    seed: int = 0
    ways: tuple[int, ...] = ()
    query_dirichlet: float | None = field(default=None, metadata=QUIET)

    def settle(self) -> None:
        if self.ways and self.query_dirichlet is not None:
            raise BadInput(
                "Unbalanced queries (query_dirichlet) can leave the first classes of a task without any, so they cannot be read at fewer "
                f"ways; leave ways out, or ask for tasks of {self.ways[0]} ways."
            )
        if list(self.ways) != sorted(set(self.ways)) or (self.ways and not 2 <= self.ways[0] <= self.ways[-1] < self.n_way):
            raise BadInput(
                f"ways is {self.ways}; it must be different whole numbers from 2 to {self.n_way - 1} (fewer than n_way), smallest first."
            )
        if not self.shots or list(self.shots) != sorted(set(self.shots)) or self.shots[0] < 0:
            raise BadInput(f"shots is {self.shots}; it must be different whole numbers from 0 on, smallest first.")
        self.episodes("any", "test")

    @property
    def metric(self) -> Metric:
        """What an answered task is worth: of a classification, its accuracy."""
        return ACCURACY

    @property
    def queries_words(self) -> str:
        """``15 queries per class``"""
        if self.query_dirichlet is None:
            return f"{self.n_query} quer{'y' if self.n_query == 1 else 'ies'} per class"
        return f"{self.n_way * self.n_query} queries dealt to the classes unevenly (Dirichlet {self.query_dirichlet:g})"

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
            "query_dirichlet": self.query_dirichlet if role == "test" else None,
        }
        return EpisodeSpec(**{**values, **changes})


def usual_ways(n_way: int) -> tuple[int, ...]:
    """The fewer ways that pages and the command line score new runs at; few, so that they cost no more than ``n_way`` itself."""
    return tuple(ways for ways in (2, 3, 5, 10) if ways < n_way)


@dataclass(frozen=True)
class RunSpec(Checked):
    """One learner, one set of metadata sources, one seed.

    Mode *quick* freezes ``backbone`` (or an encoder, which is the same to it) and trains what reads the metadata on cached embeddings;
    *full* starts from the same backbone and trains every weight end to end. ``control`` falsifies the metadata (see ``metadash.metadata.controls``): that of
    the sources ``falsified``, or of all where none is named.
    ``learner`` and its ``options`` (pairs of name and value, those that differ from its defaults in that mode) are
    the registry's. ``normalise`` is what is done to frozen embeddings before the head, and the anchors of its metadata, live among them:
    *none*, *centred*, *l2* or *centred-l2* by meta-train (*usual*: what the learner's entry says; in full mode there is nothing to do).
    ``fusion`` is how the metadata enter: *pseudo-shots* and *am3* place a class's prototype, *film* modulates the embedding (and
    can read sources that describe instances), *pseudo-shots+film* does both, *auxiliary* only teaches the embedding in training, by
    a loss that counts ``auxiliary_weight`` times. ``modulating`` are the sources of *pseudo-shots+film* that describe instances and
    go to FiLM; where they are none or all, the run is that of the one fusion that is left.
    ``blur`` makes columns of its sources less exact before anything is learned from them: rows of (source, column, rung) or (source,
    column, mechanism, epsilon), see ``metadash.metadata.blur``; noise is drawn by ``seed``.
    ``text_encoder`` (``metadash.networks.encoders.of_metadata``) reads texts and names among its sources; ``source_dropout`` is the chance that
    a source is hidden from a training task, so that one model serves every subset.
    ``tune`` is how many forms of it are tried on validation classes before the best of them is trained and tested (see
    ``metadash.specs.choosing.tuning``); 0: as it comes.
    At most ``steps`` of ``meta_batch`` tasks each (0: the usual number of the mode), whose losses are averaged; the training ends where
    validation accuracy has not risen for ``patience`` looks (0: never early). ``training`` says what of it is not as usual: its tasks (else
    with the evaluation's ways, queries and strategy, and shots drawn from those of the tests), its start, its schedule, the weights kept.
    """

    dataset: str
    split: str
    backbone: AnyFeatures
    learner: str = USUAL
    options: tuple[Any, ...] = ()
    mode: Mode = "quick"
    distance: Distance = "euclidean"
    normalise: Normalise = "usual"
    fusion: Literal["none", "pseudo-shots", "am3", "film", "pseudo-shots+film", "auxiliary"] = "none"
    auxiliary_weight: Annotated[float, Between(0.01, 1.0)] = AUXILIARY_WEIGHT
    sources: tuple[str, ...] = ()
    modulating: tuple[str, ...] = ()
    control: Control = "none"
    falsified: tuple[str, ...] = ()
    blur: tuple[tuple[Any, ...], ...] = ()
    text_encoder: TextEncoder = field(default="words", metadata=QUIET)
    source_dropout: Annotated[float, Between(0.0, 0.95)] = 0.0
    dropout: Annotated[float, Between(0.0, 0.95)] = 0.5
    steps: Annotated[int, Between(1, 1_000_000)] = 2000
    meta_batch: Annotated[int, Between(0, 1024)] = 0
    learning_rate: Annotated[float, Between(1e-7, 1.0)] = 1e-2
    weight_decay: Annotated[float, Between(0.0, 1.0)] = 1e-3
    patience: Annotated[int, Between(0, 10_000)] = 8
    seed: Annotated[int, Between(0, SEED)] = 0
    tune: Annotated[int, Between(0, MOST_TRIED)] = 0
    evaluation: Evaluation = field(default_factory=Evaluation)
    training: Training = field(default_factory=Training, metadata=QUIET)

    def settle(self) -> None:
        self.set(options=normal_options(self.learner, self.options, self.mode))
        self.set(meta_batch=self.meta_batch or USUAL_BATCH[self.mode], training=normal_training(self))
        normalise_fusion(self)
        check_learner(self)
        check_zero_shots(self)
        self.set(normalise=normal_normalise(self))
        self.set(blur=normal_blur(self.sources, self.blur))
        self.set(text_encoder=self.text_encoder if self.sources else "words")
        if (self.fusion == "none") != (not self.sources):
            raise BadInput(
                f"Sources without a fusion would be ignored; choose the fusion pseudo-shots, am3, film, {BOTH} or auxiliary."
                if self.sources
                else f"The fusion '{self.fusion}' needs at least one metadata source."
            )
        check_auxiliary(self)
        if self.control != "none" and not self.sources:
            raise BadInput(f"The control '{self.control}' needs metadata sources to falsify.")
        if len(set(self.sources)) < len(self.sources):
            raise BadInput(f"A source is named twice in {', '.join(self.sources)}.")
        self.set(falsified=normal_falsified(self))
        if (self.backbone.dataset, self.backbone.split) != (self.dataset, self.split):
            raise BadInput(
                "The backbone must be trained on the data set and the split of the run, else it has seen test classes."
            )
        check_training(self)
        if self.from_random:
            self.set(backbone=cast(BackboneSpec, self.backbone).bare)
        if self.tune:
            from metadash.specs.choosing.tuning import check_tune

            self.set(tune=check_tune(self))

    @property
    def needs(self) -> "Sequence[AnyFeatures | TuneSpec]":
        """Its features; where it is tuned, what was tried too."""
        if not self.tune:
            return self.starts_from
        from metadash.specs.choosing.tuning import TuneSpec

        return [*self.starts_from, TuneSpec(self, self.tune)]

    @property
    def starts_from(self) -> Sequence[AnyFeatures]:
        """What its inputs or its network come from: its backbone, or what a network of random weights reads."""
        return cast(BackboneSpec, self.backbone).needs if self.from_random else [self.backbone]

    @property
    def from_random(self) -> bool:
        """Whether its network starts from random weights; then ``backbone`` only says which network."""
        return self.training.start == "random"

    @property
    def training_shots(self) -> tuple[int, ...]:
        """The numbers of shots of which each training step draws one; a run that only guesses at 0 has nothing to learn there."""
        shots = self.evaluation.shots
        return self.training.shots or (tuple(filter(None, shots)) if self.guesses and any(shots) else shots)

    def training_episodes(self, n_episodes: int = 1) -> EpisodeSpec:
        """The tasks it learns from, with as many shots as any of them has."""
        asked, tests = self.training, self.evaluation
        ways, queries = asked.ways or tests.n_way, asked.queries or tests.n_query
        uniform = {} if asked.strategy == AS_TESTS else {"strategy": "uniform", "column": None}
        return tests.episodes(
            self.split, "train", n_way=ways, n_shot=max(self.training_shots), n_query=queries, n_episodes=n_episodes, **uniform
        )

    @property
    def look_every(self) -> int:
        """Steps between two looks at the validation episodes."""
        usual = LOOK_EVERY["adapting" if self.adapts_network else self.mode]
        return usual if self.patience else max(usual, -(-self.steps // LOOKS[self.training.keep]))

    @property
    def normalised(self) -> Normalise:
        """What is done to the frozen embeddings that its head reads."""
        return normalised(self)

    @property
    def ways(self) -> tuple[int, ...]:
        """The numbers of ways that its scores are of, n_way last."""
        tests = self.evaluation
        return (tests.n_way,) if entry_of(self.learner).fixed_way else (*tests.ways, tests.n_way)

    @property
    def reads_at_test(self) -> bool:
        """Whether the trained learner is told the metadata; where they only taught it, it is not."""
        return self.fusion not in ("none", "auxiliary")

    @property
    def adapts_network(self) -> bool:
        """Every task adapts the whole network to itself, so that nothing can be embedded once for all tasks."""
        return self.mode == "full" and entry_of(self.learner).adapts_backbone

    @property
    def light(self) -> bool:
        """Whether it is a head over frozen embeddings that trains beside others in one loop (see ``metadash.training.heads``)."""
        stacks = entry_of(self.learner).stacks and self.training == Training()
        return stacks and (self.mode, self.fusion) == ("quick", "pseudo-shots") and not self.source_dropout and not self.tune

    @property
    def guesses(self) -> bool:
        """Whether it is asked about classes of which it knows nothing: no example, no metadata."""
        return 0 in self.evaluation.shots and self.fusion not in PLACING

    @property
    def trains(self) -> bool:
        """A quick prototype without metadata has nothing to train: it is a mean of frozen embeddings."""
        learns = self.mode == "full" or self.fusion != "none" or entry_of(self.learner).learns
        return learns and not (self.guesses and not any(self.evaluation.shots))


def ways_note(spec: RunSpec) -> str:
    """Why a learner is not scored at fewer ways than n_way, whichever are asked for; empty where it can be."""
    n_way = spec.evaluation.n_way
    fixed = entry_of(spec.learner).fixed_way
    return f"scored at {n_way} ways only: its head has one row for each of {n_way} classes" if fixed else ""


def normal_options(learner: str, options: Any, mode: Mode) -> tuple[tuple[str, Any], ...]:
    """Only what differs from the learner's defaults, sorted by name, so that equal meanings stay one run.

    Raises BadInput for an unknown learner (naming the nearest), and for an option that it ignores or that is out of range.
    """
    entry_of(learner)
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in options):
        raise BadInput(f"The options are {options!r:.60}; they must be pairs of a name and a value.")
    names = [name for name, _ in options]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(f"The option {twice} is given twice; give it one value.")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in options}
    complete, usual = check_options(learner, given, mode), options_for(learner, mode)
    return tuple((name, getattr(complete, name)) for name in sorted(given) if getattr(complete, name) != getattr(usual, name))


class AboutRun(Checked):
    """What every spec has that says what is computed of one run."""

    run: RunSpec

    @property
    def dataset(self) -> str:
        return self.run.dataset


class OverBackbone(AboutRun):
    """One that needs the features of its run, and not the run itself."""

    @property
    def needs(self) -> list[AnyFeatures]:
        return [self.run.backbone]
