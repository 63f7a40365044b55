"""Tags of words as the spans that they cover, in every way in which people write them; spans that somebody gives, mended or left out and counted."""

from collections import Counter

import pytest

from metadash.data.tagged.bio import chunks, tagged
from metadash.data.tagged.columns import looks_tagged, sentences_in
from metadash.data.tagged.records import sentence_of
from metadash.data.tagged.spans import Span, checked_spans, in_words
from metadash.data.tagged.table import table_of_mentions
from metadash.errors import BadInput
from tests.builders import one_sentence

TEXT = "The Bank of England moved"


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-a I-a O B-b", [(0, 1, "a"), (3, 3, "b")]),
        ("B-a B-a I-b I-b", [(0, 0, "a"), (1, 1, "a"), (2, 3, "b")]),
        ("I-a I-a O I-a", [(0, 1, "a"), (3, 3, "a")]),
        ("B-a E-a S-a O", [(0, 1, "a"), (2, 2, "a")]),
        ("B-a L-a I-a U-b", [(0, 1, "a"), (2, 2, "a"), (3, 3, "b")]),
        ("a a O b", [(0, 1, "a"), (3, 3, "b")]),
        ("B-music-genre I-music-genre O O", [(0, 1, "music-genre")]),
        ("B- O _ O", []),
    ],
)
def test_tags_cover_the_spans_that_they_mean(tags: str, spans: list) -> None:
    assert chunks(tags.split(), Counter()) == spans


def test_a_mention_that_begins_with_i_is_kept_and_counted() -> None:
    faults: Counter[str] = Counter()
    found = tagged(["New", "York", "and", "Rome"], ["I-place", "I-place", "O", "B-"], faults)
    assert [(found.text[one.start : one.end], one.kind) for one in found.spans] == [("New York", "place")]
    assert in_words(faults) == [
        "1 mention began with I- (or with an end) instead of B-, and was read as if with B-.",
        "1 word had a tag without a type, such as B-, and was read as O.",
    ]


def test_spans_off_the_words_are_taken_to_them_and_nested_ones_are_each_a_mention() -> None:
    faults: Counter[str] = Counter()
    given = [(5, 19, "org"), (12, 19, "place"), (12, 19, "place"), (3, 8, "x"), (19, 90, "out"), (3, 4, "blank"), (0, 3, "")]
    found = checked_spans(TEXT, given, faults)
    assert [(TEXT[one.start : one.end], one.kind) for one in found] == [
        ("Bank of England", "org"),
        ("Bank", "x"),
        ("England", "place"),
    ]
    assert {fault: number for fault, number in faults.items() if number} == {
        "cut": 1,
        "twice": 1,
        "outside": 1,
        "blank": 1,
        "untyped": 1,
        "overlapping": 2,
    }
    assert all(one_sentence(said) for said in in_words(faults))


def test_the_table_of_mentions_says_where_each_stands_and_how_it_is_written() -> None:
    found = tagged(["see", "Boeing", "747", "now"], ["O", "B-plane", "I-plane", "O"], Counter())
    found.known = {"domain": "air"}
    (row,) = table_of_mentions([found]).to_dict("records")
    assert row == {
        **{"text": "see [[Boeing 747]] now", "type": "plane", "sentence": 1, "domain": "air"},
        **{"position": 0.25, "sentence_words": 4, "shape": "Aa 9", "mention_words": 2},
    }


def test_a_file_of_columns_is_read_sentence_by_sentence() -> None:
    content = "-DOCSTART- -X- O O\n\n# id 1\nNew NNP B-NP B-place\nYork NNP I-NP I-place\n\n\n# B-sign\n! O\n"
    assert sentences_in(content.encode(), "x") == [(["New", "York"], ["B-place", "I-place"]), (["#", "!"], ["B-sign", "O"])]
    assert (
        looks_tagged(content) and not looks_tagged("name,label\na,b\nc,d\n") and not looks_tagged("a text of words\nand more\n")
    )
    with pytest.raises(BadInput, match="Line 2 of 'x' has the word 'York' and no tag") as refusal:
        sentences_in(b"New B-place\nYork\n", "x")
    one_sentence(refusal.value)
    with pytest.raises(BadInput, match="not written in UTF-8"):
        sentences_in("é B-x".encode("latin-1"), "x")


def test_records_are_read_under_the_names_that_people_give_them_and_others_are_one_sentence() -> None:
    spans = [Span(4, 19, "org")]
    for record in (
        {"text": TEXT, "spans": [{"start": 4, "end": 19, "label": "org"}]},
        {"text": TEXT, "label": [[4, 19, "org"]]},
        {"Text": TEXT, "entities": [{"start_offset": 4, "end_offset": 19, "type": "org"}]},
        {"tokens": TEXT.split(), "ner_tags": ["O", "B-org", "I-org", "I-org", "O"]},
    ):
        found = sentence_of({**record, "source": "news"}, "sentence 1 of 'x'", Counter())
        assert found is not None and (found.text, found.spans, found.known) == (TEXT, spans, {"source": "news"})
    faults: Counter[str] = Counter()
    assert sentence_of({"tokens": ["a"], "tags": ["O", "O"]}, "sentence 1 of 'x'", faults) is None and faults["lengths"] == 1
    for wrong, words in (({"tokens": ["a"], "ner_tags": [3]}, "are numbers"), ({"text": "a"}, "Sentence 1 of 'x' has neither")):
        with pytest.raises(BadInput, match=words) as refusal:
            sentence_of(wrong, "sentence 1 of 'x'", Counter())
        one_sentence(refusal.value)
