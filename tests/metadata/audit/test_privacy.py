"""Columns that look personal are found by their values, by their name, and by how few rows share one."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Source
from metadash.metadata.audit.privacy import is_card_number, personal_columns, sign_of_name
from metadash.workspace import Workspace
from tests.builders import N_CLASSES, PER_CLASS, tiny_classes, tiny_description, tiny_instances, write_tiny

N = N_CLASSES * PER_CLASS


def with_check_digit(start: str) -> str:
    return next(start + str(digit) for digit in range(10) if is_card_number(start + str(digit)))


def digits(n: int, seed: int) -> list[str]:
    return ["".join(map(str, row)) for row in np.random.default_rng(seed).integers(0, 10, (n, 15))]


PERSONAL = {
    "contact": ("e-mail", [f"person{i % 90}@example.org" for i in range(N)]),
    "reach": ("phone", [f"+49 30 {100000 + i % 97}" for i in range(N)]),
    "line": ("phone", [f"({200 + i % 90}) 555-{1000 + i % 50}" for i in range(N)]),
    "node": ("IP address", [f"10.0.{i % 40}.{i % 200}" for i in range(N)]),
    "paid_with": ("card number", [with_check_digit("4" + row[:14]) for row in digits(60, 1)] * (N // 60)),
    "spot": ("coordinates", [f"52.{5000 + i % 99}, 13.{4000 + i % 80}" for i in range(N)]),
}
HARMLESS = {
    "lot": [row[:15] + "0" if not is_card_number(row[:15] + "0") else row[:15] + "1" for row in digits(60, 2)] * (N // 60),
    "version": [f"{i % 9}.{i % 7}.{i % 5}" for i in range(N)],
    "day": [f"2021-0{1 + i % 9}-1{i % 9}" for i in range(N)],
    "hue": [("red", "green")[i % 2] for i in range(N)],
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    instances = tiny_instances().assign(
        **{name: values for name, (_, values) in PERSONAL.items()},
        **HARMLESS,
        home_latitude=np.random.default_rng(0).normal(50, 1, N),
        annotator=[f"a{i % 3}" for i in range(N)],
        file=[f"f{i * 7919 % 10007}" for i in range(N)],
    )
    description = tiny_description(sources=(Source("people", "instance", (*PERSONAL, "annotator"), sensitive=True),))
    data = write_tiny(Workspace(tmp_path_factory.mktemp("people")), instances=instances, description=description)
    listed = personal_columns(data)
    assert [p.by for p in listed] == sorted((p.by for p in listed), key=["values", "name", "number of values"].index)
    assert {p.column for p in listed if p.declared} == {*PERSONAL, "annotator"}
    return {p.column: (p.sign, p.by) for p in listed}


@pytest.mark.parametrize("column", PERSONAL)
def test_values_that_look_personal_are_found(column: str, found: dict) -> None:
    assert found[column] == (PERSONAL[column][0], "values")


@pytest.mark.parametrize("column", HARMLESS)
def test_values_that_only_resemble_them_are_not(column: str, found: dict) -> None:
    assert column not in found


def test_names_and_uniqueness_are_found_where_values_say_nothing(found: dict) -> None:
    assert found["home_latitude"] == ("coordinates", "name") and found["annotator"] == ("person", "name")
    assert found["file"] == ("a value of its own in nearly every row", "number of values")
    assert set(found) == {*PERSONAL, "home_latitude", "annotator", "file"}, "a column of tiny was taken for a person"


def test_luhn_s_check_digit_tells_a_card_from_a_number() -> None:
    assert is_card_number("4111 1111 1111 1111") and not is_card_number("4111 1111 1111 1112")
    assert is_card_number("378282246310005") and not is_card_number("378282246310006")
    assert not is_card_number("0000000000000000") and not is_card_number("4111")
    wrong = [number for digit in "0123456789" if is_card_number(number := f"411111111111111{digit}")]
    assert wrong == ["4111111111111111"], "exactly one check digit is right"


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("FirstName", "person"),
        ("home_address", "place"),
        ("date-of-birth", "birth or age"),
        ("ip", "IP address"),
        ("image", None),
        ("script", None),
        ("average", None),
        ("usage", None),
    ],
)
def test_a_name_is_read_word_by_word(column: str, sign: str | None) -> None:
    assert sign_of_name(column) == sign


def test_a_column_of_nothing_is_nobody_s(tmp_path) -> None:
    classes = tiny_classes().assign(email=pd.Series([None] * N_CLASSES, dtype=object))
    data = write_tiny(Workspace(tmp_path), classes=classes)
    assert "email" not in {p.column for p in personal_columns(data)}
