"""The table of docs/reproduction.md, from the results' file alone: ours beside theirs, with what it took."""

import json
from typing import Any

import numpy as np

from benchmarks.document import markdown_table
from benchmarks.reproduction.cells import CELLS, SETTINGS
from benchmarks.reproduction.published import GOAL, NEAR, SOURCES, again_of, length_of, letter, paper_of
from metadash.learners.registry import entry_of
from metadash.stats.intervals import Interval, episode_interval, mean_over_seeds, seed_interval
from metadash.stats.scored import as_mean

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


def groups(cells: dict[str, Record]) -> list[list[Record]]:
    """Records that differ in nothing but their seed, in the order of the plan. What was trained otherwise is never averaged."""
    plan = list(dict.fromkeys(cell.setting for cell in CELLS))
    order = {setting: place for place, setting in enumerate(plan)}
    found: dict[str, list[Record]] = {}
    for name in sorted(cells, key=lambda name: (order.get(name.rpartition("-seed")[0], len(plan)), name)):
        made = {key: value for key, value in cells[name]["configuration"].items() if key != "seed"}
        found.setdefault(json.dumps(made, sort_keys=True), []).append(cells[name])
    return list(found.values())


def over_episodes(records: list[Record], test: str) -> Interval:
    """Of the mean over the seeds: Student's t over the episodes, which all seeds share."""
    return as_mean(episode_interval(mean_over_seeds(np.stack([accuracies(record["test"][test]) for record in records]))))


def over_seeds(records: list[Record], test: str) -> Interval:
    return as_mean(seed_interval(np.array([accuracies(record["test"][test]).mean() for record in records])))


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
        f"Trainings: {len(cells)}, finished {dates[0]} to {dates[-1]}, on one thread each ({'; '.join(machines)}). {about['asserted']} Test episodes: "
        + ", ".join(f"{way}-way manifest `{digest}`" for way, digest in about["manifests"].items())
        + ".",
        markdown_table(ACCURACY, rows),
        goal_sentence(cells),
        "### What it took",
        markdown_table(TRAINING, [training_row(records) for records in groups(cells)]),
        "### Whose figures",
        markdown_table(("", "source", "learner", "note"), sources(cells)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rows_of(setting: tuple[int, int], cells: dict[str, Record]) -> list[list[str]]:
    """One row for each training that was tested there; trained at these shots first."""
    way, shot = setting
    test = f"{way}w{shot}s"
    found = [records for records in groups(cells) if test in records[0]["test"]]
    rows = []
    for records in sorted(found, key=lambda records: records[0]["configuration"]["n_shot"] != shot):
        made, episodes, seeds = records[0]["configuration"], over_episodes(records, test), over_seeds(records, test)
        mean = f"{episodes.estimate:.2f}"
        rows.append(
            [
                task(way, shot),
                entry_of(made["learner"]).title,
                task(made["n_way"], made["n_shot"]),
                f"**{mean}** ± {reach(episodes):.2f}" if made["n_shot"] == shot else f"{mean} ± {reach(episodes):.2f}",
                str(len(records)),
                f"[{seeds.low:.1f}, {min(seeds.high, 100):.1f}]"
                if seeds.low is not None and seeds.high is not None
                else "one only",
                paper_of(made["learner"], setting) or "none",
                again_of(made["learner"], setting) or "none",
                TRANSDUCTIVE[records[0]["batch_norm"]],
                budget(records),
            ]
        )
    return rows


def task(n_way: int, n_shot: int) -> str:
    return f"{n_way}-way, {n_shot} shot{'s' if n_shot > 1 else ''}"


def reach(interval: Interval) -> float:
    return interval.estimate - (interval.low if interval.low is not None else interval.estimate)


def budget(records: list[Record]) -> str:
    """What one training took: tasks, minutes of one core, and the share of the published training."""
    made = records[0]["configuration"]
    minutes = np.mean([record["training"]["cpu_seconds"] for record in records]) / 60
    part = share(made)
    return f"{made['steps'] * made['tasks']:,} tasks, {minutes:.0f} min" + (f", {part} of the published" if part else "")


def share(made: Record) -> str:
    """Tasks seen, as a share of those of the published training, where its length is known."""
    published = length_of(made["learner"], made["n_way"])
    if published is None:
        return ""
    part = 100 * made["steps"] * made["tasks"] / (published[0] * published[1])
    return f"{part:.0f} %" if part >= 10 else f"{part:.2g} %"


def training_row(records: list[Record]) -> list[str]:
    made, times = records[0]["configuration"], [record["training"] for record in records]
    settings = {} if made["learner"] == "reptile" else {"rate": made["learning_rate"]}
    return [
        entry_of(made["learner"]).title,
        f"{task(made['n_way'], made['n_shot'])}, {made['n_query']} quer{'ies' if made['n_query'] > 1 else 'y'}",
        ", ".join(str(record["configuration"]["seed"]) for record in records),
        f"{made['steps']:,}",
        str(made["tasks"]),
        share(made) or "length not found",
        ", ".join(f"{time['cpu_seconds'] / 60:.1f}" for time in times),
        ", ".join(f"{time['seconds'] / 60:.1f}" for time in times),
        ", ".join(f"{name} {value}" for name, value in (settings | made["options"]).items()),
    ]


def goal_sentence(cells: dict[str, Record]) -> str:
    """Whether Prototypical Networks, trained at the shots they are tested at, come near what independent runs agree on."""
    parts = []
    for way, shot in SETTINGS:
        for records in groups(cells):
            made = records[0]["configuration"]
            test = f"{way}w{shot}s"
            if made["learner"] == "prototypical" and made["n_shot"] == shot and test in records[0]["test"]:
                off = over_episodes(records, test).estimate - GOAL[way, shot]
                near = "within" if abs(off) <= NEAR else "above, not within" if off > 0 else "**not** within"
                parts.append(f"{way}-way {shot}-shot {off:+.2f} ({near} {NEAR:g})".replace("-0", "−0").replace(" -", " −"))
    goals = " / ".join(f"{goal:g}" for goal in GOAL.values())
    return (
        f"Prototypical Networks against {goals}, on which independent runs agree, in points: {'; '.join(parts)}." if parts else ""
    )


def sources(cells: dict[str, Record]) -> list[list[str]]:
    """The papers, then the letters of the table, of the learners that are in it."""
    learners = {record["configuration"]["learner"] for record in cells.values()}
    asked = [source for source in SOURCES if source.learner in learners]
    return [
        ["paper" if source.paper else letter(source), source.title, entry_of(source.learner).title, source.caveat]
        for source in sorted(asked, key=lambda source: "" if source.paper else letter(source))
    ]
