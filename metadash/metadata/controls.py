"""Metadata made wrong on purpose: what a learner gains from these it did not gain from the metadata's meaning."""

import zlib
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from metadash.errors import BadInput
from metadash.metadata.encoded import EncodedInstances, EncodedSource

NOISE_ROWS = 20_000
"""Different rows of noise, or tags, at most: instances beyond that share them by chance, which tells no more than their own would."""

Control = Literal["none", "shuffled", "noise", "constant", "random-id"]
CONTROLS: tuple[Control, ...] = get_args(Control)


def read_control(text: str) -> Control:
    """Raises BadInput for what is no control."""
    for kind in CONTROLS:
        if kind == text:
            return kind
    raise BadInput(f"The control is '{text}'; it must be one of {', '.join(CONTROLS)}.")


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
    read_control(kind)
    n_classes = len(sources[0].vectors)
    permutation = np.arange(n_classes)
    for members in roles:
        permutation[members] = generator.permutation(members)
    drawn = int(generator.integers(2**32))
    falsified = []
    for source in sources:
        generator = np.random.default_rng([drawn, zlib.crc32(source.name.encode())])  # the same whichever others are falsified
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


def control_instances(
    sources: list[EncodedInstances], kind: str, roles: list[np.ndarray], generator: np.random.Generator
) -> list[EncodedInstances]:
    """As ``control``, for sources that describe instances; ``roles`` are the rows of each role's instances, meta-train first.

    *shuffled*: rows change hands between all instances of one role, whatever their class; *random-id*: every instance has random
    signs, a name tag that says nothing of it, its class or its site, not even whether it had metadata.
    """
    if kind == "none" or not sources:
        return sources
    read_control(kind)
    order = np.arange(len(sources[0].place))
    for members in roles:
        order[members] = generator.permutation(members)
    falsified = []
    for source in sources:
        if kind == "shuffled":
            falsified.append(replace(source, place=source.place[order], present=source.present[order]))
            continue
        rows = min(len(order), NOISE_ROWS)
        if kind == "random-id":
            tags = generator.choice(np.array([-1, 1], dtype=np.float32), (rows, source.width))
            own = np.arange(rows) if rows == len(order) else generator.integers(0, rows, len(order))
            everywhere = np.ones_like(source.present)
            falsified.append(replace(source, table=tags, place=own.astype(np.int32), present=everywhere))
            continue
        mean, spread = moments(source, roles[0])
        if kind == "noise":
            noise = (generator.standard_normal((rows, source.width)) * spread + mean).astype(np.float32)
            falsified.append(replace(source, table=noise, place=generator.integers(0, rows, len(order), dtype=np.int32)))
        else:
            falsified.append(replace(source, table=mean[None].astype(np.float32), place=np.zeros_like(source.place)))
    return falsified


def moments(source: EncodedInstances, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread [d] of each feature over those of some instances that have the source."""
    rows = rows[source.present[rows]]
    share = np.bincount(source.place[rows], minlength=source.table.shape[0]) / max(len(rows), 1)
    mean = np.asarray(share @ source.table)
    return mean, np.sqrt(np.maximum(np.asarray(share @ (source.table * source.table)) - mean**2, 0))
