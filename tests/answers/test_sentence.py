"""The answer in words: one claim for each verdict, every number with its interval, and nothing that was not found."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from metadash.answers.answer import Answer, answer, answer_spec
from metadash.answers.sentence import claim_words, fading_sentence, headline, sentences, worth_sentence
from metadash.data.dataset import Dataset, Question
from metadash.data.glyphs.install import QUESTIONS as GLYPHS
from metadash.data.omniglot.install import QUESTIONS as OMNIGLOT
from metadash.runs.store import RunStore
from metadash.stats.paired import beside_control
from metadash.stats.shots import WorthInShots
from metadash.stats.verdict import Decision, Grade, Verdict
from metadash.workspace import Workspace
from tests.builders import store_scores

Tell = Callable[..., Answer]


@pytest.fixture
def tiny(wide: Dataset) -> Dataset:
    """With enough test families for certain verdicts."""
    return wide


@pytest.fixture
def tell(tiny: Dataset, tmp_path) -> Tell:
    """``tell(gain=(…), noise=…)``: the answer to a question whose metadata gains that many points at 1, 2 and 5 shots."""

    def make(
        gain: tuple[float, ...] = (5.0, 2.0, 0.0),
        noise: float = 0.0,
        question: str = "marks",
        where: str | None = None,
        shots: tuple[int, ...] = (1, 2, 5),
    ) -> Answer:
        store = RunStore(Workspace(tmp_path / f"{gain}{noise}{question}{where}{shots}"))
        small = {"shots": shots, "n_query": 5, "n_episodes": 150, "width": 8, "backbone_episodes": 30}
        spec = answer_spec(tiny, tiny.question(question), folds=0, where=where, **small)
        generator = np.random.default_rng(0)
        for arm, runs in spec.arms.items():
            for run in runs:
                added = {"plain": (0.0, 0.0, 0.0), "metadata": gain, "shuffled": (-2.0, -1.0, 0.0)}[arm]
                accuracy = (np.array((50.0 if shots[0] else 20.0, 60.0, 70.0)) + added)[:, None] / 100 + generator.normal(
                    0, noise / 100, (3, 150)
                )
                store_scores(store, run, tiny, accuracy.clip(0, 1), queries=10_000)
        found = answer(spec, tiny, store)
        assert found is not None
        return found

    return make


def test_what_metadata_buy_before_the_first_label_is_told_last_and_the_headline_stays_at_one(tell: Tell) -> None:
    found = tell((22.0, 4.0, 0.0), shots=(0, 1, 5))
    told = sentences(found)
    assert headline(found).startswith("With one labelled example per class") and "+4.0 points" in headline(found)
    assert (found.worth.at, found.worth_alone.at) == (1, 0) and found.first.shot == 1
    assert told[-1] == (
        "With no labelled example, the metadata alone are at 42.0 % [42.0, 42.0] on these families, [42.0, 42.0] on new families, as good "
        "as about 0.6 labelled examples per class without them; with neither one can only guess, 20.0 %."
    )
    assert tell().worth_alone is None


def test_a_gain_is_told_with_both_intervals(tell: Tell) -> None:
    assert headline(tell()) == (
        "With one labelled example per class, the place of the mark helps tell siblings apart: "
        "+5.0 points [5.0, 5.0] on these families, [5.0, 5.0] on new families (12 families tested)."
    )


@pytest.mark.parametrize(
    ("gain", "noise", "words"),
    [
        ((5.0, 2.0, 0.0), 1.0, "the place of the mark helps tell siblings apart: +"),
        ((-5.0, -2.0, 0.0), 1.0, "the place of the mark makes it harder to tell siblings apart: −"),
        ((0.2, 0.1, 0.0), 0.0, "the place of the mark makes no practical difference when you tell siblings apart: +0.2 points"),
        ((1.0, 0.5, 0.0), 12.0, "it cannot be told yet whether the place of the mark helps tell siblings apart: "),
    ],
    ids=["helps", "hurts", "equivalent", "undetermined"],
)
def test_each_verdict_has_its_claim(gain: tuple[float, ...], noise: float, words: str, tell: Tell) -> None:
    text = headline(tell(gain, noise))
    assert text.startswith("With one labelled example per class, " + words)
    assert text.endswith(" on new families (12 families tested).") and text.count("[") == 2


def test_the_whole_answer_reads_as_one_paragraph(tell: Tell) -> None:
    assert " ".join(sentences(tell())) == (
        "With one labelled example per class, the place of the mark helps tell siblings apart: "
        "+5.0 points [5.0, 5.0] on these families, [5.0, 5.0] on new families (12 families tested). "
        "All 12 families gain more than half a point. "
        "The chance of a gain of more than half a point on new families is over 99 %. "
        "Rows shuffled between classes: −2.0 points [−2.0, −2.0] on new families. "
        "Worth about 0.4 extra examples per class, [0.4, 0.4] on new families. "
        "No practical difference from five examples on."
    )


def test_what_cannot_be_told_for_certain_says_how_likely_it_is_and_what_would_decide(tell: Tell) -> None:
    found = sentences(tell((2.0, 1.0, 0.0), 9.0))
    assert found[2].startswith("The chance of a gain of more than half a point on new families is ")
    assert found[3].startswith("It takes about ") and found[3].endswith(" more families, and the data has 24 in all.")


def test_a_gain_that_shuffled_rows_have_too_is_not_said_to_help(tell: Tell) -> None:
    found = tell((-1.7, -1.0, 0.0), question="any")
    assert found.shuffled[0].episodes.estimate == pytest.approx(-2, abs=0.1) and found.gain[0].decision.verdict is Verdict.HURTS
    beaten = dataclasses.replace(found, gain=beside_control(tell((3.0, 1.0, 0.0)).gain, found.credit))
    assert headline(beaten).startswith("With one labelled example per class, it cannot be told yet whether")
    assert any(
        "real − shuffled is +0.3 points" in sentence and "not surely more than 0.5" in sentence for sentence in sentences(beaten)
    )


def test_of_one_seed_it_is_said_that_training_again_is_not_known(tell: Tell) -> None:
    one = tell()
    assert not any("seed" in sentence for sentence in sentences(one))
    single = dataclasses.replace(one, spec=dataclasses.replace(one.spec, seeds=(0,)))
    assert sentences(single)[-1] == "One training seed: how much training again would change this is not known."


def own(sources: str, task: str) -> Question:
    """As *Start* and the command line make one's own."""
    return Question("own", f"the metadata “{sources}”", task, tuple(sources.split(", ")), "siblings", 5)


DECISIONS = [
    Decision(verdict, "group", grade=grade)
    for verdict in Verdict
    for grade in Grade
    if (verdict is Verdict.UNDETERMINED) == (grade is Grade.UNDETERMINED)
]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.words)
@pytest.mark.parametrize(
    "question",
    [
        *GLYPHS,
        *OMNIGLOT,
        own("name, accents", "tell sibling letters apart"),
        own("name", "tell any 20 families apart"),
    ],
    ids=lambda question: question.id,
)
def test_every_verdict_of_every_question_is_a_sentence(question: Question, decision: Decision) -> None:
    """Subject, how sure, verb, task: in this order, with a task that starts with the plain form of its verb."""
    text = claim_words(question, decision)
    subject, task = question.subject, question.task
    surely = {Grade.VERY_LIKELY: "very likely ", Grade.PROBABLY: "probably "}.get(decision.grade, "")
    assert text in (
        f"{subject} {surely}helps {task}",
        f"{subject} {surely}makes it harder to {task}",
        f"{subject} {surely}makes no practical difference when you {task}",
        f"it cannot be told yet whether {subject} helps {task}",
    )
    assert task.split()[0] == "tell" and task.endswith(" apart"), (
        "“helps tell … apart”, “harder to tell … apart”, “when you tell … apart”"
    )
    assert not any(wrong in text for wrong in ("  ", " to to ", "to tells", "familys", "classs", "..")) and text[0] != " "


def test_over_any_classes_the_nouns_are_those_of_classes(tell: Tell) -> None:
    text = headline(tell(question="any"))
    assert (
        "tell any four classes apart: +5.0 points [5.0, 5.0] on these things, [5.0, 5.0] on new things (60 things tested)."
        in text
    )


def test_with_one_group_nothing_is_claimed_of_new_ones(tell: Tell) -> None:
    found = tell(where="family = 'family 6'")
    assert found.n_groups == 1
    text = headline(found)
    assert text == (
        "With one labelled example per class, it cannot be told yet whether the place of the mark helps tell siblings apart: "
        "+5.0 points [5.0, 5.0] on these families; how it is on new families cannot be said (group-limited: 1 group, 2 needed)."
    )
    assert "new families, [" not in " ".join(sentences(found))


@pytest.mark.parametrize(
    ("worth", "words"),
    [
        (WorthInShots(0.62, 1, "", 0.5, 0.75), "Worth about 0.6 extra examples per class, [0.5, 0.8] on these families."),
        (WorthInShots(0.62, 1, "", None, 0.75), "Worth about 0.6 extra examples per class, at most 0.8 on these families."),
        (WorthInShots(0.62, 1, "", 0.5, None), "Worth about 0.6 extra examples per class, at least 0.5 on these families."),
        (WorthInShots(0.3, 1, "", -0.14, 0.75), "Worth about 0.3 extra examples per class, [−0.1, 0.8] on these families."),
        (
            WorthInShots(4.0, 1, "above", 3.0, None),
            "Worth at least 4.0 extra examples per class, at least 3.0 on these families.",
        ),
        (WorthInShots(0.0, 1), "Worth no extra examples."),
        (WorthInShots(-0.4, 2, "", -0.6, -0.2), "Worth no extra examples ([−0.6, −0.2] on these families)."),
        (WorthInShots(-1.0, 1, "below", None, -0.2), "Worth no extra examples (at most −0.2 on these families)."),
        (
            WorthInShots(0.5, 1, "", 0.4, 0.5, new_low=0.13, new_high=0.84, new_unit="group", new_n=12),
            "Worth about 0.5 extra examples per class, [0.1, 0.8] on new families.",
        ),
        (
            WorthInShots(0.5, 1, "", 0.4, 0.5, new_low=0.13, new_unit="group", new_n=12),
            "Worth about 0.5 extra examples per class, at least 0.1 on new families.",
        ),
    ],
    ids=[
        "known",
        "open below",
        "open above",
        "wide",
        "at least",
        "nothing",
        "negative",
        "at most",
        "for new ones",
        "open for new ones",
    ],
)
def test_worth_in_words(worth: WorthInShots, words: str, tell: Tell) -> None:
    assert worth_sentence(dataclasses.replace(tell(), worth=worth)) == words


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((5.0, 2.0, 0.0), "No practical difference from five examples on."),
        ((5.0, 0.1, 0.0), "No practical difference from two examples on."),
        ((5.0, 0.1, 3.0), "With five labelled examples, +3.0 points [3.0, 3.0] on new families."),
        ((0.1, 0.1, 0.0), ""),
    ],
    ids=["at the last", "from the second", "comes back", "never any"],
)
def test_how_it_goes_on_with_more_examples(gain: tuple[float, ...], words: str, tell: Tell) -> None:
    found = tell(gain)
    assert fading_sentence(found) == words
    assert "" not in sentences(found), "and says it once: the headline has it where there is none from the start"
