"""The same function for many arguments, in a few processes side by side; every repetition draws from a seed of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def side_by_side(function: Callable[..., Answer], arguments: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Answer]:
    """The answers in the order of ``arguments``, as they come; with one worker in this very process."""
    if workers == 1:
        yield from (function(*given) for given in arguments)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, *zip(*arguments, strict=True))
