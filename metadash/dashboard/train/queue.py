"""The queue as the *Train* page shows it: what runs, with a bar and *cancel*; what ended, with what can be done about it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from metadash.answers.stored_arms import arm_id
from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.curves import history_of
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.jobs import MARKS, THEIRS, asked_by, theirs, time_left
from metadash.dashboard.prototypes.beside import in_link
from metadash.dashboard.share.closed import closed
from metadash.data.dataset import Dataset
from metadash.runs.kinds import KINDS, facts_of
from metadash.runs.queue.jobs import Job, JobFolder
from metadash.runs.store import Run
from metadash.specs.any_spec import Spec
from metadash.specs.choosing.tuning import as_chosen
from metadash.specs.views import MAP_METHODS, AdaptationSpec, MapSpec, own_steps
from metadash.stats import words

SHOWN = 6
"""Ended jobs with their buttons; older ones stand in a table below."""


def elsewhere(spec: Spec, data: Dataset) -> str:
    """``, on photos`` where it is of another data set than the chosen one, and its title does not say so (what is shared says it)."""
    return "" if spec.dataset == data.name or facts_of(spec).shared else f", on {spec.dataset}"


def active_row(job: Job, before: int, data: Dataset) -> None:
    """One job that is queued (``before`` others first) or running."""
    bar, button = st.columns([6, 1.3], vertical_alignment="center")
    cancelling = JobFolder(server.workspace(), job.digest).cancel_requested
    if cancelling:
        doing = "stopping"
    elif job.state == "running":
        doing = f"{100 * job.fraction:.0f} % · {job.phase} · {time_left(job)}"
    else:
        doing = MARKS["queued"] + (f", {before} before it" if before else "")
    by = f" · {plain(name)}" if (name := asked_by(job.digest)) else ""
    bar.progress(min(job.fraction, 1.0), f"**{plain(job.title)}**{plain(elsewhere(job.spec, data))} · {doing}{by}")
    others = theirs([job])
    if not closed() and button.button(
        "Cancel",
        icon=":material/close:",
        key=f"tr_cancel_{job.digest}",
        disabled=cancelling or others,
        help=THEIRS if others else None,
    ):
        server.board().cancel(job.digest)
        st.rerun(scope="fragment")


def ended_row(job: Job, data: Dataset) -> None:
    """One job that is over: what became of it, and what can be done about it."""
    text, actions = st.columns([5, 2], vertical_alignment="center")
    by = f" · {plain(name)}" if (name := asked_by(job.digest)) else ""
    text.markdown(
        f"{MARKS[job.state]} · **{plain(job.title)}**{plain(elsewhere(job.spec, data))}  \n:small[{plain(job.message) or when(job)}{by}]"
    )
    with actions.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.button("Show", icon=":material/show_chart:", key=f"tr_look_{job.digest}", on_click=show, args=(job.digest,))
        if job.state != "done":
            if not closed() and st.button(
                "Again", icon=":material/replay:", key=f"tr_again_{job.digest}", help="Start it again."
            ):
                server.board().submit(job.spec)
                st.rerun()
        elif (run := server.store().get(job.digest)) and run.kind in LOOKS:
            LOOKS[run.kind](run)


def comparison_of(run: Run) -> None:
    link_to("compare", "Compare", "stacked_line_chart", dataset=run.spec.dataset, runs=arm_id(run))


def map_of(run: Run) -> None:
    """A link to the very map: its learners, task, shots and how it is arranged."""
    spec = run.spec_as(MapSpec)
    learners = run.summary["needs"]
    link_to(
        "prototypes",
        "Map",
        "scatter_plot",
        dataset=spec.dataset,
        pr_run=learners[0],
        pr_episode=str(spec.episode + 1),
        pr_shot=str(spec.n_shot),
        pr_method=MAP_METHODS[spec.method],
        pr_background=str(spec.background),
        pr_perplexity=f"{spec.perplexity:g}",
        pr_seed=str(spec.seed),
        **in_link(spec, learners),
    )


def adaptation_of(run: Run) -> None:
    """A link to the very task, shots and steps of a finished look at an adaptation."""
    spec = run.spec_as(AdaptationSpec)
    learner = server.store().get(run.summary["needs"][0])
    scored = as_chosen(spec.run, learner.summary) if learner else spec.run
    steps = {} if spec.n_steps == own_steps(scored) else {"ad_steps": str(spec.n_steps)}
    link_to(
        "adaptation",
        "Look",
        "moving",
        dataset=spec.dataset,
        ad_run=run.summary["needs"][0],
        ad_episode=str(spec.episode + 1),
        ad_shot=str(spec.n_shot),
        **steps,
    )


LOOKS: dict[str, Callable[[Run], None]] = {"learner": comparison_of, "map": map_of, "adaptation": adaptation_of}
"""Kinds of run that a page of their own shows, with the link to it."""


def show(digest: str) -> None:
    st.session_state["tr_show"] = digest


def when(job: Job) -> str:
    took = words.duration(job.elapsed).removeprefix("about ")
    return f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(job.submitted))} · took {took}" if job.elapsed else ""


def older_table(jobs: list[Job]) -> None:
    st.dataframe(
        {
            "state": [job.state for job in jobs],
            "job": [job.title for job in jobs],
            "data set": [job.spec.dataset for job in jobs],
            "submitted": [time.strftime("%Y-%m-%d %H:%M", time.localtime(job.submitted)) for job in jobs],
            "took, s": [round(job.elapsed) for job in jobs],
            "message": [job.message for job in jobs],
        },
        alt="Older jobs with their state and message",
    )


@dataclass(frozen=True)
class Look:
    """What can be looked at closely: its label, and whether it is of the chosen data set."""

    label: str
    here: bool


def choices(jobs: list[Job], runs: list[Run], data: Dataset) -> dict[str, Look]:
    """By digest, those of ``data`` before others, each newest first: jobs, and runs that were made without one (on the command line)."""
    found: dict[str, tuple[float, Job | Run]] = {job.digest: (job.submitted, job) for job in jobs if facts_of(job.spec).listed}
    for run in runs:
        if run.digest not in found and KINDS[run.kind].facts.listed:
            found[run.digest] = (run.created, run)

    def here(one: Job | Run) -> bool:
        return (one.dataset if isinstance(one, Run) else one.spec.dataset) == data.name

    ordered = sorted(found.items(), key=lambda item: (here(item[1][1]), item[1][0]), reverse=True)[:200]
    return {digest: Look(f"{one.title}{elsewhere(one.spec, data)} · {digest[:6]}", here(one)) for digest, (_, one) in ordered}


def newest_trained(digests: Sequence[str]) -> str:
    """The newest of them that has a curve to show, or just the newest; empty where there is none."""
    store = server.store()
    for digest in digests:
        run = store.get(digest)
        if "best_step" in run.summary if run else history_of(digest):
            return digest
    return next(iter(digests), "")


def log_of(digest: str) -> str:
    """The log of a finished run; for a job under way, or one that failed, what it reported so far."""
    run = server.store().get(digest)
    if run:
        return run.log()
    rows = history_of(digest)
    lines = [f"step {row['step']}, {row['phase']}: " + ", ".join(measures(row)) for row in rows]
    return "\n".join(lines)


def measures(row: dict) -> list[str]:
    return [
        f"{name.replace('_', ' ')} {value:.4g}" for name, value in row.items() if name not in ("step", "phase") and value == value
    ]


def defect_log(digest: str) -> str:
    """What a job that failed on a defect left for whoever mends it; too technical to be shown, it is offered as a file."""
    file = JobFolder(server.workspace(), digest).path / "log.txt"
    return file.read_text(encoding="utf-8") if file.is_file() else ""
