"""The one way from choices to a run: pages, verbs and the library all call ``run_for``, so that equal choices are equal runs.

Every choice changes the run or is refused; what is not chosen is what the data set and the sources ask for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.data.folds import fold_name
from metadash.data.ratings.rated import refuse_ratings
from metadash.data.shipped import start_of
from metadash.episodes.spec import Strategy
from metadash.errors import BadInput, closest
from metadash.fields import checked
from metadash.learners.core.fusions import BOTH, HOOKS
from metadash.learners.core.recipe import Recipe
from metadash.learners.registry import USUAL, entry_of
from metadash.networks.encoders.registry import feature_entry, is_trained, read_through, usual_features
from metadash.specs.check import check_any, check_run, check_texts
from metadash.specs.defaults import Fitting, fitting
from metadash.specs.features import FeaturesSpec
from metadash.specs.run import AnyFeatures, BackboneSpec, Distance, Evaluation, RunSpec
from metadash.specs.source_levels import column_for, modulating, usual_fusion, usual_strategy
from metadash.specs.training import CHOICES, Training, nothing_to_train

USUAL_FOLDS = 5
"""So many that most classes train in each fold, and few enough that a backbone for each can come with a data set."""

OF_TASKS = ("strategy", "column", "n_way", "shots", "n_query", "n_episodes", "where", "ways", "query_dirichlet")
OF_BACKBONE = ("backbone", "width", "backbone_training", "backbone_episodes", "own_backbone")
OF_RUN = (
    "split",
    "learner",
    "options",
    "mode",
    "distance",
    "normalise",
    "fusion",
    "auxiliary_weight",
    "control",
    "falsified",
    "blur",
    "text_encoder",
    "source_dropout",
    "dropout",
    "steps",
    "meta_batch",
    "learning_rate",
    "weight_decay",
    "patience",
    "tune",
    "seed",
)
OF_TRAINING = tuple(CHOICES.values())
ONLY_TRAINED = ("meta_batch", "learning_rate", "weight_decay", "patience")
"""Choices that are read where something is trained, and nowhere else."""


KINDS = dict.fromkeys(("n_way", "n_query", "n_episodes", "backbone_episodes", "width"), int) | dict.fromkeys(
    ("split", "where", "column", "strategy", "backbone"), str
)
"""What is read before a spec checks it."""


def run_for(dataset: Dataset, sources: Sequence[str] = (), **choices: Any) -> RunSpec:
    """The run on ``dataset`` that reads ``sources``, as the choices say it; None stands for what is usual.

    Of the tasks: ``strategy``, ``column``, ``n_way``, ``shots``, ``n_query``, ``n_episodes``, ``where`` (an SQL condition on the test
    classes), ``ways``, ``query_dirichlet`` (unbalanced queries). Of the backbone: ``backbone`` (its name, or that of an encoder), ``width``, ``backbone_episodes``, ``own_backbone`` (train it here though
    one comes with the data set). Of the run: ``split``, ``learner``, ``mode``, ``fusion``, ``control`` and whatever else a RunSpec has. Of its
    training: ``train_ways``, ``train_shots``, ``train_queries``, ``train_strategy``, ``start``, ``schedule``, ``keep``; ``recipe`` stands for
    all that the learner's recipe of that name sets (``metadash.learners.core.papers``), and whatever else is chosen goes before it.
    Raises BadInput for a choice that there is not, that would be ignored, or that the spec refuses.

    >>> from metadash.data.library import open_dataset
    >>> from metadash.workspace import Workspace
    >>> data = open_dataset(Workspace(), "glyphs")
    >>> run_for(data, ["name"], n_way=3).evaluation.strategy
    'siblings'
    """
    refuse_ratings(dataset)
    known = (*OF_TASKS, *OF_BACKBONE, *OF_RUN, *OF_TRAINING, "recipe")
    for name in choices:
        if name not in known:
            near = closest(name, known)
            raise BadInput(f"There is no option '{name}'" + (f"; did you mean '{near}'?" if near else "."))
    chosen = {name: value for name, value in choices.items() if value is not None}
    for name in chosen.keys() & KINDS.keys():
        chosen[name] = checked(name, KINDS[name], chosen[name])
    sources = tuple(sources)
    refuse_idle(sources, chosen)
    if "shots" in chosen:
        chosen["shots"] = tuple(chosen["shots"])
    split = chosen.get("split") or dataset.description.default_split or dataset.split_names[0]
    drawn = drawn_how(dataset, sources, chosen)
    numbers = {name: chosen.get(name) for name in ("n_way", "shots", "n_query")}
    fitted = _fitting(_Looked(dataset, (split, *drawn, chosen.get("where"), *numbers.values())))
    chosen = by_recipe(dataset, split, chosen, fitted)
    of_run = {name: chosen[name] for name in OF_RUN if name in chosen}
    of_run.setdefault("split", split)
    of_run.setdefault("fusion", usual_fusion(sources, dataset))
    learner, mode = of_run.get("learner", USUAL), of_run.get("mode", "quick")
    of_run.setdefault("learning_rate", entry_of(learner).outer_rate(mode))
    tasks: dict[str, Any] = {
        **fitted.evaluation,
        **({"ways": ()} if "query_dirichlet" in chosen else {}),
        **{name: chosen[name] for name in ("ways", "where", "n_episodes", "query_dirichlet") if name in chosen},
    }
    training = Training(**{name: chosen[choice] for name, choice in CHOICES.items() if choice in chosen})
    run = RunSpec(
        dataset=dataset.name,
        sources=sources,
        modulating=modulating(of_run["fusion"], sources, dataset),
        backbone=backbone_for(dataset, of_run["split"], of_run.get("distance", "euclidean"), fitted, chosen),
        evaluation=Evaluation(strategy=drawn[0], column=drawn[1], **tasks),
        training=training,
        **of_run,
    )
    refuse_untrained(run, chosen)
    check_texts(run, dataset)
    return run


def by_recipe(dataset: Dataset, split: str, chosen: dict[str, Any], fitted: Fitting) -> dict[str, Any]:
    """The choices with those that the chosen recipe sets and a person did not. Raises BadInput where the learner has no such recipe."""
    if "recipe" not in chosen:
        return chosen
    entry = entry_of(chosen.get("learner", USUAL))
    backbone = chosen.get("backbone") or usual_features(dataset, "full").name
    found = fitting_recipe(entry.recipe(chosen["recipe"]), dataset, split, fitted.n_way, backbone)
    given = [name for name, _ in chosen.get("options", ())]
    options = [pair for pair in found.get("options", ()) if pair[0] not in given]
    return {**found, **chosen, "options": (*options, *chosen.get("options", ()))}


def fitting_recipe(recipe: Recipe, dataset: Dataset, split: str, n_way: int, backbone: str) -> dict[str, Any]:
    """What it sets for tests of ``n_way``, with no more training ways than the split has training classes."""
    found = recipe.settings_for(n_way, backbone)
    if "train_ways" in found:
        found["train_ways"] = min(found["train_ways"], len(dataset.split(split)["train"]))
    return found


def refuse_untrained(run: RunSpec, chosen: dict[str, Any]) -> None:
    """Raises BadInput for a choice of how to train that this run's training would not read."""
    entry = entry_of(run.learner)
    if not run.trains and (idle := next((name for name in ONLY_TRAINED if name in chosen), "")):
        raise BadInput(f"{idle} would be ignored: {nothing_to_train(run.learner)}.")
    if entry.optimiser == "descent" and run.fusion not in HOOKS and run.fusion != BOTH:
        for name in ("learning_rate", "weight_decay"):
            if name in chosen:
                raise BadInput(
                    f"{name} would be ignored by the learner '{run.learner}', whose step is its option {entry.annealed}."
                )
    if run.from_random:
        for name in ("backbone_training", "backbone_episodes", "own_backbone"):
            if chosen.get(name):
                raise BadInput(f"{name} would be ignored by the start random: no backbone is trained before.")


def refuse_idle(sources: tuple[str, ...], chosen: dict[str, Any]) -> None:
    """Raises BadInput for a choice that the run would carry and that nothing would read."""
    for name in ("n_way", "n_query", "width"):
        if chosen.get(name) == 0:
            raise BadInput(f"{name} is 0; it must be 1 or more.")
    if "shots" in chosen and not chosen["shots"]:
        raise BadInput("No number of shots is chosen; choose at least one.")
    if not sources and "shots" in chosen and not any(chosen["shots"]):
        raise BadInput(
            "shots is 0 alone, and no metadata is read, so nothing is known of any class; name sources, or add a number of shots."
        )
    if chosen.get("source_dropout") and not sources:
        raise BadInput("source_dropout would be ignored without metadata; name the sources that are to be hidden now and then.")
    if chosen.get("text_encoder", "words") != "words" and not sources:
        raise BadInput("text_encoder would be ignored without metadata; name the sources that hold texts or names.")
    learner = chosen.get("learner", USUAL)
    if chosen.get("ways") and entry_of(learner).fixed_way:
        raise BadInput(
            f"Fewer ways would be ignored by the learner '{learner}', whose head has one row for each class; choose none, or another "
            "learner."
        )


def backbone_for(dataset: Dataset, split: str, distance: Distance, fitted: Fitting, chosen: dict[str, Any]) -> AnyFeatures:
    """The backbone that comes with the data set where it is the one that training would give, unless one's own is asked for; or the
    encoder of that name, of which nothing is trained here."""
    name = (
        chosen.get("backbone")
        or usual_features(dataset, chosen.get("mode", "quick"), [name for name, value in chosen.items() if value]).name
    )
    title = feature_entry(name).title
    if not is_trained(name):
        for idle in ("backbone_training", "backbone_episodes", "own_backbone"):
            if chosen.get(idle):
                raise BadInput(f"{idle} would be ignored by the backbone '{name}': of {title} nothing is trained here.")
        return FeaturesSpec(dataset.name, split, name, chosen.get("width", 0))
    values: dict[str, Any] = {"reads": read_through(name, dataset.modality.name), **fitted.backbone}
    if "backbone_episodes" in chosen:
        values["episodes"] = chosen["backbone_episodes"]
    if "backbone_training" in chosen:
        values["trained_on"] = chosen["backbone_training"]
    learner = chosen.get("learner", USUAL)
    if values.get("trained_on") == "classes" and not entry_of(learner).reads_embeddings:
        raise BadInput(f"backbone_training would be ignored by the learner '{learner}', which reads no embeddings.")
    spec = BackboneSpec(dataset.name, split, name, chosen.get("width", 0), distance, **values)
    return spec if chosen.get("own_backbone") else with_shipped(spec, dataset)


def as_options(choices: Mapping[str, Any]) -> list[str]:
    """Choices of ``run_for`` as the command line has them: ``["--backbone", "conv4", "--own-backbone"]``."""
    named = [(f"--{name.replace('_', '-')}", value) for name, value in choices.items()]
    return [word for name, value in named for word in ([name] if value is True else [name, str(value)])]


def with_shipped(spec: BackboneSpec, dataset: Dataset) -> BackboneSpec:
    """The same backbone with the weights that come with the data set, where there are any."""
    bare = replace(spec, start="")
    return replace(spec, start=start_of(dataset.name, dataset.fingerprint, plain(bare)))


def drawn_how(dataset: Dataset, sources: tuple[str, ...], chosen: dict[str, Any]) -> tuple[Strategy, str | None]:
    """The strategy of the tasks, and its column."""
    strategy = chosen.get("strategy") or usual_strategy(sources, dataset)
    if strategy == "uniform" and chosen.get("column"):
        raise BadInput(
            f"The column '{chosen['column']}' would be ignored by uniform tasks; it belongs to the strategies siblings and disjoint."
        )
    return strategy, chosen.get("column") or column_for(strategy, dataset)


def on_split(run: RunSpec, split: str) -> RunSpec:
    """The same run on another split, over a backbone trained on that."""
    return replace(run, split=split, backbone=run.backbone.on(split))


def in_fold(run: RunSpec, split: str, dataset: Dataset) -> RunSpec:
    """As ``on_split``; a run over a backbone that comes with the data set stays one, where there is one for the fold."""
    found = on_split(run, split)
    if not run.backbone.start:
        return found
    return replace(found, backbone=with_shipped(cast(BackboneSpec, found.backbone), dataset))  # an encoder has no start


def fold_splits(folds: int) -> list[str]:
    return [fold_name(fold + 1, folds) for fold in range(folds)]


def folded(dataset: Dataset, run: RunSpec, folds: int) -> tuple[RunSpec, ...]:
    """The run on each of so many folds of cross-fitting."""
    return tuple(in_fold(run, split, dataset) for split in fold_splits(folds))


def usual_folds(dataset: Dataset, run: RunSpec) -> int:
    """How many folds cross-fitting has by default: five, fewer where the data have too few groups for it, 0 where it cannot be done.

    End to end, and with learners that train one by one, the price would be hours; there the default is the split as it is.
    """
    if not run.light or run.split != dataset.description.default_split:
        return 0
    return _usual_folds(_Looked(dataset, run))


class _Looked:
    """Something looked over on a data set; equal things are looked over once."""

    def __init__(self, dataset: Dataset, what: Any):
        self.dataset, self.what, self.key = dataset, what, (dataset.fingerprint, what)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Looked) and self.key == other.key


@lru_cache(maxsize=64)
def _usual_folds(looked: _Looked) -> int:
    return next((folds for folds in range(USUAL_FOLDS, 1, -1) if fits(looked, folds)), 0)


@lru_cache(maxsize=256)
def _fitting(looked: _Looked) -> Fitting:
    split, strategy, column, where, n_way, shots, n_query = looked.what
    return fitting(looked.dataset, split, strategy, column, where=where, n_way=n_way, shots=shots, n_query=n_query)


def fits(looked: _Looked, folds: int) -> bool:
    try:
        for split in fold_splits(folds):
            run = in_fold(looked.what, split, looked.dataset)
            check_run(run, looked.dataset)
            check_any(run.backbone, looked.dataset)
    except BadInput:
        return False
    return True
