"""CLINC150, FewRel, CrossNER and SNIPS from their authors' files and from Parquet: the same content, or one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import metadash as md
from metadash.data.dataset import Dataset
from metadash.data.inputs.mentions import mention_of
from metadash.data.known import clinc, crossner, fewrel
from metadash.data.library import OBTAINABLE
from metadash.errors import BadInput
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence

TEXT = Path(__file__).resolve().parents[3] / "shared" / "data" / "text"
needs_text = pytest.mark.skipif(not TEXT.is_dir(), reason="needs ../shared/data/text beside the checkout")
DOMAINS = {f"domain_{d}": [f"intent_{d}_{i}" for i in range(15)] for d in range(10)}


def clinc_files(folder: Path) -> Path:
    """As the authors have them: 4 training utterances of each intent, 1 for validation, 2 to test, and some that are out of scope."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"train": 4, "val": 1, "test": 2}
    said = {
        part: [[f"please do {intent} {part} {i}", intent] for intents in DOMAINS.values() for intent in intents for i in range(n)]
        for part, n in counts.items()
    }
    said |= {f"oos_{part}": [[f"what is {i}", "oos"] for i in range(3)] for part in counts}
    (folder / "data_full.json").write_text(json.dumps(said))
    (folder / "domains.json").write_text(json.dumps(DOMAINS))
    return folder


def fewrel_files(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    relations = [f"P{i}" for i in range(20)]

    def sentence(relation: str, i: int) -> dict:
        return {"tokens": ["It", "is", relation, str(i), "."], "h": ["It", "Q1", [[0]]], "t": [str(i), "Q2", [[3]]]}

    for file, chosen in (("train_wiki.json", relations[:14]), ("val_wiki.json", relations[14:])):
        (folder / file).write_text(json.dumps({relation: [sentence(relation, i) for i in range(5)] for relation in chosen}))
    (folder / "pid2name.json").write_text(
        json.dumps({one: [f"name {one}", f"what {one} says; or not"] for one in [*relations, "P99"]})
    )
    return folder


def same_content(one: Dataset, other: Dataset) -> None:
    keys = ["class_name", "text", "authors_part"] if "authors_part" in one.instances else ["class_name", "text"]
    rows = [
        data.instances.assign(text=data.inputs[:], class_name=data.classes["class_name"].to_numpy()[data.class_of])[keys]
        .sort_values(keys)
        .reset_index(drop=True)
        for data in (one, other)
    ]
    pd.testing.assert_frame_equal(*rows)
    pd.testing.assert_frame_equal(one.classes, other.classes)


def test_clinc_reads_alike_from_both_layouts(tmp_path: Path) -> None:
    folder = clinc_files(tmp_path / "json")
    said = json.loads((folder / "data_full.json").read_text())
    domain_of = {intent: domain for domain, intents in DOMAINS.items() for intent in intents} | {"oos": None}
    rows = [(text, intent, domain_of[intent], key.removeprefix("oos_")) for key, pairs in said.items() for text, intent in pairs]
    (tmp_path / "parquet").mkdir()
    pd.DataFrame(rows, columns=["text", "intent", "domain", "split"]).to_parquet(tmp_path / "parquet" / "clinc150.parquet")
    one = md.install("clinc150", folder, workspace=tmp_path / "one", progress=False)
    other = md.install("clinc150", tmp_path / "parquet", workspace=tmp_path / "other", progress=False)
    same_content(one, other)
    assert len(one.classes) == 150 and len(one.class_of) == 150 * 7 and one.description.class_noun == "intent"
    assert one.description.extra["notes"] == ["9 out-of-scope utterances have no intent and were kept out."]


def test_clinc_holds_out_intents_by_seed_and_whole_domains(tmp_path: Path) -> None:
    data = md.install("clinc150", clinc_files(tmp_path / "json"), workspace=tmp_path / "w", progress=False)
    assert data.split_names == [*(f"domain-{i}" for i in range(5)), *(f"intent-{i}" for i in range(5))]
    for name in data.split_names:
        roles = {role: set(data.classes["domain"].iloc[members]) for role, members in data.split(name).items()}
        parted = bool(roles["train"] & roles["test"])
        assert parted == name.startswith("intent"), name
    assert {question.strategy for question in data.description.questions} == {"siblings", "uniform"}


def test_fewrel_keeps_the_authors_split_the_entities_and_the_descriptions(tmp_path: Path) -> None:
    data = md.install("fewrel", fewrel_files(tmp_path / "json"), workspace=tmp_path / "w", progress=False)
    split = data.split("authors")
    assert set(data.classes["relation"].iloc[split["test"]]) == {f"P{i}" for i in range(14, 20)}
    assert len(split["train"]) + len(split["validation"]) == 14 and len(split["validation"]) == 3
    row = data.instances.iloc[7]
    assert data.inputs[7].split()[3] == row["tail"] and row["head"] == "It" and data.source("entities").level == "instance"
    assert data.classes["description"].iloc[0] == "what P0 says; or not" and "P99" not in set(data.classes["relation"])
    plain = tmp_path / "parquet"
    plain.mkdir()
    names = data.classes[["relation", "name", "description"]]
    names.to_parquet(plain / "fewrel_relations.parquet")
    rows = data.instances.merge(data.classes[["class_id", "relation", "authors_part"]], on="class_id")
    rows.assign(text=data.inputs[:], official_split=rows["authors_part"])[["relation", "text", "official_split"]].to_parquet(
        plain / "fewrel80_sentences.parquet"
    )
    other = md.install("fewrel", plain, workspace=tmp_path / "other", progress=False)
    same_content(data, other)
    assert [source.name for source in other.sources] == ["relation name", "description"]
    assert "without their entities" in other.description.extra["notes"][0]


def rewritten(folder: Path, file: str, change: Callable) -> None:
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(change(content)))


def without(key: str) -> Callable[[dict], dict]:
    return lambda content: {name: value for name, value in content.items() if name != key}


@pytest.mark.parametrize(
    ("name", "file", "change", "sentence"),
    [
        ("clinc150", "domains.json", None, "holds no domains.json"),
        ("clinc150", "data_full.json", None, "holds no data_full.json"),
        ("clinc150", "data_full.json", "{", "data_full.json is no JSON, or damaged"),
        ("clinc150", "data_full.json", without("val"), "it is another file"),
        ("clinc150", "data_full.json", lambda said: {**said, "val": [["a", ""]]}, "Entry 1 of val in data_full.json is no pair"),
        ("clinc150", "domains.json", without("domain_3"), "names no domain of the intent 'intent_3_0'"),
        ("clinc150", "domains.json", lambda said: [], "it is another file"),
        (
            "clinc150",
            "data_full.json",
            lambda said: {**said, "train": said["train"][:8], "val": [], "test": []},
            "hold 2 intents",
        ),
        ("fewrel", "val_wiki.json", None, "holds no val_wiki.json"),
        ("fewrel", "pid2name.json", without("P3"), "No name is known of the relation 'P3'"),
        ("fewrel", "pid2name.json", lambda said: {"P1": "x"}, "it is another file"),
        ("fewrel", "train_wiki.json", lambda said: [1], "it is another file"),
        (
            "fewrel",
            "train_wiki.json",
            lambda said: {**said, "P2": [{"tokens": ["a"]}]},
            "Sentence 1 of P2 in train_wiki.json lacks",
        ),
    ],
)
def test_files_that_are_missing_damaged_or_others_are_one_sentence(
    name: str, file: str, change: object, sentence: str, tmp_path: Path
) -> None:
    folder = (clinc_files if name == "clinc150" else fewrel_files)(tmp_path / "files")
    if change is None:
        (folder / file).unlink()
    elif isinstance(change, str):
        (folder / file).write_text(change)
    else:
        rewritten(folder, file, change)  # type: ignore[arg-type]
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(BadInput, match=sentence) as refusal:
        md.install(name, folder, workspace=workspace, progress=False)
    one_sentence(refusal.value)
    assert not any(workspace.datasets.iterdir())


def test_a_parquet_file_that_is_none_or_another_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "clinc150.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(BadInput, match="is damaged, or no Parquet file"):
        clinc.install(Workspace(tmp_path / "w"), tmp_path)
    pd.DataFrame({"text": ["a"], "intent": ["b"]}).to_parquet(tmp_path / "clinc150.parquet")
    with pytest.raises(BadInput, match="lacks the column domain"):
        clinc.install(Workspace(tmp_path / "w"), tmp_path)
    with pytest.raises(BadInput, match="There is no folder 'nowhere'"):
        fewrel.install(Workspace(tmp_path / "w"), tmp_path / "nowhere")


def test_what_is_not_here_yet_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    where = ["--workspace", str(tmp_path)]
    assert cli.main(["datasets", *where]) == 0
    listed = capsys.readouterr().out
    assert all(
        f"{name}: not here yet" in listed and (entry.fetched or entry.needs in listed) for name, entry in OBTAINABLE.items()
    )
    with pytest.raises(
        BadInput, match=r"not in this workspace yet; `python -m metadash datasets import clinc150 --source DIR` makes it of"
    ):
        md.open("clinc150", tmp_path)
    with pytest.raises(BadInput, match="'fewrel' is not downloaded from here"):
        md.fetch("fewrel", workspace=tmp_path, progress=False)
    with pytest.raises(BadInput, match="no_rotations would be ignored"):
        md.install("clinc150", tmp_path, no_rotations=True, workspace=tmp_path, progress=False)
    with pytest.raises(BadInput) as refusal:
        md.install("mini-imagenet", tmp_path, workspace=tmp_path, progress=False)
    assert "cannot be fetched or imported" in one_sentence(refusal.value)


@needs_text
def test_the_real_files_load(tmp_path: Path) -> None:
    data = md.install("clinc150", TEXT, workspace=tmp_path, progress=False)
    assert len(data.classes) == 150 and len(data.class_of) == 22500 and data.classes["domain"].nunique() == 10
    assert data.description.extra["notes"] == [f"{clinc.count(1200)} out-of-scope utterances have no intent and were kept out."]
    relations = md.install("fewrel", TEXT, workspace=tmp_path, progress=False)
    assert len(relations.classes) == 80 and len(relations.class_of) == 11200 and len(relations.split("authors")["test"]) == 16
    assert "mouth of the watercourse" in set(relations.classes["name"])


ENTITIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "entities"


def crossner_files(folder: Path) -> Path:
    """As the authors have them: a folder a domain, three files each, two columns; a person in every domain, and a type of its own."""
    for domain in crossner.DOMAINS:
        (folder / "ner_data" / domain).mkdir(parents=True, exist_ok=True)
        for part in crossner.PARTS:
            said = [f"Ann\tB-person\nmet\tO\nthe\tO\n{domain}\tB-{domain}thing\n{part}\tI-{domain}thing\n" for _ in range(4)]
            (folder / "ner_data" / domain / f"{part}.txt").write_text("\n".join(said))
    return folder


def snips_files(folder: Path) -> Path:
    top = folder / "2017-06-custom-intent-engines"
    for intent in ("GetWeather", "PlayMusic", "RateBook", "BookRestaurant"):
        said = [
            {
                "data": [
                    {"text": "in "},
                    {"text": "Rome", "entity": "city"},
                    {"text": " the "},
                    {"text": f"a {i}", "entity": f"{intent}_thing"},
                ]
            }
            for i in range(5)
        ]
        (top / intent).mkdir(parents=True, exist_ok=True)
        (top / intent / f"train_{intent}_full.json").write_text(json.dumps({intent: said}))
    return folder


def test_crossner_and_snips_read_alike_from_both_layouts(tmp_path: Path) -> None:
    made = {}
    for name, files, where in (("crossner", crossner_files, "domain"), ("snips-slots", snips_files, "intent")):
        one = md.install(name, files(tmp_path / name), workspace=tmp_path / "one", progress=False)
        rows = []
        for row, said in zip(one.inputs[:], one.instances.to_dict("records"), strict=True):
            if said["sentence"] > len(rows):
                rows.append({where: said[{"domain": "sentence_domain", "intent": "said_to"}[where]], "tokens": [], "tags": []})
            mention = mention_of(row)
            rows[-1]["tokens"] = rows[-1]["tokens"] or mention.text.split()
            rows[-1]["tags"] = rows[-1]["tags"] or ["O"] * len(mention.text.split())
            first = len(mention.text[: mention.start].split())
            kind = one.classes["type"][said["class_id"]]
            for place in range(len(mention.span.split())):
                rows[-1]["tags"][first + place] = f"{'I' if place else 'B'}-{kind}"
        (tmp_path / f"{name} table").mkdir()
        pd.DataFrame(rows).to_parquet(tmp_path / f"{name} table" / f"{name.replace('-', '_')}.parquet")
        other = md.install(name, tmp_path / f"{name} table", workspace=tmp_path / "other", progress=False)
        assert one.fingerprint == other.fingerprint
        made[name] = one
    cross, slots = made["crossner"], made["snips-slots"]
    assert cross.classes.set_index("type")["domain"].to_dict() == {"person": "several"} | {
        f"{d}thing": d for d in crossner.DOMAINS
    }
    assert len(cross.class_of) == 2 * 4 * 15 and len(slots.class_of) == 2 * 5 * 4
    held = cross.split("domain-0")
    parts = [set(cross.classes["domain"][held[role]]) for role in ("train", "test")]
    assert not parts[0] & parts[1] and all(parts)


def test_mentions_that_are_missing_damaged_or_others_are_one_sentence(tmp_path: Path) -> None:
    for name, files, spoil, words in (
        ("crossner", crossner_files, "ner_data/ai/dev.txt", "holds no ai/dev.txt"),
        ("snips-slots", snips_files, "", "holds neither snips_slots.parquet nor"),
    ):
        folder = files(tmp_path / name)
        (folder / spoil).unlink() if spoil else shutil.rmtree(folder / "2017-06-custom-intent-engines")
        with pytest.raises(BadInput, match=words) as refusal:
            md.install(name, folder, workspace=tmp_path / "w", progress=False)
        one_sentence(refusal.value)
    folder = tmp_path / "uneven"
    folder.mkdir()
    pd.DataFrame([{"domain": "ai", "tokens": ["a", "b"], "tags": ["O"]}]).to_parquet(folder / "crossner.parquet")
    with pytest.raises(BadInput, match=r"Row 1 of crossner.parquet has 2 words and 1 tags"):
        md.install("crossner", folder, workspace=tmp_path / "w", progress=False)


@pytest.mark.skipif(not ENTITIES.is_dir(), reason="needs ../shared/data/entities beside the checkout")
def test_the_real_sentences_load(tmp_path: Path) -> None:
    data = md.install("crossner", ENTITIES, workspace=tmp_path, progress=False)
    assert len(data.classes) == 39 and len(data.class_of) == 31187 and data.classes["domain"].nunique() == 6
    assert {"musical instrument", "programming language"} <= set(data.classes["name"])
