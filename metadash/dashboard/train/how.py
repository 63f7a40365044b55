"""How a learner trains, as controls of the *Train* page: a recipe, what it sets, and each of these by itself."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.dashboard.parts.budget import training_steps
from metadash.learners.core.entry import LearnerEntry, Mode
from metadash.learners.core.recipe import Recipe
from metadash.networks.encoders.registry import Entry
from metadash.specs.run import USUAL_BATCH, RunSpec
from metadash.specs.training import AS_TESTS, CHOICES, Training
from metadash.stats import words

RECIPES = {
    "quick": "Quick: what suits small data and a minute.",
    "paper": "Paper: end to end from random weights, as its authors train it.",
}
MODES: dict[Mode, str] = {
    "quick": "Quick: one backbone trained without metadata, frozen, light heads.",
    "full": "Full: every weight trained end to end from the same start.",
}
SHOTS = (1, 2, 3, 5, 10, 20)
TUNING = {"no: as it comes": 0, "best of 4 forms": 4, "best of 8 forms": 8, "best of 16 forms": 16}
SCHEDULES = ("constant", "cosine", "linear", "step")


def chosen_recipe(entry: LearnerEntry, place: DeltaGenerator) -> str:
    """The control of the recipe; closed where the learner has no paper's."""
    paper = entry.paper_recipe
    recipe = place.segmented_control(
        "Recipe",
        list(RECIPES) if paper else ["quick"],
        default="quick",
        required=True,
        key="tr_recipe" if paper else "tr_only_recipe",
        bind="query-params",
        disabled=paper is None,
        help="All that is set of a training, at once; each of it can be changed below.",
    )
    place.caption(RECIPES[recipe] if paper else f"No paper's recipe: {entry.why_no_recipe}.")
    return str(recipe)


def chosen_mode(entry: LearnerEntry, place: DeltaGenerator, recipe: str) -> Mode:
    """The control of the mode; a paper's recipe has one only, and so has a reference."""
    paper, reference = recipe == "paper", entry.family == "reference"
    mode: Mode = place.segmented_control(
        "Mode",
        ["full"] if paper else ["quick"] if reference else list(MODES),
        default="full" if paper else "quick",
        required=True,
        key="tr_paper_mode" if paper else "tr_only_mode" if reference else "tr_mode",
        bind="query-params",
        disabled=paper or reference,
    )
    told = "Full: every weight trained end to end." if paper else MODES[mode]
    place.caption("Quick: nothing of a reference is trained end to end." if reference else told)
    return mode


def chosen_tuning(place: DeltaGenerator, mode: Mode) -> int:
    """The control of how many forms are tried on validation classes; 0 for none."""
    chosen = place.selectbox(
        "Tune on validation classes",
        list(TUNING),
        key="tr_tune",
        bind="query-params",
        disabled=mode == "full",
        help="Step sizes, penalties, distance and what is done to features, by the same number of tries for every learner; what you set "
        "to another value than the usual one is kept. All seeds share one tuning, and test classes are not looked at. It takes about so many times as long. Only in quick mode.",
    )
    return 0 if mode == "full" else TUNING[chosen]


def recipe_steps(place: DeltaGenerator, learner: str, settings: Mapping[str, Any]) -> int:
    """The control of the training steps; a recipe has its own number."""
    usual = settings.get("steps")
    key = f"tr_steps_paper_{learner}" if usual else "tr_steps"
    return training_steps(place, key, "Learner: training steps at most", usual=usual)


def chosen_width(entry: Entry, settings: Mapping[str, Any], place: DeltaGenerator) -> dict[str, Any]:
    """The control of how wide a backbone is; nothing where there is none to choose."""
    if not entry.widths:
        return {}
    usual = settings.get("width", entry.width)
    width = place.segmented_control(
        f"Width of {entry.title}",
        entry.widths,
        default=usual,
        required=True,
        key=f"tr_{entry.name}_width" if usual == entry.width else f"tr_{entry.name}_width_{usual}",
        bind="query-params",
        help=f"The {entry.width_means}.",
    )
    return {"width": int(width)}


def recipe_lines(spec: RunSpec, recipe: Recipe) -> tuple[str, list[str]]:
    """What the run sets of its training, in a sentence, and where that is not the paper's, a clause each."""
    n_way = spec.training_episodes().n_way
    known, part = recipe.length(n_way), recipe.share(n_way, spec.steps, spec.meta_batch)
    length = f"{words.count(spec.steps)} steps of {words.plural_of(spec.meta_batch, 'task')}"
    if known and part is not None and part < 1:
        length += f", {100 * part:.2g} % of the published {words.count(known[0] * known[1])} tasks"
    rate = f"rate {spec.learning_rate:g}, " if "learning_rate" in recipe.settings else ""
    told = ", ".join([*spec.training.words, f"{rate}{length}"])
    fewer = (
        [f"{n_way}-way training, where the recipe has {ways} ways"]
        if (ways := recipe.settings.get("train_ways", 0)) > n_way
        else []
    )
    stop = ", no early stop" if not spec.patience else ""
    return f"{recipe.paper}: {told}{stop}.", [*fewer, *recipe.deviations]


def training_controls(
    entry: LearnerEntry, mode: Mode, recipe: str, settings: Mapping[str, Any], idle: str, follows_rate: bool, uniform: bool
) -> Callable[[], dict[str, Any]]:
    """The controls of a training, each at what the recipe or the learner has; returns a function that gives what differs from it.

    ``settings`` are the recipe's; ``idle`` says why nothing is trained, if so, and closes all; ``follows_rate``: an optimiser with a rate
    and a decay has a part in it; ``uniform``: the tests are drawn so already.
    """
    usual = Training()
    start: dict[str, Any] = {choice: getattr(usual, name) for name, choice in CHOICES.items()} | {
        "learning_rate": entry.outer_rate(mode),
        "meta_batch": USUAL_BATCH[mode],
        "weight_decay": RunSpec.weight_decay,
        "patience": RunSpec.patience,
    }
    start |= {name: value for name, value in settings.items() if name in start}
    tag = f"{recipe}_{mode}_{entry.name}"
    fitted = settings.get("train_ways", 0)  # fewer where the split has fewer classes: another control then, at another start

    def key(name: str) -> str:
        return f"tr_{name}_{tag}" + (f"_{fitted}" if name == "train_ways" and fitted else "")

    def closed(name: str) -> bool:
        others = {
            "learning_rate": not follows_rate,
            "weight_decay": not follows_rate,
            "schedule": bool(entry.annealed),
            "start": mode == "quick",
            "train_ways": entry.fixed_way,
            "train_strategy": uniform,
        }
        return bool(idle) or others.get(name, False)

    def number(place: DeltaGenerator, name: str, label: str, least: Any, most: Any, about: str, **more: Any) -> Any:
        return place.number_input(
            label, least, most, start[name], key=key(name), bind="query-params", disabled=closed(name), help=about, **more
        )

    def one_of(place: DeltaGenerator, name: str, label: str, choices: tuple[str, ...], about: str) -> str:
        return place.selectbox(
            label,
            choices,
            index=choices.index(start[name]),
            key=key(name),
            bind="query-params",
            disabled=closed(name),
            help=about,
        )

    found: dict[str, Any] = {}
    if idle:
        st.caption(f"Nothing to set here: {idle}.")
    one, two, three, four = st.columns(4)
    found["train_ways"] = number(
        one, "train_ways", "Training ways", 0, 200, "Classes of a training task. 0: as many as of a test."
    )
    found["train_shots"] = tuple(
        two.multiselect(
            "Training shots",
            SHOTS,
            default=list(start["train_shots"]),
            key=key("train_shots"),
            bind="query-params",
            disabled=closed("train_shots"),
            placeholder="as the tests",
            help="One number is drawn at each step.",
            wrap=True,
        )
    )
    found["train_queries"] = number(
        three, "train_queries", "Training queries", 0, 100, "Of each class of a training task. 0: as many as of a test."
    )
    found["train_strategy"] = one_of(
        four, "train_strategy", "Training tasks", (AS_TESTS, "uniform"), "Uniform: any training classes together."
    )
    one, two, three, four = st.columns(4)
    found["learning_rate"] = number(
        one, "learning_rate", "Learning rate", 1e-7, 1.0, "Of the first step.", step=1e-4, format="%g"
    )
    found["schedule"] = one_of(
        two,
        "schedule",
        "Schedule",
        SCHEDULES,
        "How the rate falls over the steps: not at all, to zero by half a cosine or by a line, or to a half after each fifth of them.",
    )
    found["meta_batch"] = number(three, "meta_batch", "Tasks a step", 1, 1024, "The losses of its tasks are averaged.")
    found["weight_decay"] = number(
        four, "weight_decay", "Weight decay", 0.0, 1.0, "Of all that starts at random.", step=1e-4, format="%g"
    )
    one, two, three, four = st.columns(4)
    found["start"] = one_of(
        one, "start", "Start", ("backbone", "random"), "Of the network in full mode: trained weights, or random ones."
    )
    found["patience"] = number(
        two,
        "patience",
        "Patience",
        0,
        10_000,
        "Looks at validation classes without a rise that end the training. 0: it never ends early.",
    )
    found["keep"] = one_of(
        three,
        "keep",
        "Weights kept",
        ("best", "last"),
        "The best on validation classes, or the last; a falling rate makes the last ones good.",
    )

    def changed() -> dict[str, Any]:
        found["train_shots"] = tuple(sorted(int(shot) for shot in found["train_shots"]))
        return {name: value for name, value in found.items() if value != start[name] and not closed(name)}

    return changed
