"""How an answer, a comparison and a what-if question were worked out, in paragraphs that somebody else can judge them by."""

from collections.abc import Sequence

from metadash.answers.answer import Answer
from metadash.answers.stored_arms import StoredArm
from metadash.answers.tables import MODE_NOTES
from metadash.data.dataset import Dataset
from metadash.specs.run import RunSpec
from metadash.stats import words
from metadash.stats.scored import Scores

Paragraphs = list[tuple[str, str]]


def data_words(data: Dataset, tested: str) -> str:
    about = data.description
    return (
        f"“{about.title}” ({data.name}, fingerprint {data.fingerprint}; {about.licence}). {tested} Meta-train, validation and test classes share no "
        f"{about.group_noun if about.sibling_column else about.class_noun}; nothing was selected on test classes."
    )


def tasks_words(run: RunSpec, n_episodes: int, manifest: str = "") -> str:
    named = f" (manifest {manifest})" if manifest else ""
    shots = ", ".join(map(str, run.evaluation.shots))
    return f"{words.plural_of(n_episodes, 'test episode')}, the same for everything that is compared{named}: {drawn_words(run, f'{shots} shots')}"


def drawn_words(run: RunSpec, shots: str) -> str:
    """``5-way, 1, 5 shots, 15 queries a class, drawn siblings by script.``"""
    tests = run.evaluation
    return f"{tests.n_way}-way, {shots}, {tests.queries_words}, drawn {tests.strategy}{f' by {tests.column}' if tests.column else ''}."


def intervals_words(unit: str, rope: float, gain: str) -> str:
    return (
        f"“These test classes”: t-interval over episodes. “New {words.plural(unit)}”: delete-one-{unit} jackknife. All intervals are at 95 %; differences are paired "
        f"episode by episode. A verdict is the probability that the effect on new {words.plural(unit)} lies beyond ± {rope:g} {gain}, corrected after "
        "Holm (1979) for all that is tested together."
    )


def answer_methods(found: Answer, data: Dataset) -> Paragraphs:
    spec = found.spec
    tested = (
        f"Cross-fitted in {spec.folds} folds, so that every {found.class_noun} is tested once."
        if spec.folds
        else f"Split {spec.run.split}."
    )
    return [
        ("Data", data_words(data, tested)),
        ("Tasks", tasks_words(spec.run, found.n_episodes, found.manifest)),
        (
            "Learner",
            f"Prototypical Networks (Snell et al. 2017) on {spec.run.backbone.title}, {MODE_NOTES[spec.mode]}; batch norm: {found.batch_norm} statistics. Metadata "
            f"enters as κ pseudo-shots at an anchor learned from it (after Xing et al. 2019); mean κ {found.kappa:.2f}. "
            f"{words.plural_of(len(spec.seeds), 'training seed')}; the control has the same metadata with rows shuffled between classes.",
        ),
        ("Intervals and verdicts", intervals_words(found.unit_noun, found.first.rope, found.metric.gain)),
        (
            "Worth in shots",
            "How many more labelled examples per class the learner without the metadata needs to match the learner with it: the horizontal "
            "distance between the two curves.",
        ),
    ]


def comparison_methods(arms: Sequence[StoredArm], scores: Scores, data: Dataset, unit: str) -> Paragraphs:
    run = arms[0].spec
    metric = scores.metric
    return [
        ("Data", data_words(data, f"Split {run.split}." if arms[0].folds < 2 else f"Cross-fitted in {arms[0].folds} folds.")),
        ("Tasks", tasks_words(run, len(scores.manifest), scores.manifest.hash)),
        (
            "Learners",
            " ".join(f"{one.spec.learner}: {words.plural_of(len(one.seeds), 'seed')}, {one.spec.mode}." for one in arms),
        ),
        ("Intervals and verdicts", intervals_words(unit, metric.rope, metric.gain)),
    ]


def what_if_methods(run: RunSpec, data: Dataset, n_episodes: int, manifest: str, rope: float, gain: str) -> Paragraphs:
    return [
        ("Data", data_words(data, f"Split {run.split}.")),
        ("Tasks", tasks_words(run, n_episodes, manifest)),
        (
            "Question",
            "One trained learner is scored twice on the same test episodes: with the metadata as they are, and changed for some test classes or "
            "instances. Nothing is trained again, so this says what this learner makes of such metadata, not what one trained on them would.",
        ),
        ("Intervals and verdicts", intervals_words(data.description.group_noun or data.description.class_noun, rope, gain)),
    ]
