"""What a backbone and a run ask of the data set: its shapes, its classes, its sources. Reads tables only."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from metadash.data.columns.registry import kind_of
from metadash.data.dataset import ROLES, Dataset, Source
from metadash.data.folds import fold_name, read_fold
from metadash.data.modality import kinds_in_words
from metadash.episodes.pool import PoolTable, pool_table
from metadash.episodes.sampler import check_counts, room
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH, MODULATING
from metadash.learners.registry import entry_of
from metadash.metadata.blur import check_fits, read_blur
from metadash.networks.encoders.registry import check_takes, check_there, is_trained, usual_features
from metadash.networks.registry import check_inputs
from metadash.specs.features import FeaturesSpec
from metadash.specs.run import AnyFeatures, BackboneSpec, RunSpec


def check_backbone(spec: BackboneSpec, dataset: Dataset) -> None:
    """Raises BadInput where the inputs are none of the backbone's, or classes are too few for its training."""
    check_network(spec, dataset)
    training = EpisodeSpec(Pool(spec.split, "train"), spec.n_way, spec.n_shot, spec.n_query)
    check_role(training, dataset, "The backbone's n_way")
    check_validation(spec, dataset)


def check_network(spec: BackboneSpec, dataset: Dataset) -> None:
    """Raises BadInput where the inputs are none of the network's, trained or not."""
    check_takes(spec.backbone, dataset.modality.name, dataset.name)
    if not spec.reads:
        check_inputs(spec.backbone, dataset.modality.name, dataset.inputs.shape[1:], dataset.name)


def check_run(spec: RunSpec, dataset: Dataset) -> None:
    """Raises BadInput where a source cannot be read as the run says, or a role has too few classes or examples; its backbone aside."""
    check_numbers(spec, dataset)
    check_sources(spec, dataset)
    if spec.from_random:
        check_network(cast(BackboneSpec, spec.backbone), dataset)
    asked = [spec.training_episodes(), *(spec.evaluation.episodes(spec.split, role) for role in ROLES[1:])]
    roles = [(episodes, pool_table(dataset, episodes)) for episodes in asked]
    narrowed = all(room(table, episodes)[1] >= episodes.n_shot + episodes.n_query for episodes, table in roles[:-1])
    for episodes, table in sorted(roles, key=lambda role: room(role[1], role[0])):  # what fits the first fits them all
        own = "train_ways" if spec.training.ways and episodes.pool.role == "train" else "n_way"
        check_role(episodes, dataset, own, table, narrowed)


def check_features(spec: FeaturesSpec, dataset: Dataset) -> None:
    """Raises BadInput where an encoder cannot read the inputs, or there is no such split."""
    check_takes(spec.encoder, dataset.modality.name, dataset.name)
    dataset.split(spec.split)


def check_any(spec: AnyFeatures, dataset: Dataset) -> None:
    """Raises BadInput where the data cannot serve what gives a run its features, of either kind."""
    if is_trained(spec.backbone):
        check_backbone(cast(BackboneSpec, spec), dataset)
    else:
        check_features(cast(FeaturesSpec, spec), dataset)


def check_numbers(spec: RunSpec, dataset: Dataset) -> None:
    """A learner that reads the inputs themselves needs them to be numbers."""
    if entry_of(spec.learner).reads_inputs and not dataset.modality.numbers:
        raise BadInput(
            f"The learner '{spec.learner}' reads the inputs as numbers, and '{dataset.name}' holds {kinds_in_words([dataset.modality.name])}; "
            f"choose the learner prototypical over the backbone {usual_features(dataset).name}."
        )


def check_role(
    episodes: EpisodeSpec, dataset: Dataset, n_way: str = "n_way", table: PoolTable | None = None, narrowed: bool = True
) -> None:
    """What is missing is said of the role that lacks it: train, validation and test all need tasks of the same size.

    ``table`` is its pool where somebody has looked that up; ``narrowed``: whether a condition on the test classes would help.
    """
    table = table or pool_table(dataset, episodes)
    role, split = episodes.pool.role, episodes.pool.split
    if (found := len(table.classes)) < episodes.n_way:
        here = f"the split '{split}' has {classes_in_words(found, role)}" + (
            " under the condition" if episodes.pool.where else ""
        )
        wider = "widen the condition" if episodes.pool.where else more_classes(dataset, split, role, episodes.n_way)
        lower = [f"lower it to {found} or less"] if found > 1 else []
        todo = ", or ".join([*lower, *([wider] if wider else [])]) or NO_SPLIT
        raise BadInput(f"{n_way} is {episodes.n_way}, and {here}. {todo[0].upper()}{todo[1:]}.")
    try:
        check_counts(table, episodes, conditional=narrowed and role == "test")
    except BadInput as problem:
        raise BadInput(f"Among the {role} classes of the split '{split}': {problem}") from problem


def check_validation(spec: BackboneSpec, dataset: Dataset) -> None:
    """A backbone is validated on as many classes at once as there are, and telling apart takes two."""
    found = len(dataset.split(spec.split)["validation"])
    if found < 2:
        todo = more_classes(dataset, spec.split, "validation", 2) or NO_SPLIT
        raise BadInput(
            f"The split '{spec.split}' has {classes_in_words(found, 'validation')}, and the backbone's training is stopped by how well it "
            f"tells those apart. {todo[0].upper()}{todo[1:]}."
        )


NO_SPLIT = "import the data set with a split that has more, or with more classes"


def more_classes(dataset: Dataset, split: str, role: str, n_way: int) -> str:
    """Where there are as many classes of a role: another stored split, or the folds of cross-fitting; empty where there is neither."""
    for name in dataset.split_names:
        if name != split and len(dataset.split(name)[role]) >= n_way:
            return f"choose the split '{name}', which has enough"
    folds = folds_with(dataset, n_way)
    return f"cross-fit in {folds} folds (on *Ablation*, or `ablate --folds {folds}`)" if folds and not read_fold(split) else ""


def folds_with(dataset: Dataset, n_way: int) -> int:
    """The most of a few numbers of folds whose roles all have ``n_way`` classes; 0 where none has."""
    for folds in (5, 3):
        try:
            roles = [dataset.split(fold_name(fold + 1, folds)) for fold in range(folds)]
        except BadInput:  # too few groups
            continue
        if all(len(members) >= n_way for fold in roles for members in fold.values()):
            return folds
    return 0


def classes_in_words(number: int, role: str) -> str:
    return f"{number or 'no'} {role} class{'' if number == 1 else 'es'}"


def check_sources(spec: RunSpec, dataset: Dataset) -> None:
    train = dataset.split(spec.split)["train"]
    blurs = [read_blur(entry) for entry in spec.blur]
    for name in spec.sources:
        source = dataset.source(name)
        if source.level == "instance":
            check_instance_source(spec, source, dataset)
            continue
        if name in spec.modulating:
            raise BadInput(
                f"The source '{name}' describes classes, and the fusion {BOTH} places those by pseudo-shots; use the fusion film."
            )
        missing = [column for column in source.columns if column not in dataset.classes]
        if missing:
            raise BadInput(f"The source '{name}' names the column '{missing[0]}', and the table classes has none of that name.")
        if dataset.classes[list(source.columns)].iloc[train].isna().all(axis=None):
            raise BadInput(
                f"The source '{name}' is empty for every meta-train class; there is nothing to learn from. Leave it out."
            )
        withheld = set()
        for blur in blurs:
            if blur.source != name:
                continue
            if blur.column not in source.columns:
                raise BadInput(f"The source '{name}' has no column '{blur.column}' to blur; it has {', '.join(source.columns)}.")
            check_fits(blur, dataset.classes[blur.column])
            withheld |= {blur.column} if blur.how == "withheld" else set()
        if dataset.classes[[column for column in source.columns if column not in withheld]].iloc[train].isna().all(axis=None):
            raise BadInput(f"All that the source '{name}' says is withheld; leave the source out instead.")
        if not source.available_at_prediction and spec.reads_at_test:
            raise BadInput(
                f"The source '{name}' is not available at prediction, so it may only teach in training; use the fusion auxiliary, or leave it out."
            )


def check_texts(spec: RunSpec, dataset: Dataset) -> None:
    """Raises BadInput where an encoder is to read texts among the metadata and is not installed, or there are none."""
    if spec.text_encoder == "words":
        return
    check_there(spec.text_encoder)
    if not has_prose(dataset, spec.split, spec.sources):
        raise BadInput(
            f"text_encoder '{spec.text_encoder}' would be ignored: neither texts nor names are among the columns of "
            f"{', '.join(spec.sources)}; leave it out, or add a source that has some."
        )


def has_prose(dataset: Dataset, split: str, sources: Sequence[str]) -> bool:
    """Whether any column of the sources holds texts or names, by its meta-train rows."""
    train = dataset.split(split)["train"]
    for source in map(dataset.source, sources):
        of_classes = source.level == "class"
        table = dataset.classes if of_classes else dataset.instance_columns(source.columns)
        rows = train if of_classes else np.isin(dataset.class_of, train)
        known = (table[column].iloc[rows] if of_classes else table[column][rows] for column in source.columns if column in table)
        if any(kind_of(values).is_prose(values) for values in known):
            return True
    return False


def check_instance_source(spec: RunSpec, source: Source, dataset: Dataset) -> None:
    """Of an instance FiLM alone reads; queries are never told what is not available at prediction."""
    if spec.fusion not in MODULATING or (spec.modulating and source.name not in spec.modulating):
        reader = {"am3": "AM3's gate reads", "auxiliary": "the auxiliary loss predicts"}.get(spec.fusion, "pseudo-shots read")
        raise BadInput(
            f"The source '{source.name}' describes instances; {reader} only sources that describe classes. Use the fusion film (beside "
            f"sources that describe classes, {BOTH}), or leave it out."
        )
    if any(read_blur(entry).source == source.name for entry in spec.blur):
        raise BadInput(
            f"The source '{source.name}' describes instances, and only what describes classes can be blurred in training."
        )
    table = dataset.instance_columns(source.columns)
    if table[np.isin(dataset.class_of, dataset.split(spec.split)["train"])].isna().all(axis=None):
        raise BadInput(
            f"The source '{source.name}' is empty for every instance of a meta-train class; there is nothing to learn from. Leave it out."
        )
