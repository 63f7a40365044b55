"""What the verbs of the command line do; each returns its result as values (for ``--json``) and as text."""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from metadash import settings
from metadash.answers.answer import answer as read_answer
from metadash.answers.answer import answer_spec, own_question
from metadash.answers.comparison import Report
from metadash.answers.costs import cost_of
from metadash.answers.export import as_json, simple
from metadash.answers.ledger import asked_of_arms, record
from metadash.answers.looks import looked_at_answer, looked_at_arms
from metadash.answers.scores import load_scores
from metadash.answers.sentence import sentences
from metadash.answers.stored_arms import StoredArm, arm_scores, names_of, stored_arms
from metadash.answers.versus import against_baseline
from metadash.data.dataset import Dataset, Question
from metadash.data.library import OBTAINABLE, entries, obtain, open_dataset
from metadash.episodes.manifest import describe
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.learners.core.fusions import MODULATING
from metadash.learners.core.options import read_options
from metadash.learners.registry import ENTRIES, options_for
from metadash.runs.kinds import title_of
from metadash.runs.queue.batch import train_all, train_one
from metadash.runs.store import Run, RunStore
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec, ways_note
from metadash.specs.source_levels import column_for
from metadash.stats import words
from metadash.stats.verdict import ROPE
from metadash.verbs.progress_bar import bar
from metadash.workspace import Workspace


@dataclass(frozen=True)
class Result:
    """What a verb found: ``values`` for machines, ``text`` for people; not ``healthy`` makes the exit code 1, ``blocked`` 2."""

    values: Any
    text: str
    healthy: bool = True
    blocked: bool = False


def answer(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Train whatever the question still needs, in this process, and read the answer off the stored runs."""
    data, store, workers = open_dataset(workspace, options.dataset), RunStore(workspace), settings.worker_count()
    spec = answer_spec(
        data,
        question_of(options, data),
        seeds=range(options.seeds),
        folds=options.folds,
        **chosen(options, "split", "mode", "column", "where", *OF_BUDGET),
    )
    with bar(1) as report:
        train_all(spec.jobs(data, store), workspace, workers, report.part("the answer"))
    found = read_answer(spec, data, store)
    if found is None:
        raise BadInput("A run this answer needs is missing or damaged; ask again to compute it anew.")
    looked = looked_at_answer(found, data, store)
    return Result({**as_json(found), "looks": looked}, " ".join(filter(None, [*sentences(found), looked])))


OF_BUDGET = ("backbone", "width", "backbone_episodes", "own_backbone", "steps", "n_episodes", "shots", "n_query")
"""The options of every verb that trains, by the names that ``run_for`` knows too."""
OF_TASKS = ("n_way", "strategy", "column", "where")


def chosen(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those of a verb's options that are choices of ``run_for``."""
    return {name: getattr(options, name) for name in names}


def refuse_idle(options: argparse.Namespace, why: str, *names: str, **called: str) -> None:
    """Raises BadInput for the first of these options that was given and would be ignored; ``called`` where its flag is not its name."""
    for name in (*names, *called):
        if getattr(options, name) not in (None, False, (), []):
            raise BadInput(f"--{called.get(name, name.replace('_', '-'))} would be ignored {why}.")


def question_of(options: argparse.Namespace, data: Dataset) -> Question:
    """One of the data set's questions, or one's own of ``--sources``. Raises BadInput where an option would be ignored."""
    if options.sources:
        if options.question:
            raise BadInput("--question and --sources were both given; a question has its own sources, so leave one of them out.")
        return own_question(data, options.sources, options.strategy, options.n_way)
    questions = data.description.questions
    if not options.question and not questions:
        raise BadInput(f"'{data.name}' has no questions of its own; name its metadata with --sources.")
    found = data.question(options.question) if options.question else questions[0]
    for name, given, own in (("n-way", options.n_way, found.n_way), ("strategy", options.strategy, found.strategy)):
        if given not in (None, own):
            raise BadInput(f"The question '{found.id}' asks for {name} {own}; for {given}, ask your own with --sources.")
    return found


def datasets(options: argparse.Namespace, workspace: Workspace) -> Result:
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for entry in entries(workspace):
        if entry.problem:
            found.append({"name": entry.name, "problem": entry.problem})
            lines.append(f"{entry.name}: {entry.problem}")
            continue
        data = open_dataset(workspace, entry.name)
        about = data.description
        found.append(
            {
                "name": data.name,
                "title": about.title,
                "classes": len(data.classes),
                "instances": len(data.class_of),
                "fingerprint": data.fingerprint,
                "licence": about.licence,
                "sources": {source.name: {"level": source.level, "columns": list(source.columns)} for source in data.sources},
                "splits": data.split_names,
                "questions": {question.id: question.title for question in about.questions},
                "notes": list(about.extra.get("notes", ())),
            }
        )
        lines.append(
            f"{data.name}: {about.title.lower()}, {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances"
        )
        lines += [f"  source    {source.name} ({source.level}): {source.description}" for source in data.sources]
        lines += [f"  question  {question.id}: {question.title}" for question in about.questions]
        lines += [f"  note      {note}" for note in about.extra.get("notes", ())]
    here = {entry["name"] for entry in found}
    lines += [f"{name}: not here yet; `datasets fetch {name}` downloads it" for name in OBTAINABLE if name not in here]
    return Result(found, "\n".join(lines))


def fetch_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Download a data set's archives (or take them from a folder) and install it."""
    module = obtain(options.name)
    with bar(1) as report:
        show = report.part(f"fetching {options.name}")
        data = module.fetch(
            workspace,
            options.base or module.HOME,
            options.as_name or options.name,
            not options.no_rotations,
            lambda phase, fraction: show(0, {"phase": phase, "fraction": fraction}),
        )
    return installed(data)


def import_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Install a data set from files that are at hand."""
    module = obtain(options.name)
    with bar(1) as report:
        show = report.part(f"importing {options.name}")
        data = module.install(
            workspace,
            Path(options.source),
            options.as_name or options.name,
            not options.no_rotations,
            lambda phase, fraction: show(0, {"phase": phase, "fraction": fraction}),
        )
    return installed(data)


def installed(data: Dataset) -> Result:
    about = data.description
    notes = list(about.extra.get("notes", ()))
    text = f"{data.name}: {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances. {about.licence}."
    values = {"name": data.name, "classes": len(data.classes), "instances": len(data.class_of), "fingerprint": data.fingerprint}
    return Result({**values, "notes": notes}, "\n".join([text, *notes]))


def episodes(options: argparse.Namespace, workspace: Workspace) -> Result:
    data = open_dataset(workspace, options.dataset)
    spec = EpisodeSpec(
        Pool(options.split or data.description.default_split, options.role, options.where),
        5 if options.n_way is None else options.n_way,
        options.n_shot,
        options.n_query,
        options.strategy or "uniform",
        column_of(options, data),
        options.seed,
        options.count,
    )
    manifest = draw(data, spec)
    path = workspace.episodes / f"{manifest.hash}.npz"
    manifest.save(path)
    if options.out:
        manifest.save(Path(options.out))
    names = data.classes["class_name"].to_numpy()
    first = [
        {"class": str(names[c]), "support": manifest.support[0, i].tolist(), "query": manifest.query[0, i].tolist()}
        for i, c in enumerate(manifest.classes[0])
    ]
    text = f"{words.count(len(manifest))} episodes, manifest {manifest.hash}. The first:\n" + "\n".join(
        f"  {row['class']}: support rows {row['support']}" for row in first
    )
    return Result({**describe(manifest), "first": first}, text)


def column_of(options: argparse.Namespace, data: Dataset) -> str | None:
    if options.column and options.strategy in (None, "uniform"):
        raise BadInput("--column would be ignored by uniform tasks; choose --strategy siblings or disjoint.")
    return options.column or column_for(options.strategy, data)


def train(options: argparse.Namespace, workspace: Workspace) -> Result:
    spec = run_of(options, open_dataset(workspace, options.dataset))
    with bar(1) as report:
        run = train_one(spec, workspace, report.part(title_of(spec)))
    scores = load_scores([run], RunStore(workspace))
    rows = [
        {"n_way": found.n_way, "shot": shot, **named(found.means(shot))}
        for found in map(scores.at_ways, reversed(scores.ways))
        for shot in found.shots
    ]
    lines = [
        f"{title_of(spec)}",
        f"run {run.digest}, {words.count(len(scores.manifest))} test episodes, batch norm: {run.summary['batch_norm']}",
    ]
    if spec.sources and not spec.reads_at_test:
        lines.append("metadata were read in training only; at test the learner is told none")
    for row in rows:
        inside, new = row["these_test_classes"], row["new_classes"]
        lines.append(
            f"  {row['n_way']:>3} ways, {row['shot']:>2} shots: {inside['estimate']:.1f} % {span(inside)} on these test classes, {span(new)} on new classes"
        )
    if note := ways_note(spec):
        lines.append(f"  {note}")
    took = {"seconds": run.about["seconds"], "cost": run.cost}
    return Result({"digest": run.digest, "summary": run.summary, "accuracy": rows, **took}, "\n".join(lines))


def run_of(options: argparse.Namespace, data: Dataset) -> RunSpec:
    """The run that the options of ``train`` ask for. Raises BadInput for an option that would be ignored."""
    sources = options.sources
    if sources == ("all",):
        sources = tuple(source.name for source in (data.sources if options.fusion in MODULATING else data.class_sources()))
    return run_for(
        data,
        sources,
        options=read_options(",".join(options.option)),
        fusion=options.fusion or ("pseudo-shots" if sources else "none"),
        **chosen(
            options, "learner", "mode", "distance", "auxiliary_weight", "control", "source_dropout", "seed", "split", "ways"
        ),
        **chosen(options, *OF_TASKS, *OF_BUDGET),
    )


def learners(options: argparse.Namespace, workspace: Workspace) -> Result:
    found, lines = [], []
    for entry in ENTRIES:
        usual = {name: getattr(options_for(entry.name), name) for name in entry.options}
        quick = {name: value for name, value in entry.quick.items() if value != usual[name]}
        about = {"name": entry.name, "title": entry.title, "paper": entry.paper, "idea": entry.idea, "cost": entry.cost}
        found.append({**about, "options": usual, "options in quick mode": quick})
        lines.append(f"{entry.name:14} {entry.title} ({entry.paper}). {entry.cost}")
    return Result(found, "\n".join(lines))


def named(both: tuple[Any, Any]) -> dict[str, Any]:
    return {"these_test_classes": simple(both[0]), "new_classes": simple(both[1])}


def span(interval: dict[str, Any]) -> str:
    return f"[{interval['low']:.1f}, {interval['high']:.1f}]" if interval["low"] is not None else f"({interval['note']})"


def compare(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Lists what is stored, or puts two or more learners side by side, the last of them the baseline."""
    store = RunStore(workspace)
    found, _ = stored_arms(store.runs())
    if not options.learners:
        refuse_idle(options, "where runs are only listed; name two learners or more to compare", "pairs", "ways", "rope")
        names = names_of(found)
        listed = [
            {"id": arm.id, "name": names[arm.id], "digests": list(arm.digests), "validation_percent": arm.validation}
            | cost_of(arm).as_values()
            | {"accuracy": [run.summary["accuracy"] for run in arm.runs]}
            for arm in found
        ]
        lines = [f"{arm.id}  {names[arm.id]}: {', '.join(arm.digests)}" for arm in found]
        return Result(listed, "\n".join(lines) or "There are no runs yet; `train` or `answer` makes some.")
    if len(options.learners) == 1:
        raise BadInput("One learner cannot be compared; name two or more, the last of them the baseline.")
    arms = [stored_arm(store, found, given) for given in options.learners]
    if len({arm.id for arm in arms}) < len(arms):
        raise BadInput("A learner is named twice; name each once.")
    rope = ROPE if options.rope is None else options.rope
    report = Report(arms, {arm.id: arm_scores(arm.runs, store) for arm in arms}, rope)
    looks = record(store, asked_of_arms(arms))
    first = report.shots[0]
    tested = report.pairs(first) if options.pairs else against_baseline(report.compared, first, rope)
    looked = looked_at_arms(looks, "classes", report.names, tested)
    values = {**report.values(options.pairs), "looks": {**asdict(looks), "words": looked}}
    return Result(values, "\n".join([*report.lines(options.pairs, options.ways), *filter(None, [looked])]))


def stored_arm(store: RunStore, arms: list[StoredArm], given: tuple[str, ...]) -> StoredArm:
    """The learner named by the id of an arm, or by the digests of runs that differ in their seed only."""
    by_id = {arm.id: arm for arm in arms}
    if len(given) == 1 and given[0] in by_id:
        return by_id[given[0]]
    found, unreadable = stored_arms([stored(store, digest) for digest in given])
    if len(found) != 1 or unreadable:
        raise BadInput(f"The runs {', '.join(given)} differ in more than their seed; they are more than one learner.")
    return found[0]


def stored(store: RunStore, digest: str) -> Run:
    run = store.get(digest)
    if run is None or run.kind != "learner":
        raise BadInput(f"There is no finished learner run '{digest}'; `compare` without arguments lists them.")
    return run
