"""What the server sets up before the first visit."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard import lifespan


class Untouched(list):
    """A list that must not become shorter: whoever walks it on another thread would skip an entry."""

    def remove(self, entry: str) -> None:
        raise AssertionError(f"{entry} was taken off sys.path while the server runs")


def test_no_visit_takes_a_folder_off_the_search_path(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "visits").mkdir()
    script = tmp_path / "visits" / "script.py"
    script.write_text("import streamlit as st\nst.write('ran')\n")
    monkeypatch.setattr(sys, "path", Untouched(sys.path))
    monkeypatch.setattr(lifespan, "warm_up", lambda: None)

    async def serve() -> AppTest:
        async with lifespan.lifespan(SimpleNamespace(script_path=script)):
            return AppTest.from_file(script).run()

    with ThreadPoolExecutor(1) as elsewhere:  # on this thread a browser of an earlier test may have a loop running
        visit = elsewhere.submit(asyncio.run, serve()).result()
    assert [element.value for element in visit.markdown] == ["ran"] and not visit.exception
    assert sys.path[0] != str(script.parent), "modules beside the script must not hide installed ones"
