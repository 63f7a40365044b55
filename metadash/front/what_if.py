"""``metadash.what_if`` and ``metadash.doses``: a trained learner asked again with some metadata changed, and how wrong they may get."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.doses import DoseCurve, break_even_words, dose_curves, dose_name
from metadash.answers.export import metric_values, simple
from metadash.answers.family import compared
from metadash.answers.sentence import examples
from metadash.answers.tables import bounds
from metadash.answers.what_if import WhatIf, headline, moved_queries
from metadash.answers.what_if import what_if as read_what_if
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.figures.doses import dose_chart
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.figures.what_if import what_if_chart
from metadash.front.choices import names_in
from metadash.front.computing import compute_one
from metadash.front.keeping.spelling import call
from metadash.front.run import TrainedRun, load
from metadash.front.sharing.methods import what_if_methods
from metadash.front.shown import ShownRun
from metadash.metadata.changes import Change, Edit, InstanceEdit
from metadash.metadata.written import (
    change_in_a_line,
    edit_in_a_line,
    instance_edit_in_a_line,
    read_change,
    read_edit,
    read_instance_edit,
)
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import dose_kinds
from metadash.specs.views import check_task
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.stats.shots import fewest_shots
from metadash.workspace import Workspace

Changes = str | Change | Sequence[str | Change]
Edits = str | Edit | Sequence[str | Edit]
InstanceEdits = str | InstanceEdit | Sequence[str | InstanceEdit]
"""One, as it is written in a line or as it is, or several."""


@dataclass(frozen=True, repr=False)
class WhatIfResult(ShownRun):
    """A learner before and after its metadata changed, on the same test tasks. ``found`` holds every number
    (:class:`metadash.answers.what_if.WhatIf`), ``run`` what is stored of it."""

    found: WhatIf
    run: Run
    data: Dataset

    @property
    def spec(self) -> WhatIfSpec:
        """What was asked."""
        return self.run.spec_as(WhatIfSpec)

    @property
    def sentence(self) -> str:
        """For how many classes and instances metadata are changed, and what that does."""
        about = self.data.description
        unit = about.group_noun if self.spec.run.evaluation.strategy == "siblings" else about.class_noun
        return headline(self.found, self.spec, about.class_noun, unit)

    @property
    def queries(self) -> dict[str, int]:
        """Of the test task looked at: how many queries became right, became wrong, and stayed."""
        return moved_queries(self.run)

    @property
    def told(self) -> list[str]:
        """The sentence, then what became of the queries of the test task looked at."""
        moved = self.queries
        counted = f"{moved['right_before']} of {moved['queries']} queries right before, {moved['right_after']} after."
        return [self.sentence, f"Test task {self.spec.episode + 1}: {counted}"]

    @property
    def command(self) -> str:
        """What asks the same in a terminal; empty where no line says it."""
        asked = self.spec
        try:
            said = [f"--change={change_in_a_line(change)}" for change in asked.changes]
            said += [f"--edit={edit_in_a_line(edit, self.data)}" for edit in asked.edits]
            said += [f"--edit-instance={instance_edit_in_a_line(edit)}" for edit in asked.instance_edits]
        except BadInput:
            return ""
        learner = run_digest(asked.run, self.data)
        looked = ["--seed", str(asked.seed), "--episode", str(asked.episode + 1), "--n-shot", str(asked.n_shot)]
        return shlex.join(["python", "-m", "metadash", "whatif", "--dataset", self.data.name, "--run", learner, *said, *looked])

    @property
    def python(self) -> str:
        """The same in Python."""
        asked = self.spec
        said: dict[str, Any] = {
            "change": [change_in_a_line(change) for change in asked.changes],
            "edit": [f"{edit.class_id}:{edit.column}={edit.value}" for edit in asked.edits],
            "edit_instance": [f"{edit.instance_id}:{edit.column}={edit.value}" for edit in asked.instance_edits],
        }
        said = {name: value for name, value in said.items() if value}
        looked = {"n_shot": asked.n_shot, "episode": asked.episode + 1, **({"seed": asked.seed} if asked.changes else {})}
        return call("what_if", repr(run_digest(asked.run, self.data)), said | looked)

    def parts(self) -> Section:
        return Section(
            title_of(self.spec),
            self.told,
            {"The numbers": self.frame()},
            [*filter(None, [self.command]), f"{self.data.name}, fingerprint {self.data.fingerprint}\nrun {self.digest}"],
            pictures={f"{self.found.metric.title.capitalize()} after less before": self.figure},
            methods=what_if_methods(
                self.spec.run,
                self.data,
                self.spec.run.evaluation.n_episodes,
                self.run.summary.get("manifest", ""),
                self.found.metric.rope,
                self.found.metric.gain,
            ),
            configuration={"what_if": self.run.about["spec"], "fingerprint": self.data.fingerprint, "digest": self.digest},
        )

    def __str__(self) -> str:
        return "\n".join([self.sentence, *self.lines, self.told[-1]])

    def __repr__(self) -> str:
        return self.sentence

    @property
    def lines(self) -> list[str]:
        """Before, after and the paired difference, a line for each number of shots."""
        said, lines = self.found.metric.said, []
        for (before, _), (after, _), moved in zip(self.found.before, self.found.after, self.found.differences, strict=True):
            new = moved.new_classes
            beyond = f", new {new.words}" if new.low is not None else f" ({new.note})"
            told = f"{said(before.estimate)} before, {said(after.estimate)} after: {moved.episodes.words}{beyond}"
            lines.append(f"  {examples(moved.shot)}: {told}  {moved.decision.verdict.value} {compared(moved.decision)}")
        return lines

    def frame(self) -> pd.DataFrame:
        """At each number of shots the means ``before`` and ``after`` in %, and the paired difference in points: ``estimate``, its interval
        for these test classes (``low``, ``high``) and for new ones (``new_low``, ``new_high``), ``verdict``."""
        return pd.DataFrame(
            {
                "shot": moved.shot,
                "before": before.estimate,
                "after": after.estimate,
                **bounds(moved.episodes, moved.new_classes),
                "verdict": moved.decision.verdict.name.lower(),
            }
            for (before, _), (after, _), moved in zip(self.found.before, self.found.after, self.found.differences, strict=True)
        )

    def figure(self) -> go.Figure:
        """After less before at each number of shots, with both intervals, as on the page *What if*."""
        return what_if_chart(self.found, LIGHT)

    def values(self) -> dict[str, Any]:
        found = {**simple(self.found), "metric": metric_values(self.found.metric)}
        asked = self.run.about["spec"]
        return {"headline": self.sentence, **found, "queries": self.queries, "digest": self.digest, "asked": asked}


@dataclass(frozen=True, repr=False)
class DoseResult(ShownRun):
    """The gain over doing without the sources as more and more of what they describe is hit, a curve for each way of being wrong."""

    curves: dict[str, DoseCurve]
    run: Run
    shot: int

    @property
    def sources(self) -> tuple[str, ...]:
        """What is hit together."""
        return self.run.spec_as(DoseSpec).sources

    @property
    def told(self) -> list[str]:
        return [
            f"{dose_name(kind, curve.hit).capitalize()}: {break_even_words(curve.break_even)}"
            for kind, curve in self.curves.items()
        ]

    @property
    def small(self) -> str:
        """What the numbers are."""
        without = f"Gain over doing without {', '.join(self.sources)}, {self.run.metric.gain}"
        return f"{without}, with {examples(self.shot)} per class; 95 % over tasks of these test classes:"

    def parts(self) -> Section:
        return Section(
            f"How wrong may {', '.join(self.sources)} get?",
            self.told,
            {"The numbers": self.frame()},
            [f"{self.run.spec.dataset}\nrun {self.digest}"],
            small=self.small,
            pictures={"Gain against the share that is hit": self.figure},
        )

    def __str__(self) -> str:
        lines = [self.small]
        for told, curve in zip(self.told, self.curves.values(), strict=True):
            gains = zip(curve.fractions, curve.gain, strict=True)
            lines += ["", told, *(f"  {fraction:>5.0%} of {curve.hit}: {gain.words}" for fraction, gain in gains)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return " ".join(self.told)

    def frame(self) -> pd.DataFrame:
        """For each ``kind`` and ``fraction`` hit the gain in points: ``estimate`` with both intervals."""
        return pd.DataFrame(
            {"kind": kind, "fraction": fraction, **bounds(gain, new)}
            for kind, curve in self.curves.items()
            for fraction, gain, new in zip(curve.fractions, curve.gain, curve.gain_new, strict=True)
        )

    def figure(self) -> go.Figure:
        """The curves, as on the page *What if*."""
        return dose_chart(self.curves, LIGHT)

    def values(self) -> dict[str, Any]:
        curves = {kind: simple(curve) for kind, curve in self.curves.items()}
        return {"sources": list(self.sources), "shot": self.shot, "digest": self.digest, "curves": curves}


def what_if(
    run: str | TrainedRun,
    change: Changes = (),
    *,
    edit: Edits = (),
    edit_instance: InstanceEdits = (),
    n_shot: int | None = None,
    episode: int | None = None,
    seed: int | None = None,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
) -> WhatIfResult:
    """What does the learner answer when some of its metadata are wrong, missing or less exact? Nothing is trained.

    The same learner on the same test tasks, before and after, and the paired difference with its verdict. What was asked before, here or
    on the page *What if*, is read.

    Parameters
    ----------
    run : what :func:`metadash.train` or :func:`metadash.load` gave, or its digest.
    change : what happens to whole sources, one or several: ``"SOURCE:KIND:FRACTION"``, then which are hit first (``random``, ``rare`` or
        ``systematic``), then years (*stale*) or a rung (*blur*). KIND is ``missing``, ``swap``, ``nearest``, ``noise``, ``stale`` or ``blur``.
    edit, edit_instance : one value rewritten, ``"CLASS:COLUMN=VALUE"``, ``"ID:COLUMN=VALUE"``; nothing after = makes it missing.
    n_shot, episode : labelled examples a class (default: the fewest) and the test task (default 1) looked at query by query.
    seed : decides which are hit first (default 0); read by ``change`` only.
    workspace : where a digest is looked up, as in :func:`metadash.open`.
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: where nothing is changed, for a source that the learner does not read, a choice that would be ignored.

    Examples
    --------
    >>> import metadash as md
    >>> run = md.train(data, sources=["place"], width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), progress=False)
    >>> found = md.what_if(run, "place:missing:0.5", progress=False)
    >>> found.frame()["shot"].tolist(), found.found.changed_classes
    ([1, 2], 8)
    """
    asked = asked_of(run, workspace)
    data = open_dataset(asked.workspace, asked.spec.dataset)
    changes, edits, of_instances = written(data, each(change), each(edit), each(edit_instance))
    if seed and not changes:
        raise BadInput("seed would be ignored by edits, which draw nothing at random; it belongs to a change.")
    task = 1 if episode is None else episode
    spec = WhatIfSpec(asked.spec, changes, edits, of_instances, seed or 0, task - 1, shot_of(asked.spec, n_shot))
    answered = compute_one(spec, asked.workspace, progress)
    return WhatIfResult(read_what_if(answered, asked.run, RunStore(asked.workspace)), answered, data)


def doses(
    run: str | TrainedRun,
    sources: str | Sequence[str],
    *,
    n_shot: int | None = None,
    seed: int | None = None,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
) -> DoseResult:
    """How wrong, and how often missing, may metadata be before the learner is better off without? The verb is ``whatif --dose``.

    Parameters
    ----------
    run, n_shot, seed, workspace, progress : as in :func:`metadash.what_if`.
    sources : what is hit together, for more and more classes (or instances).

    Raises
    ------
    BadInput
        One sentence: for a source that the learner does not read.

    Examples
    --------
    >>> import metadash as md
    >>> run = md.train(data, sources=["place"], width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), progress=False)
    >>> md.doses(run, "place", progress=False).frame()["kind"].unique().tolist()
    ['missing', 'swap', 'nearest', 'noise']
    """
    asked, hit = asked_of(run, workspace), names_in(sources)
    data = open_dataset(asked.workspace, asked.spec.dataset)
    shot = shot_of(asked.spec, n_shot)
    curve = compute_one(DoseSpec(asked.spec, hit, dose_kinds(hit, data), seed=seed or 0), asked.workspace, progress)
    return DoseResult(dose_curves([curve], RunStore(asked.workspace), shot), curve, shot)


def asked_of(run: str | TrainedRun, workspace: Workspace | str | Path | None) -> TrainedRun:
    """The trained learner that is asked, itself or by its digest."""
    return run if isinstance(run, TrainedRun) else load(run, workspace)


def shot_of(run: RunSpec, n_shot: int | None) -> int:
    """The fewest unless another is asked for. Raises BadInput for one that the run was not scored at."""
    shot = fewest_shots(run.evaluation.shots) if n_shot is None else n_shot
    check_task(run, 0, shot)
    return shot


def written(data: Dataset, change: list[Any], edit: list[Any], edit_instance: list[Any]) -> tuple[Any, Any, Any]:
    """What changes, read where it is written in a line. Raises BadInput where nothing does."""
    if not change and not edit and not edit_instance:
        raise BadInput(
            "Say what changes: a change SOURCE:KIND:FRACTION, an edit CLASS:COLUMN=VALUE or an edit of an instance ID:COLUMN=VALUE; or ask for "
            "the doses of a source."
        )
    return (
        tuple(read_change(one) if isinstance(one, str) else one for one in change),
        tuple(read_edit(one, data) if isinstance(one, str) else one for one in edit),
        tuple(read_instance_edit(one) if isinstance(one, str) else one for one in edit_instance),
    )


def each(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]
