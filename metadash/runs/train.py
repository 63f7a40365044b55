"""``train(spec) -> Run``: looked up if it exists, computed if not, stored for everybody."""

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.runs.cost import Meter
from metadash.runs.kinds import KINDS, check, kind_of, run_digest
from metadash.runs.memory import within_memory
from metadash.runs.progress import SCORING, History, Report, Stopped, silent
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace

WAIT_PHASE = "waiting for the same run, started by somebody else"


def train(spec: Spec, workspace: Workspace, report: Report = silent) -> Run:
    """A pure function of its spec (and of the data): one digest, one result.

    A run needs its backbone; that is trained first where it is not stored yet. ``report`` is called at every step and may answer
    *stop*, which raises Stopped and keeps nothing. Raises BadInput for a spec that does not fit the data, and for a full disk.
    """
    dataset = open_dataset(workspace, spec.dataset)
    store = RunStore(workspace)
    digest = run_digest(spec, dataset)
    found = store.get(digest)
    if found:
        return found

    def waiting() -> None:
        if report(0, {"phase": WAIT_PHASE, "fraction": 0.0}):
            raise Stopped

    with dataset.held_open():
        check(spec, dataset)
        needed = [train(need, workspace, report) for need in spec.needs]
        with store.claim(digest, waiting):
            return store.get(digest) or compute(spec, dataset, store, digest, needed, History(report))


def compute(spec: Spec, dataset: Dataset, store: RunStore, digest: str, needed: list[Run], history: History) -> Run:
    from metadash.runs.machine import environment, prepare_process

    prepare_process()
    function = KINDS[kind_of(spec)].function()
    with Meter() as meter, within_memory(spec, dataset):
        outcome = function(spec, dataset, needed, store, history)
        scoring = history.since(SCORING)
    outcome.summary["needs"] = [run.digest for run in needed]
    seconds = meter.seconds
    log = "".join(f"{row}\n" for row in history.rows) + f"{kind_of(spec)} finished in {seconds:.1f} s: {outcome.summary}\n"
    return store.write(
        digest,
        spec,
        dataset,
        summary=outcome.summary,
        environment=environment(),
        seconds=seconds,
        cost=meter.cost() | ({} if scoring is None else {"scoring_seconds": round(scoring, 2)}) | tuning_cost(needed),
        frames={**outcome.frames, "history": history.frame()},
        arrays=outcome.arrays,
        weights=outcome.weights,
        log=log,
    )


def tuning_cost(needed: list[Run]) -> dict[str, float]:
    """What it took to try the forms that a run was chosen among; nothing where it was not tuned."""
    tuning = next((run for run in needed if run.kind == "tuning"), None)
    if tuning is None:
        return {}
    cpu = tuning.cost.get("cpu_seconds")
    return {"tuning_seconds": tuning.about["seconds"]} | ({} if cpu is None else {"tuning_cpu_seconds": cpu})
