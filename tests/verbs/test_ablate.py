"""``ablate``: from a line to the cards, resumed where it stopped, and refused in one sentence where it makes no sense."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_classes, tiny_description, tiny_instances, write_tiny

SMALL = ["--width", "4", "--backbone-episodes", "10", "--steps", "20", "--n-episodes", "60", "--shots", "1,2"]
CLASSES = tiny_classes().assign(
    id_again=lambda table: table["class_id"] + 100, always=1.0, again=lambda table: table["corner"], never=pd.NA
)
MORE = tuple(Source(column, "class", (column,)) for column in ("id_again", "always", "again", "never"))


@pytest.fixture(autouse=True)
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METADASH_WORKERS", "1")


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Holds *tiny* with a few odd sources more."""
    workspace = Workspace(tmp_path_factory.mktemp("ablate"))
    sources = (*tiny_description().sources, *MORE)
    write_tiny(workspace, classes=CLASSES, description=tiny_description(sources=sources, questions=()))
    return workspace


def ask(capsys: pytest.CaptureFixture, workspace: Workspace, *arguments: str) -> tuple[int, str, str]:
    split_as_it_is = [] if "--folds" in arguments or ("--tier" in arguments and "confirm" not in arguments) else ["--folds", "0"]
    usual = ["--dataset", "tiny", *SMALL, *split_as_it_is]
    kept = [word for option in zip(usual[::2], usual[1::2], strict=True) if option[0] not in arguments for word in option]
    code = cli.main(["ablate", *kept, *arguments, "--workspace", str(workspace.root)])
    found = capsys.readouterr()
    return code, found.out, found.err


def values(capsys: pytest.CaptureFixture, workspace: Workspace, *arguments: str) -> dict[str, Any]:
    code, out, err = ask(capsys, workspace, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_confirm_prints_every_number_of_every_card_as_one_json_document(capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--sources", "place", "size")
    assert found["tier"] == "confirm" and found["seeds"] == [0, 1, 2, 3, 4] and not found["partial"]
    assert {card["source"] for card in found["cards"]} == {"place", "size"}
    for card in found["cards"]:
        for measure in ("delta", "phi", "alone", "credit", "credit_alone"):
            assert [one["shot"] for one in card[measure]] == [1, 2]
            assert {one["seeds"]["n"] for one in card[measure]} == {5}
            assert {one["new_classes"]["unit"] for one in card[measure]} == {"group"}
        assert (
            len(card["p_zero"]) == len(card["chance"]) == 2
            and 0 <= card["chance_claimed"] <= 1
            and [worth["at"] for worth in card["worth"]] == [1]
        )
        assert card["coverage"] == 1.0 and card["badges"] == []
        assert [one["kind"] for one in card["break_even"]] == ["swap", "nearest"]
        assert all(0 <= one["low"] <= one["value"] <= one["high"] <= 1 for one in card["break_even"])
        assert len(card["missingness"]["gain"]) == len(card["missingness"]["fractions"]) > 2
        assert card["verdict"] in ("helps", "hurts", "equivalent", "undetermined")
    for one in found["efficiency"]:
        assert one["holds"] and one["shapley_sum"] == pytest.approx(one["total"])
    assert len(found["arms"]) == 4 + 5 and len(found["interactions"]) == 1 and len(found["digests"]) == 5


def test_what_nobody_measured_is_null_on_a_card(capsys, computed: Workspace) -> None:
    cards = values(capsys, computed, "--sources", "place", "flag", "--tier", "screen", "--no-doses")["cards"]
    assert all(card["break_even"] is None and card["missingness"] is None for card in cards)


def test_the_text_has_the_headline_the_cards_and_the_check(capsys, computed: Workspace) -> None:
    code, out, _ = ask(capsys, computed, "--sources", "place,size")
    assert code == 0
    assert out.startswith("With one labelled example per class, all 2 sources together add")
    assert "Confirm: every arm trained anew" in out and "adds up" in out
    lines = [line.split()[0] for line in out.splitlines() if line]
    assert lines.count("place") == lines.count("size") == 2


def test_confirm_is_cross_fitted_where_folds_are_asked_for(capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--sources", "place", "--folds", "4")
    assert found["folds"] == 4 and [part["split"] for part in found["by_fold"]] == [f"fold-{fold}-of-4" for fold in (1, 2, 3, 4)]
    assert found["n_test_classes"] == len(CLASSES) and found["n_episodes"] == 240
    (card,) = found["cards"]
    assert card["delta"][0]["new_classes"]["n"] == found["n_test_groups"] == CLASSES["family"].nunique()
    again = values(capsys, computed, "--sources", "place", "--folds", "4")
    assert again["digest"] == found["digest"] and again["cards"] == found["cards"]


def test_more_folds_than_groups_can_serve_is_one_sentence(capsys, computed: Workspace) -> None:
    code, _, err = ask(capsys, computed, "--sources", "place", "--folds", "20")
    assert code == 2 and "lower the folds" in err
    one_sentence(err.strip())


@pytest.mark.parametrize(("tier", "seeds"), [("screen", 3), ("reliance", 3)])
def test_masked_tiers_need_no_retraining(tier: str, seeds: int, capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--tier", tier, "--sources", "place", "size")
    assert len(found["seeds"]) == seeds and len(found["arms"]) == 4
    assert not any(card["claim"] for card in found["cards"]) and all(one["holds"] for one in found["efficiency"])


def test_an_interrupted_ablation_goes_on_where_it_stopped(capsys, own_workspace: Workspace, monkeypatch) -> None:
    """Stopped in the third seed: the first two are kept, and only three are computed afterwards."""
    from metadash.runs import train as training

    original, computing = training.compute, []

    def counted(spec: Any, *rest: Any) -> Any:
        computing.append(spec)
        if len(computing) == 4:  # the backbone, two seeds, and now
            raise KeyboardInterrupt
        return original(spec, *rest)

    monkeypatch.setattr(training, "compute", counted)
    arguments = ("--sources", "place", "size", "--no-doses")
    assert ask(capsys, own_workspace, *arguments)[0] == 130
    done = len(computing) - 1
    code, _, err = ask(capsys, own_workspace, *arguments)
    assert code == 0 and "3 of 5 runs to compute" in err
    assert len(computing) - done - 1 == 3
    assert ask(capsys, own_workspace, *arguments)[0] == 0 and len(computing) - done - 1 == 3


def test_the_plan_says_what_it_would_take_and_computes_nothing(capsys, own_workspace: Workspace) -> None:
    found = values(capsys, own_workspace, "--sources", "place", "size", "--plan")
    assert len(found["runs"]) == 5 + 2 and not any(run["stored"] for run in found["runs"]) and found["seconds"] > 0
    assert not [folder for folder in own_workspace.runs.iterdir() if not folder.name.startswith(".")]


def test_one_source_has_its_share_to_itself(capsys, computed: Workspace) -> None:
    (card,) = values(capsys, computed, "--tier", "screen", "--sources", "place")["cards"]
    assert card["phi"][0]["episodes"]["estimate"] == pytest.approx(card["delta"][0]["episodes"]["estimate"])


def test_a_constant_source_and_a_twin_are_allowed(capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--tier", "screen", "--sources", "place", "always", "again")
    assert len(found["cards"]) == 3


def test_more_than_eight_sources_are_screened_by_sampling(capsys, computed: Workspace) -> None:
    nine = ("size", "flag", "place", "traits", "words", "age", "holes", "always", "again")
    found = values(capsys, computed, "--tier", "screen", "--sources", *nine)
    assert "9 sources have 512 subsets" in found["limitation"] and all(one["holds"] for one in found["efficiency"])
    assert all(len(card["phi_error"]) == 2 for card in found["cards"])
    plan = values(capsys, computed, "--sources", *nine, "--plan")
    assert "too many to retrain each" in plan["limitation"]


def test_a_source_that_is_the_class_id_is_blocked_and_its_badge_stays_when_it_is_allowed(capsys, computed: Workspace) -> None:
    arguments = ("--tier", "screen", "--sources", "place", "id_again")
    code, out, err = ask(capsys, computed, *arguments)
    assert (code, out) == (2, "") and "'id_again'" in err and "which is a leak" in err
    one_sentence(err.strip().splitlines()[-1])
    found = values(capsys, computed, *arguments, "--allow-leak")
    badges = {card["source"]: card["badges"] for card in found["cards"]}
    assert badges["place"] == [] and badges["id_again"][0]["kind"] == "leak"
    assert "counts the classes" in next(card["verdict_words"] for card in found["cards"] if card["source"] == "id_again")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--sources", "colour"), "no source 'colour'"),
        (("--sources", "never"), "'never' is empty for every meta-train class"),
        (("--sources", "site", "--fusion", "pseudo-shots"), "describes instances"),
        (("--sources", "site", "--learner", "logistic"), "cannot take metadata in by the fusion 'film'"),
        (("--sources", "place", "place"), "named twice"),
        (("--sources", "place", "--seeds", "2"), "at least 5 different seeds"),
        (("--sources", "place", "--tier", "screen", "--seeds", "0"), "at least 3 different seeds"),
        (("--sources", "place", "--controls", "mirrored"), "The control is 'mirrored'"),
        (("--sources", "place", "--n-way", "90"), "has 20 train classes"),
        (("--sources", "place", "--learner", "metadata-only"), "cannot do without metadata"),
        (("--dataset", "nowhere"), "no data set 'nowhere'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, sentence: str, capsys, computed: Workspace) -> None:
    code, out, err = ask(capsys, computed, *arguments)
    assert (code, out) == (2, "") and sentence in err
    one_sentence(err.strip().splitlines()[-1])


def test_a_data_set_without_sources_has_nothing_to_ablate(capsys, computed: Workspace, monkeypatch) -> None:
    monkeypatch.setattr(Dataset, "sources", ())
    code, _, err = ask(capsys, computed)
    assert code == 2 and "nothing to ablate" in err


# --- sources that describe instances -------------------------------------------------------------------------------------------


def test_sources_of_both_levels_stand_in_one_ablation_on_tasks_where_instances_differ(capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--tier", "screen", "--sources", "place", "site")
    run = found["run"]
    assert (run["fusion"], run["modulating"]) == ("pseudo-shots+film", ["site"])
    assert (run["evaluation"]["strategy"], run["evaluation"]["column"]) == ("disjoint", "site")
    cards = {card["source"]: card for card in found["cards"]}
    assert {name: card["level"] for name, card in cards.items()} == {"place": "class", "site": "instance"}
    assert cards["site"]["coverage"] == 1.0 and all(one["holds"] for one in found["efficiency"])
    assert len({arm["accuracy"]["1"] for arm in found["arms"]}) > 1


def test_confirm_retrains_each_arm_with_the_fusion_its_sources_need_beside_every_control(capsys, computed: Workspace) -> None:
    found = values(capsys, computed, "--sources", "place", "site", "--controls", "shuffled,random-id", "--steps", "10")
    assert len(found["arms"]) == 4 + 2 * 5 and len(found["digests"]) == 5 * 13 + 1
    for card in found["cards"]:
        assert set(card["controls"]) == set(card["controls_alone"]) == {"shuffled", "random-id"}
        assert card["controls"]["shuffled"] == card["credit"] and card["controls_alone"]["shuffled"] == card["credit_alone"]
        whole = next(arm for arm in found["arms"] if len(arm["sources"]) == 2 and arm["control"] == "none")
        wrong = next(arm for arm in found["arms"] if arm["control"] == "random-id" and arm["falsified"] == [card["source"]])
        gained = card["controls"]["random-id"][0]["episodes"]["estimate"]
        assert gained == pytest.approx(whole["accuracy"]["1"] - wrong["accuracy"]["1"])
    code, out, _ = ask(capsys, computed, "--sources", "place", "site", "--controls", "shuffled,random-id", "--steps", "10")
    assert code == 0 and "real − random-id: all " in out


def test_the_strategy_and_the_fusion_may_be_said(capsys, computed: Workspace) -> None:
    plan = ("--tier", "screen", "--sources", "place", "site", "--plan")
    assert "pseudo-shots and FiLM" in ask(capsys, computed, *plan)[1]
    assert ", FiLM," in ask(capsys, computed, *plan, "--fusion", "film", "--strategy", "siblings")[1]


def test_instances_that_tell_their_class_are_a_leak(capsys, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    table = tiny_instances().assign(folder=lambda table: "shelf of thing " + table["class_id"].astype(str) + ";")
    sources = (*tiny_description().sources, Source("folder", "instance", ("folder",)))
    write_tiny(workspace, instances=table, description=tiny_description(sources=sources, questions=()))
    code, out, err = ask(capsys, workspace, "--tier", "screen", "--sources", "site", "folder")
    assert (code, out) == (2, "") and "'folder' spells the name or the id of the class" in err and "which is a leak" in err
    one_sentence(err.strip().splitlines()[-1])
    found = values(capsys, workspace, "--tier", "screen", "--sources", "site", "folder", "--allow-leak")
    badges = {card["source"]: [badge["severity"] for badge in card["badges"]] for card in found["cards"]}
    assert "block" in badges["folder"] and "block" not in badges["site"]
