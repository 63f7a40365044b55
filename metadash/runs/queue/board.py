"""Submits jobs to Dask: an embedded cluster of worker processes by default, the team's scheduler where one is set."""

import atexit
import logging
import queue
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from metadash import settings
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.estimate import known_runs, size, with_needs
from metadash.runs.kinds import check, facts_of, run_digest, title_of
from metadash.runs.queue.cluster import start_cluster, stop_cluster
from metadash.runs.queue.fair import next_in_turn, refuse_too_many
from metadash.runs.queue.jobs import BOARDS, RETRIES, Job, JobFolder
from metadash.runs.queue.outlook import USUAL_START
from metadash.runs.queue.shapes import number
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.visitors import Visitor, visitor
from metadash.workspace import Workspace, read_json, refuse_change, why_closed, write_json

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at the jobs handed over."""

TURN_EVERY = 0.1
"""Seconds between two looks whether a job that waits can have its turn."""

STARTED = ".started.json"
"""Beside the jobs: how long the workers took to start."""

WARM = ""
"""Stands among the jobs for none: the workers are only to start."""

GIVEN_UP = "The worker processes ended before it was done; start it again."


class JobBoard:
    """One per server process. ``submit`` returns at once; a thread of the board's own starts the cluster and hands jobs over.

    ``workers`` is how many processes the embedded cluster has; by default those of the settings, and one for interactive jobs.
    """

    def __init__(self, workspace: Workspace, workers: int | None = None):
        self.workspace, self.workers = workspace, workers
        self.lock = threading.Lock()
        self.name = uuid.uuid4().hex
        self.waiting: queue.Queue[tuple[str, list[str]] | None] = queue.Queue()
        self.futures: dict[str, Any] = {}
        self.whose: dict[str, str] = {}
        """The visitors of the jobs that are queued or under way."""
        self.served: dict[str, int] = {}
        """When visitors had their last turn, counted in turns."""
        self.handed: Counter[str] = Counter()
        """How often a job was handed over."""
        self.interactive: set[str] = set()
        self.slots = 1
        """Jobs at once, beside an interactive one; known when the workers are."""
        self.client: Any = None
        self.cluster: subprocess.Popen | None = None
        self.thread: threading.Thread | None = None

    def submit(self, spec: Spec) -> str:
        """Queue a run and those it needs; returns its digest. The same run submitted twice is one job.

        Raises BadInput for a spec that does not fit the data, before anything is queued, and for a full disk.
        """
        dataset = open_dataset(self.workspace, spec.dataset)
        digest = run_digest(spec, dataset)
        if RunStore(self.workspace).get(digest):
            return digest
        refuse_change()
        check(spec, dataset)
        needs = [self.submit(need) for need in spec.needs]
        asking = visitor()
        with self.lock:
            folder = JobFolder(self.workspace, digest)
            job = folder.read()
            if job is not None and job.active:
                folder.join(asking)
            else:
                refuse_too_many(asking, self.has(asking), 1)
                reckoned = size(spec, dataset, known_runs(RunStore(self.workspace)))
                start = 0.0 if self.ready else self.usual_start
                self.give_sign_of_life()
                folder.create(spec, title_of(spec), work=reckoned.seconds, known=reckoned.known, start=start, board=self.name)
                if facts_of(spec).interactive:
                    self.interactive.add(digest)
                self.whose[digest] = asking.key
                self.handed.pop(digest, None)
                self.waiting.put((digest, needs))
                self.start_thread()
        return digest

    def has(self, asking: Visitor) -> int:
        """How many jobs of a visitor are queued or under way here."""
        return sum(key == asking.key for key in self.whose.values())

    def refuse_too_many(self, specs: Sequence[Spec]) -> None:
        """Raises BadInput before any of ``specs`` is queued, where together they are more than the visitor may have."""
        if (asking := visitor()).key:
            store = RunStore(self.workspace)
            data = {spec.dataset: open_dataset(self.workspace, spec.dataset) for spec in specs}
            digests = {run_digest(spec, data[spec.dataset]) for spec in with_needs(list(specs))}
            missing = [digest for digest in digests if digest not in self.whose and not store.get(digest)]
            refuse_too_many(asking, self.has(asking), len(missing))

    def job(self, digest: str) -> Job | None:
        return JobFolder(self.workspace, digest).read()

    def cancel(self, digest: str) -> None:
        """Ask a job to stop; a running one stops within two seconds, whatever it is doing. Where others wait for it too, it goes on for them.

        Raises BadInput where only others do, unless the visitor is an editor.
        """
        refuse_change()
        folder, asking = JobFolder(self.workspace, digest), visitor()
        others = folder.askers()
        if not asking.editor and asking.key not in others:
            raise BadInput("This was asked for by somebody else, who may cancel it; so may an editor.")
        if not asking.editor and len(others) > 1:
            folder.leave(asking)
        else:
            folder.request_cancel()

    def warm(self) -> None:
        """Have the workers start before anything is asked of them, by somebody who is about to ask."""
        if why_closed():
            return
        with self.lock:
            if not self.ready and self.thread is None:
                self.waiting.put((WARM, []))
                self.start_thread()

    def start_thread(self) -> None:
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self.hand_over, daemon=True, name="job board")
            self.thread.start()

    def hand_over(self) -> None:
        """Until ``close`` puts None into the queue."""
        held: dict[str, list[str]] = {}
        looked = time.monotonic()
        while True:
            with suppress(queue.Empty):
                item = self.waiting.get(timeout=TURN_EVERY if held else LOOK_EVERY)
                if item is None:
                    return
                if item[0] == WARM:
                    self.start_workers()
                else:
                    held[item[0]] = item[1]
            if time.monotonic() - looked > LOOK_EVERY:
                self.look_after()
                self.let_go(held)
                looked = time.monotonic()
            while (digest := self.next_turn(held)) is not None:
                del held[digest]
                self.hand_to_worker(digest)

    def next_turn(self, held: Mapping[str, list[str]]) -> str | None:
        """The job that begins next, of those that can begin now; visitors take turns."""
        ready = [digest for digest, needs in held.items() if self.has_turn(digest, needs, held)]
        if not ready:
            return None
        under_way = [digest for digest, future in self.futures.items() if not future.done()]
        digest = next_in_turn(ready, self.whose, under_way, self.served)
        self.served[self.whose.get(digest, "")] = max(self.served.values(), default=0) + 1
        return digest

    def let_go(self, held: dict[str, list[str]]) -> None:
        """What was cancelled before its turn takes no turn; and while something waits or is under way, other machines see that we live."""
        for digest in [*held]:
            folder = JobFolder(self.workspace, digest)
            if folder.cancel_requested:
                folder.write_progress(state="cancelled", message="Cancelled before it began.", fraction=0.0)
                del held[digest]
                self.whose.pop(digest, None)
        if self.whose:
            self.give_sign_of_life()

    def has_turn(self, digest: str, needs: list[str], held: Container[str]) -> bool:
        """Once what it needs has ended and a worker is free. Dask would give each worker a queue of its own beforehand, and not know
        which of them will be long: jobs would wait behind one while another worker is idle."""
        under_way = {other for other, future in self.futures.items() if not future.done()}
        if any(need in under_way or need in held for need in needs):
            return False
        quick = len(under_way & self.interactive)
        return quick < 1 if digest in self.interactive else len(under_way) - quick < self.slots

    def start_workers(self) -> None:
        try:
            self.connect()
        except Exception:  # whoever asks for something is told then
            log.exception("starting the workers ahead of the first job")

    def hand_to_worker(self, digest: str) -> None:
        try:
            client = self.connect()
            from metadash.runs.queue.worker import work

            job = self.job(digest)
            self.handed[digest] += 1
            key = f"{digest}-{job.submitted if job else 0}-{self.handed[digest]}"
            self.futures[digest] = client.submit(work, str(self.workspace.root), digest, key, key=key, pure=False)
        except BadInput as problem:
            self.whose.pop(digest, None)
            JobFolder(self.workspace, digest).write_progress(state="failed", message=str(problem), fraction=0.0)
        except Exception as defect:
            self.whose.pop(digest, None)
            log.exception("handing over job %s", digest)
            message = f"The worker processes could not be started ({type(defect).__name__}); the server's log holds the details."
            JobFolder(self.workspace, digest).write_progress(state="failed", message=message, fraction=0.0)

    def look_after(self) -> None:
        """Jobs that Dask gave up, or whose cluster ended by itself, are handed over again a few times; none may seem to be queued for ever."""
        if self.cluster is not None and self.cluster.poll() is not None:
            held = list(self.futures)
            self.disconnect()
            for digest in held:
                self.hand_over_again(digest)
        for digest, future in list(self.futures.items()):
            if future.status in ("error", "lost", "cancelled"):
                error = future.exception() if future.status == "error" else None
                del self.futures[digest]
                if error is None or type(error).__name__ == "KilledWorker":
                    self.hand_over_again(digest)
                else:
                    self.give_up(digest, str(error) if isinstance(error, BadInput) else GIVEN_UP)
            elif future.done():
                self.whose.pop(digest, None)

    def hand_over_again(self, digest: str) -> None:
        job = self.job(digest)
        if job is not None and job.active and self.handed[digest] <= RETRIES:
            self.waiting.put((digest, []))  # what it needs had ended before it was handed over the first time
        else:
            self.give_up(digest, GIVEN_UP)

    def give_up(self, digest: str, message: str) -> None:
        self.whose.pop(digest, None)
        job = self.job(digest)
        if job is not None and job.active:
            with suppress(BadInput):
                JobFolder(self.workspace, digest).write_progress(state="failed", message=message, fraction=job.fraction)

    @property
    def sign(self) -> Path:
        return self.workspace.jobs / BOARDS / f"{self.name}.json"

    def give_sign_of_life(self) -> None:
        with suppress(BadInput, OSError):
            self.sign.parent.mkdir(exist_ok=True)
            write_json(self.sign, {"updated": time.time()})

    @property
    def ready(self) -> bool:
        """Whether the workers are there. A page asks this, so nothing is started for it."""
        return self.client is not None

    @property
    def usual_start(self) -> float:
        """Seconds that the workers took to start here the last time."""
        before = read_json(self.workspace.jobs / STARTED)
        return number(before.get("seconds"), USUAL_START) if isinstance(before, dict) else USUAL_START

    def connect(self) -> Any:
        """The Dask client; on first use it starts the embedded cluster or finds the scheduler that the settings name."""
        self.look_after()
        if self.client is not None and self.client.status == "running":
            if self.cluster is None and settings.SCHEDULER.value:  # a team's workers come and go
                self.slots = max(sum(self.client.nthreads().values()), 1)
            return self.client
        self.disconnect()
        from distributed import Client

        if settings.SCHEDULER.value:
            try:
                self.client = Client(settings.SCHEDULER.value, timeout=10, set_as_default=False)
            except (OSError, ValueError) as error:
                raise BadInput(
                    f"The Dask scheduler at {settings.SCHEDULER.value} does not answer; start it, or empty {settings.SCHEDULER.name}."
                ) from error
            self.slots = max(sum(self.client.nthreads().values()), 1)
            return self.client
        self.slots = self.workers or settings.worker_count()
        began = time.monotonic()
        self.cluster, address = start_cluster(self.workers or self.slots + 1)
        self.client = Client(address, timeout=30, set_as_default=False)
        with suppress(BadInput):
            write_json(self.workspace.jobs / STARTED, {"seconds": round(time.monotonic() - began, 2)})
        atexit.register(self.close)
        return self.client

    def disconnect(self) -> None:
        client, cluster = self.client, self.cluster
        self.client = self.cluster = None
        self.futures.clear()  # another client could not wait for them
        if client is not None:
            with suppress(OSError, TimeoutError, RuntimeError):
                client.close(timeout=2)
        if cluster is not None:
            stop_cluster(cluster)

    def close(self) -> None:
        """End the thread and the embedded cluster; jobs that ran there show as interrupted to whoever looks next."""
        thread, self.thread = self.thread, None
        if thread is not None and thread.is_alive():
            self.waiting.put(None)
            thread.join(2)
        self.disconnect()
        self.whose.clear()
        self.sign.unlink(missing_ok=True)
