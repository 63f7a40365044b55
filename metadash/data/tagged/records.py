"""One sentence as a record: words with their tags, or a text with its spans, under the names that people give them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from metadash.data.tagged.bio import tagged
from metadash.data.tagged.columns import is_tag
from metadash.data.tagged.spans import Tagged, checked_spans
from metadash.errors import BadInput

TOKENS, TAGS = ("tokens", "words"), ("ner_tags", "tags", "ner", "bio", "labels")
TEXTS = ("text", "sentence", "utterance")
SPANS = ("spans", "entities", "mentions", "label", "labels", "annotations")
STARTS, ENDS = ("start", "begin", "start_offset", "start_char"), ("end", "stop", "end_offset", "end_char")
TYPES = ("label", "type", "tag", "entity", "entity_type", "class")


def named(known: Iterable[Any], names: Iterable[str]) -> Any:
    """The first of ``names`` that is among the ``known``, as it is written there; None where none is."""
    written = {str(one).casefold(): one for one in known}
    return next((written[name] for name in names if name in written), None)


def has_tags(record: Mapping[str, Any]) -> bool:
    return all(is_list(record.get(named(record, wanted))) for wanted in (TOKENS, TAGS))


def has_spans(record: Mapping[str, Any]) -> bool:
    text, spans = record.get(named(record, TEXTS)), record.get(named(record, SPANS))
    return isinstance(text, str) and is_list(spans) and all(span_in(one) is not None for one in spans or ())


def says_a_mention(record: Mapping[str, Any]) -> bool:
    """Whether some word of it is tagged, or it has a span."""
    if not has_tags(record):
        return has_spans(record) and len(record[named(record, SPANS)]) > 0
    tokens, tags = (record[named(record, wanted)] for wanted in (TOKENS, TAGS))
    return len(tokens) == len(tags) and any(isinstance(tag, (int, np.integer)) or is_tag(str(tag)) for tag in tags)


def is_list(said: Any) -> bool:
    return isinstance(said, (list, tuple, np.ndarray))


def sentence_of(record: Mapping[str, Any], where: str, faults: Counter[str]) -> Tagged | None:
    """None where it is left out, which ``faults`` counts. What else is known of the sentence stays with it. Raises BadInput for tags that are numbers,
    and for a record that is none of a sentence; ``where`` says which it is."""
    if has_tags(record):
        used = [named(record, TOKENS), named(record, TAGS)]
        tokens, tags = list(record[used[0]]), list(record[used[1]])
        if any(isinstance(tag, (int, float, np.number)) for tag in tags):
            raise BadInput(
                f"The tags of {where} are numbers; write them as words, such as B-person, and O for a word in no mention."
            )
        if len(tokens) != len(tags) or not tokens:
            faults["lengths" if tokens else "wordless"] += 1
            return None
        found = tagged([str(token) for token in tokens], [str(tag) for tag in tags], faults)
    elif has_spans(record):
        used = [named(record, TEXTS), named(record, SPANS)]
        text = record[used[0]]
        found = Tagged(text, checked_spans(text, [span_in(one) or (None, None, "") for one in record[used[1]]], faults))
    else:
        raise BadInput(
            f"{where[0].upper()}{where[1:]} has neither tokens with ner_tags nor a text with spans; add them, or take it out."
        )
    found.known = {str(name): value for name, value in record.items() if name not in used and is_plain(value)}
    return found


def span_in(said: Any) -> tuple[Any, Any, Any] | None:
    """(start, end, type) of ``{"start": 3, "end": 9, "label": "place"}`` or of ``[3, 9, "place"]``; None of anything else."""
    if isinstance(said, Mapping):
        names = [named(said, wanted) for wanted in (STARTS, ENDS, TYPES)]
        kind = None if None in names else said[names[2]]
        return None if kind is None else (said[names[0]], said[names[1]], kind[0] if is_list(kind) and len(kind) == 1 else kind)
    return (said[0], said[1], said[2]) if is_list(said) and len(said) == 3 else None


def is_plain(value: Any) -> bool:
    return value is not None and isinstance(value, (str, int, float, bool))
