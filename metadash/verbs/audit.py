"""The verb ``audit``: what to look at before training, who could be recognised, and (asked for) what metadata alone answers."""

import argparse
from typing import Any

from metadash.ablation.giveaway import Giveaway, giveaway
from metadash.ablation.metadata_only import Alone, alone_specs, base_run, proxies, read_alone
from metadash.answers.export import simple, span
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.computing import compute_all, compute_one
from metadash.front.run import stored
from metadash.metadata.audit.anonymity import Anonymity, anonymity
from metadash.metadata.audit.audit import Audit, audit
from metadash.metadata.audit.findings import Finding
from metadash.runs.store import RunStore
from metadash.specs.probes import ProbeSpec
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.stats import words
from metadash.verbs.options import Verbs, add_budget, add_dataset, names
from metadash.verbs.result import OF_TRAINING, Result, chosen, refuse_idle
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser(
        "audit", parents=[common], help="what to look at in the metadata before training; who is recognisable"
    )
    add_dataset(verb)
    verb.add_argument("--split", help="the split it is judged under (default: the data set's own)")
    verb.add_argument("--source", type=names, default=(), help="only these sources, separated by commas")
    verb.add_argument("--quasi", type=names, default=(), help="columns that others may know: counts k, l and unique rows")
    verb.add_argument("--sensitive", metavar="COLUMN", help="what they would learn, for l-diversity")
    verb.add_argument("--metadata-only", action="store_true", help="also train what answers from metadata alone")
    verb.add_argument("--probe", metavar="COLUMN", help="how well a published map of --run would let a reader guess this column")
    verb.add_argument("--run", dest="probed", metavar="DIGEST", help="a finished learner's run, for --probe")
    verb.add_argument("--prototypes", action="store_true", help="probe its prototypes instead of its map")
    add_budget(verb, shots=False)
    verb.set_defaults(run=run)


MARKS = {"block": "■ block", "warn": "▲ look ", "note": "· note "}


def run(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Everything found, as text and as values; a block makes the exit code 2."""
    check_options(options)
    data = open_dataset(workspace, options.dataset)
    found = audit(data, options.split, options.source)
    hidden = anonymity(data, options.quasi, options.sensitive) if options.quasi else None
    alone = metadata_only(options, data, found, workspace) if options.metadata_only else []
    told = probe(options, data, workspace) if options.probe else None
    found = found.with_more(proxies(alone))
    values: dict[str, Any] = {
        "dataset": data.name,
        "split": found.split,
        "headline": found.headline,
        "blocked": found.blocked,
        "findings": [simple(finding) for finding in found.findings],
        "badges": {name: list(codes) for name, codes in found.badges.items()},
        "coverage": found.coverage.to_dict("records"),
        "anonymity": None if hidden is None else {**simple(hidden), "share_unique": hidden.share_unique},
        "metadata_only": [{**simple(one), "points_above_chance": one.above, "label_proxy": one.is_proxy} for one in alone],
        "probe": None if told is None else {**simple(told), "sentence": told.sentence},
    }
    lines = [f"{data.name}, split {found.split}: {found.headline}", *map(line, found.findings), "", *coverage_lines(found)]
    lines += ["", *anonymity_lines(hidden)] if hidden else []
    lines += ["", "Metadata alone, at one example per class:", *map(alone_line, alone)] if alone else []
    lines += ["", told.sentence] if told else []
    return Result(values, "\n".join(lines), blocked=found.blocked)


def check_options(options: argparse.Namespace) -> None:
    """Raises BadInput for an option that belongs to a part of the audit that was not asked for."""
    if not options.metadata_only:
        refuse_idle(options, "without --metadata-only, since nothing else is trained here", *OF_TRAINING)
    if options.probe is None:
        refuse_idle(options, "without --probe, which says what to guess", "prototypes", probed="run")
    if options.sensitive and not options.quasi:
        raise BadInput("--sensitive says what others would learn; name what they know already with --quasi.")


def metadata_only(options: argparse.Namespace, data: Dataset, found: Audit, workspace: Workspace) -> list[Alone]:
    """Train what the metadata-only scores still need, in this process."""
    base = base_run(data, found.split, **chosen(options, *OF_TRAINING))
    specs = alone_specs(data, base, options.source)
    compute_all(list(specs.values()), workspace, f"{', '.join(options.source) or 'metadata'} alone", workers=1)
    return read_alone(specs, data, RunStore(workspace))


def probe(options: argparse.Namespace, data: Dataset, workspace: Workspace) -> Giveaway:
    """Guess a column from the map of a stored run's first test task, or from its prototypes."""
    if not options.probed:
        raise BadInput("--probe needs the run whose map or prototypes would be published; name it with --run.")
    spec = stored(RunStore(workspace), options.probed).spec_as(RunSpec)
    if spec.dataset != data.name:
        raise BadInput(f"The run {options.probed} is of the data set '{spec.dataset}'; audit that one.")
    seen = MapSpec(spec, n_shot=spec.evaluation.shots[0])
    asked = (
        ProbeSpec(seen, "prototypes", options.probe, "logistic") if options.prototypes else ProbeSpec(seen, "map", options.probe)
    )
    return giveaway(compute_one(asked, workspace))


def line(finding: Finding) -> str:
    return f"{MARKS[finding.severity]}  {finding.code}: {finding.sentence} {finding.advice}"


def coverage_lines(found: Audit) -> list[str]:
    width = max((len(name) for name in found.sources), default=0)
    rows = found.coverage.to_dict("records")
    head = f"{'known for':{width}}  train  valid.  test"
    return [head] + [f"{r['source']:{width}}  {r['train']:5.0%}  {r['validation']:6.0%}  {r['test']:4.0%}" for r in rows]


def anonymity_lines(hidden: Anonymity) -> list[str]:
    known = ", ".join(hidden.quasi)
    lines = [
        f"Who knows {known}: the smallest of {words.count(hidden.groups)} groups has {words.count(hidden.k)} of {words.count(hidden.rows)} rows "
        f"(k = {hidden.k}); {words.percent(hidden.share_unique)} of the rows are alone."
    ]
    if hidden.l is not None:
        lines.append(f"At least {hidden.l} different values of {hidden.sensitive} in every group (l = {hidden.l}).")
    return lines


def alone_line(one: Alone) -> str:
    mark = "  label proxy" if one.is_proxy else ""
    inside, new = simple(one.accuracy), simple(one.new_classes)
    return (
        f"  {one.name}: {one.accuracy.estimate:.1f} % {span(inside)} on these test classes, {span(new)} on new; "
        f"chance {one.chance:.0f} %{mark}"
    )
