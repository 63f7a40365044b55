"""The verb ``ablate``: computes whatever an ablation still needs, shows how far it is, and prints the cards."""

import argparse
import sys

from metadash import settings
from metadash.ablation.companions import complete, dose_specs
from metadash.ablation.plan import USUAL_SEEDS, AblationSpec, ablation_run, ablation_spec, leaks, refuse_leaks
from metadash.ablation.result import Ablation, ablation
from metadash.ablation.words import as_text, as_values
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.kinds import check, title_of
from metadash.runs.queue.batch import train_all
from metadash.runs.queue.underway import outlook_of, parts_of
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.stats import words
from metadash.verbs.commands import OF_BUDGET, OF_TASKS, Result, chosen, refuse_idle
from metadash.verbs.progress_bar import bar
from metadash.workspace import Workspace


def ablate(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Seeds that are stored already are read, not computed: an interrupted ablation goes on where it stopped."""
    data = open_dataset(workspace, options.dataset)
    spec = spec_of(options, data)
    if options.plan:
        check_all(spec, data, options.allow_leak)
        return plan(spec, runs_of(spec, data, options.doses), data, workspace, settings.worker_count())
    found = computed(spec, data, workspace, options.allow_leak, options.doses)
    return Result({**as_values(found), "leaks": leaks(spec, data)}, as_text(found))


def check_all(spec: AblationSpec, data: Dataset, allow_leak: bool) -> None:
    """Raises BadInput for what does not fit the data, and for a leak that is not allowed."""
    for run in spec.runs[: len(spec.cells(spec.seeds[0]))]:  # the other seeds differ in nothing that could be wrong
        check(run, data)
    if not allow_leak:
        refuse_leaks(spec, data)


def runs_of(spec: AblationSpec, data: Dataset, doses: bool | None = None) -> list[Spec]:
    """The runs of the arms, then those that tell how wrong or missing each source may be: by default where heads are light, since another
    learner would have to adapt anew for every share of wrong metadata."""
    wanted = spec.light if doses is None else doses and spec.run.reads_at_test
    return [*spec.runs, *(dose_specs(spec, data).values() if wanted else [])]


def computed(spec: AblationSpec, data: Dataset, workspace: Workspace, allow_leak: bool, doses: bool | None = None) -> Ablation:
    """Everything that the ablation still needs is computed; then it is read, with all that is stored beside it."""
    check_all(spec, data, allow_leak)
    store, workers, runs = RunStore(workspace), settings.worker_count(), runs_of(spec, data, doses)
    missing = [run for run in runs if not store.find(run, data)]
    if missing:
        seen = outlook_of(parts_of(runs, data, workspace), workspace, workers, ready=True)
        counted = f"{len(missing)} of {words.plural_of(len(runs), 'run')} to compute"
        print(f"{counted}, {words.duration(seen.low, seen.high)} with {words.plural_of(workers, 'worker')}.", file=sys.stderr)
    with bar(1) as shown:
        train_all(runs, workspace, workers, shown.part(f"{spec.tier} of {len(spec.sources)} sources"))
    found = ablation(spec, data, store)
    if found is None:
        raise BadInput("A run this ablation needs is missing or damaged; ask again to compute it anew.")
    return complete(found, data, store)


def spec_of(options: argparse.Namespace, data: Dataset) -> AblationSpec:
    """The ablation that the options ask for. Raises BadInput for an option that would be ignored."""
    if options.tier != "confirm":
        refuse_idle(options, f"by the tier {options.tier}, which falsifies nothing; choose confirm", "controls")
    run = ablation_run(
        data,
        tuple(name for part in options.sources for name in part),
        fusion=options.fusion,
        learner=options.learner,
        **chosen(options, "split", "mode", *OF_TASKS, *OF_BUDGET),
    )
    seeds = USUAL_SEEDS[options.tier] if options.seeds is None else options.seeds
    if options.split and options.folds:
        raise BadInput("--split and --folds were both given, and cross-fitting makes its own splits; leave one of them out.")
    folds = 0 if options.split and options.folds is None else options.folds
    return ablation_spec(data, run, options.tier, range(max(seeds, 0)), options.controls or ("shuffled",), options.rope, folds)


def plan(spec: AblationSpec, runs: list[Spec], data: Dataset, workspace: Workspace, workers: int) -> Result:
    store = RunStore(workspace)
    seen = outlook_of(parts_of(runs, data, workspace), workspace, workers, ready=True)
    rows = [{"title": title_of(run), "stored": store.find(run, data) is not None} for run in runs]
    lines = [f"{'stored' if row['stored'] else 'to do '}  {row['title']}" for row in rows]
    to_do = words.duration(seen.low, seen.high) if seen.high else "nothing left to compute"
    lines += [f"{to_do}, {words.plural_of(workers, 'worker')}.", *([spec.limitation] if spec.limitation else [])]
    return Result(
        {"runs": rows, "seconds": round(seen.middle, 1), "workers": workers, "limitation": spec.limitation}, "\n".join(lines)
    )
