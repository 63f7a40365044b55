"""Looking often: every question asked of a data set's test classes is counted once, and answers say what holds among them all."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from metadash.ablation.plan import ablation_run, ablation_spec
from metadash.ablation.result import ablation
from metadash.ablation.words import as_text, as_values, looks_words
from metadash.answers.answer import answer_spec
from metadash.answers.ledger import Asked, Looks, asked_of_run, file_of, rank_of, record
from metadash.answers.looks import count_words, looked_at_many, looked_words, nth
from metadash.data.dataset import Dataset, Question
from metadash.runs.store import RunStore
from metadash.stats.intervals import Interval
from metadash.stats.verdict import Decision, Grade, Verdict, grade_of_p
from metadash.workspace import Workspace
from tests.ablations import additive, asked, made_up
from tests.builders import tiny_run


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Workspace(tmp_path))


def question(name: str = "first", **changes: str) -> Asked:
    return replace(Asked("tiny", "print", name, name, "family-0", "", "0 1 2"), **changes)


def helping(estimate: float, se: float, df: float = 27) -> Interval:
    return Interval(estimate, estimate - 2.05 * se, estimate + 2.05 * se, 28, "t", "group", se=se, df=df)


# --- counting ----------------------------------------------------------------------------------------------------------------


def test_the_same_question_counts_once_and_keeps_its_place(store: RunStore) -> None:
    assert record(store, question("first")) == Looks(1, 1, 1, 0)
    assert record(store, question("second", tested="family-1")) == Looks(2, 2, 2, 0)
    assert record(store, question("first")) == Looks(1, 2, 2, 0)
    assert record(store, question("third", filtered="size > 3")) == Looks(3, 3, 2, 1)
    assert len([line for line in file_of(store).read_text().splitlines() if line]) == 3


def test_another_data_set_has_a_count_of_its_own(store: RunStore) -> None:
    record(store, question("first"))
    assert record(store, question("elsewhere", fingerprint="other")).total == 1


def test_to_ask_for_the_rank_writes_nothing(store: RunStore) -> None:
    record(store, question("first"))
    assert rank_of(store, question("never read")) == Looks(2, 2, 1, 0) and rank_of(store, question("first")).total == 1


@pytest.mark.parametrize("damage", ["{half a li", "null", "[1]", '{"fingerprint": 3, "question": "x"}', "\x00\xff", ""])
def test_a_damaged_line_is_passed_over_and_spoils_no_other(store: RunStore, damage: str) -> None:
    record(store, question("first"))
    with file_of(store).open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(damage)  # without a line break, as a process that was killed leaves it
    assert record(store, question("second")) == Looks(2, 2, 1, 0) == rank_of(store, question("second"))


def test_a_ledger_that_cannot_be_written_stops_no_answer(store: RunStore) -> None:
    file_of(store).mkdir()
    found = record(store, question("first"))
    assert found == Looks(1, 1, 1, 0, kept=False) and "could not be written down" in count_words(found, "letters")


def test_several_processes_write_whole_lines_into_one_ledger(store: RunStore, tmp_path: Path) -> None:
    program = (
        "import sys; from tests.answers.test_ledger import question; from metadash.answers.ledger import record\n"
        "from metadash.runs.store import RunStore; from metadash.workspace import Workspace\n"
        "store = RunStore(Workspace(sys.argv[1]))\n"
        "for number in range(40): record(store, question(f'{sys.argv[2]} {number}', title='x' * 3000))\n"
        "for number in range(40): record(store, question(f'shared {number}'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], env=environment) for name in ("a", "b", "c")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    rows = [json.loads(line) for line in file_of(store).read_text(encoding="utf-8").splitlines() if line]
    assert len({row["question"] for row in rows}) == 160 == rank_of(store, question("a 0")).total


# --- what is one question ------------------------------------------------------------------------------------------------------


def asked_with(**changes: object) -> str:
    return asked_of_run(tiny_run(("place", "size"), **changes), "print", (0, 1, 2)).question


def test_whatever_decides_a_number_makes_another_question() -> None:
    run, first = tiny_run(("place", "size")), asked_with()
    others = [
        asked_of_run(run, "print", (0, 1)),
        asked_of_run(run, "print", (0, 1, 3)),
        asked_of_run(run, "other data", (0, 1, 2)),
        asked_of_run(run, "print", (0, 1, 2), folds=3),
        asked_of_run(run, "print", (0, 1, 2), how="screen"),
        asked_of_run(replace(run, evaluation=replace(run.evaluation, where="size > 1")), "print", (0, 1, 2)),
        asked_of_run(replace(run, split="family-1", backbone=replace(run.backbone, split="family-1")), "print", (0, 1, 2)),
        asked_of_run(replace(run, steps=run.steps + 1), "print", (0, 1, 2)),
        asked_of_run(tiny_run(("place",)), "print", (0, 1, 2)),
    ]
    assert len({first, *(one.question for one in others)}) == len(others) + 1


def test_the_order_of_sources_and_seeds_and_a_run_s_own_seed_make_no_other_question() -> None:
    one = asked_of_run(tiny_run(("place", "size")), "print", (0, 1, 2))
    assert one == asked_of_run(tiny_run(("size", "place"), seed=4), "print", (2, 1, 0))


def test_folds_of_one_data_set_are_one_question_whatever_split_was_named() -> None:
    run = tiny_run(("place",))
    other = replace(run, split="family-1", backbone=replace(run.backbone, split="family-1"))
    assert asked_of_run(run, "print", (0, 1), folds=3) == asked_of_run(other, "print", (0, 1), folds=3)


def test_a_start_answer_and_an_ablation_of_its_sources_ask_the_same(tiny: Dataset) -> None:
    spec = answer_spec(tiny, Question("own", "it", "tell them apart", ("place", "size"), "siblings", 5), n_episodes=60)
    run = ablation_run(tiny, ("place", "size"), n_episodes=60)
    ablated = ablation_spec(tiny, run)
    start = asked_of_run(spec.run, tiny.fingerprint, spec.seeds, folds=spec.folds)
    assert spec.folds == 5 and start == asked_of_run(run, tiny.fingerprint, spec.seeds, folds=ablated.folds)


# --- what answers say -----------------------------------------------------------------------------------------------------------


def decided(verdict: Verdict, p: float) -> Decision:
    grade = Grade.UNDETERMINED if verdict is Verdict.UNDETERMINED else grade_of_p(p)
    return Decision(verdict, "group", grade=grade, p=p)


def test_the_only_question_so_far_says_nothing() -> None:
    assert (
        looked_words(Looks(1, 1, 1, 0), "letters", decided(Verdict.HELPS, 0.001))
        == ""
        == looked_words(None, "letters", decided(Verdict.HELPS, 0.001))
    )


def test_a_clear_finding_holds_among_ten_and_a_narrow_one_is_less_sure() -> None:
    tenth = Looks(4, 10, 3, 1)
    assert looked_words(tenth, "letters", decided(Verdict.HELPS, 0.004)) == (
        "The 4th of 10 questions asked of this data set's test letters, on 3 splits and with 1 filter. "
        "Corrected for all 10, it still says: helps."
    )
    for p, words in ((0.01, "very likely helps"), (0.03, "probably helps"), (0.049, "probably helps")):
        assert looked_words(tenth, "letters", decided(Verdict.HELPS, p)).endswith(f"Corrected for all 10, it would say: {words}.")
    assert looked_words(Looks(4, 20, 3, 1), "letters", decided(Verdict.HURTS, 0.04)).endswith("it would say: cannot tell yet.")
    assert looked_words(tenth, "letters", decided(Verdict.UNDETERMINED, 0.2)).endswith("with 1 filter.")


def test_of_several_claims_those_that_are_less_sure_are_named() -> None:
    said = [
        ("name", decided(Verdict.HELPS, 0.001)),
        ("case", decided(Verdict.HELPS, 0.02)),
        ("dice", decided(Verdict.UNDETERMINED, 0.3)),
    ]
    assert looked_at_many(Looks(2, 10, 1, 0), "letters", said).endswith(
        "Corrected for all 10, it would say of “case” very likely helps."
    )
    assert looked_at_many(Looks(2, 10, 1, 0), "letters", said[:1]).endswith("every verdict here still holds.")


def test_a_cap_of_few_groups_stays_however_rarely_was_asked() -> None:
    few = Decision(Verdict.HELPS, "group", grade=Grade.PROBABLY, p=0.0001)
    assert looked_words(Looks(1, 2, 1, 0), "letters", few).endswith("it still says: probably helps.")


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")]
)
def test_ordinals(number: int, text: str) -> None:
    assert nth(number) == text


def test_an_ablation_is_counted_when_it_is_read_whole_and_says_so_from_the_second_on(tiny: Dataset, store: RunStore) -> None:
    first = made_up(asked(), tiny, store, additive(4, 2, -1), seeds=3)
    assert first.looks is None and not file_of(store).exists(), "three of five seeds are no answer yet"
    first = made_up(asked(), tiny, store, additive(4, 2, -1))
    assert first.looks == Looks(1, 1, 1, 0) and as_values(first)["looks"]["words"] == ""
    again = ablation(asked(), tiny, store)
    assert again is not None and again.looks == first.looks
    banded = ablation(asked(rope=0.4), tiny, store)
    assert banded is not None and banded.looks == first.looks, "another band changes no number"
    second = made_up(asked(("place", "size")), tiny, store, additive(4, 2))
    assert second.looks == Looks(2, 2, 1, 0) and "The 2nd of 2 questions" in as_text(second)
    assert looks_words(first, rank_of(store, first.asked)).startswith("The 1st of 2 questions"), "the count has gone on"


def test_what_is_read_beside_an_answer_is_no_look(tiny: Dataset, store: RunStore) -> None:
    made_up(asked(), tiny, store, additive(4, 2, -1))
    file_of(store).unlink()
    beside = ablation(asked(), tiny, store, look=False)
    assert beside is not None and beside.looks is None and not file_of(store).exists()
