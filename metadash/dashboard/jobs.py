"""Jobs as a page shows them: a badge in the sidebar, a bar with time left and *cancel*, and an honest line when one ended badly."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from metadash import settings
from metadash.analysis import words
from metadash.dashboard import house
from metadash.data.dataset import Dataset
from metadash.training.estimate import estimate, seconds_until_done, with_needs
from metadash.training.jobs import Job, JobFolder, all_jobs
from metadash.training.kinds import Spec, run_digest
from metadash.training.spec import BackboneSpec

LOOK_EVERY = 1.0
"""Seconds between two looks at running jobs; a fragment looks, so that the page around it does not rerun."""

ONE_PIECE = 30.0
"""Seconds between the first and the last submission of what one button asks for."""

MARKS = {
    "queued": ":material/schedule: queued",
    "running": ":material/progress_activity: running",
    "done": ":material/check_circle: done",
    "failed": ":material/error: failed",
    "cancelled": ":material/cancel: cancelled",
    "interrupted": ":material/link_off: interrupted",
}


@st.fragment(run_every=5.0)
def running_badge() -> None:
    active = [job for job in all_jobs(house.workspace()) if job.active]
    running = sum(job.state == "running" for job in active)
    if active:
        st.caption(f":material/progress_activity: {running} running, {len(active) - running} queued")


@dataclass(frozen=True)
class Part:
    """One run of a larger piece of work: its job, if there is one, and the seconds it would take from the start (0: it is stored)."""

    spec: Spec
    job: Job | None
    seconds: float

    @property
    def done(self) -> bool:
        return self.seconds == 0

    @property
    def seconds_left(self) -> float:
        if self.job is None or self.job.state != "running" or self.done:
            return self.seconds
        return self.job.seconds_left if self.job.seconds_left is not None else self.seconds * (1 - self.job.fraction)


def jobs_of(specs: Sequence[Spec], data: Dataset) -> list[Part]:
    """Each spec and what it builds on, what is needed first."""
    store = house.store()
    known = store.runs()
    return [
        Part(spec, JobFolder(house.workspace(), run_digest(spec, data)).read(), estimate(spec, data, store, known))
        for spec in with_needs(list(specs))
    ]


def active(parts: Sequence[Part]) -> bool:
    """Whether any of what was asked for is on its way; a backbone may be for somebody else, and is only waited for."""
    return any(part.job is not None and part.job.active for part in parts if not isinstance(part.spec, BackboneSpec))


def on_its_way(specs: Sequence[Spec], data: Dataset) -> bool:
    """Whether any of ``specs`` is queued or running. A page asks this *before* it reads their results: a run that ends in between is
    then read or waited for a moment longer, and never offered anew beside results that lack it."""
    workspace = house.workspace()
    jobs = (JobFolder(workspace, run_digest(spec, data)).read() for spec in specs)
    return any(job is not None and job.active for job in jobs)


def cancel(parts: Sequence[Part]) -> None:
    """Ends all that is queued or running of it, what it builds on included; what is stored stays."""
    for part in parts:
        if part.job and part.job.active:
            house.board().cancel(part.job.digest)


def seconds_left(parts: Sequence[Part]) -> float:
    return seconds_until_done([(part.spec, part.seconds_left) for part in parts], settings.worker_count())


def progress_bar(parts: Sequence[Part]) -> None:
    """One bar over all parts: what has passed against what is left, and what is going on just now."""
    active = [part.job for part in parts if part.job and part.job.active]
    started = min((job.submitted for job in active), default=time.time())
    left, passed = seconds_left(parts), time.time() - started
    running = [job for job in active if job.state == "running"]
    phases = list(dict.fromkeys(job.phase for job in running)) or ["starting the workers" if active else ""]
    done = sum(part.done for part in parts)
    fraction = min(0.99, passed / (passed + left)) if passed + left else 0.0
    fraction = never_back(fraction, started, f"progress {hash(parts[-1].spec)}")
    st.progress(fraction, f"{fraction:.0%} · {words.left(left)} · {' and '.join(phases)} · {done} of {len(parts)} runs done")


def never_back(fraction: float, started: float, key: str) -> float:
    """The estimate of what is left wavers; a bar that runs backwards would only worry people. Jobs that were queued within half a minute
    are one piece of work, though the first of them are done before the last."""
    before, reached = st.session_state.get(key, (started, 0.0))
    if started - before > ONE_PIECE:
        before, reached = started, 0.0
    st.session_state[key] = before, max(fraction, reached)
    return st.session_state[key][1]


def troubled(parts: Sequence[Part]) -> list[Job]:
    """The jobs that ended without a result."""
    return [part.job for part in parts if not part.done and part.job and part.job.state in ("failed", "cancelled", "interrupted")]


def state_line(job: Job) -> str:
    """``running · training the backbone · 3 min left``"""
    parts = [MARKS[job.state], job.phase if job.active else ""]
    if job.state == "running" and job.seconds_left is not None:
        parts.append(words.left(job.seconds_left))
    return " · ".join(part for part in parts if part) + (f": {job.message}" if job.message else "")
