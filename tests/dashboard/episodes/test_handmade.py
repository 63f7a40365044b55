"""A task changed by hand: what a link says of it, and the steps that lead nowhere."""

from dataclasses import replace

import numpy as np
import pytest

from metadash.dashboard.episodes import handmade
from metadash.dashboard.episodes.handmade import MOST_STEPS, Task
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput

SPEC = EpisodeSpec(Pool("family-0"), n_way=3, n_shot=2, n_query=3, strategy="uniform", seed=4)


@pytest.fixture
def task(tiny: Dataset) -> Task:
    return handmade.drawn(tiny, SPEC)


def test_a_task_as_its_seed_draws_it_is_the_sampler_s_and_says_nothing_in_a_link(task: Task, tiny: Dataset) -> None:
    assert task.manifest.hash == draw(tiny, SPEC).hash and task.steps == ("d4",) and task.text == ""
    assert replace(task, steps=("o4a",)).text == "o4a" and replace(task, steps=("d4", "c0")).text == "d4.c0"


def test_a_task_is_of_its_own_controls_and_its_own_data_only(task: Task, tiny: Dataset) -> None:
    assert task.of(SPEC, tiny) and not task.of(replace(SPEC, seed=5), tiny)
    for other in ("", "zzzz"):
        assert not replace(task, fingerprint=other).of(SPEC, tiny)


def test_locked_twice_is_not_at_all(task: Task) -> None:
    first, second, _ = task.manifest.classes[0].tolist()
    locked = handmade.lock(task, first)
    assert locked.locked == {first} and locked.text == f"d4.l{first}"
    assert handmade.lock(locked, first) == task and handmade.lock(locked, second).locked == {first, second}
    later = handmade.lock(handmade.lock(locked, second), first)
    assert later.locked == {second} and later.text == f"d4.l{first}.l{second}.l{first}"
    with pytest.raises(BadInput, match="Class 999 is not in this episode"):
        handmade.lock(task, 999)


def test_what_was_redrawn_in_between_leaves_nothing_behind(task: Task, tiny: Dataset) -> None:
    kept = task.manifest.classes[0, 1]
    locked = handmade.lock(task, int(kept))
    once, twice = (handmade.redraw(handmade.redraw(locked, tiny, first), tiny, 9) for first in (7, 8))
    assert once.text == twice.text == f"d4.l{kept}.r9" and once.manifest.hash == twice.manifest.hash
    assert once.manifest.classes[0, 1] == kept and once.spec.seed == 9
    free = handmade.redraw(handmade.swap_class(task, tiny, 0), tiny, 9)
    assert free.text == "" and free.manifest.hash == draw(tiny, replace(SPEC, seed=9)).hash, "nothing is locked"


def test_a_swapped_class_is_no_longer_locked_and_each_swap_draws_anew(task: Task, tiny: Dataset) -> None:
    locked = handmade.lock(handmade.lock(task, int(task.manifest.classes[0, 0])), int(task.manifest.classes[0, 2]))
    swapped = handmade.swap_class(locked, tiny, 0)
    assert swapped.locked == {task.manifest.classes[0, 2]} and swapped.swaps == 1
    again = handmade.swap_class(swapped, tiny, 0)
    assert again.swaps == 2 and len({one.manifest.classes[0, 0] for one in (task, swapped, again)}) == 3
    query = handmade.swap_instance(again, tiny, 1, "query", 2)
    assert np.argwhere(query.manifest.query != again.manifest.query).tolist() == [[0, 1, 2]]
    assert query.text.endswith(".c0.c0.q1-2") and query.swaps == 3
    assert handmade.redraw(query, tiny, 9).swaps == 0


def test_the_steps_of_a_link_lead_to_the_same_task_in_another_browser(task: Task, tiny: Dataset) -> None:
    edited = handmade.lock(task, int(task.manifest.classes[0, 1]))
    edited = handmade.swap_class(handmade.redraw(edited, tiny, 6), tiny, 2)
    edited = handmade.swap_instance(handmade.swap_instance(edited, tiny, 0, "support", 1), tiny, 2, "query", 0)
    found = handmade.replayed(edited.text, tiny, edited.spec)
    assert found.manifest.hash == edited.manifest.hash and found.text == edited.text
    assert (found.locked, found.swaps, found.spec) == (edited.locked, edited.swaps, edited.spec)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no steps"),
        ("d4.x1", "no steps"),
        ("e4", "no steps"),
        ("d4." + ".".join(["c0"] * (MOST_STEPS + 1)), "no steps"),
        ("d5", "another task than the controls say"),
        ("d4.c3", "a place that the task does not have"),
        ("d4.c0-1", "a place that the task does not have"),
        ("d4.q0", "a place that the task does not have"),
        ("d4.q0-3", "a place that the task does not have"),
        ("d4.s0-2", "a place that the task does not have"),
        ("d4.s3-0", "a place that the task does not have"),
        ("d4.l999", "not in this episode"),
        ("d4.r5", "another task than the controls say"),
    ],
)
def test_steps_that_lead_nowhere_are_refused(text: str, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput, match=words):
        handmade.replayed(text, tiny, SPEC)


def test_the_last_places_of_a_task_can_be_changed_and_as_many_steps_taken(tiny: Dataset) -> None:
    for step in ("c2", "s2-1", "q2-2", "c0", "s0-0", "q0-0"):
        assert handmade.replayed(f"d4.{step}", tiny, SPEC).text == f"d4.{step}"
    assert handmade.replayed("d4." + ".".join(["q0-0"] * MOST_STEPS), tiny, SPEC).swaps == MOST_STEPS
