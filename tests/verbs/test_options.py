"""No option is ever ignored: each one, of every verb and in every situation, changes what would be computed or is refused in a sentence.

Nothing is trained: what a verb would train is written down where it asks for it.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from metadash.data.dataset import Dataset, Source
from metadash.data.omniglot import fetch as omniglot
from metadash.errors import BadInput
from metadash.front import ablation as front_ablation
from metadash.front import audit as front_audit
from metadash.front import computing
from metadash.front.importing import preview
from metadash.front.run import run_asked
from metadash.front.what_if import shot_of
from metadash.runs.queue.outlook import Outlook
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.defaults import USUAL
from metadash.verbs import ablate, audit, cli, serve
from metadash.workspace import Workspace
from tests.builders import (
    one_sentence,
    tiny_classes,
    tiny_description,
    tiny_evaluation,
    tiny_run,
    write_tiny,
)
from tests.ratings import write_made_up
from tests.verbs.option_cases import CASES, EVERYWHERE, NO_DIFFERENCE, SITUATIONS

LEAK = Source("number", "class", ("number",))
INFORMED = tiny_run(("place",), steps=20, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))
PLAIN = tiny_run(evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))
SHUFFLED = tiny_run(("place",), control="shuffled", steps=20, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))


class Trained(Exception):
    """What a verb would have trained."""


@dataclass
class Told:
    """In the place of what an audit reads off the runs it has trained: what it would have trained."""

    sentence: str
    above: float = 0.0
    is_proxy: bool = False


@dataclass
class Stage:
    """A data set with a leak among its sources, and three stored runs, by name."""

    workspace: Workspace
    data: Dataset
    digests: dict[str, str]
    thing: str

    def fill(self, words: str) -> list[str]:
        """``$informed`` and its like stand for the digests of stored runs."""
        names = {**self.digests, "thing": self.thing, "folder": str(self.workspace.root)}
        for name, value in names.items():
            words = words.replace(f"${name}", value)
        return [word.replace("_", " ") if word.startswith("thing_") else word for word in words.split()]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    workspace = Workspace(tmp_path_factory.mktemp("options"))
    classes = tiny_classes().assign(number=lambda table: table["class_id"] + 100)
    description = tiny_description(sources=(*tiny_description().sources, LEAK))
    data = write_tiny(workspace, classes=classes, description=description)
    write_made_up(workspace)
    runs = {name: train(spec, workspace) for name, spec in (("plain", PLAIN), ("informed", INFORMED), ("shuffled", SHUFFLED))}
    write_songs(workspace.root)
    write_pictures(workspace.root, data)
    thing = f"thing_{data.split('family-0')['test'][0]}"
    return Stage(workspace, data, {name: run.digest for name, run in runs.items()}, thing)


def write_pictures(folder: Path, data: Dataset) -> None:
    """Examples of two classes, fewer of them, inputs, and what is known of the classes."""
    for place, name in enumerate("aabb"):
        for where in ("examples", "fewer")[: 1 + (place in (0, 2))]:
            (folder / where / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(data.inputs[30 * place]).save(folder / where / name / f"{place}.png")
    (folder / "inputs").mkdir()
    for place in range(2):
        Image.fromarray(data.inputs[60 * place + 1]).save(folder / "inputs" / f"{place}.png")
    pd.DataFrame({"class_name": ["a", "b"], "corner": ["upper left", None]}).to_csv(folder / "told.csv", index=False)


def write_songs(folder: Path) -> None:
    """Files to import: a table, another, one of classes, and a recipe."""
    rows = [
        {
            "text": f"song {i} of bird {c}",
            "note": f"heard {i * c + c} times there",
            "species": f"bird {c}",
            "beak": f"beak {c % 4}",
            "part": ("train", "validation", "test")[c % 3],
            "other_part": ("train", "validation", "test")[c // 4],
        }
        for c in range(12)
        for i in range(6)
    ]
    songs = pd.DataFrame(rows)
    songs.to_csv(folder / "songs.csv", index=False)
    songs.drop(columns="beak").to_csv(folder / "others.csv", index=False)
    pd.DataFrame({"species": [f"bird {c}" for c in range(12)], "size": range(5, 29, 2)}).to_csv(
        folder / "species.csv", index=False
    )
    recipe = preview(folder / "songs.csv", name="by-recipe", progress=False).plan.values()
    (folder / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")


@pytest.fixture
def nothing_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would train, download or import tells what, and stops there."""

    def note(what: Any, *others: Any) -> None:
        raise Trained(repr(what))

    def got(workspace: Workspace, *arguments: Any) -> None:
        raise Trained(repr(arguments[:3]))

    monkeypatch.setattr(RunStore, "find", lambda *_: None)
    monkeypatch.setattr(front_ablation, "check", lambda *_: None)
    for name in ("train_all", "train_one"):
        monkeypatch.setattr(computing, name, note)
    heard: list[str] = []
    looked = lru_cache(front_audit.looked_at)
    monkeypatch.setattr(front_audit, "looked_at", lambda data, split, sources: looked(data, split, sources))
    monkeypatch.setattr(audit, "open_dataset", lru_cache(audit.open_dataset))
    monkeypatch.setattr(front_audit, "compute_all", lambda specs, *_, **__: heard.append(repr(specs)))
    monkeypatch.setattr(front_audit, "read_alone", lambda *_: [Told(heard.pop())])
    monkeypatch.setattr(front_audit, "proxies", lambda *_: [])
    monkeypatch.setattr(front_audit, "alone_line", lambda told: told.sentence)
    monkeypatch.setattr(front_audit, "compute_one", lambda spec, *_: spec)
    monkeypatch.setattr(front_audit, "giveaway", lambda spec: Told(repr(spec)))
    for module in (ablate, front_ablation):
        monkeypatch.setattr(module, "outlook_of", lambda *_, **__: Outlook(0, 0, 0))
        monkeypatch.setattr(module, "parts_of", lambda *_: [])
    monkeypatch.setattr(serve, "hand_over", lambda command, given: note([*command, given.get("METADASH_READ_ONLY", "")]))
    monkeypatch.setattr(omniglot, "fetch", got)
    monkeypatch.setattr(omniglot, "install", got)


def options_of(parser: argparse.ArgumentParser, verb: str = "") -> Iterator[tuple[str, argparse.Action]]:
    """Every option of every verb, as (verb, action); ``datasets fetch`` is a verb of its own."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from options_of(below, f"{verb} {name}".strip())
        elif not isinstance(action, argparse._HelpAction):
            yield verb, action


def test_every_option_of_every_verb_has_its_case() -> None:
    """A new option without a case fails here; an option that is gone does too."""
    found: dict[str, set[str]] = {}
    for verb, action in options_of(cli.parser()):
        found.setdefault(verb, set()).add(action.dest)
    assert {verb: names - set(EVERYWHERE) for verb, names in found.items() if verb} == {v: set(c) for v, c in CASES.items()}
    assert set(SITUATIONS) == set(CASES)


def outcome(verb: str, line: list[str], stage: Stage) -> str:
    """What comes of a line: what would be trained, what was found, or the sentence that refuses it."""
    whole = [*verb.split(), *line, "--workspace", str(stage.workspace.root)]
    if verb in DATED and "--dataset" not in line:
        whole += ["--dataset", "tiny"]
    try:
        options = cli.parser().parse_args(whole)
    except SystemExit:
        return "refused by the parser"
    try:
        asked = ""
        if verb in ("ablate", "report") and options.dataset == "tiny":
            asked = repr(ablate.spec_of(options, stage.data))
        if verb == "whatif":  # the curve is the same at all shots, and is read at one
            asked = f"at {shot_of(INFORMED, options.n_shot)} "
        if verb == "report":
            report_refuses(options, stage)
        result = options.run(options, stage.workspace)
    except BadInput as refusal:
        return "refused: " + one_sentence(refusal)
    except Trained as trained:
        return asked + str(trained)
    return asked + json.dumps(result.values, default=str) + result.text


DATED = ("answer", "ablate", "report", "audit", "episodes", "train", "propose", "whatif")


def report_refuses(options: argparse.Namespace, stage: Stage) -> None:
    """A claim is in the file that is written; what is asked of it before is that one may be made."""
    if options.claim and options.tier == "confirm":
        raise Trained("a claim")


@pytest.mark.parametrize("verb", list(CASES))
def test_no_option_is_ignored(verb: str, stage: Stage, nothing_trains: None) -> None:
    ignored = []
    for situation in SITUATIONS[verb]:
        line = stage.fill(situation)
        before = outcome(verb, line, stage)
        for name, texts in CASES[verb].items():
            after = [outcome(verb, merged(line, stage.fill(text), name), stage) for text in texts.split("|")]
            if all(one == before for one in after) and not (name in NO_DIFFERENCE or before.startswith("refused: ")):
                ignored.append((situation, texts))
    assert not ignored


def merged(line: list[str], more: list[str], name: str) -> list[str]:
    """An option that is on the line already is replaced, not said twice; a positional one goes in front or is replaced."""
    if more and not more[0].startswith("-") and name in ("name", "path", "digest"):
        return [*more, *line[1:]]
    if name == "learners":
        return [*more, *line]
    return [*line, *more]


def test_leave_to_leak_a_file_and_the_shipped_backbone_make_their_difference(stage: Stage, nothing_trains: None) -> None:
    line = stage.fill("--sources number")
    assert outcome("ablate", line, stage) != outcome("ablate", [*line, "--allow-leak"], stage)
    assert outcome("episodes", stage.fill("--out $folder/there.npz"), stage) and (stage.workspace.root / "there.npz").is_file()
    shipped, own = (outcome("train", ["--dataset", "glyphs", *more], stage) for more in ([], ["--own-backbone"]))
    assert shipped != own


@pytest.mark.parametrize(
    ("verb", "line", "sentence"),
    [
        ("audit", "--steps 5", "steps would be ignored without metadata_only"),
        ("audit", "--own-backbone", "own_backbone would be ignored without metadata_only"),
        ("audit", "--run $informed", "run would be ignored without probe"),
        ("audit", "--prototypes", "prototypes would be ignored without probe"),
        ("audit", "--sensitive count", "name what they know already as quasi"),
        ("ablate", "--tier screen --controls noise", "controls would be ignored by the tier screen"),
        ("ablate", "--tier screen --folds 5", "Only the tier confirm is cross-fitted"),
        ("answer", "--question marks --n-way 3", "asks for n-way 5"),
        ("answer", "--question marks --sources place", "question and sources were both given"),
        ("answer", "--shots 1", "two numbers of shots or more"),
        ("answer", "--split family-1 --folds 5", "leave one of them out"),
        ("compare", "--rope 0.5", "--rope would be ignored where runs are only listed"),
        ("compare", "--pairs", "--pairs would be ignored where runs are only listed"),
        ("compare", "--ways", "--ways would be ignored where runs are only listed"),
        ("episodes", "--column corner", "column would be ignored by uniform tasks"),
        ("episodes", "--n-way 0", "n_way"),
        ("train", "--source-dropout 0.5", "source_dropout would be ignored without metadata"),
        ("train", "--auxiliary-weight 0.5", "auxiliary_weight would be ignored"),
        ("train", "--control shuffled", "needs metadata sources to falsify"),
        ("train", "--fusion film", "needs at least one metadata source"),
        ("train", "--learner maml --ways 2", "Fewer ways would be ignored by the learner 'maml'"),
        ("train", "--learner maml --option inner_steps=3 --option inner_steps=4", "inner_steps is given twice"),
        ("train", "--strategy uniform --column family", "would be ignored by uniform tasks"),
        ("train", "--n-query 0", "n_query is 0"),
        ("train", "--width 0", "width is 0"),
        ("train", "--meta-batch 4", "meta_batch would be ignored: over a frozen backbone and without metadata"),
        ("train", "--schedule cosine", "schedule would be ignored: over a frozen backbone and without metadata"),
        (
            "train",
            "--learner logistic --learning-rate 0.1",
            "learning_rate would be ignored: the learner 'logistic' is a reference",
        ),
        ("train", "--learner maml --start random", "in quick mode the network is frozen as it starts"),
        ("train", "--learner maml --mode full --train-ways 7", "is trained at the ways of its tests"),
        ("train", "--learner reptile --mode full --schedule cosine", "its step reptile_epsilon falls linearly to zero"),
        ("train", "--learner reptile --mode full --learning-rate 0.1", "whose step is its option reptile_epsilon"),
        ("train", "--learner protomaml --recipe paper", "has no recipe 'paper'"),
        ("train", "--learner chance --recipe paper", "nothing of it is trained from task to task"),
        ("train", "--recipe paper --own-backbone", "no backbone is trained before"),
        ("train", "--mode full --train-ways 1", "train_ways is 1"),
        ("whatif", "--run $informed --dose place --episode 3", "--episode would be ignored by --dose"),
        ("whatif", "--run $informed --dose place --change place:swap", "--dose draws a whole curve"),
        ("whatif", "--run $informed --dose place --n-shot 7", "7 is not among them"),
        ("whatif", "--run $informed --edit $thing:corner=middle --seed 3", "seed would be ignored by edits"),
    ],
)
def test_what_would_be_ignored_is_refused_in_a_sentence_that_names_it(
    verb: str, line: str, sentence: str, stage: Stage, nothing_trains: None
) -> None:
    found = outcome(verb, stage.fill(line), stage)
    assert found.startswith("refused: ") and sentence in found, found


@pytest.mark.parametrize("verb", ["episodes", "learners", "datasets", "compare"])
def test_where_to_look_and_how_to_print_hold_for_every_verb(verb: str, stage: Stage, tmp_path: Path, capsys: Any) -> None:
    here = ["--workspace", str(stage.workspace.root)]
    assert cli.main([verb, *here, *(["--dataset", "tiny"] if verb in DATED else [])]) == 0
    told = capsys.readouterr().out
    assert cli.main([verb, *here, "--json", *(["--dataset", "tiny"] if verb in DATED else [])]) == 0
    assert json.loads(capsys.readouterr().out) is not None and told[:1] not in "[{"
    cli.main([verb, "--workspace", str(tmp_path)])
    assert (tmp_path / "datasets").is_dir()


def test_an_ablation_s_learner_learns_as_fast_as_the_same_learner_trained_by_itself(stage: Stage) -> None:
    for learner in ("maml", "anil", "reptile", "matching", "prototypical"):
        for mode in ("quick", "full"):
            common = ["--dataset", "tiny", "--learner", learner, "--mode", mode]
            ablated = ablate.spec_of(cli.parser().parse_args(["ablate", *common, "--sources", "place"]), stage.data).run
            trained = run_asked(stage.data, "place", learner=learner, mode=mode)
            assert ablated == trained, f"{learner}, {mode}"
    assert run_asked(stage.data).evaluation.shots == USUAL.shots


REPEATABLE = (argparse._AppendAction, argparse._VersionAction)


@pytest.mark.parametrize(
    ("verb", "action"),
    [(verb, action) for verb, action in options_of(cli.parser()) if action.option_strings and not isinstance(action, REPEATABLE)],
    ids=lambda value: value if isinstance(value, str) else value.dest,
)
def test_an_option_given_twice_is_refused_not_its_last_believed(verb: str, action: argparse.Action, capsys) -> None:
    value = [str(next(iter(action.choices)))] if action.choices else ["1"]
    flags = action.option_strings[:1] if action.nargs == 0 else [action.option_strings[0], *value]
    with pytest.raises(SystemExit) as stopped:
        cli.main([*verb.split(), *flags, *flags])
    assert stopped.value.code == cli.BAD_INPUT
    assert capsys.readouterr().err.rstrip().endswith(f"{action.option_strings[0]} is given twice; give it once")


def test_what_stands_before_a_verb_of_a_verb_may_be_said_again_after_it() -> None:
    found = cli.parser().parse_args(["datasets", "--workspace", "one", "fetch", "--workspace", "two", "omniglot"])
    assert found.workspace == "two"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train --fusion FiLM", "there is no 'FiLM'; did you mean 'film'?"),
        ("trian", "there is no 'trian'; did you mean 'train'?"),
        ("train --shots 1;5", "'1;5' holds what is no whole number; write such as 1,5"),
    ],
)
def test_a_word_that_there_is_not_names_the_one_that_was_meant(words: str, said: str, capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(words.split())
    assert capsys.readouterr().err.rstrip().endswith(said)
