"""Metadata made wrong on purpose: what a learner gains from these it did not gain from the metadata's meaning."""

from dataclasses import replace

import numpy as np

from metadash.errors import BadInput
from metadash.metadata.encoded import EncodedSource

CONTROLS = ("none", "shuffled", "noise", "constant", "random-id")


def control(
    sources: list[EncodedSource], kind: str, roles: list[np.ndarray], generator: np.random.Generator
) -> list[EncodedSource]:
    """The sources with their rows falsified.

    *shuffled*: whole rows change hands between the classes of one role (all sources by the same permutation, so that their
    joint distribution stays); *noise*: normal numbers with each feature's mean and spread over the meta-train classes;
    *constant*: every class has the meta-train mean; *random-id*: every class has random signs of its own, a name tag that says
    nothing of it, not even whether it had metadata. ``roles`` are the class ids of each role, meta-train first.
    """
    if kind == "none":
        return sources
    if kind not in CONTROLS:
        raise BadInput(f"The control is '{kind}'; it must be one of {', '.join(CONTROLS)}.")
    n_classes = len(sources[0].vectors)
    permutation = np.arange(n_classes)
    for members in roles:
        permutation[members] = generator.permutation(members)
    falsified = []
    for source in sources:
        train = source.vectors[roles[0]]
        if kind == "shuffled":
            falsified.append(replace(source, vectors=source.vectors[permutation], present=source.present[permutation]))
        elif kind == "noise":
            noise = generator.standard_normal(source.vectors.shape).astype(np.float32) * train.std(axis=0) + train.mean(axis=0)
            falsified.append(replace(source, vectors=np.where(source.present[:, None], noise, 0).astype(np.float32)))
        elif kind == "random-id":
            tags = generator.choice(np.array([-1, 1], dtype=np.float32), source.vectors.shape)
            falsified.append(replace(source, vectors=tags, present=np.ones_like(source.present)))
        else:
            falsified.append(replace(source, vectors=np.repeat(train.mean(axis=0, keepdims=True), n_classes, axis=0)))
    return falsified
