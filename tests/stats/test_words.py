"""Numbers read the same everywhere: sign, unit, interval, thin separators, a real minus."""

import numpy as np
import pytest

from metadash.stats.words import (
    about,
    busy,
    capital,
    count,
    duration,
    left,
    likelihood,
    memory,
    percent,
    plural,
    plural_of,
    points,
    silent,
    span,
    with_article,
)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((2.6, 1.9, 3.3), "+2.6 points [1.9, 3.3]"),
        ((-0.75, -1.9, 0.4), "−0.8 points [−1.9, 0.4]"),
        ((2.6,), "+2.6 points"),
        ((0.0, -0.3, 0.3), "0.0 points [−0.3, 0.3]"),
        ((-0.04, -0.34, 0.26), "0.0 points [−0.3, 0.3]"),
        ((7.2, -13.4, 27.8), "+7 points [−13, 28]"),
        ((0.12, 0.08, 0.16), "+0.12 points [0.08, 0.16]"),
        ((2.0, 2.0, 2.0), "+2.0 points [2.0, 2.0]"),
        ((9.0, 4.2, None), "+9.0 points [4.2, ∞]"),
        ((9.0, None, 10.1), "+9.0 points [−∞, 10.1]"),
    ],
)
def test_differences_have_sign_unit_and_interval(numbers, words):
    assert points(*numbers) == words


@pytest.mark.parametrize(("fraction", "words"), [(0.769, "76.9 %"), (1, "100.0 %"), (0, "0.0 %"), (0.7694, "76.9 %")])
def test_accuracies_are_percentages_with_one_decimal(fraction, words):
    assert percent(fraction) == words


@pytest.mark.parametrize(
    ("number", "words"), [(73056, "73\u202f056"), (999, "999"), (1_234_567, "1\u202f234\u202f567"), (-1400, "−1\u202f400")]
)
def test_counts_have_thin_separators(number, words):
    assert count(number) == words


@pytest.mark.parametrize(("number", "rounded"), [(1, 1), (9.2, 10), (37, 37), (1387, 1400), (1800, 1800), (12_345, 13_000)])
def test_about_keeps_two_digits_and_never_promises_too_little(number, rounded):
    assert about(number) == rounded


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "under 1 s"),
        (3.4, "about 3 s"),
        (40, "about 40 s"),
        (43, "about 45 s"),
        (89, "about 90 s"),
        (170, "about 3 min"),
        (3600, "about 60 min"),
        (9000, "about 2.5 h"),
        (200_000, "about 2.5 days"),
    ],
)
def test_durations_are_rounded_as_one_would_say_them(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(180, "3 min left"), (40, "40 s left"), (0.3, "nearly done")])
def test_what_is_left(seconds, words):
    assert left(seconds) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0.5, "nearly done"),
        (1, 5, "under 10 s left"),
        (3, 12, "under 15 s left"),
        (32, 41, "30 to 40 s left"),
        (45, 88, "40 to 90 s left"),
        (65, 125, "1 to 2 min left"),
        (25, 118, "20 s to 2 min left"),
        (95, 170, "1.5 to 3 min left"),
        (1000, 2000, "15 to 40 min left"),
        (2500, 5000, "40 min to 1.5 h left"),
        (5000, 10_500, "1.5 to 3 h left"),
        (100_000, 300_000, "1 to 3.5 days left"),
    ],
)
def test_a_range_is_said_in_bounds_that_one_would_say(low, high, words):
    assert left(low, high) == words
    assert span(*span(low, high)) == span(low, high), "once said, it says the same again"


def test_a_range_holds_what_it_was_made_from():
    for low in np.geomspace(1, 1e6, 300):
        for factor in (1.1, 2.0, 5.0):
            said = span(low, low * factor)
            assert said[0] <= low * 1.11 and said[1] >= low * factor / 1.11 and said[0] < said[1]


def test_before_the_click_what_is_known_is_one_number_and_what_is_not_a_range():
    assert duration(34, 46) == "about 40 s" and duration(60, 130) == "1 to 2 min"
    assert duration(0.2, 0.25) == duration(0, 0) == "under 1 s"


def test_a_busy_machine_and_one_that_says_nothing_are_named():
    assert busy(3.2) == "this machine is busy: about 3 × slower than usual"
    assert busy(17) == "this machine is busy: more than 10 × slower than usual"
    assert silent(43) == "waiting for the machine, nothing new for 45 s"


@pytest.mark.parametrize(
    ("noun", "many"),
    [
        ("letter", "letters"),
        ("family", "families"),
        ("class", "classes"),
        ("day", "days"),
        ("box", "boxes"),
        ("branch", "branches"),
        ("waltz", "waltzes"),
    ],
)
def test_nouns_have_their_plural(noun: str, many: str) -> None:
    assert plural(noun) == many


def test_one_is_singular_and_any_other_number_plural() -> None:
    assert [plural_of(n, "family") for n in (0, 1, 2)] == ["0 families", "1 family", "2 families"]
    assert plural_of(2000, "seed") == f"{count(2000)} seeds"


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.8499, "84 %"),
        (0.97499, "97.4 %"),
        (0.975, "97.5 %"),
        (0.98999, "98.9 %"),
        (0.99, "over 99 %"),
        (0.01, "1 %"),
        (0.004, "under 1 %"),
    ],
)
def test_a_probability_is_never_rounded_up_to_what_it_does_not_reach(chance: float, words: str) -> None:
    assert likelihood(chance) == words


@pytest.mark.parametrize(
    "said", ["a letter", "an object", "an hour", "a unit", "a user", "an animal", "a European", "an uninvited guest", "a house"]
)
def test_a_noun_has_its_article(said: str) -> None:
    assert with_article(said.partition(" ")[2]) == said


def test_a_sentence_begins_large_and_keeps_its_names() -> None:
    assert capital("about MAML") == "About MAML" and capital("") == ""


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1536, "1.54 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (999_999_999, "1 GB"),
        (5e12, "5\u202f000 GB"),
    ],
)
def test_bytes_are_said_in_three_digits_and_never_as_a_power_of_ten(size, words):
    assert memory(size) == words
