"""The verb ``ablate``: computes whatever an ablation still needs, shows how far it is, and prints the cards."""

import argparse

from metadash import settings
from metadash.ablation.plan import AblationSpec
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.front.ablation import ablation_asked, check_all, computed, runs_of
from metadash.runs.kinds import title_of
from metadash.runs.queue.underway import outlook_of, parts_of
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.stats import words
from metadash.verbs.options import Verbs, add_ablation
from metadash.verbs.result import OF_BUDGET, OF_TASKS, Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("ablate", parents=[common], help="what is each metadata source worth?")
    add_ablation(verb)
    verb.add_argument("--plan", action="store_true", help="print what would be computed, and how long it would take")
    verb.set_defaults(run=ablate)


OF_ABLATIONS = ("tier", "fusion", "seeds", "split", "folds", "learner", "mode", "controls", "rope")


def ablate(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.ablate``. Seeds that are stored already are read, not computed: an interrupted ablation goes on where it stopped."""
    data = open_dataset(workspace, options.dataset)
    spec = spec_of(options, data)
    if options.plan:
        check_all(spec, data, options.allow_leak)
        return plan(spec, runs_of(spec, data, options.doses), data, workspace, settings.worker_count())
    found = computed(spec, data, options.allow_leak, options.doses)
    return Result(found.values(), str(found))


def spec_of(options: argparse.Namespace, data: Dataset) -> AblationSpec:
    """The ablation that the options ask for. Raises BadInput for an option that would be ignored."""
    sources = [name for part in options.sources for name in part]
    return ablation_asked(data, sources, **chosen(options, *OF_ABLATIONS, *OF_TASKS, *OF_BUDGET))


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
