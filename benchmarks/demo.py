"""Computes the answers that ``metadash serve --demo`` shows and writes the archive that the package carries: ``python -m benchmarks.demo``.

It walks the roads below as a visitor would, through the pages themselves and with their own buttons, and computes whatever they ask for.
So what is prepared is what the pages of today open on. On two quiet cores it takes about half an hour; ``--workspace`` keeps what was
computed, and goes on there.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from benchmarks.record import ROOT
from metadash import settings
from metadash.answers.answer import answer_spec
from metadash.dashboard import server
from metadash.dashboard.ablation.road import FOLDS
from metadash.dashboard.lifespan import keep_search_path
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.front.sharing.demo import pack
from metadash.metadata.changes import KINDS
from metadash.runs.kinds import run_digest
from metadash.runs.queue.batch import train_all
from metadash.runs.queue.board import JobBoard
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.specs.builder import run_for
from metadash.workspace import Workspace

SHELL = ROOT / "metadash" / "dashboard" / "shell.py"
MOST_PRESSES = 12
LEARNERS: tuple[dict[str, Any], ...] = (
    {"learner": "prototypical"},
    {"learner": "maml", "options": (("inner_lr", 0.1),)},
    {"learner": "meta-lstm"},
    {"learner": "r2d2"},
    {"learner": "matching"},
)
"""What *Compare*, *Adaptation*, *Prototypes* and *Use* look at, as ``run_for`` is asked for it, beside prototypes with all the Unicode metadata."""


SCENARIOS = tuple(f"wi_scene_{place}" for place in range(1, 6))
"""The buttons on *What if* that set its controls, as many as there are."""


@dataclass(frozen=True)
class Road:
    """A page with something chosen on it, as its address says it, under a name a visitor reads; ``presses`` are the keys of buttons, in turn, each as often as it is there.

    ``learner`` is the parameter of the page that takes a learner: that of the first question's answer, as the links below it on *Start* choose it.
    """

    title: str
    page: str
    presses: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    learner: str = ""


ROADS = (
    Road("All the Unicode metadata, among sibling characters", "start", ("start_go",)),
    Road("The name alone", "start", ("start_go",), {"q": "name-siblings"}),
    Road("The accents alone", "start", ("start_go",), {"q": "accents-siblings"}),
    Road("All the Unicode metadata, among any twenty", "start", ("start_go",), {"q": "unicode-any"}),
    Road("Each source, confirmed", "ablation", ("ab_go",), {"ab_tier": "confirm", "ab_folds": FOLDS[0]}),
    Road("Each source, screened", "ablation", ("ab_go", "ab_doses"), {"ab_tier": "screen"}),
    Road("Learners side by side", "compare"),
    Road("MAML on one task", "adaptation", ("ad_go",)),
    Road("MAML on a second task", "adaptation", ("ad_go",), {"ad_episode": "2"}),
    Road("Where the metadata move prototypes", "prototypes", ("pr_go",)),
    Road("A second task on the map", "prototypes", ("pr_go",), {"pr_episode": "2"}),
    Road("The first answer's learner on the map", "prototypes", ("pr_go",), learner="pr_run"),
    Road("Metadata as they are", "what_if", ("wi_train", "wi_map", "wi_dose", *SCENARIOS)),
    Road("A third of the names are wrong", "what_if", ("wi_train",), {"wi_kind_name": KINDS["swap"], "wi_share_name": "35"}),
    Road("Half of the names are missing", "what_if", ("wi_train",), {"wi_kind_name": KINDS["missing"], "wi_share_name": "50"}),
    Road("No accents are known", "what_if", ("wi_train",), {"wi_kind_accents": KINDS["missing"], "wi_share_accents": "100"}),
    Road("The first answer's learner, asked what if", "what_if", SCENARIOS, learner="wi_run"),
    Road("New characters from a few examples", "use", ("us_train", "us_example")),
)
"""*confirm* takes the split as it is: in the usual five folds its runs are seven megabytes, more than all the rest."""


class Wishes(JobBoard):
    """A board that only writes down what a page wants computed."""

    def __init__(self, workspace: Workspace):
        super().__init__(workspace)
        self.specs: list[Spec] = []

    def submit(self, spec: Spec) -> str:
        self.specs.append(spec)
        return ""

    def warm(self) -> None:
        """Nobody waits here."""


def opened(page: str, query: dict[str, str]) -> AppTest:
    keep_search_path(SHELL)
    test = AppTest.from_file(SHELL, default_timeout=300)
    test.query_params.update(query)
    test.run()
    test.switch_page(str(ROOT / "pages" / f"{page}.py"))
    test.query_params.update(query)
    return test.run()


def walk(road: Road, workspace: Workspace, workers: int) -> None:
    """Press, compute what that asks for, look again, until nothing more is wanted."""
    board = Wishes(workspace)
    server.BOARDS[:] = [board]
    for _ in range(MOST_PRESSES):
        board.specs.clear()
        test = opened(road.page, road.query)
        for key in road.presses:
            found = [button for button in test.button if button.key == key and not button.disabled]
            if found:
                found[0].click().run()
        odd = [
            warning for warning in test.warning if "The link" in warning.value
        ]  # what the address says and the page cannot show
        if problems := [*test.exception, *test.error, *odd]:
            raise SystemExit(f"{road.title} ({road.page}): {problems[0].value}")
        if not board.specs:
            return
        train_all(list(dict.fromkeys(board.specs)), workspace, workers, lambda step, metrics: False)
    raise SystemExit(f"{road.title} ({road.page}) still wants something after {MOST_PRESSES} looks.")


def led(roads: Sequence[Road], data: Dataset) -> list[Road]:
    """The roads, each with the learner that it is about in its query."""
    answered = answer_spec(data, data.description.questions[0]).arms["metadata"][0]
    digest = run_digest(answered, data)
    return [replace(road, query={**road.query, road.learner: digest}) if road.learner else road for road in roads]


def compute(workspace: Workspace, roads: Sequence[Road]) -> list[Road]:
    """Walks the roads, each twice: what one of them trains is what another page opens on, and then has something to ask of. Returns them with
    their whole query."""
    workers = settings.worker_count()
    data = open_dataset(workspace, "glyphs")
    sources = [source.name for source in data.class_sources()]
    learners = [run_for(data, sources), *(run_for(data, strategy="siblings", **asked) for asked in LEARNERS)]
    train_all(learners, workspace, workers, lambda step, metrics: False)
    led_roads = led(roads, data)
    for road in (*led_roads, *led_roads):
        began = time.monotonic()
        walk(road, workspace, workers)
        print(f"{time.monotonic() - began:6.0f} s  {len(RunStore(workspace).names()):4} runs  {road.title}", flush=True)
    return led_roads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="where what is computed stays (default: nowhere)")
    parser.add_argument("--pages", nargs="*", help="walk these pages only, and write no archive")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        root = options.workspace or Path(room)
        os.environ[settings.WORKSPACE.name], os.environ[settings.DEVICE.name] = str(root), "cpu"
        workspace = Workspace(root)
        walked = compute(workspace, [road for road in ROADS if options.pages is None or road.page in options.pages])
        if options.pages is None:
            size = pack(workspace, [(road.title, road.page, road.query) for road in walked])
            print(f"{size / 2**20:.1f} MiB packed")


if __name__ == "__main__":
    main()
