"""Whose job is next, and how many a visitor may have: what many people share goes round among them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from metadash import settings
from metadash.errors import BadInput
from metadash.visitors import Visitor


def next_in_turn(ready: Sequence[str], whose: Mapping[str, str], under_way: Iterable[str], served: Mapping[str, int]) -> str:
    """Of the jobs that could begin, in the order in which they were asked for: the first of the visitor with the fewest under way, and of
    those of him whose last turn was longest ago. ``whose``: the visitors of jobs; ``served``: when they had their last turn."""
    busy = Counter(whose.get(digest, "") for digest in under_way)

    def order(digest: str) -> tuple[int, int]:
        name = whose.get(digest, "")
        return busy[name], served.get(name, -1)

    return min(ready, key=order)


def refuse_too_many(asking: Visitor, has: int, more: int) -> None:
    """Raises BadInput where a visitor would have more jobs queued and running than one may; who is at the machine may have any number."""
    most = settings.jobs_each()
    if asking.key and has + more > most:
        had = f", and has {has}" if has else ""
        raise BadInput(
            f"This asks for {more} jobs; a visitor may have {most} queued and running at once{had}. Ask for less, or wait until some have ended."
        )
