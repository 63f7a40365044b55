"""What a reader of the whole found who took nothing for granted: every argument reaches something, or is refused in one sentence."""

import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import metadash as md
from metadash.answers.answer import answer_spec, own_question
from metadash.answers.tables import answer_command, bounds
from metadash.data.columns.kinds.duration import Duration
from metadash.data.columns.kinds.timestamp import Timestamp
from metadash.errors import nearest
from metadash.figures.charts import Curve
from metadash.figures.palette import LIGHT
from metadash.figures.svg import curve_svg
from metadash.front.answer import answer_asked
from metadash.front.choices import numbers_in
from metadash.learners.core.task_batch import TaskBatch
from metadash.metadata.audit.audit import audit
from metadash.metadata.told import as_written
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY
from metadash.verbs import cli
from tests.builders import one_sentence
from tests.metrics import MAE

SMALL = {"width": 4, "backbone_episodes": 10, "steps": 20, "n_episodes": 60, "shots": (1, 2), "progress": False}
GENERATOR = np.random.default_rng(0)
BIRDS = pd.DataFrame(
    {
        "class_name": [f"bird {i}" for i in range(12)],
        "beak": [f"kind {i % 3}" for i in range(12)],
        "family": [f"f{i % 4}" for i in range(12)],
        "role": ["train"] * 6 + ["validation"] * 3 + ["test"] * 3,
    }
)
SEEN = pd.DataFrame({"class_name": np.repeat(BIRDS["class_name"], 6), "site": ["north", "south"] * 36})
INPUTS = GENERATOR.normal(size=(72, 5))


def made(workspace, sources={"beak": "beak"}, classes=BIRDS, **changes) -> md.Dataset:  # noqa: B006 (never written)
    return md.from_tables(classes, SEEN, INPUTS, sources=sources, workspace=workspace, **changes)


def test_what_is_said_of_the_same_tables_makes_another_data_set(tmp_path) -> None:
    plain = made(tmp_path)
    assert made(tmp_path).name == plain.name
    for change in ({"class_noun": "bird"}, {"licence": "CC0-1.0"}, {"disjoint": "site"}, {"title": "Birds"}):
        other = made(tmp_path, **change)
        assert other.name != plain.name and getattr(other.description, {"disjoint": "disjoint_column"}.get(*change, *change))


def test_a_name_keeps_what_was_said_of_it_or_refuses(tmp_path) -> None:
    made(tmp_path, name="birds", licence="CC0-1.0")
    with pytest.raises(md.BadInput, match=r"licence is 'CC0-1\.0', not 'all rights reserved'") as found:
        made(tmp_path, name="birds", licence="all rights reserved")
    one_sentence(found.value)


@pytest.mark.parametrize("name", ["glyphs", "omniglot"])
def test_the_names_of_our_own_data_sets_are_taken(name: str, tmp_path) -> None:
    with pytest.raises(md.BadInput, match="choose another"):
        made(tmp_path, name=name)


@pytest.mark.parametrize("level", ["task", "klass"])
def test_a_level_that_nobody_reads_is_refused_at_the_door(level: str, tmp_path) -> None:
    with pytest.raises(md.BadInput, match=f"of the level '{level}'"):
        made(tmp_path, sources=[md.Source("beak", level, ("beak",))])


def test_a_column_called_role_is_audited_like_any_other(tmp_path) -> None:
    data = made(tmp_path, split="role", sources={"both": ["beak", "role"]})
    assert audit(data, "default").coverage["train"].tolist() == [1.0]


def test_few_classes_are_asked_about_in_tasks_that_fit(tmp_path) -> None:
    data = made(tmp_path, split="role")
    asked = own_question(data, ["beak"], "uniform")
    assert 2 <= asked.n_way <= 3 and own_question(data, ["beak"], "uniform", 2).n_way == 2
    assert md.answer(data, sources=["beak"], seeds=1, folds=0, **SMALL).sentence.startswith("With one labelled example")


@pytest.mark.parametrize(
    "choices",
    [
        {"folds": 3, "steps": 30, "n_episodes": 50, "n_query": 3, "shots": (1, 3), "backbone_episodes": 20},
        {"split": "family-0", "column": "family", "strategy": "siblings", "where": "size > 1 AND class_name <> 'it''s $x; rm'"},
    ],
    ids=["folds", "split"],
)
def test_the_command_that_repeats_an_answer_asks_for_the_very_same(choices: dict, tiny: md.Dataset) -> None:
    asked = answer_asked(tiny, None, ("place", "size"), seeds=2, **choices)

    class Read:
        spec = asked

    words = shlex.split(answer_command(Read()))  # type: ignore[arg-type]
    options = vars(cli.parser().parse_args(words[3:]))
    given = {name: options[name] for name in choices if name in options}
    again = answer_asked(
        tiny,
        options["question"],
        options["sources"],
        **{
            name: options[name]
            for name in ("strategy", "n_way", "column", "seeds", "folds", "split", "mode", "where", "backbone", "width")
        },
        **{name: options[name] for name in ("backbone_episodes", "own_backbone", "steps", "n_episodes", "shots", "n_query")},
    )
    assert again == asked and given


def test_a_source_with_a_quote_in_its_name_is_quoted(tiny: md.Dataset) -> None:
    asked = answer_spec(tiny, own_question(tiny, ["place"]))
    hostile = replace(asked, question=replace(asked.question, sources=("it's $x; rm",)))

    class Read:
        spec = hostile

    assert "it's $x; rm" in shlex.split(answer_command(Read()))  # type: ignore[arg-type]


def test_a_comparison_leads_with_the_fewest_shots(tiny_workspace, tmp_path) -> None:
    data = md.open("tiny", tiny_workspace)
    one, other = md.train(data, sources=["place"], strategy="siblings", **SMALL), md.train(data, strategy="siblings", **SMALL)
    shown = md.compare(learner for learner in (one, other))._repr_html_()
    assert shown.index("With one labelled example") < shown.index("With two labelled examples")
    with pytest.raises(md.BadInput, match="practical threshold is -1"):
        md.compare([one, other], rope=-1)
    with pytest.raises(md.BadInput, match="practical threshold is nan"):
        md.compare([one, other], rope=float("nan"))
    with pytest.raises(md.BadInput, match="empty list"):
        md.compare([[], other])


def test_an_interval_in_a_table_travels_with_its_n() -> None:
    inside, new = Interval(70, 69, 71, 200, "t", "episode"), Interval(70, 60, 80, 11, "t", "group")
    assert (bounds(inside, new)["n"], bounds(inside, new)["new_n"]) == (200, 11)


def test_doses_that_could_change_nothing_are_refused(tiny: md.Dataset) -> None:
    with pytest.raises(md.BadInput, match="doses would be ignored"):
        md.ablate(tiny, "place", mode="full", fusion="auxiliary", doses=True, **{**SMALL, "progress": False})


def test_a_class_without_an_example_is_named(tiny_workspace) -> None:
    data = md.open("tiny", tiny_workspace)
    run = md.train(data, strategy="siblings", **SMALL)
    with pytest.raises(md.BadInput, match="class 'c' has no labelled example"):
        run.predict({"a": data.inputs[:1], "b": data.inputs[1:2], "c": data.inputs[:0]}, data.inputs[:2])


@pytest.mark.parametrize("numbers", ["1,2", 1.5, (1, "2"), object()])
def test_what_is_no_number_of_shots_is_refused_in_a_sentence(numbers) -> None:
    with pytest.raises(md.BadInput, match="no number of shots"):
        numbers_in(numbers)
    assert numbers_in(np.int64(3)) == (3,) and numbers_in(np.array([1, 2])) == (1, 2)


def test_the_picture_says_what_was_measured_in_its_own_unit() -> None:
    far = [Interval(-500.0, -800.0, 900.0, 10, "t", "episode")]
    drawn = curve_svg((1,), [Curve("a", far, "#000000")], LIGHT, MAE)
    assert MAE.unit in drawn and ">-500<" in drawn and "accuracy" not in drawn
    assert "accuracy in %" in curve_svg(
        (1,), [Curve("a", [Interval(50, 40, 60, 10, "t", "episode")], "#000000")], LIGHT, ACCURACY
    )


def test_a_bare_number_of_a_kind_with_a_unit_is_in_that_unit() -> None:
    found = [as_written(Duration(), value) for value in (1.5, "1.5", pd.Timedelta(days=1.5))]
    assert found == [pd.Timedelta(days=1.5)] * 3 and pd.isna(as_written(Duration(), float("nan")))
    assert as_written(Timestamp(), "2015-12-31") == pd.Timestamp("2015-12-31")


def test_the_known_words_are_listed_whatever_holds_them() -> None:
    assert nearest("zzz", map(str, ["one", "two"])) == "; there are one, two."
    assert nearest("twoo", iter(["one", "two"])) == "; did you mean 'two'?"


def test_a_device_that_does_not_exist_is_found_by_doctor(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("METADASH_DEVICE", "gpu")
    assert cli.main(["doctor", "--workspace", str(tmp_path)]) != 0
    assert "BAD  device: METADASH_DEVICE is 'gpu'" in capsys.readouterr().out


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_beyond_the_ways_is_no_other_class(label: int) -> None:
    x = torch.zeros(1, 3, 4)
    with pytest.raises(md.BadInput, match=f"holds the label {label}"):
        TaskBatch(x, torch.tensor([[0, 1, label]]), x, n_way=2)
    hidden = TaskBatch(x, torch.tensor([[0, 1, label]]), x, mask=torch.tensor([[True, True, False]]), n_way=2)
    assert hidden.n_way == 2, "what fills up may hold anything"
    with pytest.raises(md.BadInput, match="queries of 2 tasks"):
        TaskBatch(x, torch.tensor([[0, 1, 1]]), torch.zeros(2, 3, 4), n_way=2)


@pytest.mark.parametrize("other", ["beak", "BEAK"])
def test_two_columns_of_one_name_are_refused(other: str, tmp_path) -> None:
    twice = pd.concat([BIRDS, BIRDS[["beak"]].rename(columns={"beak": other})], axis=1)
    with pytest.raises(md.BadInput, match=f"two columns '{other}'"):
        made(tmp_path, sources={"family": "family"}, classes=twice)


def test_tables_without_any_source_are_a_data_set(tmp_path) -> None:
    data = made(tmp_path, sources={})
    assert data.sources == () and md.open(data.name, tmp_path).name == data.name
    assert md.train(data, **SMALL).frame()["estimate"].between(0, 100).all()
