"""Many who ask at once: each gets an answer or a sentence, and the processes that answer stay few."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from metadash.data.sql import children, query
from metadash.data.sql.query import QueryError, run_query, select_ids
from metadash.data.sql.turns import Turns


def test_twenty_threads_ask_at_once_and_each_gets_its_own_answer(database):
    def ask(number):
        if number % 5 == 4:
            with pytest.raises(QueryError, match="more memory"):
                run_query(database, "SELECT repeat('x', 2000000000)", memory_mb=128, seconds=20)
            return number
        return run_query(database, f"SELECT {number} AS n FROM instances", rows=10, seconds=20).frame["n"].unique().tolist()[0]

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(ask, range(40))) == list(range(40))
    assert len(children._waiting) <= children.KEPT


def test_a_crowded_server_says_so(database, monkeypatch):
    monkeypatch.setattr(query, "QUERIES", Turns(1, queue=2, patience=0.05))
    with query.QUERIES.turn("somebody"), pytest.raises(QueryError, match="Too many queries are running"):
        run_query(database, "SELECT 1")
    assert len(run_query(database, "SELECT 1").frame) == 1


def test_who_fills_his_own_queue_is_told_and_conditions_go_on(database, monkeypatch):
    monkeypatch.setattr(query, "QUERIES", Turns(1, queue=0, patience=5))
    with query.QUERIES.turn(""):
        with pytest.raises(QueryError, match="You have 0 queries waiting here already; let one of them end first"):
            run_query(database, "SELECT 1", asked_by="eager")
        assert len(select_ids(database, "classes", "script = 'Greek'")) == 30


def test_a_waiting_child_makes_queries_quick(database):
    run_query(database, "SELECT 1")
    child = children._waiting[-1]
    times = [run_query(database, "SELECT count(*) FROM instances").seconds for _ in range(5)]
    assert children._waiting[-1] is child and min(times) < 0.3


def test_one_child_is_started_ahead_and_only_one():
    children.end_children()
    children.ready()
    (child,) = children._waiting
    children.ready()
    assert children._waiting == [child] and child.process.poll() is None


def test_the_child_starts_light():
    """No pandas, none of MetaDash: what is not there cannot be slow or leak."""
    heavy = "print([name for name in ('pandas', 'metadash', 'torch', 'streamlit') if name in sys.modules])"
    code = f"import runpy, sys; runpy.run_path(sys.argv[1], run_name='imported'); {heavy}"
    command = [sys.executable, "-P", "-c", code, query.__file__.replace("query.py", "query_worker.py")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.strip() == "[]"
