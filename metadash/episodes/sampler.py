"""Draws thousands of episodes at once: vectorised NumPy, one Generator, no loop over episodes."""

from collections.abc import Iterator

import numpy as np

from metadash.data.dataset import Dataset
from metadash.episodes.deals import Deals
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import PoolTable, pool_table
from metadash.episodes.spec import EpisodeSpec
from metadash.episodes.unbalanced import check_room, draw_uneven_rows, kept, query_counts
from metadash.errors import BadInput

REDRAWS = 50
"""How often a disjoint episode is drawn again when its random halves leave a class short."""

AT_ONCE = 4_000_000
"""Random numbers that are held together."""


def draw(dataset: Dataset, spec: EpisodeSpec) -> EpisodeManifest:
    """The manifest of ``spec``: the same spec and data give the same rows.

    Raises BadInput when the pool has too few classes or a class has too few instances, and names it.
    """
    table = pool_table(dataset, spec)
    return draw_from(table, spec, np.random.default_rng(spec.seed), dataset.fingerprint)


def draw_from(table: PoolTable, spec: EpisodeSpec, generator: np.random.Generator, fingerprint: str = "") -> EpisodeManifest:
    """As ``draw``, from a pool already looked up and a Generator already under way (training draws batch after batch)."""
    check_counts(table, spec)
    picked, group = draw_classes(table, spec, generator)
    asked = None if spec.query_dirichlet is None else query_counts(table, spec, picked, generator)
    if spec.strategy == "disjoint":
        support, query = draw_disjoint_rows(table, spec, picked, generator, asked)
    elif asked is not None:
        support, query = draw_uneven_rows(table, spec, picked, asked, generator)
    else:
        taken = choose(generator, table.counts[picked].reshape(-1), spec.n_shot + spec.n_query).reshape(*picked.shape, -1)
        rows = table.rows[table.starts[picked][..., None] + taken]
        support, query = rows[..., : spec.n_shot], rows[..., spec.n_shot :]
    return EpisodeManifest(
        table.classes[picked],
        np.ascontiguousarray(support),
        np.ascontiguousarray(query),
        group,
        tuple(table.group_names),
        fingerprint,
    )


def choose(generator: np.random.Generator, sizes: np.ndarray, k: int) -> np.ndarray:
    """``k`` different numbers below ``sizes[m]`` for every m, in random order: [M] to [M, k].

    Floyd's algorithm (Bentley & Floyd 1987, CACM 30(9)), one vectorised step for each of the k numbers.
    """
    chosen = np.full((len(sizes), k), -1, dtype=np.int64)
    for step in range(k):
        last = sizes - k + step
        candidate = generator.integers(0, last + 1)
        taken = (chosen[:, :step] == candidate[:, None]).any(axis=1)
        chosen[:, step] = np.where(taken, last, candidate)
    return generator.permuted(chosen, axis=1)


def draw_classes(table: PoolTable, spec: EpisodeSpec, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the pool [E, N] and the group of each episode [E]. Groups are drawn evenly, whatever their size."""
    if spec.strategy != "siblings":
        positions = choose(generator, np.full(spec.n_episodes, len(table.classes)), spec.n_way)
        return positions, np.full(spec.n_episodes, -1, dtype=np.int64)
    sizes = np.bincount(table.group[table.group >= 0], minlength=len(table.group_names))
    large = np.flatnonzero(sizes >= spec.n_way)
    by_group = np.argsort(table.group, kind="stable")
    starts = np.searchsorted(table.group[by_group], np.arange(len(sizes)))
    group = large[generator.integers(0, len(large), spec.n_episodes)]
    inside = choose(generator, sizes[group], spec.n_way)
    return by_group[starts[group][:, None] + inside], group


def draw_disjoint_rows(
    table: PoolTable, spec: EpisodeSpec, picked: np.ndarray, generator: np.random.Generator, asked: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Deal the column's values into two halves for each episode; support rows come from one half, query rows from the other: n_query of
    each class, or as many as ``asked`` [E, N] says, and then −1."""
    assert table.value is not None
    shown, wanted = np.full(picked.shape, spec.n_shot), np.full(picked.shape, spec.n_query) if asked is None else asked
    support = np.zeros((*picked.shape, spec.n_shot), dtype=np.int64)
    query = np.full((*picked.shape, int(wanted.max())), -1, dtype=np.int64)
    values, longest = int(table.value.max()) + 1, int(table.counts.max())
    pending = np.arange(len(picked))
    short = unserved = np.zeros(0, dtype=np.int64)
    for _ in range(REDRAWS):
        unfilled = []
        for part in np.array_split(pending, max(1, len(pending) * spec.n_way * longest // AT_ONCE)):
            slots = picked[part]
            half = coins(generator, len(part), values)
            key = generator.random((*slots.shape, longest))
            for offsets, near in considered(key, table.counts[slots], max(spec.n_shot, query.shape[2])):
                position = np.minimum(table.starts[slots][..., None] + offsets, len(table.rows) - 1)
                exists = offsets < table.counts[slots][..., None]
                on_support = half[np.arange(len(part))[:, None, None], table.value[position]]
                enough = np.ones(slots.shape, dtype=bool)
                for rows, number, side in ((support, shown[part], on_support), (query, wanted[part], ~on_support)):
                    allowed = exists & side
                    order = np.argsort(np.where(allowed, near, 2.0), axis=-1)[..., : rows.shape[2]]
                    kept(rows, part, table.rows[np.take_along_axis(position, order, axis=-1)], number)
                    enough &= allowed.sum(axis=-1) >= number
                if enough.all():
                    break
            unfilled.append(part[~enough.all(axis=1)])
            if not enough.all():
                short, unserved = slots[~enough], slots[~enough.all(axis=1)][0]
        pending = np.concatenate(unfilled)
        if not len(pending):
            return support, query
    raise BadInput(
        f"Class '{table.names[short[0]]}' has too few instances for {spec.n_shot} support and {spec.n_query} query examples that share "
        f"no {spec.column}. {fewer_disjoint(table, spec, unserved)}."
    )


def coins(generator: np.random.Generator, episodes: int, values: int) -> np.ndarray:
    """[e, V] the side of each value; thrown some episodes at a time, for a column may have millions of values."""
    rows = max(1, AT_ONCE // values)
    parts = [generator.random((min(rows, episodes - start), values)) < 0.5 for start in range(0, episodes, rows)]
    return np.concatenate(parts)


def considered(key: np.ndarray, counts: np.ndarray, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places within each class [e, N] (from ``counts`` on there is nothing) that may hold the ``most`` least keys [e, N, L] of either side,
    and their keys: where classes are large, first [e, N, ·] those whose key is so small that hardly ever another is needed; then all."""
    wanted, longest = 8 * most + 64, key.shape[-1]
    if longest > 4 * wanted:
        limit = wanted / np.maximum(counts, 1)
        episode, slot, place = np.nonzero((key < limit[..., None]) & (np.arange(longest) < counts[..., None]))
        which = episode * key.shape[1] + slot
        begins = np.searchsorted(which, np.arange(counts.size + 1))
        rank = np.arange(len(which)) - begins[which]
        few, near = np.full((counts.size, rank.max() + 1), longest), np.full((counts.size, rank.max() + 1), 2.0)
        few[which, rank], near[which, rank] = place, key[episode, slot, place]
        yield few.reshape(*counts.shape, -1), near.reshape(*counts.shape, -1)
    yield np.arange(longest), key


def fewer_disjoint(table: PoolTable, spec: EpisodeSpec, task: np.ndarray) -> str:
    """Numbers of shots and queries that the classes [N] of a task can serve, whose values were dealt in vain."""
    assert table.value is not None
    rows = np.concatenate([np.arange(table.starts[c], table.starts[c] + table.counts[c]) for c in task])
    place = np.repeat(np.arange(len(task)), table.counts[task])
    shots, queries = Deals(place, table.value[rows], len(task), len(task)).most(spec.n_shot, spec.n_query)
    numbers = (("shots", shots, spec.n_shot), ("queries", queries, spec.n_query))
    lower = [f"the {what} to {most} or less" for what, most, asked in numbers if 0 < most < asked]
    return f"Lower {' and '.join(lower)}, or choose the strategy uniform" if lower else "Choose the strategy uniform"


def check_counts(table: PoolTable, spec: EpisodeSpec, conditional: bool = True) -> None:
    """Raises BadInput for a pool that cannot serve the spec, with what would make it fit; ``conditional``: whether a condition may narrow
    the pool, so that classes can be left out."""
    needed, found = spec.n_shot + spec.n_query, len(table.classes)
    if spec.n_way > found:
        raise BadInput(f"n_way is {spec.n_way}, and the pool has {found} class{'es' * (found != 1)}. {fewer_ways(found, spec)}.")
    largest, usable = drawable(table, spec)
    if largest < spec.n_way:
        todo = fewer_ways(largest, spec) if largest > 1 else "Choose the strategy uniform, or another column"
        raise BadInput(f"No {spec.column} has {spec.n_way} classes in this pool; the largest has {largest}. {todo}.")
    short = np.flatnonzero(usable & (table.counts < needed))
    if len(short):
        first = short[np.argmin(table.counts[short])]
        narrower = conditional and usable.sum() - len(short) >= spec.n_way  # of siblings all may be in one group, or not
        todo = fewer_examples(int(table.counts[first]), spec)
        if narrower:
            todo += left_out(table.classes[short], needed)
        elif table.counts[first] < 2:
            todo += "; make the data set without it"
        more = f" ({len(short) - 1} more {'is' if len(short) == 2 else 'are'} short too)" if len(short) > 1 else ""
        raise BadInput(
            f"Class '{table.names[first]}' has {table.counts[first]} instances; this episode needs {spec.n_shot} + {spec.n_query}{more}. "
            f"{todo}."
        )
    if spec.query_dirichlet is not None:
        check_room(table, np.flatnonzero(usable), spec)


def drawable(table: PoolTable, spec: EpisodeSpec) -> tuple[int, np.ndarray]:
    """The most classes that a task can have, and which classes of the pool [C] a task may draw."""
    if spec.strategy != "siblings":
        return len(table.classes), np.ones(len(table.classes), dtype=bool)
    sizes = np.bincount(table.group[table.group >= 0], minlength=1)
    return int(sizes.max(initial=0)), (table.group >= 0) & (sizes[np.maximum(table.group, 0)] >= spec.n_way)


def room(table: PoolTable, spec: EpisodeSpec) -> tuple[int, int]:
    """How far a pool can serve a spec, least first among several: classes (up to those it asks for), then examples of the smallest."""
    most, usable = drawable(table, spec)
    return min(most, spec.n_way), int(table.counts[usable].min(initial=0 if not usable.any() else table.counts.max()))


def fewer_ways(found: int, spec: EpisodeSpec) -> str:
    """What makes a task of as many classes as there are, or a pool of more."""
    wider = "widen the condition" if spec.pool.where else "choose another role or split"
    return f"Lower n_way to {found} or less, or {wider}" if found > 1 else wider.capitalize()


def fewer_examples(count: int, spec: EpisodeSpec) -> str:
    """Numbers of shots and queries that a class with ``count`` instances can serve."""
    if count < 2:
        return "No task can be drawn from a class of one: it takes one example to learn from and one to ask about"
    if count > spec.n_shot:
        less = f"Lower the queries to {count - spec.n_shot} or less"
        return less + (f", or the shots to {count - spec.n_query} or less" if spec.n_shot > 1 and count > spec.n_query else "")
    if count > spec.n_query:
        return f"Lower the shots to {count - spec.n_query} or less"
    return f"Lower the shots to {count // 2} and the queries to {count - count // 2}"


def left_out(short: np.ndarray, needed: int) -> str:
    """The condition that leaves out the classes that are short."""
    if len(short) == 1:
        return f", or leave it out by the condition class_id <> {short[0]}"
    enough = f"SELECT class_id FROM instances GROUP BY class_id HAVING count(*) >= {needed}"
    return f", or leave them out by the condition class_id IN ({enough})"
