"""Stored runs as arms: runs alike but for their training seed, and for the fold of one cross-fitting, are one arm; anything else keeps
them apart."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from metadash.answers.scores import load_scores, pooled_scores
from metadash.data.folds import read_fold
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.learners.registry import entry_of
from metadash.metadata.blur import read_blur
from metadash.networks.encoders.of_metadata import in_words as texts_in_words
from metadash.networks.encoders.registry import feature_entry
from metadash.runs.shelf.learner_id import cross_fitting
from metadash.runs.shelf.notes import all_notes
from metadash.runs.shelf.short_names import class_sources, in_short, learner_in_short
from metadash.runs.store import Run, RunStore
from metadash.specs.normalising import normalisation_in_words
from metadash.specs.run import RunSpec, ways_note
from metadash.specs.starved import starved
from metadash.specs.training import Training, training_in_words
from metadash.specs.transduction import MARK, announcement, transductive
from metadash.stats.metric import ACCURACY
from metadash.stats.scored import Scores

MISSING = "—"
CONTROL_WORDS = {
    "shuffled": "rows shuffled",
    "noise": "noise",
    "constant": "one value for all",
    "random-id": "a random tag for each",
}
FUSION_WORDS = {
    "am3": "AM3's gate",
    "pseudo-shots": "pseudo-shots",
    "film": "FiLM",
    BOTH: "pseudo-shots and FiLM",
    "auxiliary": "auxiliary loss",
}
IN_THE_NAME = ("sources", "modulating", "control", "falsified", "blur", "learner", "evaluation.column")
"""What a name says already; the other options are added to it only where they tell two arms apart."""


LEAST = ("evaluation.ways", "backbone.split")
"""Options that tell least: fewer ways, and a split that the learner itself was trained on."""


@dataclass(frozen=True)
class StoredArm:
    """Runs that differ in their seed alone, one a seed, by seed; of a cross-fitting, those of one fold after those of another, the same
    seeds in each. ``id`` stays the same when more seeds are added."""

    id: str
    runs: tuple[Run, ...]
    called: str = ""
    """What a person called it; empty where nobody did."""

    @property
    def spec(self) -> RunSpec:
        return self.runs[0].spec_as(RunSpec)

    @property
    def dataset(self) -> str:
        return self.runs[0].dataset

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(run.digest for run in self.runs)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(run.place[1] for run in self.runs))

    @property
    def folds(self) -> int:
        """Of how many folds its runs are; 1 where it is not cross-fitted."""
        return len({run.place[0] for run in self.runs})

    @property
    def episodes(self) -> tuple[tuple[str, ...], tuple[int, ...], str]:
        """What two arms must have in common to be compared: the manifests they were scored on, the shots, and the metric."""
        manifests = tuple(dict.fromkeys(run.summary["manifest"] for run in self.runs))
        return manifests, self.spec.evaluation.shots, self.runs[0].summary.get("metric", ACCURACY.name)

    @property
    def created(self) -> float:
        return max(run.created for run in self.runs)

    @property
    def seconds(self) -> float:
        """What training and scoring took, in all folds together, the mean over the seeds."""
        return sum(run.about["seconds"] for run in self.runs) / len(self.seeds)

    @property
    def plain(self) -> bool:
        return not self.spec.sources

    @property
    def validation(self) -> float | None:
        """Accuracy in % on validation classes, the mean over the seeds; None where an older version measured none."""
        found = [run.summary.get("validation_accuracy") for run in self.runs]
        known = [accuracy for accuracy in found if accuracy is not None]
        return sum(known) / len(known) if len(known) == len(found) else None

    @property
    def ways_note(self) -> str:
        """Why it has no scores at fewer ways; empty where it has some."""
        tests = self.spec.evaluation
        if len(self.spec.ways) > 1:
            return ""
        return ways_note(self.spec) or f"scored at {tests.n_way} ways only: fewer were not asked for when it was trained"

    @property
    def reads(self) -> bool:
        """Whether it is told metadata at test; what it learned from them in training it knows by itself."""
        return self.spec.reads_at_test


def arm_id(run: Run) -> str:
    """Of the learner that a run is of (see ``learner_id``)."""
    return run.learner


def stored_arms(runs: Iterable[Run]) -> tuple[list[StoredArm], list[str]]:
    """The arms among some runs, newest first, and the digests of learners' runs that this version cannot read.

    Of a cross-fitting that misses a fold nothing is told yet, and of its seeds those that every fold has.
    """
    found: dict[str, dict[tuple[str, int], Run]] = {}
    unreadable = []
    for run in sorted((run for run in runs if run.kind == "learner"), key=lambda run: run.created):
        try:
            if run.misunderstood:
                raise BadInput(run.misunderstood)
            found.setdefault(arm_id(run), {})[run.place] = run
        except (BadInput, KeyError, TypeError):
            unreadable.append(run.digest)
    places = {run.folder.parent for of_arm in found.values() for run in of_arm.values()}
    notes = {identity: note for place in places for identity, note in all_notes(place).items()}
    arms = [
        replace(arm, called=notes[identity].name) if identity in notes else arm
        for identity, of_arm in found.items()
        if (arm := whole_arm(identity, of_arm))
    ]
    return sorted(arms, key=lambda arm: arm.created, reverse=True), unreadable


def whole_arm(identity: str, runs: Mapping[tuple[str, int], Run]) -> StoredArm | None:
    """Fold after fold with the seeds that all have; None where a fold is missing."""
    splits = sorted({split for split, _ in runs}, key=lambda split: (read_fold(split) or (0, 0), split))
    fold = read_fold(splits[0])
    if fold and len(splits) < fold[1]:
        return None
    seeds = [seed for seed in sorted({seed for _, seed in runs}) if all((split, seed) in runs for split in splits)]
    return StoredArm(identity, tuple(runs[split, seed] for split in splits for seed in seeds)) if seeds else None


def run_words(run: Run) -> str:
    """Which of its arm's runs it is: ``seed 1``, ``fold 2 of 5, seed 1``."""
    spec = run.about["spec"]
    fold = read_fold(spec["split"])
    return (f"fold {fold[0]} of {fold[1]}, " if fold else "") + f"seed {spec['seed']}"


def comparable(arms: Iterable[StoredArm], reference: StoredArm) -> list[StoredArm]:
    """Those that were scored on the very episodes of ``reference``, itself among them."""
    return [arm for arm in arms if arm.episodes == reference.episodes]


def newest_comparable(arms: Sequence[StoredArm]) -> list[StoredArm]:
    """The arms of the newest that can be compared with another; just the newest where none can."""
    groups = (comparable(arms, arm) for arm in arms)
    return next((group for group in groups if len(group) > 1), list(arms[:1]))


def ordered(arms: Iterable[StoredArm]) -> list[StoredArm]:
    """Learners without metadata first, then with metadata, then falsified controls; within each the best on validation first.

    Never by a score on test classes: what stands first would then be selected on them. Those never validated come last.
    """
    return sorted(
        arms,
        key=lambda arm: (arm.spec.control != "none", not arm.plain, -(arm.validation if arm.validation is not None else -1.0)),
    )


def natural_baseline(arms: Sequence[StoredArm]) -> int:
    """The place of the arm that one would compare the others with: without metadata, and else most like the first that has some."""
    informed = next((arm for arm in arms if not arm.plain), arms[0])
    plain = [index for index, arm in enumerate(arms) if arm.plain and arm is not informed]

    def unlike(index: int) -> tuple[bool, int]:
        return arms[index].spec.learner != informed.spec.learner, len(differing([informed, arms[index]]))

    return min(plain, key=unlike) if plain else 1


def arm_scores(runs: Sequence[Run], store: RunStore) -> Scores:
    """The scores of every episode of an arm's runs. Raises BadInput when one of their folders is damaged."""
    try:
        by_split: dict[str, list[Run]] = {}
        for run in runs:
            by_split.setdefault(run.about["spec"]["split"], []).append(run)
        return pooled_scores([load_scores(found, store) for found in by_split.values()])
    except (KeyError, ValueError, TypeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"The run {runs[0].digest} is damaged (its scores make no sense); delete its folder and train again."
        ) from error


# --- what differs -----------------------------------------------------------------------------------------------------------


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"backbone": {"width": 8}}`` to ``{"backbone.width": 8}``."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def options_of(arm: StoredArm) -> dict[str, Any]:
    """Everything an arm was made with, as stored: a run of an older version may lack an option."""
    options = flatten({key: value for key, value in arm.runs[0].about["spec"].items() if key != "seed"})
    if arm.folds > 1:
        options["split"] = options["backbone.split"] = cross_fitting(arm.folds)
    origin = "not trained here" if "backbone.encoder" in options else "trained here"
    if "backbone.encoder" not in options:
        options.setdefault("backbone.trained_on", "episodes")
    for name, value in vars(Training()).items():  # a run of the usual training does not spell it
        options.setdefault(f"training.{name}", list(value) if isinstance(value, tuple) else value)
    options["backbone.start"] = "that comes with the data" if options.get("backbone.start") else origin
    return options | {"data": arm.runs[0].about["dataset_fingerprint"], "code": arm.runs[0].about.get("code")}


def differing(arms: Sequence[StoredArm]) -> list[str]:
    """The options that are not the same in all arms, in the order of the spec; one that is missing somewhere differs."""
    return differing_in([options_of(arm) for arm in arms])


def differing_in(options: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for found in options for key in found)
    return [key for key in keys if any(found.get(key, MISSING) != options[0].get(key, MISSING) for found in options)]


def differences_table(arms: Sequence[StoredArm], names: Mapping[str, str]) -> pd.DataFrame:
    """One row an option that differs, one column an arm; values as text, what is missing marked. The seeds come last."""
    options = [options_of(arm) for arm in arms]
    rows = {key: [in_words(found.get(key, MISSING)) for found in options] for key in differing(arms)}
    rows["seeds"] = [", ".join(map(str, arm.seeds)) for arm in arms]
    return pd.DataFrame.from_dict(rows, orient="index", columns=[names[arm.id] for arm in arms])


def in_words(value: Any) -> str:
    if isinstance(
        value, (list, tuple)
    ):  # a learner's options are pairs of name and value, what is blurred has three parts or four
        parts = [
            ("=" if len(item) == 2 else "/").join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)
            for item in value
        ]
        return ", ".join(parts) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def names_of(arms: Sequence[StoredArm]) -> dict[str, str]:
    """A name for each arm: the one that a person gave it, else what its learner knows, and as little more as tells it from the others; marked
    where it is transductive."""
    learners = {arm.spec.learner for arm in arms}
    marks = {arm.id: MARK if transductive(arm.spec) else "" for arm in arms}
    if len(learners) > 1:
        names = {arm.id: f"{learner_in_short(arm.spec.learner)}{marks[arm.id]}, {known_to(arm)}" for arm in arms}
    else:
        names = {arm.id: known_to(arm) + marks[arm.id] for arm in arms}
    together: dict[str, list[StoredArm]] = {}
    for arm in arms:
        together.setdefault(names[arm.id], []).append(arm)
    for alike in together.values():
        if len(alike) == 1:
            continue
        options = {arm.id: options_of(arm) for arm in alike}
        for key in sorted(differing_in([*options.values()]), key=LEAST.__contains__):
            if key not in IN_THE_NAME and len({names[arm.id] for arm in alike}) < len(alike):
                for arm in alike:
                    names[arm.id] += f", {option_in_words(key, options[arm.id].get(key, MISSING))}"
    names |= {arm.id: f"{arm.called}{marks[arm.id]}" for arm in arms if arm.called}
    taken = Counter(names.values())
    return {identity: name if taken[name] == 1 else f"{name}, {identity[:4]}" for identity, name in names.items()}


def announced(names: Mapping[str, str], arms: Iterable[StoredArm], of: Callable[[RunSpec], str]) -> list[str]:
    """What ``of`` says of arms, as the end of a sentence that begins with a name: one sentence for all of which the same is true."""
    alike: dict[str, list[str]] = {}
    for arm in arms:
        if found := of(arm.spec):
            alike.setdefault(found, []).append(f"“{names[arm.id]}”")
    return [f"{'Each of ' if len(who) > 1 else ''}{', '.join(who)} {found}." for found, who in alike.items()]


def transductive_words(names: Mapping[str, str], arms: Iterable[StoredArm]) -> list[str]:
    """What the scores of arms hold for that classify the queries of a task together."""
    return announced(names, arms, announcement)


def starved_words(names: Mapping[str, str], arms: Sequence[StoredArm]) -> list[str]:
    """Which of several arms had less than their papers gave them: a low place of theirs may be for want of it."""
    found = announced(names, arms, starved) if len(arms) > 1 else []
    return (
        [*found, "A low place of such a learner may be for want of training, and is no verdict on its method."] if found else []
    )


def known_to(arm: StoredArm) -> str:
    """What it knows, in short: ``all 6 metadata (rows shuffled)``."""
    sources = arm.spec.sources
    known = class_sources(arm.runs[0].folder.parent, arm.dataset) if len(sources) > 2 else ()
    return knowledge(arm.spec, in_short(sources, known))


def about(arm: StoredArm) -> str:
    """Its learner and all that it knows, for who wants it whole."""
    return f"{entry_of(arm.spec.learner).title}, {knowledge(arm.spec)}"


def knowledge(spec: RunSpec, sources: str = "") -> str:
    """``name, accents (rows shuffled)``, ``age (found: year)``, ``name (only in training)``; ``sources`` are these in other words."""
    notes = ["only in training"] if spec.fusion == "auxiliary" else []
    notes += [texts_in_words(spec.text_encoder)] if spec.text_encoder != "words" else []
    notes += [read_blur(entry).words for entry in spec.blur]
    which = f"{', '.join(spec.falsified)}: " if spec.falsified else ""
    notes += [which + CONTROL_WORDS[spec.control]] if spec.control != "none" else []
    return (sources or ", ".join(spec.sources) or "no metadata") + (f" ({'; '.join(notes)})" if notes else "")


def title_of(features: Any) -> str:
    """Of a backbone or an encoder; of one that this version does not know, its name."""
    try:
        return feature_entry(str(features)).title
    except BadInput:
        return str(features)


def option_in_words(key: str, value: Any) -> str:
    if key.startswith("training.") and value != MISSING:
        return training_in_words(key.removeprefix("training."), value)
    last = key.rsplit(".", 1)[-1].replace("_", " ")
    said = OPTION_WORDS.get(key)
    if said is not None:
        return said(value)
    return f"{'backbone ' if key.startswith('backbone.') else ''}{last} {in_words(value)}"


OPTION_WORDS: dict[str, Callable[[Any], str]] = {
    "mode": lambda value: f"{value} mode",
    "tune": lambda value: f"tuned over {value}" if value and value != MISSING else "not tuned",
    "normalise": normalisation_in_words,
    "text_encoder": lambda value: "texts word by word" if value in ("words", MISSING) else texts_in_words(str(value)),
    "options": lambda value: in_words(value) if value else "the paper's options",
    "source_dropout": lambda value: (
        f"sources hidden {100 * float(value):g} % of the time" if value and value != MISSING else "no source hidden"
    ),
    "split": lambda value: f"split {value}".replace("_", " "),
    "fusion": lambda value: FUSION_WORDS.get(str(value), str(value)),
    "backbone.backbone": title_of,
    "backbone.encoder": title_of,
    "backbone.width": lambda value: f"width {value}",
    "backbone.trained_on": lambda value: f"backbone trained on {value}",
    "evaluation.n_way": lambda value: f"{value}-way",
    "evaluation.strategy": str,
    "evaluation.query_dirichlet": lambda value: (
        "even queries" if value in (None, MISSING) else f"uneven queries (Dirichlet {value})"
    ),
    "evaluation.shots": lambda value: f"{in_words(value)} shots",
    "evaluation.ways": lambda value: f"at {in_words(value)} ways too" if value and value != MISSING else "at one number of ways",
    "code": lambda value: f"code {str(value)[:6]}",
    "data": lambda value: f"data {str(value)[:6]}",
}
"""Options that have words of their own, with what turns a value into them."""
