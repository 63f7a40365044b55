"""What a rerun computes in the server, page by page: ``python -m benchmarks.reruns`` prints the table in docs/figures.md.

One session on a workspace with an answer on every page (``benchmarks.filled``). *As it is*: nothing has changed, so all there is to pay is
Streamlit itself and what a page does at every click. *Turned*: one control of the page is changed, there and back. Milliseconds are of the
processor, of the server's process alone, so they are the same on a busy machine.
"""

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.filled import filled_workspace
from benchmarks.servers import serving
from benchmarks.sessions import Session, WidgetState
from tests.browser import harness

WANTED = 30.0
"""Milliseconds of the processor."""

KNOBS: dict[str, tuple[str, ...]] = {
    "start": ("q",),
    "metadata": ("md_table",),
    "episodes": ("ep_shot",),
    "train": ("tr_fusion",),
    "compare": ("cmp_shot",),
    "runs": ("rn_kind",),
    "adaptation": ("ad_shot",),
    "prototypes": ("pr_shot",),
    "ablation": ("ab_measure",),
    "what_if": (),
    "use": ("us_step",),
    "reports": (),
}
"""The control that is turned, by page; none where each asks a learner anew, which is no rerun of what is there."""


async def measure(address: str, process: psutil.Process, page: str, turns: int) -> tuple[float, float | None, str]:
    """Milliseconds of a rerun as it is, and of one with a control turned, and which that was. Raises Wrong where the page shows an error."""

    async def mean(changes: Iterator[WidgetState | None]) -> float:
        for _ in range(4):  # what is kept from then on
            await session.run(next(changes))
        before = sum(process.cpu_times()[:2])
        for _ in range(turns):
            await session.run(next(changes))
        return 1000 * (sum(process.cpu_times()[:2]) - before) / turns

    async with Session(address, page.removeprefix(harness.HOME)) as session:
        await session.visit()
        as_it_is = await mean(itertools.repeat(None))
        if not KNOBS[page]:
            return as_it_is, None, ""
        return as_it_is, await mean(session.knob(KNOBS[page])), session.turned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the workspace is made, and kept (default: a folder that goes away)")
    parser.add_argument("--pages", nargs="+", default=list(harness.PAGES), choices=harness.PAGES)
    parser.add_argument("--turns", type=int, default=40, help="reruns of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = filled_workspace(options.folder or Path(temporary))
        with serving(workspace.root, METADASH_DEVICE="cpu") as server:
            print("| page | wanted, ms | as it is | control turned | which |\n|---|--:|--:|--:|---|", flush=True)
            for page in options.pages:
                as_it_is, turned, which = asyncio.run(measure(server.address, server.process, page, options.turns))
                cell = "" if turned is None else f"{turned:.0f}"
                print(f"| {page} | ≤ {WANTED:g} | {as_it_is:.0f} | {cell} | {f'`{which}`' if which else ''} |", flush=True)


if __name__ == "__main__":
    main()
