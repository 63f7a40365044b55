"""Queries that are not as many of each class: as many in all, dealt by a Dirichlet draw an episode (Veilleux et al. 2021, α-TIM).

A method that classifies all queries together can live on the belief that classes are asked alike; this is the draw that takes it away.
"""

from functools import lru_cache

import numpy as np

from metadash.episodes.pool import PoolTable
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput

REDRAWS = 200
"""How often an episode's counts are drawn again where its classes cannot serve them."""
OFTEN = 0.1
"""In this share of the draws even the smallest classes must serve: all redraws then fail once in a thousand million."""
TRIED = 1000
EVENER = (0.5, 1.0, 2.0, 5.0, 10.0, 50.0)


def query_counts(table: PoolTable, spec: EpisodeSpec, picked: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """How many queries [E, N] each class of each episode is asked: n_way × n_query in all, a class may be asked none.

    What the instances beside the support cannot serve is drawn again, so that where classes are small, tasks are a little more even
    than the Dirichlet says. Raises BadInput where that does not help.
    """
    room = table.counts[picked] - spec.n_shot
    counts, pending = np.zeros(picked.shape, dtype=np.int64), np.arange(len(picked))
    for _ in range(REDRAWS):
        found = dealt(spec, len(pending), generator)
        fits = (found <= room[pending]).all(axis=1)
        counts[pending[fits]] = found[fits]
        pending = pending[~fits]
        if not len(pending):
            return counts
    check_room(table, picked[pending[0]], spec)
    raise too_few(table, picked[pending[0]], spec)


def dealt(spec: EpisodeSpec, n_episodes: int, generator: np.random.Generator) -> np.ndarray:
    """[E, N] whole numbers that add up to all queries of a task, by shares from a Dirichlet; the largest remainders are rounded up."""
    assert spec.query_dirichlet is not None
    total = spec.n_way * spec.n_query
    shares = total * generator.dirichlet(np.full(spec.n_way, spec.query_dirichlet), n_episodes)
    whole = np.floor(shares).astype(np.int64)
    rank = np.argsort(np.argsort(whole - shares, axis=1, kind="stable"), axis=1)
    return whole + (rank < (total - whole.sum(axis=1))[:, None])


def check_room(table: PoolTable, classes: np.ndarray, spec: EpisodeSpec) -> None:
    """Raises BadInput where the smallest of some ``classes`` (places in the pool) could hardly be asked what the draw asks them."""
    smallest = classes[np.argsort(table.counts[classes], kind="stable")[: spec.n_way]]
    if len(smallest) == spec.n_way and not serves(table.counts[smallest], spec):
        raise too_few(table, smallest, spec)


def serves(counts: np.ndarray, spec: EpisodeSpec, n_query: int | None = None, alpha: float | None = None) -> bool:
    found = tried(spec.n_way, n_query or spec.n_query, alpha or spec.query_dirichlet or 1.0)
    return bool((found <= counts - spec.n_shot).all(axis=1).mean() >= OFTEN)


@lru_cache(maxsize=256)
def tried(n_way: int, n_query: int, alpha: float) -> np.ndarray:
    """Some draws to look at, the same at every call."""
    spec = EpisodeSpec(Pool("any"), n_way, 0, n_query, query_dirichlet=alpha)
    return dealt(spec, TRIED, np.random.default_rng(0))


def too_few(table: PoolTable, classes: np.ndarray, spec: EpisodeSpec) -> BadInput:
    """What is missing, and the numbers that would do."""
    first = classes[np.argmin(table.counts[classes])]
    counts = np.sort(table.counts[classes])
    queries = next((n for n in range(spec.n_query - 1, 0, -1) if serves(counts, spec, n_query=n)), 0)
    alpha = next((a for a in EVENER if a > (spec.query_dirichlet or 0) and serves(counts, spec, alpha=a)), None)
    todo = [f"lower the queries to {queries} or less"] if queries else []
    todo += [f"raise query_dirichlet to {alpha:g} or more"] if alpha else []
    most = int(np.percentile(tried(spec.n_way, spec.n_query, spec.query_dirichlet or 1.0).max(axis=1), 90))
    text = " or ".join([*todo, "leave query_dirichlet out"])
    return BadInput(
        f"Class '{table.names[first]}' has {table.counts[first]} instances; unbalanced queries (query_dirichlet "
        f"{spec.query_dirichlet:g}, {spec.n_way * spec.n_query} in all) ask one class {most} and more, beside {spec.n_shot} shots. "
        f"{text[0].upper()}{text[1:]}."
    )


def draw_uneven_rows(
    table: PoolTable, spec: EpisodeSpec, picked: np.ndarray, asked: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Support [E, N, K], and queries [E, N, ·] of which each class has as many as ``asked`` says, then −1."""
    support = np.zeros((*picked.shape, spec.n_shot), dtype=np.int64)
    query = np.full((*picked.shape, int(asked.max())), -1, dtype=np.int64)
    offsets = np.arange(table.counts.max())
    for part in np.array_split(np.arange(len(picked)), max(1, picked.size * len(offsets) // 4_000_000)):
        slots = picked[part]
        key = np.where(offsets < table.counts[slots][..., None], generator.random((*slots.shape, len(offsets))), 2.0)
        order = np.argsort(key, axis=-1)[..., : spec.n_shot + query.shape[2]]
        position = np.minimum(table.starts[slots][..., None] + order, len(table.rows) - 1)
        rows = table.rows[position]
        support[part] = rows[..., : spec.n_shot]
        kept(query, part, rows[..., spec.n_shot :], asked[part])
    return support, query


def kept(query: np.ndarray, part: np.ndarray, rows: np.ndarray, asked: np.ndarray) -> None:
    """Write the first ``asked`` [e, N] of ``rows`` [e, N, ·] into the episodes ``part`` of ``query``; the rest stays −1."""
    width = rows.shape[-1]
    query[part, :, :width] = np.where(np.arange(width) < asked[..., None], rows, -1)
