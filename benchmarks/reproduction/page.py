"""The table of docs/reproduction.md, from the results' file alone: ours beside theirs, with what it took."""

from typing import Any

import numpy as np

from benchmarks.document import markdown_table
from benchmarks.reproduction.cells import CELLS, SETTINGS, Cell
from benchmarks.reproduction.published import GOAL, NEAR, SOURCES, again_of, letter, paper_of
from metadash.analysis.intervals import Interval, episode_interval, mean_over_seeds, seed_interval
from metadash.learners.registry import entry_of

Record = dict[str, Any]
ACCURACY = (
    "test", "learner", "trained on", "ours, %", "seeds", "over seeds", "paper", "reproductions", "batch norm at test", "training"
)  # fmt: skip
TRAINING = (
    "learner",
    "training episode",
    "seeds",
    "steps",
    "tasks a step",
    "of the published tasks",
    "processor, min",
    "by the clock, min",
    "options",
)
TRANSDUCTIVE = {"batch": "batch (transductive)", "support": "support", "running": "running"}


def groups(cells: dict[str, Record]) -> list[tuple[Cell, list[Record]]]:
    """The records of each training setting over its seeds, in the order of the plan."""
    found: dict[str, tuple[Cell, list[Record]]] = {}
    for cell in CELLS:
        if cell.name in cells:
            found.setdefault(cell.setting, (cell, []))[1].append(cells[cell.name])
    return list(found.values())


def over_episodes(records: list[Record], test: str) -> Interval:
    """Of the mean over the seeds: Student's t over the episodes, which all seeds share."""
    return episode_interval(mean_over_seeds(np.stack([accuracies(record["test"][test]) for record in records])))


def over_seeds(records: list[Record], test: str) -> Interval:
    return seed_interval(np.array([accuracies(record["test"][test]).mean() for record in records]))


def accuracies(entry: Record) -> np.ndarray:
    """[E] in %."""
    return 100 * (1 - np.array(entry["wrong"].split(), dtype=float) / entry["queries"])


def markdown(about: Record, cells: dict[str, Record]) -> str:
    if not cells:
        return "No cell is finished yet.\n"
    rows = [row for setting in SETTINGS for row in rows_of(setting, cells)]
    machines = sorted({f"{r['machine']['cpu']}, torch {r['torch']}" for r in cells.values()})
    dates = sorted(r["date"] for r in cells.values())
    parts = [
        f"{len(cells)} trainings, {dates[0]} to {dates[-1]}, one thread each ({'; '.join(machines)}). {about['asserted']} Test episodes: "
        + ", ".join(f"{way}-way manifest `{digest}`" for way, digest in about["manifests"].items())
        + ".",
        markdown_table(ACCURACY, rows),
        goal_sentence(cells),
        "### What it took",
        markdown_table(TRAINING, [training_row(cell, records) for cell, records in groups(cells)]),
        "### Whose figures",
        markdown_table(("", "source", "learner", "note"), sources(cells)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rows_of(setting: tuple[int, int], cells: dict[str, Record]) -> list[list[str]]:
    """One row for each training that was tested there; trained at these shots first."""
    way, shot = setting
    test = f"{way}w{shot}s"
    found = [(cell, records) for cell, records in groups(cells) if test in records[0]["test"]]
    rows = []
    for cell, records in sorted(found, key=lambda pair: pair[0].n_shot != shot):
        episodes, seeds = over_episodes(records, test), over_seeds(records, test)
        rows.append(
            [
                f"{way}-way, {shot} shot{'s' if shot > 1 else ''}",
                entry_of(cell.learner).title,
                f"{cell.n_way}-way, {cell.n_shot} shot{'s' if cell.n_shot > 1 else ''}",
                f"**{episodes.estimate:.2f}** ± {reach(episodes):.2f}"
                if cell.n_shot == shot
                else f"{episodes.estimate:.2f} ± {reach(episodes):.2f}",
                str(len(records)),
                f"[{seeds.low:.1f}, {min(seeds.high, 100):.1f}]"
                if seeds.low is not None and seeds.high is not None
                else "one only",
                paper_of(cell.learner, setting) or "none",
                again_of(cell.learner, setting) or "none",
                TRANSDUCTIVE[records[0]["batch_norm"]],
                budget(cell, records),
            ]
        )
    return rows


def reach(interval: Interval) -> float:
    return interval.estimate - (interval.low if interval.low is not None else interval.estimate)


def budget(cell: Cell, records: list[Record]) -> str:
    """What one training took: tasks, minutes of one core, and the share of the published training."""
    made = records[0]["configuration"]
    minutes = np.mean([record["training"]["cpu_seconds"] for record in records]) / 60
    part = share(cell, records)
    return f"{made['steps'] * made['tasks']:,} tasks, {minutes:.0f} min" + (f", {part} of the published" if "%" in part else "")


def share(cell: Cell, records: list[Record]) -> str:
    """Tasks seen, as a share of those of the published training."""
    if cell.published is None:
        return "length not published"
    part = (
        100
        * records[0]["configuration"]["steps"]
        * records[0]["configuration"]["tasks"]
        / (cell.published[0] * cell.published[1])
    )
    return f"{part:.0f} %" if part >= 10 else f"{part:.2g} %"


def training_row(cell: Cell, records: list[Record]) -> list[str]:
    made, times = records[0]["configuration"], [record["training"] for record in records]
    return [
        entry_of(cell.learner).title,
        f"{cell.n_way}-way, {cell.n_shot} shot{'s' if cell.n_shot > 1 else ''}, {cell.n_query} quer{'ies' if cell.n_query > 1 else 'y'}",
        ", ".join(str(record["configuration"]["seed"]) for record in records),
        f"{made['steps']:,}",
        str(made["tasks"]),
        share(cell, records),
        ", ".join(f"{time['cpu_seconds'] / 60:.1f}" for time in times),
        ", ".join(f"{time['seconds'] / 60:.1f}" for time in times),
        ", ".join(f"{name} {value}" for name, value in ({"rate": made["learning_rate"]} | made["options"]).items()),
    ]


def goal_sentence(cells: dict[str, Record]) -> str:
    """Whether Prototypical Networks, trained at the shots they are tested at, come near what independent runs agree on."""
    parts = []
    for way, shot in SETTINGS:
        for cell, records in groups(cells):
            if cell.learner == "prototypical" and cell.n_shot == shot:
                off = over_episodes(records, f"{way}w{shot}s").estimate - GOAL[way, shot]
                near = "within" if abs(off) <= NEAR else "**not** within" if off < 0 else "above by more than"
                parts.append(f"{way}-way {shot}-shot {off:+.2f}".replace("-0.", "−0.") + f" ({near} {NEAR:g})")
    goals = " / ".join(f"{goal:g}" for goal in GOAL.values())
    return (
        f"Prototypical Networks against {goals}, on which independent reproductions agree, in points: {'; '.join(parts)}."
        if parts
        else ""
    )


def sources(cells: dict[str, Record]) -> list[list[str]]:
    """The letters of the table, then the papers, of the learners that are in it."""
    learners = {record["configuration"]["learner"] for record in cells.values()}
    asked = [source for source in SOURCES if source.learner in learners]
    return [
        ["paper" if source.paper else letter(source), source.title, entry_of(source.learner).title, source.caveat]
        for source in sorted(asked, key=lambda source: not source.paper)
    ]
