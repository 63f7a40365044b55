"""How an ablation was done, paragraph by paragraph, and what may be claimed of it."""

import shlex
from dataclasses import replace
from typing import Any

import pytest

from metadash.ablation.methods import claims_words, command, enter_words, methods, refuse_claim, tier_words
from metadash.ablation.result import Ablation
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.runs.store import RunStore
from metadash.verbs import ablate, cli
from metadash.workspace import Workspace
from tests.ablations import additive, asked, made_up
from tests.builders import one_sentence


@pytest.fixture(scope="module")
def found(wide: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    store = RunStore(Workspace(tmp_path_factory.mktemp("methods")))
    return made_up(asked(controls=("shuffled", "noise")), wide, store, additive(9, 4, -1), noise=1)


def tier(found: Ablation, name: Any, seeds: int = 3) -> Ablation:
    return replace(found, spec=replace(found.spec, tier=name, seeds=tuple(range(seeds))), seeds=tuple(range(seeds)))


def test_the_paragraphs_say_on_what_data_which_tasks_and_which_learner(found: Ablation, wide: Dataset) -> None:
    told = dict(methods(found, wide))
    assert list(told) == ["Data", "Episodes", "Learner", "Tier", "Effects", "Intervals", "Sets", "Decisions"]
    assert told["Data"] == (
        f"Tiny things (tiny, fingerprint {wide.fingerprint}), split family-0: meta-train, validation and test share no thing. "
        "Scores are on 60 things in 12 families, which no part of the learner has seen."
    )
    assert told["Episodes"].startswith(
        "5-way tasks drawn siblings by family, at 1, 2, 5 labelled examples per class with 5 queries per class; 120 test episodes"
    )
    assert (
        "quick mode, over Conv-4-8. Metadata enter by pseudo-shots. Training is stopped on validation things" in told["Learner"]
    )
    assert told["Tier"].endswith(
        f"{len(found.spec.arms)} arms a seed, at least 5 matched seeds; controls: shuffled, noise. Seeds: 0, 1, 2, 3, 4."
    )
    assert told["Effects"].endswith("All subsets were scored, so the shares are exact.")
    assert "delete-one-group jackknife" in told["Intervals"] and "is shown to be under 0.5 points on new families" in told["Sets"]


def test_only_confirm_decides_beside_shuffled_rows(found: Ablation, wide: Dataset) -> None:
    said = "; help must be as surely more than that of the source's own shuffled rows."
    assert said in dict(methods(found, wide))["Decisions"]
    screen = dict(methods(tier(found, "screen"), wide))
    assert said not in screen["Decisions"] and "than *probably*. Whoever picks" in screen["Decisions"]


def test_each_tier_says_what_was_trained(found: Ablation) -> None:
    assert tier_words(tier(found, "screen").spec).startswith(
        "One model a seed, trained with each source hidden with probability 0.5; "
    )
    assert tier_words(tier(found, "reliance").spec).startswith("One model a seed, trained as usual; ")
    assert tier_words(replace(found.spec, controls=())).endswith("controls: none.")


@pytest.mark.parametrize(
    ("fusion", "levels", "words"),
    [
        (
            BOTH,
            ("class", "instance", "class"),
            "What describes classes (place, flag) places their prototypes by pseudo-shots; what describes instances (size)",
        ),
        ("film", ("instance",) * 3, "(Perez et al. 2018): each instance by its own."),
        ("film", ("class",) * 3, "(Perez et al. 2018)."),
        ("am3", ("class",) * 3, "Metadata enter by am3."),
    ],
)
def test_how_metadata_enter_follows_from_what_they_describe(
    fusion: str, levels: tuple[Any, ...], words: str, found: Ablation
) -> None:
    order = ("place", "size", "flag")
    cards = tuple(replace(found.card(name), level=level) for name, level in zip(order, levels, strict=True))
    run: Any = type("Run", (), {"fusion": fusion})
    told = enter_words(replace(found, cards=cards, spec=_Spec(run)))  # type: ignore[arg-type]
    assert words in told


class _Spec:
    """Of a spec, the run alone."""

    def __init__(self, run: Any):
        self.run = run


def test_what_is_certain_and_has_no_badge_may_be_quoted(found: Ablation) -> None:
    assert claims_words(found).startswith("What is said of “place”")
    none = replace(found, cards=tuple(replace(card, claim=False) for card in found.cards))
    assert claims_words(none).startswith("Nothing here may be quoted as a claim")


def test_a_claim_is_refused_before_confirm_and_before_every_seed(found: Ablation) -> None:
    refuse_claim(found.spec)
    refuse_claim(found.spec, found)
    for spec, whole, words in (
        (tier(found, "screen").spec, None, "this is screen"),
        (found.spec, replace(found, seeds=(0, 1)), "2 of 5 are finished"),
    ):
        with pytest.raises(BadInput) as refusal:
            refuse_claim(spec, whole)
        assert words in one_sentence(refusal.value)


@pytest.mark.parametrize("name", ["confirm", "screen", "reliance"])
def test_the_line_that_repeats_it_asks_for_the_same(name: str, found: Ablation, wide: Dataset) -> None:
    spec = tier(found, name, seeds=5).spec
    line = shlex.split(command(spec))
    assert line[:4] == ["python", "-m", "metadash", "ablate"] and ("--controls" in line) == (name == "confirm")
    options = cli.parser().parse_args(line[3:])
    again = ablate.spec_of(options, wide)
    assert (again.tier, again.seeds, again.sources, again.rope) == (spec.tier, spec.seeds, spec.sources, spec.rope)
    assert replace(again.run.evaluation, ways=()) == spec.run.evaluation, "the usual fewer ways are asked for beside them"
    assert (again.run.steps, again.run.fusion, again.controls) == (
        spec.run.steps,
        spec.run.fusion,
        spec.controls if name == "confirm" else again.controls,
    )
    assert command(spec, "report").split()[3] == "report"
