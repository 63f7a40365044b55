"""Looks a spec over before anything is computed: what does not fit the data is said at once, not after the backbone has trained."""

import numpy as np

from metadash.data.dataset import Dataset, Source
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import check_counts
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.training.kinds import Spec
from metadash.training.spec import BackboneSpec, RunSpec


def check(spec: Spec, dataset: Dataset) -> None:
    """Raises BadInput, in one sentence, when the data cannot serve the spec. Reads tables only: no torch, no scikit-learn."""
    if isinstance(spec, BackboneSpec):
        check_episodes(EpisodeSpec(Pool(spec.split, "train"), spec.n_way, spec.n_shot, spec.n_query), dataset)
    elif isinstance(spec, RunSpec):
        check_sources(spec, dataset)
        for role in ("train", "validation", "test"):
            check_episodes(spec.evaluation.episodes(spec.split, role), dataset)
    for need in spec.needs:
        check(need, dataset)


def check_episodes(episodes: EpisodeSpec, dataset: Dataset) -> None:
    check_counts(pool_table(dataset, episodes), episodes)


def check_sources(spec: RunSpec, dataset: Dataset) -> None:
    train = dataset.split(spec.split)["train"]
    for name in spec.sources:
        source = dataset.source(name)
        if source.level == "instance":
            check_instance_source(spec, source, dataset)
            continue
        missing = [column for column in source.columns if column not in dataset.classes]
        if missing:
            raise BadInput(f"The source '{name}' names the column '{missing[0]}', and the table classes has none of that name.")
        if dataset.classes[list(source.columns)].iloc[train].isna().all(axis=None):
            raise BadInput(
                f"The source '{name}' is empty for every meta-train class; there is nothing to learn from. Leave it out."
            )
        if not source.available_at_prediction and spec.reads_at_test:
            raise BadInput(
                f"The source '{name}' is not available at prediction, so it may only teach in training; use the fusion auxiliary, or leave it out."
            )


def check_instance_source(spec: RunSpec, source: Source, dataset: Dataset) -> None:
    """Of an instance FiLM alone reads; queries are never told what is not available at prediction."""
    if spec.fusion != "film":
        reader = {"am3": "AM3's gate reads", "auxiliary": "the auxiliary loss predicts"}.get(spec.fusion, "pseudo-shots read")
        raise BadInput(
            f"The source '{source.name}' describes instances; {reader} only sources that describe classes. Use the fusion film, or leave it out."
        )
    table = dataset.instance_columns(source.columns)
    if table[np.isin(dataset.class_of, dataset.split(spec.split)["train"])].isna().all(axis=None):
        raise BadInput(
            f"The source '{source.name}' is empty for every instance of a meta-train class; there is nothing to learn from. Leave it out."
        )
