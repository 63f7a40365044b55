"""Mentions as inputs: one text says a sentence and a span of it, whatever stands in either; a page shows the span, and nothing is markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadash.data.inputs.mentions import Mention, around, fault_of, marked, mention_of, mention_words
from metadash.data.modality import MODALITIES
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_mentions, write_mentions, write_sentences

KIND = MODALITIES["mention"]
HOSTILE = "a]] <b>[[x\\]] \\[ *y* [z](u) [[["


@given(st.text("ab [] \\<é\n", max_size=20), st.data())
def test_a_marked_text_says_the_sentence_and_the_span_whatever_stands_in_them(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if not text[start:end].strip():
        return
    found = mention_of(marked(text, start, end))
    assert found.text == text and found.span == text[start:end].strip() and start <= found.start < found.end <= end


def test_what_a_person_types_is_read_as_it_is_meant() -> None:
    assert mention_of("see [1] and [[Bob]], C:\\dir") == Mention("see [1] and Bob, C:\\dir", 12, 15)
    assert mention_of("a]] then [[ b c ]] d").span == "b c"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("no mark", "marks no mention"),
        ("[[a]] and [[b]]", "more than one mention"),
        ("an [[open one", "not where it ends"),
        ("[[  ]] nothing", "nothing in it"),
    ],
)
def test_a_text_without_just_one_mention_is_one_sentence_and_nothing_is_written(row: str, words: str, tmp_path) -> None:
    assert words in fault_of(row)
    rows = write_mentions(Workspace(tmp_path / "there")).inputs[:].tolist()
    rows[7] = row
    with pytest.raises(BadInput, match=r"The text in row 7 of 'mentions'") as refusal:
        write_mentions(Workspace(tmp_path / "own"), inputs=rows)
    assert words in one_sentence(refusal.value)
    assert not (tmp_path / "own" / "datasets" / "mentions").exists()


def test_a_page_shows_the_span_by_more_than_colour_and_reads_it_out_and_nothing_is_markup() -> None:
    row = marked(HOSTILE, 4, 10)
    shown = KIND.html(row, 56)
    assert "<b>" not in shown and "&lt;b&gt;[[x" in shown and len(re.findall("<mark", shown)) == 1
    assert re.search(
        r"<mark [^>]*font-weight:600[^>]*border-bottom[^>]*><span [^>]*>mention: </span>&lt;b&gt;\[\[x</mark>", shown
    )
    assert KIND.words(row) == f"{HOSTILE[:4]}[{HOSTILE[4:10]}]{HOSTILE[10:]}"


def test_of_a_long_sentence_what_stands_around_the_mention_is_shown() -> None:
    row = f"{'before ' * 300}[[the one]]{' after' * 300}"
    left, span, right = around(row)
    assert span == "the one" and left.startswith("…before") and left.endswith(" ") and right.endswith("after…")
    assert len(mention_words(row)) < 110 and len(mention_words(f"[[{'long ' * 300}]]")) < 110
    assert mention_words("in[[side]]r") == "in[side]r"


def test_a_list_of_marked_texts_is_mentions_and_of_any_others_texts(tmp_path) -> None:
    from metadash.data.tables import modality_like

    assert modality_like(tiny_mentions()[:9]) == "mention" and modality_like([*tiny_mentions()[:9], "none"]) == "text"


def test_on_the_map_a_mention_is_its_span_and_its_sentence_is_beside_it(tmp_path) -> None:
    from metadash.dashboard.prototypes.canvas.thumbs import sheet

    data = write_mentions(Workspace(tmp_path))
    sent = sheet(data, [3, 1])
    assert sent is not None and sent["words"] == [mention_of(data.inputs[row]).span for row in (3, 1)]
    assert ["".join(parts) for parts in sent["marks"]] == [mention_of(data.inputs[row]).text for row in (3, 1)]


def test_a_line_that_is_no_mention_is_told_before_it_is_given_and_a_mention_is_read_out(tmp_path) -> None:
    from metadash.dashboard.use.giving import first_wrong, lines_of
    from metadash.dashboard.use.press import item

    data = write_mentions(Workspace(tmp_path))
    lines = lines_of("in [[Paris]] now\n\n a *bold* line \n")
    assert first_wrong(data, lines[:1]) == "" and first_wrong(write_sentences(Workspace(tmp_path)), lines) == ""
    assert one_sentence(first_wrong(data, lines).partition(". ")[0] + ".").startswith("Line 2 marks no mention")
    assert r"\*bold\*" in first_wrong(data, lines) and "Put" in first_wrong(data, lines)
    shown = item("1", data.modality, lines[0], "Example of place: number 1")
    assert shown["label"] == "Example of place: number 1: in [Paris] now" and shown["marks"] == ["in ", "Paris", " now"]


def test_a_file_to_label_names_the_line_that_marks_no_mention(tmp_path) -> None:
    from metadash.front.using.reading import read_examples, read_inputs

    data = write_mentions(Workspace(tmp_path / "w"))
    (tmp_path / "asked.txt").write_text("in [[Paris]] now\n\nno mark\n")
    (tmp_path / "shown.csv").write_text("text,label\nin [[Paris]],place\n[[a]] [[b]],place\n")
    for read, name, words in (
        (read_inputs, "asked.txt", "Line 3 of 'asked.txt' marks no mention"),
        (read_examples, "shown.csv", "Row 2 of 'shown.csv' marks more than one mention"),
    ):
        with pytest.raises(BadInput, match=words) as refusal:
            read(tmp_path / name, data)
        one_sentence(refusal.value)
