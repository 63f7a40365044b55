"""Metadata of single instances made different after a learner has been trained, as ``changes`` does for classes.

Only the rows that are hit move: what they say instead is put below the table, and the 10⁵ others stay where they are.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from metadash.metadata.changes import IN_THE_TABLE, Change, check_instance_change, chosen, handed_round
from metadash.metadata.controls import NOISE_ROWS, moments
from metadash.metadata.encoded import EncodedInstances


def change_instances(
    encoded: Sequence[EncodedInstances],
    changes: Sequence[Change],
    members: np.ndarray,
    train: np.ndarray,
    n_beside: np.ndarray,
    seed: int,
) -> list[EncodedInstances]:
    """The encoded sources with the changes to what the encoder makes of the instances ``members`` (rows), in the order given.

    ``train`` are the rows of meta-train instances, whose mean and spread *noise* takes; ``n_beside`` [I], the number of instances of
    each one's class, orders the choice *rare*. Raises BadInput as ``check_instance_change``.
    """
    by_name = {source.name: source for source in encoded}
    for change in changes:
        check_instance_change(change.source, change.kind)
        if change.kind not in IN_THE_TABLE:
            source = by_name[change.source]
            by_name[change.source] = changed_source(source, change, members, train, n_beside, seed)
    return [by_name[source.name] for source in encoded]


def changed_source(
    source: EncodedInstances, change: Change, members: np.ndarray, train: np.ndarray, n_beside: np.ndarray, seed: int
) -> EncodedInstances:
    rows = hit(source, change, members, n_beside, seed)
    if change.kind == "missing":
        present = source.present.copy()
        present[rows] = False
        return replace(source, present=present)
    if change.kind == "noise":
        generator = np.random.default_rng([seed, 7])
        mean, spread = moments(source, train)
        different = min(len(source.place), NOISE_ROWS)
        noise = (generator.standard_normal((different, source.width)) * spread + mean).astype(np.float32)
        drawn = generator.integers(0, different, len(source.place))[rows]
        return rewritten(source, rows, noise, source.present[rows], drawn)
    giver = handed_round(rows, members) if len(rows) else rows
    place, present = source.place.copy(), source.present.copy()
    place[rows], present[rows] = source.place[giver], source.present[giver]
    return replace(source, place=place, present=present)


def hit(source: EncodedInstances, change: Change, members: np.ndarray, n_beside: np.ndarray, seed: int) -> np.ndarray:
    """The rows that a change is made to: the first ``fraction`` of ``members``, as classes are chosen."""
    return chosen(change, members, n_beside, lambda: size_of(source, members), seed)


def rewritten(
    source: EncodedInstances, rows: np.ndarray, vectors: np.ndarray, present: np.ndarray, which: np.ndarray | None = None
) -> EncodedInstances:
    """With ``rows`` [R] saying ``vectors`` [R, d] (or those of them that ``which`` [R] counts), where ``present`` [R]."""
    end = source.table.shape[0]
    new = vectors.astype(np.float32)
    dense = isinstance(source.table, np.ndarray)
    table = np.concatenate([source.table, new]) if dense else vstack([source.table, csr_array(new)], format="csr")
    place, known = source.place.copy(), source.present.copy()
    place[rows], known[rows] = end + (np.arange(len(rows)) if which is None else which), present
    return replace(source, table=table, place=place, present=known)


def size_of(source: EncodedInstances, members: np.ndarray) -> np.ndarray:
    """[I] one number that orders ``members`` by what the source says: its first principal component over those that have it."""
    size = np.full(len(source.place), -np.inf)
    rows = members[source.present[members]]
    if not len(rows):
        return size
    table = source.table[source.place[rows]]
    mean, _ = moments(source, rows)
    second = table.T @ table
    spread = np.asarray(second if isinstance(second, np.ndarray) else second.toarray()) / len(rows) - np.outer(mean, mean)
    direction = np.linalg.eigh(spread)[1][:, -1]
    size[rows] = np.asarray(table @ direction) * np.sign(direction[np.abs(direction).argmax()])
    return size


def differing(before: EncodedInstances, after: EncodedInstances, rows: np.ndarray) -> np.ndarray:
    """[R] whether anything that a learner reads of these instances is different."""
    moved = (before.place[rows] != after.place[rows]) & (before.present[rows] | after.present[rows])
    told = before.present[rows] != after.present[rows]
    where = np.flatnonzero(moved & ~told)
    told[where] = (before.vectors(rows[where]) != after.vectors(rows[where])).any(axis=1) if len(where) else False
    return told
