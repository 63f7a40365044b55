"""``metadash.draw_episodes``: tasks drawn once, for whoever wants to see them or to score something of their own on them."""

from typing import Unpack, cast

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool, Strategy
from metadash.errors import BadInput
from metadash.front.choices import Tasks, opened, spelled_out
from metadash.specs.defaults import fitting
from metadash.specs.source_levels import column_for


@spelled_out
def draw_episodes(
    data: Dataset,
    *,
    n_shot: int = 1,
    n_query: int | None = None,
    split: str | None = None,
    role: str = "test",
    count: int = 1,
    seed: int = 0,
    **tasks: Unpack[Tasks],
) -> EpisodeManifest:
    """Episodes as learners are given them, drawn from ``seed`` and kept in the workspace under a hash of their content.

    The manifest has ``classes`` [E, N], ``support`` [E, N, K] and ``query`` [E, N, Q]: class ids and rows of ``data.inputs``.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    n_way, strategy, column : as in :func:`metadash.answer` (default: ``uniform``, with as many ways as the data set can serve).
    query_dirichlet : deals as many queries to the classes of a task unevenly, by a Dirichlet of that concentration; −1 fills up.
    n_shot, n_query : labelled examples and queries a class (default 15, fewer where classes are small).
    split, role, where : from which classes: ``train``, ``validation`` or ``test`` of a split, narrowed by an SQL condition.
    count, seed : how many episodes, from which seed.

    Raises
    ------
    BadInput
        One sentence: for a split or column that there is not, classes with too few instances, a choice that would be ignored.

    Examples
    --------
    >>> import metadash as md
    >>> drawn = md.draw_episodes(data, n_way=3, n_shot=2, n_query=4, count=10)
    >>> drawn.support.shape, drawn.query.shape
    ((10, 3, 2), (10, 3, 4))
    """
    spec = episodes_asked(opened(data), n_shot, n_query, split, role, count, seed, **tasks)
    manifest = draw(data, spec)
    manifest.save(data.workspace.episodes / f"{manifest.hash}.npz")
    return manifest


def episodes_asked(
    data: Dataset, n_shot: int, n_query: int | None, split: str | None, role: str, count: int, seed: int, **tasks: Unpack[Tasks]
) -> EpisodeSpec:
    """What was not said about ways and queries is such as the data set can serve. Raises BadInput for a column that would be ignored."""
    strategy = cast(Strategy, tasks.get("strategy") or "uniform")
    where, n_way = tasks.get("where"), tasks.get("n_way")
    if tasks.get("column") and strategy == "uniform":
        raise BadInput("column would be ignored by uniform tasks; choose the strategy siblings or disjoint.")
    column = tasks.get("column") or column_for(strategy, data)
    split = split or data.description.default_split
    if n_way is None or n_query is None:
        narrowed = where if role == "test" else None
        usual = fitting(data, split, strategy, column, where=narrowed, n_way=n_way, shots=(n_shot,), n_query=n_query)
        n_way, n_query = usual.n_way if n_way is None else n_way, usual.n_query if n_query is None else n_query
    return EpisodeSpec(
        Pool(split, role, where), n_way, n_shot, n_query, strategy, column, seed, count, tasks.get("query_dirichlet")
    )
