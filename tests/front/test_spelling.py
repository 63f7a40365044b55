"""What a page offers to copy runs, and gives the run itself: the same digest, without computing anything."""

import shlex
from typing import Any

import pytest

import metadash
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.keeping.spelling import as_command, as_python, asked, choices_of
from metadash.front.run import run_asked
from metadash.specs.run import RunSpec
from metadash.verbs import train as verb
from metadash.verbs.cli import parser
from tests.builders import one_sentence, tiny_run

ASKED: dict[str, dict[str, Any]] = {
    "as usual": {},
    "with metadata": {"sources": ("place", "size")},
    "all of it": {"sources": "all", "control": "shuffled", "seed": 3},
    "another learner": {"learner": "maml", "options": {"inner_steps": 3}, "mode": "full", "patience": 0},
    "metadata of instances": {"sources": ("site",), "fusion": "film", "source_dropout": 0.25},
    "auxiliary": {"sources": ("place",), "fusion": "auxiliary", "mode": "full", "auxiliary_weight": 0.3},
    "other tasks": {"n_way": 3, "strategy": "uniform", "shots": (0, 1, 4), "sources": ("place",), "ways": (2,), "n_query": 4},
    "no fewer ways": {"ways": (), "where": "size > 1 AND corner <> 'it''s -- $HOME `x`'", "n_episodes": 77},
    "a learner's training": {"learner": "relation", "train_ways": 4, "train_shots": (1, 3), "schedule": "cosine", "keep": "last"},
    "its own backbone": {"width": 8, "backbone_episodes": 9, "own_backbone": True, "backbone_training": "classes"},
    "random weights": {"mode": "full", "start": "random", "learning_rate": 3e-4, "weight_decay": 0.0, "meta_batch": 2},
}


def made(data: Dataset, choices: dict[str, Any]) -> RunSpec | None:
    try:
        given = dict(choices)
        return run_asked(
            data, given.pop("sources", ()), given.pop("fusion", None), options=tuple(given.pop("options", {}).items()), **given
        )
    except BadInput:
        return None


@pytest.mark.parametrize("choices", ASKED.values(), ids=ASKED.keys())
def test_the_command_and_the_python_lines_give_the_run_itself(
    choices: dict[str, Any], tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = made(tiny, choices)
    if spec is None:
        pytest.fail(f"{choices} makes no run")
    asked_for: list[RunSpec] = []

    def note(spec: RunSpec, *rest: Any) -> Any:
        asked_for.append(spec)
        raise BadInput("noted")

    monkeypatch.setattr("metadash.front.run.compute_one", note)
    options = parser().parse_args(shlex.split(as_command(spec, tiny))[3:])
    with pytest.raises(BadInput, match="noted"):
        verb.train(options, tiny.workspace)
    monkeypatch.setattr(metadash, "open", lambda name: tiny)
    with pytest.raises(BadInput, match="noted"):
        exec(as_python(spec, tiny), {})
    assert asked_for == [spec, spec]


def test_only_what_is_not_usual_is_said(tiny: Dataset) -> None:
    usual = asked({}, tiny)
    assert usual is not None and choices_of(usual, tiny) == {}
    told = made(tiny, {"sources": ("place",), "seed": 2})
    assert told is not None and choices_of(told, tiny) == {"sources": ("place",), "seed": 2}


def test_what_no_option_says_is_refused_in_one_sentence(tiny: Dataset) -> None:
    with pytest.raises(BadInput) as refused:
        as_command(tiny_run(("age",), blur=(("age", "found", "year"),)), tiny)
    one_sentence(refused.value)
