"""Texts as inputs: kept as they are, read a few at a time, shown as a snippet that nothing interprets."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.data.inputs.texts import AT_ONCE, TextColumn, snippet, write_texts
from metadash.data.modality import MODALITIES
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_sentences, write_sentences

HOSTILE = "*b* $x$ [a](b) <img src=x onerror=alert(1)> :material/home: ünïcode مرحبا\nsecond line"


def test_texts_are_read_back_as_they_were_across_row_groups(tmp_path: Path) -> None:
    texts = [f"text {i} {HOSTILE if i % 500 == 0 else ''}" for i in range(2 * AT_ONCE + 10)] + [""]
    write_texts(tmp_path / "inputs.parquet", texts)
    column = TextColumn(tmp_path / "inputs.parquet")
    rows = np.array([[2 * AT_ONCE + 10, 0], [AT_ONCE, AT_ONCE - 1], [7, 7]])
    assert column[rows].tolist() == [[texts[row] for row in pair] for pair in rows]
    assert column[AT_ONCE] == texts[AT_ONCE] and column[:3].tolist() == texts[:3] and column.shape == (len(texts),)
    assert [text for piece in column.pieces() for text in piece] == texts


def test_a_data_set_of_texts_is_opened_as_it_was_written_and_any_tool_reads_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_sentences(workspace)
    again = Dataset.open(workspace, "sentences")
    assert again.modality.name == "text" and again.inputs[np.arange(1200)].tolist() == tiny_sentences()
    path = again.folder / "inputs.parquet"
    assert duckdb.sql(f"SELECT text FROM '{path}' WHERE instance_id = 41").fetchall() == [(tiny_sentences()[41],)]


def test_other_texts_are_another_data_set_and_so_is_another_border_between_two(tmp_path: Path) -> None:
    spoken = tiny_sentences()
    moved = [spoken[0] + spoken[1][:1], spoken[1][1:], *spoken[2:]]
    prints = [
        write_sentences(Workspace(tmp_path / str(i)), inputs=texts).fingerprint for i, texts in enumerate((spoken, moved, spoken))
    ]
    assert prints[0] == prints[2] != prints[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (None, "row 5 of 'sentences' is missing"),
        (float("nan"), "row 5 of 'sentences' is missing"),
        (7, "is 7;"),
        ("\ud800", "half a character"),
    ],
)
def test_what_is_no_text_is_refused_and_named(tmp_path: Path, wrong: object, words: str) -> None:
    spoken: list = tiny_sentences()
    spoken[5] = wrong
    with pytest.raises(BadInput) as refused:
        write_sentences(Workspace(tmp_path), inputs=spoken)
    assert words in one_sentence(refused.value)
    assert not (tmp_path / "datasets" / "sentences").exists()


def test_a_damaged_column_of_texts_is_refused(tmp_path: Path) -> None:
    data = write_sentences(Workspace(tmp_path))
    path = data.folder / "inputs.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BadInput, match="damaged"):
        _ = Dataset.open(Workspace(tmp_path), "sentences").inputs


def test_a_snippet_is_short_on_one_line_and_is_escaped_on_a_page() -> None:
    shown = MODALITIES["text"].html(HOSTILE, 60)
    assert "<img" not in shown and "&lt;img src=x" in shown and "\n" not in shown
    assert snippet("word " * 100).endswith("word…") and len(snippet("word " * 100)) <= 91
    assert snippet("short") == "short" and len(snippet("x" * 500)) == 91
