"""A learner leaves as one folder and answers as it did, without its workspace; a damaged folder is one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

import metadash as md
from metadash.data.dataset import Dataset
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run, write_sentences

FEW = tiny_evaluation(shots=(1, 2), n_episodes=12, n_query=2)
EVERY_KIND = ("size", "flag", "place", "traits", "words", "age", "holes")
LEARNERS = [
    {"sources": EVERY_KIND},
    {"sources": ("place",), "normalise": "centred-l2", "fusion": "am3"},
    {"learner": "maml"},
    {"learner": "prototypical", "mode": "full"},
    {"learner": "centroid"},
]


def trained(tiny: Dataset, sources: tuple[str, ...] = (), **choices) -> md.TrainedRun:
    return md.TrainedRun(train(tiny_run(sources, **{"steps": 3, "evaluation": FEW, **choices}), tiny.workspace), tiny.workspace)


def asked(tiny: Dataset, run: md.TrainedRun):
    test = tiny.split(run.spec.split)["test"][:5]
    rows = [np.flatnonzero(tiny.class_of == c) for c in test]
    names = [str(tiny.classes["class_name"][c]) for c in test]
    columns = [column for name in run.spec.sources for column in tiny.source(name).columns]
    told = tiny.classes.set_index("class_name").loc[names, columns] if columns else None
    return {n: tiny.inputs[row[:2]] for n, row in zip(names, rows, strict=True)}, tiny.inputs[[row[5] for row in rows]], told


@pytest.mark.parametrize("choices", LEARNERS, ids=lambda choices: " ".join(map(str, choices.values()))[:30])
def test_a_learner_that_has_left_answers_as_it_did(
    choices: dict, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(tiny, **choices)
    shown, queries, told = asked(tiny, run)
    expected = run.predict(shown, queries, told)
    folder = run.save(tmp_path / "learner", progress=False)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert (
        card["dataset"]["fingerprint"] == tiny.fingerprint and card["licence"] and card["metrics"][0]["these_test_classes"]["low"]
    )
    monkeypatch.setattr(Workspace, "__init__", lambda *arguments: pytest.fail("it asked for a workspace"))
    back = md.load(folder)
    assert np.allclose(back.predict(shown, queries, told)[list(shown)], expected[list(shown)], atol=1e-6)
    found = back.label(shown, queries, told)
    assert found.frame()["label"].tolist() == expected["label"].tolist()
    assert found.trust is not None and set(found.trust.spec.told) == ({*run.spec.sources} if told is not None else set())
    assert back.accuracy() == json.loads(json.dumps(run.accuracy()))


def test_any_file_that_is_not_as_it_was_written_is_one_sentence(tiny: Dataset, tmp_path: Path) -> None:
    folder = trained(tiny).save(tmp_path / "learner", progress=False)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for broken in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[: len(whole) // 2], None):
            file.unlink() if broken is None else file.write_bytes(broken)
            with pytest.raises(md.BadInput, match="damaged") as problem:
                md.load(folder)
            one_sentence(problem.value)
        file.write_bytes(whole)
    md.load(folder)
    with pytest.raises(md.BadInput, match="no folder 'nowhere'"):
        md.load(tmp_path / "nowhere")
    with pytest.raises(md.BadInput, match="is there already"):
        trained(tiny).save(folder, progress=False)


def test_what_cannot_leave_says_why(tiny: Dataset, tmp_path: Path) -> None:
    for choices, why in (
        ({"sources": ("place",), "control": "shuffled"}, "falsified metadata"),
        ({"sources": ("site",), "fusion": "film"}, "metadata of single instances"),
        ({"sources": ("words",), "blur": (("words", "description", "first word"),)}, "blurred metadata"),
    ):
        with pytest.raises(md.BadInput, match=why) as problem:
            trained(tiny, **choices).save(tmp_path / "learner", progress=False)
        one_sentence(problem.value)
        assert not (tmp_path / "learner").exists()


def test_a_learner_over_counts_of_words_cannot_leave(tmp_path: Path) -> None:
    data = write_sentences(Workspace(tmp_path))
    run = md.train(data, n_episodes=12, shots=(1,), n_query=2, width=8, backbone="tfidf", progress=False)
    with pytest.raises(md.BadInput, match="fitted on the inputs of its data set"):
        run.save(tmp_path / "learner", progress=False)
