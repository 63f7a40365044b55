"""Jobs as a page shows them: a badge in the sidebar, a bar with time left and *cancel*, and an honest line when one ended badly."""

import time
from collections.abc import Sequence

import streamlit as st

from metadash import settings
from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.signing_in import way
from metadash.data.dataset import Dataset
from metadash.runs.kinds import facts_of, run_digest
from metadash.runs.queue.jobs import Job, JobFolder, active_jobs, askers_of, may_end
from metadash.runs.queue.outlook import Outlook, steady, steady_times
from metadash.runs.queue.underway import Part, alone, before_it, outlook_of, parts_of
from metadash.specs.any_spec import Spec
from metadash.stats import words
from metadash.visitors import visitor

LOOK_EVERY = 1.0
"""Seconds between two looks at running jobs; a fragment looks, so that the page around it does not rerun."""

LOOK_IDLY = 5.0
"""The same while nothing is on its way: somebody else may have started something."""

STARTING = "starting the workers"

MARKS = {
    "queued": ":material/schedule: queued",
    "running": ":material/progress_activity: running",
    "done": ":material/check_circle: done",
    "failed": ":material/error: failed",
    "cancelled": ":material/cancel: cancelled",
    "interrupted": ":material/link_off: interrupted",
}


def running_badge() -> None:
    """How many jobs a worker has taken, and how many wait: as often as the bars look, so that both say the same."""
    st.fragment(_badge, run_every=LOOK_EVERY if active_jobs(server.workspace()) else LOOK_IDLY)()


def _badge() -> None:
    jobs = active_jobs(server.workspace())
    if jobs:
        st.caption(f":material/progress_activity: {badge_words(jobs, server.board().ready)}")


def badge_words(jobs: Sequence[Job], ready: bool) -> str:
    """``2 running, 6 queued``; nothing is *running* before a worker has taken it."""
    running = sum(job.state == "running" for job in jobs)
    first = f"{running} running" if running else "" if ready else STARTING
    queued = f"{len(jobs) - running} queued" if len(jobs) > running or not first else ""
    return ", ".join(filter(None, [first, queued]))


def jobs_of(specs: Sequence[Spec], data: Dataset) -> list[Part]:
    """Each spec and what it builds on, what is needed first."""
    return parts_of(specs, data, server.workspace())


def active(parts: Sequence[Part]) -> bool:
    """Whether any of what was asked for is on its way; a backbone may be for somebody else, and is only waited for."""
    return any(part.job is not None and part.job.active for part in parts if not facts_of(part.spec).shared)


def on_its_way(specs: Sequence[Spec], data: Dataset) -> bool:
    """Whether any of ``specs`` is queued or running. A page asks this *before* it reads their results: a run that ends in between is
    then read or waited for a moment longer, and never offered anew beside results that lack it."""
    workspace = server.workspace()
    jobs = (JobFolder(workspace, run_digest(spec, data)).read() for spec in specs)
    return any(job is not None and job.active for job in jobs)


def cancel(parts: Sequence[Part]) -> None:
    """Ends all that is queued or running of it for this visitor, what it builds on included; what is stored stays."""
    for part in parts:
        if part.job and part.job.active and may_end(part.job, visitor()):
            server.board().cancel(part.job.digest)


def theirs(jobs: Sequence[Job | None]) -> bool:
    """Whether others asked for all that is on its way of ``jobs``, so that this visitor may not cancel it."""
    return not any(job is not None and job.active and may_end(job, visitor()) for job in jobs)


def asked_by(digest: str) -> str:
    """The names of those who asked for a run, where people sign in; empty for who is at the machine, and where nobody has a name."""
    return ", ".join(sorted(filter(None, askers_of(server.workspace(), digest).values()))) if way() else ""


THEIRS = "Somebody else asked for this: who asked for it may cancel it, and an editor."


def outlook(parts: Sequence[Part]) -> Outlook:
    board = server.board()
    return outlook_of(parts, server.workspace(), settings.worker_count(), board.ready, board.usual_start)


def seconds_left(parts: Sequence[Part]) -> float:
    """The middle of what is expected; 0 where all is stored. To be said, it has a range: ``how_long``."""
    return outlook(parts).middle


def how_long(parts: Sequence[Part]) -> str:
    """``about 40 s`` where their like has been computed here, ``1 to 2 min`` where it has not; as Markdown, with what waits before it."""
    seen = outlook(parts)
    before = before_it(parts, server.workspace()) if seen.high else []
    if not before:
        return words.duration(seen.low, seen.high)
    names = " and ".join(f"“{plain(name)}”" for name in sorted({job.spec.dataset for job in before}))
    come = "comes" if len(before) == 1 else "come"
    return f"{words.duration(seen.low, seen.high)} ({words.plural_of(len(before), 'run')} on {names} {come} first)"


def progress_bar(parts: Sequence[Part]) -> None:
    """One bar over all parts: how far they are and how long they take; below it what is going on just now, and whether the machine is
    busy. Always two lines, so that *cancel* below them stays where it is."""
    seen = outlook(parts)
    text, times = as_read(seen, f"outlook {hash(tuple(part.digest for part in parts))}")
    st.progress(seen.fraction, f"{100 * seen.fraction:.0f} % · {text}")
    busy = f" · :material/speed: {words.busy(times)}" if times else ""
    st.caption(doing(parts, server.board().ready, active_jobs(server.workspace())) + busy)


def time_left(job: Job) -> str:
    """Of one job by itself."""
    return as_read(alone(job), f"outlook {job.digest}")[0]


def as_read(seen: Outlook, key: str) -> tuple[str, int]:
    """What is left, and how many times slower than usual the machine is (0: not worth a word). Both stand until they moved; ``key`` is
    where the session keeps what it shows."""
    before, since, times = st.session_state.get(key, (None, 0.0, 0))
    shown = steady(before, (seen.low, seen.high), time.time() - since)
    if shown is not before:
        before, since = words.span(*shown), time.time()
    times = steady_times(times, seen.slower)
    st.session_state[key] = before, since, times
    return words.silent(seen.silent) if seen.silent else words.left(*before), times


def doing(parts: Sequence[Part], ready: bool, jobs: Sequence[Job]) -> str:
    """``Training the backbone and training the heads · 2 of 6 runs done``, of those that the button had to start. ``jobs``: all that are
    on their way, others' too."""
    active = [part.job for part in parts if part.job and part.job.active]
    phases = list(dict.fromkeys(job.phase for job in active if job.state == "running"))
    if not phases and active:
        taken = any(job.state == "running" for job in jobs)
        phases = ["waiting for a free worker" if taken else "handing over" if ready else STARTING]
    begun = min((job.submitted for job in active), default=0.0)
    done = sum(part.run is not None and part.run.about["created"] >= begun for part in parts)
    counted = f"{done} of {words.plural_of(done + sum(not part.done for part in parts), 'run')} done"
    said = " and ".join(phases)
    return " · ".join(filter(None, [words.capital(said), counted]))


def troubled(parts: Sequence[Part]) -> list[Job]:
    """The jobs that ended without a result."""
    return [part.job for part in parts if not part.done and part.job and part.job.state in ("failed", "cancelled", "interrupted")]
