"""Sentences with tagged spans, in every layout that people have: the same mentions of the same types, and one sentence for what is wrong."""

import json
from pathlib import Path

import pandas as pd
import pytest

from metadash.data.exporting.export import export
from metadash.data.importing.formats import mentions
from metadash.workspace import Workspace
from tests.builders import one_sentence, write_mentions
from tests.data.formats.making import imported, notes_of, refused, rows_of

KINDS = [f"kind_{k}" for k in range(9)]
DOMAINS = ("air", "sea", "land")


def sentences() -> list[tuple[str, list[str], list[str]]]:
    """(domain, words, tags): of each type six sentences with a mention of two words, and one of another type of its domain."""
    found = []
    for k, kind in enumerate(KINDS):
        for i in range(6):
            other = KINDS[(k // 3) * 3 + (k + 1) % 3]
            words = ["We", "saw", f"Name{k}", f"No{i}", "and", f"it{i}", "."]
            found.append((DOMAINS[k // 3], words, ["O", "O", f"B-{kind}", f"I-{kind}", "O", f"B-{other}", "O"]))
    return found


def as_columns(folder: Path) -> Path:
    for domain in DOMAINS:
        for part, turn in (("train", 0), ("test", 1)):
            text = "\n".join(
                "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
                for place, (where, words, tags) in enumerate(sentences())
                if where == domain and place % 2 == turn
            )
            (folder / "ner_data" / domain).mkdir(parents=True, exist_ok=True)
            (folder / "ner_data" / domain / f"{part}.txt").write_text(text)
    (folder / "README.txt").write_text("Sentences\twith tags.\n")
    return folder


def as_lines(folder: Path, records: list[dict], name: str = "x.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(json.dumps(record) for record in records))
    return folder / name


def as_tokens(folder: Path) -> Path:
    return as_lines(folder, [{"domain": d, "tokens": words, "ner_tags": tags} for d, words, tags in sentences()])


def spans_of(words: list[str], tags: list[str]) -> list[dict]:
    text, found = " ".join(words), []
    for place, tag in enumerate(tags):
        start = len(" ".join(words[:place])) + bool(place)
        if tag.startswith("B-"):
            found.append({"start": start, "end": start + len(words[place]), "label": tag[2:]})
        elif tag.startswith("I-"):
            found[-1]["end"] = start + len(words[place])
    assert all(text[one["start"] : one["end"]].strip() for one in found)
    return found


def as_spans(folder: Path) -> Path:
    return as_lines(folder, [{"domain": d, "text": " ".join(w), "spans": spans_of(w, t)} for d, w, t in sentences()])


def records(folder: Path) -> list[dict]:
    """Half of them words with tags, half texts with spans."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        {"domain": d, "tokens": w, "ner_tags": t} if place % 2 else {"text": " ".join(w), "spans": spans_of(w, t)}
        for place, (d, w, t) in enumerate(sentences())
    ]


def as_table(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"domain": d, "text": " ".join(w), **span} for d, w, t in sentences() for span in spans_of(w, t)]
    pd.DataFrame(rows).to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def as_parquet(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([{"domain": d, "tokens": w, "tags": t} for d, w, t in sentences()]).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


@pytest.mark.parametrize("layout", [as_columns, as_tokens, as_spans, as_table, as_parquet])
def test_every_layout_gives_the_same_mentions(layout, tmp_path: Path) -> None:
    data = imported(layout(tmp_path / "files"), tmp_path / "w", name="seen")
    assert data.modality.name == "mention" and data.description.class_noun == "type"
    names = data.classes["class_name"].to_numpy()[data.class_of]
    found = sorted(zip(names.tolist(), data.inputs[:].tolist(), strict=True))
    wanted = [
        (span["label"], f"{text[: span['start']]}[[{text[span['start'] : span['end']]}]]{text[span['end'] :]}")
        for _, words, tags in sentences()
        for text in [" ".join(words)]
        for span in spans_of(words, tags)
    ]
    assert found == sorted(wanted)
    assert data.classes["name"].tolist() == [kind.replace("_", " ") for kind in names_in_order(data.classes)]
    assert {"position", "shape"} <= {source.name for source in data.sources} and data.description.disjoint_column == "sentence"
    assert set(rows_of(data)["domain"] if "domain" in rows_of(data) else data.classes["domain"]) == set(DOMAINS)


def names_in_order(classes: pd.DataFrame) -> list[str]:
    return classes["class_name"].tolist()


def test_a_table_beside_it_describes_the_types(tmp_path: Path) -> None:
    about = pd.DataFrame(
        {"type": KINDS, "description": [f"a thing of the sort {k}" for k in range(9)], "coarse": ["a", "b", "c"] * 3}
    )
    about.to_csv(tmp_path / "types.csv", index=False)
    path = as_tokens(tmp_path / "files")
    data = imported(path, tmp_path / "w", classes=tmp_path / "types.csv")
    together = as_parquet(tmp_path / "together").parent
    about.to_csv(together / "types.csv", index=False)
    (together / "other.csv").write_text("a,b\n1,2\n")
    again = imported(together, tmp_path / "again", name="files")
    assert again.classes.drop(columns="class_id").equals(data.classes.drop(columns="class_id")), (
        "uploaded together it is the same"
    )
    assert "'other.csv' has no row of its own for each type" in notes_of(again)
    assert data.classes["description"].tolist() == about["description"].tolist() and set(data.classes["coarse"]) == set("abc")


def test_what_was_mended_or_left_out_is_said_and_nothing_else_is_lost(tmp_path: Path) -> None:
    more = [
        {"domain": "air", "tokens": ["Only"], "ner_tags": ["O"]},
        {"domain": "air", "tokens": ["Alone"], "ner_tags": ["I-rare"]},
        {"domain": "air", "tokens": ["Two", "words"], "ner_tags": ["O"]},
        {"domain": "air", "tokens": ["w"] * 2000, "ner_tags": ["O"] * 1999 + [f"B-{KINDS[0]}"]},
    ]
    path = as_lines(tmp_path / "f", [*({"domain": d, "tokens": w, "ner_tags": t} for d, w, t in sentences()), *more])
    data = imported(path, tmp_path / "w")
    said = notes_of(data)
    for words in (
        "1 sentence has no tagged span, and is no input.",
        "1 type has one mention alone (rare)",
        "1 mention began with I-",
        "1 sentence had more words than tags, or more tags than words, and was left out.",
    ):
        assert words in said, said
    assert len(data.class_of) == 2 * len(sentences()) + 2
    assert any(text == "[[Alone]]" for text in data.inputs[:]) and max(len(text) for text in data.inputs[:]) > 3900


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([{"tokens": ["a", "b"], "ner_tags": [0, 3]}], "are numbers; write them as words"),
        ([{"tokens": ["a", "b"], "ner_tags": ["O", "O"]}], "No span of the 1 sentence in 'x.jsonl' is tagged"),
        ([{"tokens": ["a"], "ner_tags": ["B-x"]}, {"other": 1}], "Sentence 2 of 'x.jsonl' has neither tokens"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(records: list[dict], words: str, tmp_path: Path) -> None:
    assert words in refused(as_lines(tmp_path, records))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = as_tokens(tmp_path)
    path.write_text(path.read_text() + "\n{cut")
    assert "Line 55 of 'x.jsonl' is no JSON" in refused(path)


def test_tables_and_texts_of_others_are_none(tmp_path: Path) -> None:
    for name, content in (
        ("table.csv", "text,label\nhello,a\nthere,b\n"),
        ("sound.csv", "text,start,end,label\nhello,0.52,1.25,a\nthere,1.5,2.5,b\n"),
        ("lines.jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n'),
        ("topics.jsonl", '{"text": "a", "labels": []}\n{"text": "b", "labels": ["x", "y"]}\n'),
        ("bare.jsonl", '{"text": "a", "labels": []}\n{"text": "b", "labels": []}\n'),
        ("words.jsonl", '{"tokens": ["a", "b"], "labels": ["news", "sport"]}\n{"tokens": ["c"], "labels": ["news"]}\n'),
        ("prose.txt", "It was a night\nas dark as any\n"),
        ("scores.tsv", "name\tgrade\nBob\tB\nAnn\tO\n"),
    ):
        (tmp_path / name).write_text(content)
        assert not mentions.claims(tmp_path / name), name
    late = [{"text": "none here", "spans": []}, {"text": "in Paris", "spans": [[3, 8, "place"]]}]
    assert mentions.claims(as_lines(tmp_path, late, "late.jsonl")), "the first sentence need not have one"


def test_a_column_of_marked_texts_is_mentions_and_goes_out_and_comes_back(tmp_path: Path) -> None:
    data = write_mentions(Workspace(tmp_path / "own"))
    rows = data.instances.assign(text=data.inputs[:], kind=data.classes["class_name"].to_numpy()[data.class_of])
    rows.loc[3, "text"] = "no mark here"
    rows[["text", "kind", "site"]].to_csv(tmp_path / "marked.csv", index=False)
    again = imported(tmp_path / "marked.csv", tmp_path / "w")
    assert again.modality.name == "mention" and len(again.class_of) == len(data.class_of) - 1
    assert "1 of 320 mentions cannot be read and was left out (row 4 marks no mention)." in notes_of(again)
    assert all(one_sentence(note) for note in again.description.extra["notes"])
    back = imported(export(data, tmp_path / "out"), tmp_path / "back")
    assert back.fingerprint == data.fingerprint and back.modality.name == "mention"
    corrected = imported(tmp_path / "out", tmp_path / "corrected", roles={"corner": "ignored"})
    assert corrected.modality.name == "mention" and corrected.inputs[:].tolist() == data.inputs[:].tolist()
