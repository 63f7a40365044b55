"""The one list of learners: what each is, what it costs, what it reads. Imports no torch: classes are loaded by name when needed."""

import dataclasses
import importlib
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from metadash.errors import BadInput, nearest
from metadash.learners.core.constructors import parameters_of
from metadash.learners.core.entry import LearnerEntry, Mode
from metadash.learners.core.fusions import BOTH, HOOKS, MODULATING, PROTOTYPE_FUSIONS
from metadash.learners.core.options import OPTION_NAMES, LearnerOptions
from metadash.learners.core.references import DISTANCES, REFERENCES
from metadash.learners.core.transductive import TRANSDUCTIVE

if typing.TYPE_CHECKING:
    from torch import nn

    from metadash.learners.core.base import Learner

INNER = ("inner_steps", "eval_steps", "inner_lr", "batch_norm")
STEPS = {"inner_steps": 1}
"""Of a learner whose head knows nothing of a task before the first step."""

ENTRIES = (
    LearnerEntry(
        "prototypical",
        "Prototypical Networks",
        "metric",
        "Snell, Swersky & Zemel 2017",
        "A class is the mean of its examples' embeddings, and a query belongs to the nearest mean. Hard to beat for its price, and "
        "the one to try first.",
        "The cheapest to train: one forward and one backward pass an episode; thousands of test episodes score in seconds.",
        "metadash.learners.prototypical:PrototypicalNetwork",
        fusions=PROTOTYPE_FUSIONS,
        distances=DISTANCES,
        learns=False,
        stacks=True,
        compares_differences=True,
    ),
    LearnerEntry(
        "matching",
        "Matching Networks",
        "metric",
        "Vinyals, Blundell, Lillicrap, Kavukcuoglu & Wierstra 2016",
        "A query attends to every labelled example, and takes the label that gets most attention. Close to Prototypical Networks "
        "at one shot, usually a little below with more, where a mean denoises better.",
        "As Prototypical Networks; full context embeddings cost several times more to score, and depend on the order of the support.",
        "metadash.learners.matching:MatchingNetwork",
        ("matching_scale", "fce", "fce_steps"),
        compares_directions=True,
    ),
    LearnerEntry(
        "cache",
        "Cross-modal cache (Tip-Adapter)",
        "metric",
        "Zhang, Zhang, Fang, Gao, Li, Dai, Qiao & Li 2022",
        "The examples are a cache that a query reads by how near it is, and what metadata say of the classes is added to what is read. Nothing "
        "to train without metadata, and strong over features of a large frozen network.",
        "As Prototypical Networks; its memory goes with the number of examples.",
        "metadash.learners.cache:CrossModalCache",
        ("cache_sharpness",),
        learns=False,
        compares_directions=True,
    ),
    LearnerEntry(
        "relation",
        "Relation Network",
        "metric",
        "Sung, Yang, Zhang, Xiang, Torr & Hospedales 2018",
        "A small network learns to score how related a class and a query are, instead of a fixed distance. It needs more training "
        "than a prototype, and independent reproductions stay below the paper.",
        "As Prototypical Networks to train; the comparison of every pair makes scoring some ten times slower.",
        "metadash.learners.relation:RelationNetwork",
        ("hidden",),
        least={"hidden": 8},
        fusions=PROTOTYPE_FUSIONS,
    ),
    LearnerEntry(
        "r2d2",
        "R2D2 (ridge regression)",
        "closed form",
        "Bertinetto, Henriques, Torr & Vedaldi 2019",
        "The head of each task is ridge regression, solved exactly, so that training shapes the embedding for it. On a par with "
        "Prototypical Networks at one shot, often ahead with several.",
        "Hardly more than Prototypical Networks: one small linear system a task.",
        "metadash.learners.ridge:R2D2",
        ("ridge_lambda",),
    ),
    LearnerEntry(
        "metaoptnet",
        "MetaOptNet (support vector machine)",
        "closed form",
        "Lee, Maji, Ravichandran & Soatto 2019",
        "The head of each task is a multi-class support vector machine, and training goes through its optimum, so that the embedding is shaped "
        "for wide margins. Of its kin nearest to R2D2.",
        "A small quadratic program a task, that grows with the square of the ways times shots.",
        "metadash.learners.metaoptnet:MetaOptNet",
        ("svm_c", "svm_steps"),
        learns=False,
    ),
    LearnerEntry(
        "feat",
        "FEAT",
        "metric",
        "Ye, Hu, Zhan & Sha 2020",
        "Prototypes that look at one another by self-attention, so that each class is placed in the light of those it is told apart from. It starts "
        "at Prototypical Networks, and departs from them where training tasks say so.",
        "Little more than Prototypical Networks; its weights grow with the square of the width of the embedding.",
        "metadash.learners.feat:FEAT",
        ("feat_heads", "feat_dropout", "feat_contrast", "feat_start"),
        fusions=PROTOTYPE_FUSIONS,
        distances=DISTANCES,
        centres=True,
        learning_rate=1e-3,
        quick_learning_rate=3e-3,
    ),
    *TRANSDUCTIVE,
    LearnerEntry(
        "maml",
        "MAML",
        "optimisation",
        "Finn, Abbeel & Levine 2017",
        "Learns a start from which a few gradient steps on a task's examples do well. Slow, sensitive to its step size, and with "
        "batch statistics its queries see one another; MAML++ (Antoniou et al. 2019) has options that steady it.",
        "With 5 steps about three to four times a Prototypical episode, and the most memory; over a frozen backbone only its head takes "
        "them, which is quick.",
        "metadash.learners.maml:MAML",
        (*INNER, "learned_rates", "per_step_norm", "multi_step_loss"),
        least=STEPS,
        fixed_way=True,
        through=True,
        learning_rate=1e-3,
        quick={"inner_lr": 0.3},
    ),
    LearnerEntry(
        "fomaml",
        "First-order MAML",
        "optimisation",
        "Finn, Abbeel & Levine 2017",
        "MAML that takes the inner gradients for constants, and so leaves out second derivatives. Nearly as accurate as MAML in "
        "the paper.",
        "With 5 steps about half of MAML's time, and a fraction of its memory.",
        "metadash.learners.maml:MAML",
        (*INNER, "learned_rates", "per_step_norm", "multi_step_loss"),
        {"first_order": True},
        least=STEPS,
        fixed_way=True,
        through=True,
        learning_rate=1e-3,
        quick={"inner_lr": 0.3},
    ),
    LearnerEntry(
        "anil",
        "ANIL",
        "optimisation",
        "Raghu, Raghu, Bengio & Vinyals 2020",
        "MAML whose inner steps adapt only the head: almost no inner loop. About as accurate as MAML, which mostly reuses its "
        "features anyway.",
        "Little more than Prototypical Networks: one pass through the backbone, and steps of a linear head.",
        "metadash.learners.anil:ANIL",
        ("inner_steps", "eval_steps", "inner_lr", "first_order", "learned_rates"),
        {"inner_lr": 0.1},
        least=STEPS,
        fixed_way=True,
        through=True,
        learning_rate=1e-3,
        quick={"inner_lr": 0.3},
    ),
    LearnerEntry(
        "meta-sgd",
        "Meta-SGD",
        "optimisation",
        "Li, Zhou, Chen & Li 2017",
        "Learns, besides MAML's start, how far each single parameter steps and in which direction. One inner step then often does "
        "what MAML needs several for.",
        "At one step about half of MAML's time with five; twice its parameters.",
        "metadash.learners.meta_sgd:MetaSGD",
        ("inner_steps", "eval_steps", "alpha", "first_order", "batch_norm"),
        {"inner_steps": 1},
        least=STEPS,
        fixed_way=True,
        through=True,
        learning_rate=1e-3,
        quick={"inner_steps": 5, "alpha": (0.1, 0.5)},
    ),
    LearnerEntry(
        "reptile",
        "Reptile",
        "optimisation",
        "Nichol, Achiam & Schulman 2018",
        "Trains on a task for some steps and then moves the start a little towards where it ended. As simple as it gets, but it "
        "wants many more tasks than MAML, and many steps at test.",
        "Cheap to train, as no gradient goes through the inner loop; end to end, its 50 steps at test make scoring the dearest but one.",
        "metadash.learners.reptile:Reptile",
        (*INNER, "inner_batch", "inner_optimiser", "reptile_epsilon"),
        {"inner_lr": 1e-3, "eval_steps": 50},
        least=STEPS,
        fixed_way=True,
        learning_rate=1e-3,
        quick={"inner_lr": 0.03},
        optimiser="descent",
        annealed="reptile_epsilon",
    ),
    LearnerEntry(
        "protomaml",
        "ProtoMAML",
        "optimisation",
        "Triantafillou et al. 2020",
        "MAML whose head starts as the classifier that a Prototypical Network is. It begins where prototypes end, takes any number "
        "of ways, and was among the best of Meta-Dataset.",
        "As MAML, first or second order.",
        "metadash.learners.protomaml:ProtoMAML",
        (*INNER, "first_order"),
        through=True,
        learning_rate=1e-3,
        makes_head=True,
    ),
    LearnerEntry(
        "meta-lstm",
        "LSTM meta-learner",
        "recurrent",
        "Ravi & Larochelle 2017",
        "An LSTM whose cell state is the learner's parameters learns the start and, by its gates, how far each gradient counts. "
        "Reproductions stay two or three points below the paper; a landmark rather than a winner.",
        "The dearest: as first-order MAML with 8 steps, plus an LSTM over every parameter.",
        "metadash.learners.meta_lstm:MetaLSTM",
        ("inner_steps", "eval_steps", "hidden", "batch_norm"),
        {"inner_steps": 8, "hidden": 20, "batch_norm": "support"},
        least=STEPS,
        fixed_way=True,
        learning_rate=1e-3,
        gates=True,
        clip=0.25,
    ),
    *REFERENCES,
)

TRAINER_OPTIONS = tuple(entry.annealed for entry in ENTRIES if entry.annealed)
"""Options that the trainer reads, not the learner's constructor."""

USUAL = "prototypical"
"""The learner where none is named."""

LEARNERS: dict[str, LearnerEntry] = {entry.name: entry for entry in ENTRIES}


def entry_of(name: str) -> LearnerEntry:
    if name not in LEARNERS:
        titles = {entry.title: entry.name for entry in ENTRIES}
        raise BadInput(f"There is no learner '{name}'{nearest(name, LEARNERS, titles)}")
    return LEARNERS[name]


def load(name: str) -> "type[Learner]":
    """The class of a learner; this is what imports torch."""
    module, cls = entry_of(name).make.split(":")
    return getattr(importlib.import_module(module), cls)


def options_for(name: str, mode: Mode = "full") -> LearnerOptions:
    """The paper's defaults, or those over a frozen embedding."""
    entry = entry_of(name)
    return LearnerOptions(**{**entry.defaults, **(entry.quick if mode == "quick" else {})})


def check_options(name: str, options: LearnerOptions | Mapping[str, Any], mode: Mode = "full") -> LearnerOptions:
    """The options of a learner, complete. Raises BadInput for one that does not exist, is out of range, or that the learner ignores.

    Of LearnerOptions, which are always complete, an option counts as given when it is not at its default.
    """
    entry, defaults = entry_of(name), options_for(name, mode)
    if isinstance(options, LearnerOptions):
        usual = LearnerOptions()
        values = {o: getattr(options, o) for o in OPTION_NAMES}
        given = [o for o, value in values.items() if value not in (getattr(defaults, o), getattr(usual, o))]
    else:
        values, given = dict(options), list(options)
    for option in given:
        if option not in OPTION_NAMES:
            raise BadInput(f"There is no option '{option}'{nearest(option, entry.options or OPTION_NAMES)}")
        if option not in entry.options:
            raise BadInput(f"The learner '{name}' would ignore the option {option}; {instead_of(entry, option, values[option])}.")
        if option in entry.least and isinstance(values[option], int) and values[option] < entry.least[option]:
            raise BadInput(f"{option} is {values[option]}; of the learner '{name}' it must be {entry.least[option]} or more.")
    return dataclasses.replace(defaults, **{o: value for o, value in values.items() if o in entry.options})


def instead_of(entry: LearnerEntry, option: str, value: Any) -> str:
    """What to do about an option that a learner does not read: some have it always, and their twin never has."""
    if option in entry.defaults and entry.defaults[option] == value:
        return "it has that always, so leave it out"
    twins = [other for other in ENTRIES if other.make == entry.make and getattr(options_for(other.name), option) == value]
    if twins and option in {*entry.defaults, *twins[0].defaults}:
        return f"choose the learner '{twins[0].name}', which is that"
    return f"it reads {', '.join(entry.options)}" if entry.options else "it has no options"


def check_fusion(name: str, fusion: str) -> None:
    """Raises BadInput where a learner cannot take metadata in that way."""
    entry = entry_of(name)
    if fusion in entry.fusions:
        return
    ways = [known for known in entry.fusions if known != "none"]
    if fusion == "none":
        raise BadInput(f"The learner '{name}' needs at least one metadata source.")
    if not ways:
        raise BadInput(f"The learner '{name}' reads no metadata; leave the sources out, or choose another learner.")
    raise BadInput(
        f"The learner '{name}' cannot take metadata in by the fusion '{fusion}'; it takes them in by {', '.join(ways)}."
    )


def make(
    name: str,
    backbone: "nn.Module",
    dim: int,
    n_way: int,
    *,
    source_dims: Iterable[int] = (),
    fusion: str = "none",
    distance: str = "euclidean",
    dropout: float = 0.5,
    options: LearnerOptions | Mapping[str, Any] | None = None,
    instance_dims: Iterable[int] = (),
    auxiliary_weight: float = 0.2,
    mode: Mode = "full",
) -> "Learner":
    """A new learner. ``dim`` is the width of what ``backbone`` gives; ``n_way`` matters to learners of a fixed number of ways;
    ``mode`` says which defaults ``options`` left alone have.

    ``source_dims`` are the widths of the sources that describe classes, ``instance_dims`` (FiLM's alone) of those that describe
    instances.
    """
    entry, cls = entry_of(name), load(name)
    complete = check_options(name, options or {}, mode)
    check_fusion(name, fusion)
    known = parameters_of(cls)
    dims, own = list(source_dims), "none" if fusion in HOOKS else "pseudo-shots" if fusion == BOTH else fusion
    common = {
        "n_way": n_way,
        "source_dims": dims if own != "none" else [],
        "fusion": own,
        "distance": distance,
        "dropout": dropout,
    }
    read = {o: getattr(complete, o) for o in (*entry.options, *entry.defaults) if o not in TRAINER_OPTIONS}
    given = {name: value for name, value in common.items() if name in known} | read
    learner: Learner = cls(backbone, dim, **given)  # type: ignore[call-arg]  # every learner has a constructor of its own
    if fusion in MODULATING:
        learner.add_film(dims if fusion == "film" else [], list(instance_dims), dropout)
    elif fusion == "auxiliary":
        learner.add_auxiliary(dims, auxiliary_weight)
    return learner
