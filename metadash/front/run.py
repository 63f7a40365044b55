"""``metadash.train`` and ``metadash.load``: one trained learner, its accuracy, and what it makes of classes that it has never seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack, overload

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.export import accuracy_rows, span
from metadash.answers.scores import load_scores
from metadash.answers.sentence import examples
from metadash.answers.tables import bounds
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.figures.charts import Curve, curve_over_shots
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.figures.svg import curve_svg
from metadash.front.choices import OfTraining, names_in, numbers_in, opened, read, spelled_out
from metadash.front.computing import compute_one
from metadash.front.shown import ShownRun
from metadash.front.using.asked import use_spec
from metadash.front.using.checks import Support, shown
from metadash.front.using.given import Known, give
from metadash.front.using.labelled import Labelled, labelled
from metadash.front.using.leaving import LeftRun, is_left, load_left, save
from metadash.front.using.next_steps import NextSteps, doubts, states_of, steps_spec
from metadash.learners.core.fusions import MODULATING
from metadash.learners.registry import USUAL
from metadash.runs.kinds import title_of
from metadash.runs.store import Run, RunStore
from metadash.specs.builder import run_for
from metadash.specs.choosing.tuning import choice_in_words
from metadash.specs.run import AUXILIARY_WEIGHT, RunSpec, ways_note
from metadash.specs.transduction import sentence
from metadash.stats import words
from metadash.stats.scored import Scores
from metadash.workspace import Workspace

GUESSED = "; chance: it is told nothing of these classes"
"""Behind a number of a run that reads no metadata, at 0 shots."""


@dataclass(frozen=True, repr=False)
class TrainedRun(ShownRun):
    """A trained learner: its accuracy on its test episodes, and its answers about new classes. ``run`` is what is stored of it."""

    run: Run
    workspace: Workspace

    @property
    def spec(self) -> RunSpec:
        """Everything it was made of."""
        return self.run.spec_as(RunSpec)

    @cached_property
    def scores(self) -> Scores:
        """The accuracy of every test episode."""
        return load_scores([self.run], RunStore(self.workspace))

    def __str__(self) -> str:
        return "\n".join([self.title, *self.lines])

    def __repr__(self) -> str:
        return f"{self.title} ({self.digest})"

    @property
    def title(self) -> str:
        return title_of(self.spec)

    @property
    def sentence(self) -> str:
        """What it is, and how good with the fewest labelled examples at the most ways."""
        first = self.accuracy()[0]
        inside, new = first["these_test_classes"], first["new_classes"]
        accuracy = (
            f"{self.scores.metric.said(inside['estimate'])} {span(inside)} on these test classes, {span(new)} on new classes"
        )
        return f"{self.title}: with {examples(first['shot'])} per class, at {first['n_way']} ways, {accuracy}."

    def parts(self) -> Section:
        scores = self.scores
        return Section(
            f"A learner trained on {self.spec.dataset}",
            [self.sentence, *filter(None, [self.note, ways_note(self.spec)])],
            {"The numbers": self.frame()},
            [f"{self.spec.dataset}, manifest {self.run.summary['manifest']}\nrun {self.digest}"],
            small=self.lines[0],
            pictures={f"{scores.metric.title.capitalize()} over labelled examples": self.figure},
            svg=curve_svg(scores.shots, [self.curve], LIGHT, scores.metric),
        )

    @property
    def curve(self) -> Curve:
        return Curve(self.spec.learner, [self.scores.means(shot)[0] for shot in self.scores.shots], LIGHT.helps)

    @property
    def note(self) -> str:
        """What its numbers do not say by themselves; empty where there is nothing."""
        notes = [sentence(self.spec).rstrip(".")]
        if found := self.run.summary.get("tuned"):
            chosen = choice_in_words(found["chosen"])
            notes.append(
                f"the best of {found['tried']} forms on validation classes ({found['validation_accuracy']:.1f} %): {chosen}"
            )
        if self.spec.sources and not self.spec.reads_at_test:
            notes.append("metadata were read in training only; at test the learner is told none")
        return "; ".join(filter(None, notes))

    @property
    def lines(self) -> list[str]:
        """Its accuracy, a line for each number of ways and shots."""
        episodes = words.count(len(self.scores.manifest))
        lines = [f"run {self.digest}, {episodes} test episodes, batch norm: {self.run.summary['batch_norm']}"]
        lines += [self.note] if self.note else []
        for row in self.accuracy():
            inside, new = row["these_test_classes"], row["new_classes"]
            lines.append(
                f"  {row['n_way']:>3} ways, {row['shot']:>2} shots: {inside['estimate']:.1f} % {span(inside)} on these test classes, {span(new)} on new classes"
                + (GUESSED if self.spec.guesses and not row["shot"] else "")
            )
        return lines + [f"  {note}" for note in [ways_note(self.spec)] if note]

    def accuracy(self) -> list[dict[str, Any]]:
        """In %, at each number of ways and shots, with both intervals."""
        return accuracy_rows(self.scores)

    def frame(self) -> pd.DataFrame:
        """The same as a table: ``n_way``, ``shot``, ``estimate`` in %, its interval for these test classes (``low``, ``high``) and for
        new ones (``new_low``, ``new_high``)."""
        found = [self.scores.at_ways(n_way) for n_way in reversed(self.scores.ways)]
        return pd.DataFrame([{"n_way": at.n_way, "shot": shot, **bounds(*at.means(shot))} for at in found for shot in at.shots])

    def figure(self) -> go.Figure:
        """Accuracy over shots, with its band for these test classes."""
        return curve_over_shots(self.scores.shots, [self.curve], LIGHT, metric=self.scores.metric)

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``train --json`` prints them."""
        took = {"seconds": self.run.about["seconds"], "cost": self.run.cost}
        return {"digest": self.digest, "summary": self.run.summary, "accuracy": self.accuracy(), **took}

    def predict(
        self,
        support: Support,
        queries: Any,
        metadata: pd.DataFrame | Mapping[Any, Mapping[str, Any]] | None = None,
    ) -> pd.DataFrame:
        """Which of some new classes is it? Asks the trained learner, as it is, about classes that it has never seen.

        Parameters
        ----------
        support : labelled examples, by label: ``{"ä": inputs [K, ...], ...}``, or ``(inputs [n, ...], labels [n])``; shaped like the
            data set's own inputs; not every class needs as many.
        queries : [Q, ...] what to tell.
        metadata : what is known of the classes, a row each: a frame whose index holds the labels, or a mapping of mappings. Columns of
            the run's sources that are left out are missing values; None tells nothing.

        Returns
        -------
        One row a query: ``label``, the most probable, then a column a class with its probability (they sum to 1).

        Raises
        ------
        BadInput
            One sentence: for inputs of another shape, fewer than two classes, a number of ways that the learner cannot take, metadata
            that it does not read or cannot do without.

        Examples
        --------
        >>> import metadash as md
        >>> run = md.train(data, sources=["place"], width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), progress=False)
        >>> shown = {name: data.inputs[data.class_of == c][:2] for c, name in enumerate(["round", "flat"])}
        >>> found = run.predict(shown, data.inputs[:3], {"round": {"corner": "upper left"}})
        >>> list(found.columns), len(found)
        (['label', 'round', 'flat'], 3)
        """
        from metadash.front.predict import predict

        data = open_dataset(self.workspace, self.spec.dataset)
        inputs, labels = shown(support)
        return predict(self.run, data, RunStore(self.workspace), inputs, labels, queries, metadata)

    def label(
        self,
        support: Support,
        queries: Any,
        metadata: pd.DataFrame | Mapping[Any, Mapping[str, Any]] | None = None,
        *,
        names: Sequence[str] | None = None,
        zero_shot: Sequence[Any] = (),
        false_alarm: float = 0.05,
        support_metadata: Known = None,
        query_metadata: Known = None,
        progress: bool = True,
    ) -> Labelled:
        """As :meth:`predict`, with probabilities that can be believed: calibrated on validation classes, with *none of these*, what decided,
        and what all that is worth on test classes. Stored, as every run.

        Parameters
        ----------
        support, queries, metadata : as of :meth:`predict`; pictures may be of any size.
        names : what the queries are called; numbers from 1 where nothing is said.
        zero_shot : classes without an example, of which only ``metadata`` tell.
        false_alarm : the share of true members that *none of these* may reject.
        support_metadata, query_metadata : what is known of each example and of each query, a row each, of sources that describe instances.

        Raises
        ------
        BadInput
            One sentence: as :meth:`predict`, and for a class without an example that this learner cannot place.
        """
        data, (inputs, labels) = open_dataset(self.workspace, self.spec.dataset), shown(support)
        given = give(
            data,
            inputs,
            labels,
            queries,
            metadata,
            names,
            zero_shot=zero_shot,
            support_metadata=support_metadata,
            query_metadata=query_metadata,
        )
        found = compute_one(use_spec(self.run, given, false_alarm), self.workspace, progress)
        return labelled(found, RunStore(self.workspace))

    def next_steps(self, found: Labelled, *, progress: bool = True) -> NextSteps:
        """What to do next for the classes of ``found`` (what :meth:`label` gave): which label and which cell of the metadata is expected to
        help most, by how many points, measured on validation classes in the same state.

        Raises BadInput where the data set has too few of these to say it.
        """
        data = open_dataset(self.workspace, self.spec.dataset)
        states = states_of(self.spec, data, found.given)
        run = compute_one(steps_spec(self.spec, data, list(states.values())), self.workspace, progress)
        return NextSteps(run, states, doubts(found.frame()))

    def save(self, folder: str | Path, *, progress: bool = True) -> Path:
        """Write the learner as one new folder (tensors, a card, what its probabilities are worth) that :func:`metadash.load` runs without the
        workspace.

        Raises BadInput for a learner that cannot leave (its encoder is fitted on the inputs of its data set, it reads metadata of single
        instances, …), and where the folder is there already.
        """
        data = open_dataset(self.workspace, self.spec.dataset)
        return save(self.spec, data, RunStore(self.workspace), folder, progress)


@spelled_out
def train(
    data: Dataset,
    learner: str = USUAL,
    *,
    options: Mapping[str, Any] | None = None,
    sources: str | Sequence[str] = (),
    fusion: str | None = None,
    auxiliary_weight: float = AUXILIARY_WEIGHT,
    control: str = "none",
    distance: str = "euclidean",
    source_dropout: float = 0.0,
    seed: int = 0,
    split: str | None = None,
    ways: int | Sequence[int] | None = None,
    mode: str | None = None,
    recipe: str | None = None,
    tune: int | None = None,
    progress: bool = True,
    **choices: Unpack[OfTraining],
) -> TrainedRun:
    """Train one learner, or look it up: one run a spec, computed once for the page *Train*, the verb ``train`` and every call.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    learner, options : its name (the verb ``learners`` lists them with their papers), and options of its paper, as ``inner_steps``.
    sources, fusion : metadata (``"all"``: all that describe classes; with a fusion that reads instances, all there are), and how it
        enters: ``pseudo-shots``, ``am3``, ``film``, ``pseudo-shots+film`` or ``auxiliary``.
    auxiliary_weight, source_dropout, control : of the auxiliary loss; how often a source is hidden in training; falsified metadata.
    distance, mode : ``euclidean`` or ``cosine``; ``quick`` (over a frozen backbone, the default) or ``full`` (end to end).
    recipe : ``paper``: all that the learner's paper sets of its training, in full mode; what else is given goes before it. The verb
        ``learners`` says what each sets; a learner without one refuses it.
    meta_batch, learning_rate, weight_decay, patience : tasks a step, their losses averaged; of the optimiser; looks at validation classes
        without a rise after which training ends, 0 for never early.
    train_ways, train_shots, train_queries, train_strategy : the training tasks, where they are not like the tests; ``uniform`` draws any
        training classes together.
    start, schedule, keep : ``backbone`` or ``random`` weights (full mode); ``constant``, ``cosine``, ``linear`` or ``step``; the weights
        that were ``best`` on validation classes, or the ``last``.
    seed, split : of the training; the split it is trained and tested on.
    ways : fewer ways to score at too.
    tune : so many forms of the learner are tried on validation classes, by the same budget for every learner, and the best is tested.
    where, n_way, strategy, column, query_dirichlet, backbone, width, backbone_training, backbone_episodes, own_backbone, normalise, text_encoder, steps,
    n_episodes, shots, n_query, progress : as in :func:`metadash.answer`.

    Raises
    ------
    BadInput
        One sentence: for a learner, option or source that there is not, a choice that would be ignored, tasks that do not fit the data.

    Examples
    --------
    >>> import metadash as md
    >>> run = md.train(data, width=4, backbone_episodes=10, n_episodes=40, shots=(1, 2), progress=False)
    >>> run.frame()["shot"].tolist()[:2]
    [1, 2]
    >>> md.load(run.digest, data.workspace).digest == run.digest
    True
    """
    spec = run_asked(
        opened(data),
        sources,
        learner=learner,
        options=options_in(options),
        fusion=fusion,
        auxiliary_weight=auxiliary_weight,
        control=control,
        distance=distance,
        source_dropout=source_dropout,
        seed=seed,
        split=split,
        ways=numbers_in(ways),
        mode=mode,
        tune=tune,
        recipe=recipe,
        **{**read(choices), "train_shots": numbers_in(choices.get("train_shots"))},
    )
    return TrainedRun(compute_one(spec, data.workspace, progress), data.workspace)


def options_in(options: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    """Options of a learner as a spec holds them. Raises BadInput for what is no mapping."""
    if options is not None and not isinstance(options, Mapping):
        raise BadInput(f"The options are {options!r:.60}; they must be values by name, such as {{'inner_steps': 3}}.")
    return tuple((options or {}).items())


def run_asked(data: Dataset, sources: str | Sequence[str] = (), fusion: str | None = None, **choices: Any) -> RunSpec:
    """The run that is asked for, before anything is computed; ``choices`` as for ``run_for``."""
    named = names_in(sources)
    if named == ("all",):
        named = tuple(source.name for source in (data.sources if fusion in MODULATING else data.class_sources()))
    return run_for(data, named, fusion=fusion or ("pseudo-shots" if named else "none"), **choices)


@overload
def load(digest: Path, workspace: Workspace | str | Path | None = None) -> LeftRun: ...
@overload
def load(digest: str, workspace: Workspace | str | Path | None = None) -> TrainedRun: ...
def load(digest: str | Path, workspace: Workspace | str | Path | None = None) -> TrainedRun | LeftRun:
    """A learner that was trained before, here, on a page or by a verb, by its digest; or one that left (:meth:`TrainedRun.save`), by its
    folder: a ``Path``, or a text with a slash in it.

    ``workspace`` as in :func:`metadash.open`. Raises BadInput where there is no finished learner of that digest, and for a damaged folder.

    Examples
    --------
    >>> import metadash as md
    >>> md.load("no-such-run", data.workspace)
    Traceback (most recent call last):
        ...
    metadash.errors.BadInput: There is no finished learner run 'no-such-run'; `compare` without arguments lists them.
    """
    if is_left(digest):
        return load_left(digest)
    found = workspace if isinstance(workspace, Workspace) else Workspace(workspace)
    return TrainedRun(stored(RunStore(found), str(digest)), found)


def stored(store: RunStore, digest: str) -> Run:
    """A finished learner's run. Raises BadInput where there is none."""
    run = store.get(digest) if isinstance(digest, str) else None
    if run is None or run.kind != "learner":
        raise BadInput(f"There is no finished learner run '{digest}'; `compare` without arguments lists them.")
    if run.misunderstood:
        raise BadInput(
            f"The run {digest} was made by another version of MetaDash, which this one cannot read; train it again, or `compare` without "
            "arguments lists those that it can."
        )
    return run
