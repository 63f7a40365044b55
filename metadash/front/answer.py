"""``metadash.answer``: whether some metadata helps with new classes, as one sentence that can be defended, with its curve and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.answer import USUAL_SEEDS, Answer, AnswerSpec, answer_spec, own_question
from metadash.answers.answer import answer as read_answer
from metadash.answers.export import as_json
from metadash.answers.looks import looked_at_answer
from metadash.answers.sentence import sentences
from metadash.answers.tables import answer_command, answer_frame, numbers_table
from metadash.canonical import plain
from metadash.data.dataset import Dataset, Question
from metadash.data.ratings.rated import refuse_ratings
from metadash.errors import BadInput
from metadash.figures.answer import answer_curve, curves_of, rests_on
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.figures.svg import curve_svg
from metadash.front.choices import TasksAndBudget, names_in, opened, read, spelled_out
from metadash.front.computing import compute_all
from metadash.front.sharing.methods import answer_methods
from metadash.front.shown import Shown
from metadash.runs.store import RunStore
from metadash.stats.words import plural


@dataclass(frozen=True, repr=False)
class AnswerResult(Shown):
    """An answer as a person reads it: ``print`` gives the sentence, a notebook the sentence, the curve and the table.

    ``found`` holds every number behind it (:class:`metadash.answers.answer.Answer`), ``looked`` how often these test classes were asked.
    """

    found: Answer
    data: Dataset
    looked: str = ""

    @property
    def sentence(self) -> str:
        """The whole answer in words."""
        return " ".join(filter(None, [*sentences(self.found), self.looked]))

    @property
    def digest(self) -> str:
        """Names the answer by the runs it was read from."""
        return self.found.digest

    def __str__(self) -> str:
        return self.sentence

    __repr__ = __str__

    def parts(self) -> Section:
        found = self.found
        runs = ", ".join(digest for digests in found.digests.values() for digest in digests)
        stored = f"{self.data.name}, fingerprint {self.data.fingerprint}\nmanifest {found.manifest}\nruns {runs}"
        return Section(
            found.spec.question.title,
            sentences(found),
            {"The numbers": numbers_table(found)},
            [answer_command(found), stored],
            small=" ".join(filter(None, [rests_on(found), self.looked])),
            pictures={f"{found.metric.title.capitalize()} over labelled examples": self.figure},
            svg=curve_svg(found.spec.shots, curves_of(found, LIGHT), LIGHT, found.metric),
            methods=answer_methods(found, self.data),
            configuration={
                "answer": plain(found.spec),
                "dataset": self.data.name,
                "fingerprint": self.data.fingerprint,
                "manifest": found.manifest,
                "runs": found.digests,
                "digest": found.digest,
            },
        )

    def frame(self) -> pd.DataFrame:
        """One row for each number of shots and each accuracy (in %) or difference (in points): ``estimate``, its 95 % interval for these
        test classes (``low``, ``high``) and for new ones (``new_low``, ``new_high``; NaN where there is none), ``verdict``, ``chance``."""
        return answer_frame(self.found)

    def figure(self) -> go.Figure:
        """Accuracy over shots with, without and with shuffled metadata, as on the page *Start*."""
        return answer_curve(self.found, LIGHT)

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``answer --json`` prints them."""
        return {**as_json(self.found), "looks": self.looked}


@spelled_out
def answer(
    data: Dataset,
    question: str | None = None,
    sources: str | Sequence[str] = (),
    *,
    seeds: int = len(USUAL_SEEDS),
    split: str | None = None,
    folds: int | None = None,
    mode: str = "quick",
    progress: bool = True,
    **choices: Unpack[TasksAndBudget],
) -> AnswerResult:
    """Does this metadata help a learner with new classes, by how much, and how sure is it?

    Trains Prototypical Networks (Snell et al. 2017) without the metadata, with it (as pseudo-shots, after Xing et al. 2019), and with
    its rows shuffled between classes, scores all three on the same test episodes, and reads the paired differences. What is stored
    already, by the page *Start*, the verb ``answer`` or an earlier call, is read and not computed: equal arguments are equal runs.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    question : the id of one of the data set's own questions (default: its first); or
    sources : names of sources to ask about instead.
    n_way, strategy, column : how tasks are drawn: classes a task; ``uniform``, ``siblings`` or ``disjoint``; what siblings share.
    query_dirichlet : the concentration of a Dirichlet that deals a test task's queries to its classes unevenly; None: as many of each.
    where : an SQL condition on the test classes.
    seeds : how many training seeds (0, 1, …).
    split, folds : one split instead of cross-fitting; in how many folds every class is a test class once (0: the split as it is).
    mode : ``quick`` (light heads over a frozen backbone) or ``full`` (end to end).
    backbone, width, backbone_episodes, own_backbone : the embedding network, its width, its training; train it though one is shipped.
    backbone_training : what the backbone learns from, ``episodes`` or all training ``classes`` at once, by cross-entropy.
    normalise : what is done to its frozen features before the heads, by meta-train: ``none``, ``centred``, ``l2`` or ``centred-l2``.
    text_encoder : how texts and names among the metadata are read: ``words`` one by one, ``tfidf``, or ``minilm`` where it is installed.
    steps, n_episodes, shots, n_query : training steps at most; test episodes of each fold; labelled examples and queries a class.
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: for a source or question that there is not, a choice that would be ignored, tasks that do not fit the data.

    Examples
    --------
    >>> import metadash as md
    >>> small = dict(width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), seeds=1, folds=0)
    >>> found = md.answer(data, sources=["place"], strategy="siblings", progress=False, **small)
    >>> found.sentence.startswith("With one labelled example per class")
    True
    >>> found.frame()[["shot", "what"]].head(2).to_records(index=False).tolist()
    [(1, 'plain'), (1, 'metadata')]
    """
    asked = answer_asked(opened(data), question, sources, seeds=seeds, split=split, folds=folds, mode=mode, **read(choices))
    store = RunStore(data.workspace)
    compute_all(asked.jobs(data, store), data.workspace, "the answer", progress)
    found = read_answer(asked, data, store)
    if found is None:
        raise BadInput("A run this answer needs is missing or damaged; ask again to compute it anew.")
    return AnswerResult(found, data, looked_at_answer(found, data, store))


def answer_asked(
    data: Dataset,
    question: str | None = None,
    sources: str | Sequence[str] = (),
    *,
    n_way: int | None = None,
    strategy: str | None = None,
    seeds: int = len(USUAL_SEEDS),
    **choices: Any,
) -> AnswerSpec:
    """The answer that is asked for, before anything is computed; ``choices`` as for ``run_for``."""
    refuse_ratings(data)
    asked = question_of(data, question, names_in(sources), n_way, strategy)
    return answer_spec(data, asked, seeds=range(seeds), **choices)


def question_of(
    data: Dataset, question: str | None, sources: tuple[str, ...], n_way: int | None, strategy: str | None
) -> Question:
    """One of the data set's questions, or one's own of some sources. Raises BadInput where a choice would be ignored."""
    if sources:
        if question:
            raise BadInput("question and sources were both given; a question has its own sources, so leave one of them out.")
        return own_question(data, sources, strategy, n_way)
    questions = data.description.questions
    if not question and not questions:
        known = ", ".join(source.name for source in data.class_sources())
        todo = (
            f"ask about its metadata: sources can be {known}"
            if known
            else (
                f"nothing is known about its {plural(data.description.class_noun)}, so train a learner, or import it with a source of them"
            )
        )
        raise BadInput(f"'{data.name}' has no questions of its own; {todo}.")
    found = data.question(question) if question else questions[0]
    for name, given, own in (("n-way", n_way, found.n_way), ("strategy", strategy, found.strategy)):
        if given not in (None, own):
            raise BadInput(f"The question '{found.id}' asks for {name} {own}; for {given}, ask your own with sources.")
    return found
