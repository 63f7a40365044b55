"""Links: everything chosen is in them, and nothing that stands in one breaks a page."""

from collections.abc import Callable

import pytest

from metadash.dashboard import copylink
from tests.pages.page import open_page

PAGES = ("start", "metadata", "episodes", "train", "compare", "adaptation", "prototypes", "ablation", "what_if")
HOSTILE = ("inf", "-inf", "nan", "1e400", "-1", "", "9" * 10_000, "nope", "0x10", "*bold* :red[x]", "5.5", "\x00")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, list[str]]]:
    """What *Copy link* of the page opened last adds to its address."""
    seen: list[dict] = [{"chosen": {}, "usual": {}}]
    monkeypatch.setattr(copylink, "button", lambda data, key: seen.append(data))
    return lambda: {**seen[-1]["usual"], **seen[-1]["chosen"]}


@pytest.mark.parametrize("name", PAGES)
def test_try(name, trained, no_workers, copied):
    page = open_page(name, dataset="tiny")
    print(name, copied(), dict(page.query_params))
    keys = sorted({*copied(), *page.query_params} - {"dataset"})
    for value in HOSTILE:
        odd = open_page(name, dataset="tiny", **dict.fromkeys(keys, value))
        bad = [w.value for w in odd.warning if "tr\\_" in w.value or "ep\\_" in w.value]
        print(repr(value)[:20], len(odd.warning), bad, [e.value[:100] for e in odd.error])
