"""Inputs that are no numbers, or too large to be squared, are found at the door: the row is named, and nothing is trained on them."""

import numpy as np
import pytest

from metadash.data import finite
from metadash.data.dataset import Dataset
from metadash.data.finite import AT_ONCE, check_file, check_finite
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_vectors, write_vectors


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused_with_its_row(value: float, tmp_path) -> None:
    inputs = tiny_vectors()
    inputs[-1, 3] = value
    with pytest.raises(
        BadInput, match=rf"hold {value:g} in row {len(inputs) - 1}, place 3, which no learner can read; fill"
    ) as caught:
        write_vectors(Workspace(tmp_path / "w"), inputs=inputs)
    one_sentence(caught.value)


def test_numbers_too_large_to_be_squared_are_refused(tmp_path) -> None:
    with pytest.raises(
        BadInput, match=r"in row 0, place \d+, and numbers beyond ± 1e\+15 overflow in training; scale them"
    ) as caught:
        write_vectors(Workspace(tmp_path / "w"), inputs=tiny_vectors() * np.float32(1e30))
    one_sentence(caught.value)


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int16", "int64", "float16", "float32", "float64"])
def test_numbers_of_every_type_are_welcome(dtype: str) -> None:
    check_finite(np.ones((5, 2, 3), dtype))
    check_finite(np.zeros((0, 4), dtype))


@pytest.mark.parametrize("inputs", [np.array([["a"], ["b"]]), np.array([[1 + 2j]]), np.array([[None]], dtype=object)])
def test_what_is_no_number_at_all_is_refused(inputs: np.ndarray) -> None:
    with pytest.raises(BadInput, match="a learner reads numbers"):
        check_finite(inputs)


def test_the_row_is_right_in_a_later_block() -> None:
    inputs = np.zeros((3, AT_ONCE // 2 + 1), np.float32)
    inputs[2, 7] = np.nan
    with pytest.raises(BadInput, match="in row 2, place 7"):
        check_finite(inputs)


def test_a_stored_data_set_is_looked_at_when_its_inputs_are_read(tmp_path, monkeypatch) -> None:
    """One that an older version wrote, which did not look."""
    with monkeypatch.context() as earlier:
        earlier.setattr(finite, "LARGEST", 1e38)
        write_vectors(Workspace(tmp_path / "w"), inputs=tiny_vectors() * np.float32(1e30))
    for _ in range(2):  # what was found is remembered, not only that it was looked for
        with pytest.raises(BadInput, match=r"The inputs of 'vectors' hold .*e\+.* in row 0, place"):
            Dataset.open(Workspace(tmp_path / "w"), "vectors").inputs  # noqa: B018


def test_a_file_is_looked_at_once_and_again_when_it_changed(tmp_path, monkeypatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(finite, "check_finite", lambda inputs, whose: looked.append(len(inputs)))
    path = tmp_path / "inputs.npy"
    for _ in range(2):
        np.save(path, np.zeros((3 + len(looked), 2)))
        for _ in range(3):
            check_file(path, np.load(path), "The inputs")
    assert looked == [3, 4]
