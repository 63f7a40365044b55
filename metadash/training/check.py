"""Looks a spec over before anything is computed: what does not fit the data is said at once, not after the backbone has trained."""

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import check_counts
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.networks.registry import check_inputs
from metadash.training.kinds import Spec
from metadash.training.spec import BackboneSpec, RunSpec


def check(spec: Spec, dataset: Dataset) -> None:
    """Raises BadInput, in one sentence, when the data cannot serve the spec. Reads tables only: no torch, no scikit-learn."""
    if isinstance(spec, BackboneSpec):
        check_inputs(spec.backbone, dataset.description.modality, dataset.inputs.shape[1:], dataset.name)
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
        if source.level != "class":
            raise BadInput(
                f"The source '{name}' describes instances; pseudo-shots and AM3's gate read sources that describe classes. Leave it out."
            )
        missing = [column for column in source.columns if column not in dataset.classes]
        if missing:
            raise BadInput(f"The source '{name}' names the column '{missing[0]}', and the table classes has none of that name.")
        if dataset.classes[list(source.columns)].iloc[train].isna().all(axis=None):
            raise BadInput(
                f"The source '{name}' is empty for every meta-train class; there is nothing to learn from. Leave it out."
            )
