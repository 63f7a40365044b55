"""The verb ``whatif``: a trained learner is asked again with some metadata changed; or how wrong a source may get."""

import argparse
from typing import Any

from metadash.answers.doses import DoseCurve, break_even_words, dose_curves, dose_name
from metadash.answers.export import metric_values, simple
from metadash.answers.family import compared
from metadash.answers.sentence import examples
from metadash.answers.what_if import WhatIf, headline, moved_queries, what_if
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.computing import compute_one
from metadash.front.run import stored
from metadash.metadata.changes import CHOICES, KINDS, Change, Edit, InstanceEdit, read_kind
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import dose_kinds
from metadash.specs.views import check_task
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.stats.shots import fewest_shots
from metadash.verbs.options import Verbs, add_dataset, names
from metadash.verbs.result import Result, refuse_idle
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("whatif", parents=[common], help="ask a trained learner again with its metadata changed")
    add_dataset(verb)
    verb.add_argument(
        "--run", dest="asked", required=True, metavar="DIGEST", help="a finished learner's run, as `compare` lists them"
    )
    verb.add_argument(
        "--change",
        action="append",
        default=[],
        metavar="SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]]",
        help="a source missing, swap, nearest, noise, stale or blur for a fraction of the test classes (or of the test instances, where it "
        "describes those: no nearest), chosen random, rare or systematic",
    )
    verb.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="CLASS:COLUMN=VALUE",
        help="one class's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--edit-instance",
        action="append",
        default=[],
        metavar="ID:COLUMN=VALUE",
        help="one test instance's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--dose", type=names, default=(), metavar="SOURCES", help="instead: the curve as these get more and more wrong"
    )
    verb.add_argument("--n-shot", type=int, help="labelled examples per class looked at (default: the fewest)")
    verb.add_argument("--episode", type=int, help="the test task looked at query by query (default 1)")
    verb.add_argument("--seed", type=int, help="decides which classes are hit first (default 0)")
    verb.set_defaults(run=whatif)


def whatif(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Nothing is trained; what was asked before is read. Raises BadInput for a change that cannot be."""
    store = RunStore(workspace)
    trained = stored(store, options.asked)
    asked = trained.spec_as(RunSpec)
    data = open_dataset(workspace, options.dataset)
    if asked.dataset != data.name:
        raise BadInput(f"The run {options.asked} is of the data set '{asked.dataset}'; name that one with --dataset.")
    if options.dose:
        return dose(options, trained, data, workspace)
    spec = spec_of(options, asked, data)
    run = compute_one(spec, workspace)
    return answered(what_if(run, trained, store), spec, run, data)


def shot_of(options: argparse.Namespace, run: RunSpec) -> int:
    """The fewest unless another is asked for. Raises BadInput for one that the run was not scored at."""
    shot = fewest_shots(run.evaluation.shots) if options.n_shot is None else options.n_shot
    check_task(run, 0, shot)
    return shot


def spec_of(options: argparse.Namespace, run: RunSpec, data: Dataset) -> WhatIfSpec:
    """The question that the options ask of a trained run. Raises BadInput for an option that would be ignored."""
    changes = tuple(map(read_change, options.change))
    edits = tuple(read_edit(text, data) for text in options.edit)
    of_instances = tuple(map(read_instance_edit, options.edit_instance))
    if not changes and not edits and not of_instances:
        raise BadInput(
            "Say what changes: --change SOURCE:KIND:FRACTION, --edit CLASS:COLUMN=VALUE, --edit-instance ID:COLUMN=VALUE, or --dose SOURCE "
            "for a curve."
        )
    if not changes:
        refuse_idle(options, "by --edit and --edit-instance, which draw nothing at random; it belongs to --change", "seed")
    episode = 1 if options.episode is None else options.episode
    return WhatIfSpec(run, changes, edits, of_instances, options.seed or 0, episode - 1, shot_of(options, run))


def answered(found: WhatIf, spec: WhatIfSpec, run: Run, data: Dataset) -> Result:
    about = data.description
    unit = about.group_noun if spec.run.evaluation.strategy == "siblings" else about.class_noun
    sentence = headline(found, spec, about.class_noun, unit)
    lines = [sentence]
    for (before, _), (after, _), moved in zip(found.before, found.after, found.differences, strict=True):
        new = moved.new_classes
        beyond = f", new {new.words}" if new.low is not None else f" ({new.note})"
        said = found.metric.said
        told = f"{said(before.estimate)} before, {said(after.estimate)} after: {moved.episodes.words}{beyond}"
        lines.append(f"  {examples(moved.shot)}: {told}  {moved.decision.verdict.value} {compared(moved.decision)}")
    queries = moved_queries(run)
    lines.append(
        f"Test task {spec.episode + 1}: {queries['right_before']} of {queries['queries']} queries right before, {queries['right_after']} after."
    )
    values = {
        "headline": sentence,
        **simple(found),
        "metric": metric_values(found.metric),
        "queries": queries,
        "digest": run.digest,
        "asked": run.about["spec"],
    }
    return Result(values, "\n".join(lines))


def dose_spec_of(options: argparse.Namespace, run: RunSpec, data: Dataset) -> DoseSpec:
    """The curve that the options ask for. Raises BadInput for an option that would be ignored."""
    if options.change or options.edit or options.edit_instance:
        raise BadInput("--dose draws a whole curve; ask it without --change, --edit and --edit-instance.")
    refuse_idle(options, "by --dose, which draws a curve over all test tasks", "episode")
    return DoseSpec(run, tuple(options.dose), dose_kinds(options.dose, data), seed=options.seed or 0)


def dose(options: argparse.Namespace, trained: Run, data: Dataset, workspace: Workspace) -> Result:
    """The gain over doing without the sources as more and more classes or instances are hit, one curve for each way of being wrong."""
    asked = trained.spec_as(RunSpec)
    spec, shot = dose_spec_of(options, asked, data), shot_of(options, asked)
    run = compute_one(spec, workspace)
    curves = dose_curves([run], RunStore(workspace), shot)
    lines = [
        f"Gain over doing without {', '.join(options.dose)}, {run.metric.gain}, with {examples(shot)} per class; 95 % over tasks of these test classes:"
    ]
    for curve in curves.values():
        lines += ["", *curve_lines(curve)]
    values: dict[str, Any] = {"sources": list(options.dose), "shot": shot, "digest": run.digest}
    return Result({**values, "curves": {kind: simple(curve) for kind, curve in curves.items()}}, "\n".join(lines))


def curve_lines(curve: DoseCurve) -> list[str]:
    told = break_even_words(curve.break_even)
    rows = [
        f"  {fraction:>5.0%} of {curve.hit}: {gain.words}" for fraction, gain in zip(curve.fractions, curve.gain, strict=True)
    ]
    return [f"{dose_name(curve.kind, curve.hit).capitalize()}: {told}", *rows]


def read_change(text: str) -> Change:
    """``SOURCE:KIND:FRACTION``, then the choice of classes, then years for what is stale or the rung for what is blurred; a source's name may hold colons.

    Raises BadInput for what does not read so.
    """
    parts = text.split(":")
    places = [place for place, part in enumerate(parts) if place and part in KINDS]
    if not places:
        raise BadInput(
            f"'{text}' is no change; write SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]], with one of {', '.join(KINDS)} and a fraction from 0 to 1."
        )
    place = places[-1]
    source, kind, rest = ":".join(parts[:place]), parts[place], parts[place + 1 :]
    fraction = read_number(rest[0], "fraction", text) if rest else 1.0
    choice = rest[1] if len(rest) > 1 else "random"
    if choice not in CHOICES:
        raise BadInput(f"What is hit cannot be chosen by '{choice}'; choose {', '.join(CHOICES)}.")
    last = rest[2] if len(rest) > 2 else ""
    years = read_number(last, "number of years", text) if last and kind != "blur" else 0.0
    if len(rest) > 3:
        raise BadInput(f"'{text}' says too much; a change is SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]].")
    return Change(source, read_kind(kind), fraction, choice, years, last if kind == "blur" else "")


def read_number(text: str, what: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadInput(f"The {what} '{text}' in '{whole}' is no number.") from error


def read_edit(text: str, data: Dataset) -> Edit:
    """``CLASS:COLUMN=VALUE``; the class by its name or its id, an empty value for missing. Raises BadInput when there is no such class."""
    place, equals, value = text.partition("=")
    name, colon, column = place.rpartition(":")
    if not equals or not colon or not name or not column:
        raise BadInput(f"'{text}' is no edit; write CLASS:COLUMN=VALUE, with nothing after = to make it missing.")
    names = data.classes["class_name"].astype(str)
    named = data.classes.index[names == name].tolist()
    if len(named) > 1:
        raise BadInput(f"{len(named)} classes are called '{name}'; name one by its id: {', '.join(map(str, named[:5]))}.")
    if not named and not (name.isdecimal() and int(name) < len(names)):
        raise BadInput(f"There is no {data.description.class_noun} '{name}' in '{data.name}'.")
    return Edit(int(named[0] if named else name), column, value)


def read_instance_edit(text: str) -> InstanceEdit:
    """``ID:COLUMN=VALUE``, an empty value for missing. Raises BadInput for what does not read so."""
    place, equals, value = text.partition("=")
    number, colon, column = place.partition(":")
    if not equals or not colon or not number.strip().isdecimal() or not column:
        raise BadInput(
            f"'{text}' is no edit; write ID:COLUMN=VALUE, with the instance's id and nothing after = to make it missing."
        )
    return InstanceEdit(int(number), column, value)
