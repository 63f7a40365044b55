"""Figures of the web server: its first answer, its start, its memory, its reruns with several sessions."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as TooLate

from benchmarks.commandline import answered
from benchmarks.record import Outcome, Row, Stopwatch, Table, median, percentile
from benchmarks.servers import Server, heavy_mapped, memory, serving, workers
from benchmarks.sessions import Load, Session, Wrong, load
from metadash.answers.sentence import examples
from metadash.runs.queue.jobs import Job, JobFolder, all_jobs
from metadash.workspace import Workspace
from tests.browser import harness

OPENING = f"With {examples(1)} per class, "
"""How every answer's sentence begins."""

PAGES = {"": ("q", "seeds"), "episodes": ("ep_way", "ep_shot"), "metadata": ("md_table", "md_facet_classes_script")}
"""Pages under load, by url path, with the keys of the widgets to change there in turn."""

SESSIONS = 5
MEMORY_TARGET = 400.0
RERUN_TARGET = 200.0
BUSY = "mode=full"
"""Query string of the Start page for an answer that takes far longer than a measurement: every weight trained end to end."""


def wait_for_sentence(page: Page, seconds: float) -> str:
    found = page.get_by_text(OPENING).first
    found.wait_for(timeout=seconds * 1000)
    return found.inner_text()


def first_answer_web(folder: Path, small: bool) -> Outcome:
    """From `streamlit run` on an empty workspace to the sentence: server, page, button, workers, training, statistics."""
    workspace = folder / "web"
    started = time.perf_counter()
    with serving(workspace) as server, harness.browser() as opened:
        page = harness.open_page(opened, server.address)
        button = page.get_by_role("button", name="Answer it")
        button.wait_for(timeout=60_000)
        shown = time.perf_counter()
        button.click()
        try:
            sentence = wait_for_sentence(page, 500)
        except TooLate as late:
            jobs = ", ".join(
                f"{job.title}: {job.state} at {job.fraction:.0%} {job.message}" for job in all_jobs(Workspace(workspace))
            )
            raise Wrong(f"No sentence after 500 s of {jobs or 'no jobs at all'}") from late
        ended = time.perf_counter()
        page.context.close()
        time.sleep(2)
        held = memory(server.process)
        helpers = workers(server)
        heavy = heavy_mapped(server.process)
    rows = [
        Row("first answer through the web server, from starting it on an empty workspace", "s", ended - started, target=120.0),
        Row("… of which from pressing the button to the sentence", "s", ended - shown),
        Row("server's memory (RSS) after it computed an answer, workers not counted", "MiB", held.rss, target=MEMORY_TARGET),
    ]
    if held.pss is not None:
        rows.append(Row("… its fair share of shared pages (PSS)", "MiB", held.pss))
    rows.append(heavy_row("after the answer", heavy))
    lines = [[name, f"{used.rss:.0f}", "" if used.pss is None else f"{used.pss:.0f}"] for name, used in helpers.items()]
    table = Table("Memory of the processes that the server started for the answer, MiB", ("process", "RSS", "PSS"), lines)
    return Outcome(rows, [table], {"sentence": sentence})


def heavy_row(when: str, heavy: list[str]) -> Row:
    named = ", ".join(heavy) or "none"
    return Row(
        f"heavy packages mapped in the server {when} (torch, scikit-learn)", "packages", float(len(heavy)), target=0.0, note=named
    )


def start(folder: Path, small: bool) -> Outcome:
    """`streamlit run` to the first healthy answer, on the answered workspace."""
    answered(folder, small)
    seconds = []
    for _ in range(2 if small else 5):
        with serving(folder / "cli") as server:
            seconds.append(server.seconds_to_health)
    return Outcome([median("server start to healthy", "s", seconds, 3.0)])


def memory_without_jobs(folder: Path, small: bool) -> Outcome:
    """One browser opens every page once; nothing is submitted."""
    answered(folder, small)
    with serving(folder / "cli") as server:
        fresh = memory(server.process)
        with harness.browser() as opened:
            for name in harness.PAGES:
                harness.open_page(opened, f"{server.address}/{name.removeprefix(harness.HOME)}").context.close()
        time.sleep(1)
        held, heavy = memory(server.process), heavy_mapped(server.process)
    rows = [
        Row("server's memory (RSS) after visits to all pages, without jobs", "MiB", held.rss, target=MEMORY_TARGET),
        Row("… before the first visit", "MiB", fresh.rss),
    ]
    if held.pss is not None:
        rows.insert(1, Row("… its fair share of shared pages (PSS)", "MiB", held.pss))
    return Outcome([*rows, heavy_row("after visits to all pages", heavy)])


def later_answers_web(folder: Path, small: bool) -> Outcome:
    """The Start page of a server whose workspace holds the answer: from the address to the sentence, each time a new browser profile."""
    answered(folder, False)
    seconds = []
    with serving(folder / "cli") as server, harness.browser() as opened:
        for _ in range(3 if small else 6):
            seconds.append(goto_to_sentence(opened, server.address))
    rows = [
        median("later answer in the browser, from the address to the sentence, empty browser cache", "s", seconds[1:], 2.0),
        Row("… first visit of a fresh server", "s", seconds[0]),
    ]
    return Outcome(rows)


def goto_to_sentence(opened: Browser, address: str) -> float:
    context = opened.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with Stopwatch() as watch:
        page.goto(address)
        wait_for_sentence(page, 60)
    context.close()
    return watch.seconds


def reruns(folder: Path, small: bool) -> Outcome:
    """Five sessions with a second to think, alone and then while training keeps both workers busy."""
    answered(folder, False)
    seconds = 10 if small else 60
    with serving(folder / "cli", METADASH_WORKERS="2") as server:
        alone, cost = measured(server, lambda: load(server.address, PAGES, SESSIONS, seconds))
        rows = [
            *load_rows("", alone),
            Row("… computing time of the server for each", "ms", cost, len(alone.all), statistic="mean"),
        ]
        busy, _ = measured(server, lambda: load_while_training(server, Workspace(folder / "cli"), seconds))
        rows += load_rows(" while two workers train", busy)
    tables = [load_table("alone", alone), load_table("while two workers train", busy)]
    return Outcome(rows, tables, {"bytes_received": {"alone": alone.bytes_received, "busy": busy.bytes_received}})


def measured(server: Server, loading: Callable[[], Coroutine[Any, Any, Load]]) -> tuple[Load, float]:
    """The load and the milliseconds of processor the server spent on each rerun, first visits included: the same on a busy machine."""
    before = sum(server.process.cpu_times()[:2])
    found = asyncio.run(loading())
    return found, 1000 * (sum(server.process.cpu_times()[:2]) - before) / max(1, len(found.all))


def load_rows(when: str, found: Load) -> list[Row]:
    if found.problems or not found.all:
        raise Wrong("; ".join(found.problems) or "No rerun was measured.")
    values = [1000 * second for second in found.all]
    return [
        percentile(
            f"page rerun with {SESSIONS} sessions{when}, p95",
            "ms",
            values,
            95,
            RERUN_TARGET,
            f"{SESSIONS} sessions, 1 s to think",
        ),
        percentile("… p50", "ms", values, 50),
    ]


def load_table(when: str, found: Load) -> Table:
    lines = []
    for name, seconds in found.seconds.items():
        middle, high = (percentile("", "ms", [1000 * second for second in seconds], share).measured for share in (50, 95))
        lines.append(
            [name, found.knobs.get(name, ""), str(len(seconds)), f"{middle:.0f}", f"{high:.0f}", f"{1000 * max(seconds):.0f}"]
        )
    columns = ("page", "widget changed", "reruns", "p50", "p95", "slowest")
    return Table(f"Reruns {when}, ms", columns, lines)


async def load_while_training(server: Server, workspace: Workspace, seconds: float) -> Load:
    """Press the Start page's button for an answer in full mode, wait until both workers compute, measure, cancel."""
    async with Session(server.address, "", BUSY) as session:
        await session.visit()
        await session.press("start_go")
    try:
        for _ in range(600):
            if len(running(workspace)) >= 2:
                break
            await asyncio.sleep(0.2)
        else:
            raise Wrong("Two training jobs did not start within two minutes.")
        found = await load(server.address, PAGES, SESSIONS, seconds)
        if len(running(workspace)) < 2:
            found.problems.append("the workers ran out of work before the measurement ended")
        return found
    finally:
        for job in all_jobs(workspace):
            if job.active:
                JobFolder(workspace, job.digest).request_cancel()


def running(workspace: Workspace) -> list[Job]:
    return [job for job in all_jobs(workspace) if job.state == "running"]
