"""What is computed to look at a trained run: specs of runs that start from another run."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from metadash.canonical import QUIET
from metadash.errors import BadInput
from metadash.fields import SEED, Between
from metadash.learners.registry import LEARNERS, check_options, entry_of
from metadash.specs.run import AboutRun, RunSpec


class OfRun(AboutRun):
    """What every spec has that starts from one trained run."""

    @property
    def needs(self) -> list[RunSpec]:
        return [self.run]


MapMethod = Literal["tsne", "pca"]
MAP_METHODS: dict[MapMethod, str] = {"tsne": "t-SNE", "pca": "principal components"}


@dataclass(frozen=True)
class MapSpec(OfRun):
    """A map of one test episode of a run over a background of test instances, by t-SNE (van der Maaten & Hinton 2008) or principal components.

    ``episode`` counts from 0 in the run's test manifest and is drawn at ``n_shot``; ``background`` instances are drawn evenly
    over the test classes by ``seed``, which also starts the optimisation. Principal components have no ``perplexity``: it stays as usual.

    Beside it, of the same instances on the same axes, at most one of: ``beside``, another run on the same tasks; ``without``, the same run
    that is told nothing of this source; ``before_steps``, the same run before it adapts to the task, where both lie by their scores.
    """

    run: RunSpec
    episode: int = 0
    n_shot: int = 1
    background: Annotated[int, Between(50, 20_000)] = 1500
    perplexity: Annotated[float, Between(2.0, 200.0)] = 30.0
    seed: Annotated[int, Between(0, SEED)] = 0
    method: MapMethod = field(default="tsne", metadata=QUIET)
    beside: RunSpec | None = field(default=None, metadata=QUIET)
    without: str = field(default="", metadata=QUIET)
    before_steps: bool = field(default=False, metadata=QUIET)

    @property
    def needs(self) -> list[RunSpec]:
        return [self.run, self.beside] if self.beside else [self.run]

    @property
    def n_panes(self) -> int:
        return 2 if self.beside or self.without or self.before_steps else 1

    def settle(self) -> None:
        check_task(self.run, self.episode, self.n_shot)
        check_examples(self.n_shot, "A map shows where prototypes of examples lie")
        if bool(self.beside) + bool(self.without) + self.before_steps > 1:
            raise BadInput(
                "A map shows one thing beside the learner: another run, a source hidden, or its start; choose one of them."
            )
        if self.beside:
            check_beside(self.run, self.beside)
        if self.without and self.without not in told_at_test(self.run):
            raise BadInput(
                f"Source '{self.without}' cannot be hidden: the learner is told {', '.join(told_at_test(self.run)) or 'no source'} at test."
            )
        if self.before_steps and own_steps(self.run) is None:
            raise BadInput(does_not_adapt(self.run))
        if self.method == "pca":
            self.set(perplexity=30.0)
        elif self.perplexity * 3 > self.background:
            raise BadInput(f"A perplexity of {self.perplexity:g} needs at least {int(self.perplexity * 3)} background instances.")


MOST_STEPS = 1000
MOST_PROBABILITIES = 10_000_000
"""Steps × queries × classes: what is stored of one adaptation stays below some tens of megabytes."""


@dataclass(frozen=True)
class AdaptationSpec(OfRun):
    """What the inner loop of a run does to one of its test episodes, step by step, and how a prototype sees the same episode.

    ``episode`` counts from 0 in the run's test manifest and is looked at with ``n_shot``; ``steps`` may be more than the learner
    was trained or scored with, and None stands for as many as it is scored with.
    """

    run: RunSpec
    episode: int = 0
    n_shot: int = 1
    steps: Annotated[int | None, Between(0, MOST_STEPS)] = None

    def settle(self) -> None:
        own = own_steps(self.run)
        if own is None:
            raise BadInput(does_not_adapt(self.run))
        if self.steps is None:
            self.set(steps=own)
        check_task(self.run, self.episode, self.n_shot)
        check_examples(self.n_shot, "Steps are taken on labelled examples")
        tests = self.run.evaluation
        if self.n_steps * tests.n_way**2 * tests.n_query > MOST_PROBABILITIES:
            raise BadInput(
                f"{self.n_steps} steps of {tests.n_way * tests.n_query} queries and {tests.n_way} classes are too many to keep; "
                "look at fewer steps."
            )

    @property
    def n_steps(self) -> int:
        assert self.steps is not None
        return self.steps


View = MapSpec | AdaptationSpec
"""What is computed to be looked at, and is neither trained nor scored."""


def check_task(run: RunSpec, episode: int, n_shot: int) -> None:
    if not 0 <= episode < run.evaluation.n_episodes:
        raise BadInput(f"There is no episode {episode + 1}; the run was scored on {run.evaluation.n_episodes}.")
    if n_shot not in run.evaluation.shots:
        raise BadInput(f"The run was scored at {run.evaluation.shots} shots; {n_shot} is not among them.")


def same_tasks(run: RunSpec, other: RunSpec) -> bool:
    """Whether two runs were scored on the same test tasks, each asked the same queries."""
    return all(getattr(run, name) == getattr(other, name) for name in ("dataset", "split", "evaluation"))


def check_beside(run: RunSpec, beside: RunSpec) -> None:
    if run == beside:
        raise BadInput("A map shows another run beside this one, and both are the same; choose another.")
    if not same_tasks(run, beside):
        raise BadInput(
            "The two runs were scored on different test tasks, and a map shows one task; choose one scored on the same."
        )


def told_at_test(run: RunSpec) -> tuple[str, ...]:
    """The sources that a run's learner reads when it is tested."""
    return run.sources if run.reads_at_test else ()


def check_examples(n_shot: int, why: str) -> None:
    if not n_shot:
        raise BadInput(f"{why}, and at 0 shots there are none; look at the task with one shot or more.")


def shots_to_look_at(run: RunSpec) -> tuple[int, ...]:
    """Those that a run was scored at and a map or an adaptation can show."""
    return tuple(shot for shot in run.evaluation.shots if shot)


def adapts(learner: str) -> bool:
    """Whether it takes steps on the support of each task."""
    return not {"eval_steps", "finetune_epochs"}.isdisjoint(entry_of(learner).options)


def own_steps(run: RunSpec) -> int | None:
    """How many steps the run's learner takes on each test task; None for a learner that takes none."""
    if not adapts(run.learner):
        return None
    options = check_options(run.learner, dict(run.options), run.mode)
    if "finetune_epochs" in entry_of(run.learner).options:
        return options.finetune_epochs
    return options.inner_steps if options.eval_steps is None else options.eval_steps


def does_not_adapt(run: RunSpec) -> str:
    able = ", ".join(entry.title for name, entry in LEARNERS.items() if adapts(name))
    return f"{entry_of(run.learner).title} does not adapt to a task step by step, so there are no steps to look at; these do: {able}."
