"""Changing one drawn episode by hand: keep some classes and draw the rest anew, swap one class, swap one instance.

Every function takes a manifest of one episode and returns another; the strategy of the spec holds for what comes in: siblings stay
siblings, and support and query still share no value of a disjoint column.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import PoolTable
from metadash.episodes.sampler import REDRAWS, check_counts, choose, draw_from
from metadash.episodes.spec import EpisodeSpec
from metadash.errors import BadInput

Part = Literal["support", "query"]


def redraw(
    manifest: EpisodeManifest, table: PoolTable, spec: EpisodeSpec, generator: np.random.Generator, locked: Collection[int] = ()
) -> EpisodeManifest:
    """Another episode in which the ``locked`` class ids keep their places and their instances. Raises BadInput when too few others fit."""
    kept = [slot for slot, identity in enumerate(manifest.classes[0].tolist()) if identity in set(locked)]
    if not kept:
        return draw_from(table, replace(spec, n_episodes=1), generator, manifest.fingerprint)
    check_counts(table, spec)
    free = [slot for slot in range(manifest.n_way) if slot not in kept]
    positions = others(manifest, table, spec, manifest.classes[0, kept], len(free), generator)
    return dealt(manifest, table, spec, free, positions, generator)


def swap_class(
    manifest: EpisodeManifest, table: PoolTable, spec: EpisodeSpec, slot: int, generator: np.random.Generator
) -> EpisodeManifest:
    """The class at ``slot`` leaves for one that is not in the episode yet. Raises BadInput when there is none."""
    positions = others(manifest, table, spec, manifest.classes[0], 1, generator)
    return dealt(manifest, table, spec, [slot], positions, generator)


def swap_instance(
    manifest: EpisodeManifest,
    table: PoolTable,
    spec: EpisodeSpec,
    slot: int,
    part: Part,
    index: int,
    generator: np.random.Generator,
) -> EpisodeManifest:
    """One support or query instance leaves for another of its class that is not in the episode yet. Raises BadInput when there is none."""
    identity = int(manifest.classes[0, slot])
    inside = np.flatnonzero(table.classes == identity)
    if not len(inside):
        raise BadInput(f"Class {identity} is not in this pool any more, so nothing of it can be drawn; widen the pool.")
    where = place_of(table, int(inside[0]))
    used = np.concatenate([manifest.support[0, slot], manifest.query[0, slot]])
    allowed = ~np.isin(table.rows[where], used)
    if spec.strategy == "disjoint":
        assert table.value is not None
        across = manifest.query[0] if part == "support" else manifest.support[0]
        allowed &= ~np.isin(table.value[where], values_of(table, across))
    candidates = table.rows[where][allowed]
    if (manifest.support if part == "support" else manifest.query)[0, slot, index] < 0:
        raise BadInput(f"Class '{table.names[inside[0]]}' is asked fewer queries than that in this task; swap another.")
    if not len(candidates):
        apart = f" whose {spec.column} keeps support and query apart" if spec.strategy == "disjoint" else ""
        raise BadInput(f"Class '{table.names[inside[0]]}' has no other instance{apart} to swap in; swap the class instead.")
    support, query = manifest.support.copy(), manifest.query.copy()
    (support if part == "support" else query)[0, slot, index] = generator.choice(candidates)
    return replace(manifest, support=support, query=query)


def others(
    manifest: EpisodeManifest,
    table: PoolTable,
    spec: EpisodeSpec,
    excluded: np.ndarray,
    n: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Positions in the pool [n] of classes that fit beside what stays in the episode."""
    fits = ~np.isin(table.classes, excluded) & (table.counts >= spec.n_shot + most_asked(manifest, spec))
    among = "in the pool"
    if spec.strategy == "siblings":
        name = manifest.group_names[manifest.group[0]] if manifest.group[0] >= 0 else None
        if name not in table.group_names:
            raise BadInput(
                f"The {spec.column} of this episode is not in the pool any more; unlock its classes or widen the pool."
            )
        fits &= table.group == table.group_names.index(name)
        among = f"with the {spec.column} '{name}'"
    candidates = np.flatnonzero(fits)
    if len(candidates) < n:
        needed = "another class is" if n == 1 else f"{n} more classes are"
        raise BadInput(
            f"{needed[0].upper()}{needed[1:]} needed {among} with enough instances, and there are {len(candidates)}. Unlock one or widen the pool."
        )
    return generator.choice(candidates, n, replace=False)


def dealt(
    manifest: EpisodeManifest,
    table: PoolTable,
    spec: EpisodeSpec,
    slots: Sequence[int],
    positions: np.ndarray,
    generator: np.random.Generator,
) -> EpisodeManifest:
    """The episode with the classes at ``positions`` of the pool in ``slots``, fresh instances dealt to them."""
    stay = [slot for slot in range(manifest.n_way) if slot not in set(slots)]
    spec, asked = replace(spec, n_query=most_asked(manifest, spec)), manifest.query[0, slots] >= 0
    classes, support, query = manifest.classes.copy(), manifest.support.copy(), manifest.query.copy()
    if spec.strategy == "disjoint":
        rows = disjoint_rows(table, spec, positions, manifest.support[0, stay], manifest.query[0, stay], generator)
    else:
        taken = choose(generator, table.counts[positions], spec.n_shot + spec.n_query)
        rows = table.rows[table.starts[positions][:, None] + taken]
    classes[0, slots] = table.classes[positions]
    support[0, slots], query[0, slots] = rows[:, : spec.n_shot], np.where(asked, rows[:, spec.n_shot :], -1)
    return replace(manifest, classes=classes, support=support, query=query)


def most_asked(manifest: EpisodeManifest, spec: EpisodeSpec) -> int:
    """The queries to draw of a class that comes in: n_query, and of an unbalanced task as many as its most asked class has. How many a place
    asks stays, whoever stands there."""
    return spec.n_query if spec.query_dirichlet is None else manifest.n_query


def disjoint_rows(
    table: PoolTable,
    spec: EpisodeSpec,
    positions: np.ndarray,
    kept_support: np.ndarray,
    kept_query: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """Rows [n, K + Q] for new classes; the values that the kept rows have stay on the side where they are."""
    assert table.value is not None
    pinned_support, pinned_query = values_of(table, kept_support), values_of(table, kept_query)
    chosen = np.zeros((len(positions), spec.n_shot + spec.n_query), dtype=np.int64)
    short = 0
    for _ in range(REDRAWS):
        on_support = generator.random(table.value.max(initial=-1) + 2) < 0.5  # the last one stands for what is missing (−1)
        on_support[pinned_support], on_support[pinned_query] = True, False
        for index, position in enumerate(positions.tolist()):
            where = place_of(table, position)
            side = on_support[table.value[where]]
            rows = table.rows[where]
            if side.sum() < spec.n_shot or (~side).sum() < spec.n_query:
                short = position
                break
            chosen[index] = np.concatenate(
                [
                    generator.choice(rows[side], spec.n_shot, replace=False),
                    generator.choice(rows[~side], spec.n_query, replace=False),
                ]
            )
        else:
            return chosen
    raise BadInput(
        f"Class '{table.names[short]}' has too few instances for {spec.n_shot} support and {spec.n_query} query examples that share no "
        f"{spec.column} beside the classes that stay. Unlock one, or lower the shots or the queries."
    )


def place_of(table: PoolTable, position: int) -> slice:
    """Where the rows of a class stand in the pool's ``rows``."""
    return slice(int(table.starts[position]), int(table.starts[position] + table.counts[position]))


def values_of(table: PoolTable, rows: np.ndarray) -> np.ndarray:
    """The codes of these rows' values in the disjoint column; rows that left the pool have none."""
    assert table.value is not None
    return np.unique(table.value[np.isin(table.rows, rows)])
