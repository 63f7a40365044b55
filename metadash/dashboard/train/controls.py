"""The controls of the *Train* page: what a person chooses, turned into the runs it stands for, checked before anything is queued."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.answers.stored_arms import knowledge
from metadash.dashboard.links.pages import from_link, to_link
from metadash.dashboard.parts.asked import query_balance, typed_condition
from metadash.dashboard.parts.budget import backbone_episodes, backbone_training, chosen_text_encoder, test_tasks
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import term
from metadash.dashboard.parts.reads import checked
from metadash.dashboard.train.backbone import chosen_backbone
from metadash.dashboard.train.how import chosen_mode, chosen_recipe, chosen_tuning, chosen_width, recipe_steps, training_controls
from metadash.data.columns.facts import is_single
from metadash.data.dataset import Dataset
from metadash.data.facets import both
from metadash.data.shipped import shipped_with
from metadash.errors import BadInput
from metadash.learners.core.entry import LearnerEntry, Mode
from metadash.learners.core.fusions import BOTH, HOOKS, MODULATING
from metadash.learners.core.options import read_options
from metadash.learners.registry import LEARNERS, options_for
from metadash.networks.encoders.registry import is_trained
from metadash.specs.builder import fitting_recipe, run_for
from metadash.specs.normalising import NORMALISATIONS, Normalise, usual_normalise
from metadash.specs.run import RunSpec, usual_ways
from metadash.specs.training import nothing_to_train
from metadash.stats import words

FUSIONS = {
    "pseudo-shots": "Pseudo-shots: the metadata counts as κ labelled examples.",
    "am3": "AM3's gate: a learned mixture that does not know the shots.",
    "film": "FiLM: metadata of an example, or of the whole task, scale and shift what the learner sees of it.",
    BOTH: "Both: what describes classes counts as κ labelled examples, what describes examples goes to FiLM.",
    "auxiliary": "Auxiliary loss: metadata teach the network in training, and are not read at test (full mode only).",
}
CONTROLS = {
    "none": "None: the metadata as it is.",
    "shuffled": "Shuffled: rows change hands between classes.",
    "noise": "Noise: random numbers of the same spread.",
    "constant": "Constant: one value for every class.",
    "random-id": "Random id: a tag for every class that says nothing of it.",
}
DISTANCES = ("euclidean", "cosine")
SHOTS = (0, 1, 2, 3, 5, 10, 20)


def chosen_runs(data: Dataset, pool: str | None = None) -> list[RunSpec]:
    """Draw the controls and return one run a seed, tested on classes of ``pool``. Raises BadInput, in a sentence, for a choice that makes no run."""
    first, second, third = st.columns([4, 4, 4])
    titles = {name: entry.title for name, entry in LEARNERS.items()}
    from_link("tr_learner", titles, name="Learner")
    learner = first.selectbox("Learner", list(titles), format_func=titles.__getitem__, key="tr_learner")
    to_link("tr_learner")
    seeds = third.multiselect(
        "Training seeds",
        list(range(10)),
        default=[0, 1, 2],
        key="tr_seeds",
        bind="query-params",
        help="Each seed trains again from another start; two or more give an interval over training.",
        wrap=True,
    )
    entry = LEARNERS[learner]
    st.caption(f"{entry.idea} ({entry.paper}.) {entry.cost}")
    if entry.transductive:
        st.caption(f":material/groups: **Transductive**: it classifies all queries of a task together. {entry.balance}".strip())
    network, about_it = st.columns([4, 8], vertical_alignment="center")
    more = st.expander("More options: test tasks, metadata, features, tuning", icon=":material/tune:")
    how = st.expander("How it trains: recipe, quick or end to end, rate, schedule, early stop", icon=":material/model_training:")
    with how:
        left, middle = st.columns(2)
        recipe = chosen_recipe(entry, left)
        mode = chosen_mode(entry, middle, recipe)
    backbone = chosen_backbone(data, network, about_it, priced=recipe == "quick")
    with more:
        st.markdown("**Test tasks**")
        tasks = chosen_tasks(data, entry, pool)
        split_place = st.container()
        st.markdown("**Metadata**")
        left, middle, texts_place = st.columns(3)
        fusion = left.selectbox(
            "How the metadata enters",
            list(FUSIONS),
            key="tr_fusion",
            bind="query-params",
            help=" ".join([*FUSIONS.values(), term("kappa"), "Without metadata there is nothing to fuse."]),
        )
        left.caption(FUSIONS[fusion])
        sources = chosen_sources(second, data, fusion)  # drawn above; which there are depends on the fusion
        control = middle.selectbox(
            "Control",
            list(CONTROLS),
            key="tr_control",
            bind="query-params",
            help="Metadata made wrong on purpose: what is gained from it is not gained from its meaning. "
            + " ".join(CONTROLS.values()),
        )
        if note := instance_note(data, fusion):
            st.caption(note)
        st.markdown("**Features and learner**")
        left, middle, right = st.columns(3)
        distance = left.selectbox("Distance", entry.distances or DISTANCES[:1], key="tr_distance", bind="query-params")
        normalise = chosen_normalisation(middle, entry, mode, backbone.name)
        tune = chosen_tuning(right, mode)
    names = data.split_names
    default = data.description.default_split
    split = split_place.selectbox(
        "Split",
        names,
        index=names.index(default) if default in names else 0,
        key="tr_split",
        bind="query-params",
        help="Which classes are for training, for validation and for testing; no class is in two of them.",
        width=210,
    )
    text_encoder = chosen_text_encoder(texts_place, data, sources, "tr_texts", split, closed=True)
    settings = fitting_recipe(entry.recipe(recipe), data, split, int(st.session_state.tr_way), backbone.name)
    with how:
        idle = nothing_to_train(learner) if mode == "quick" and not sources and not entry.learns else ""
        follows_rate = entry.optimiser == "adamw" or (bool(sources) and (fusion in HOOKS or fusion == BOTH))
        uniform = st.session_state.tr_strategy == "uniform"
        training = training_controls(entry, mode, recipe, settings, idle, follows_rate, uniform)
    with more:
        left, middle, right = st.columns(3)
        trained = is_trained(backbone.name) and training().get("start", settings.get("start")) != "random"
        steps = recipe_steps(left, learner, settings)
        episodes = backbone_episodes(middle, "tr_episodes", trained)
        size = {"backbone": backbone.name, **chosen_width(backbone, settings, right)}
        own_backbone = False
        if trained:
            size |= {
                "backbone_training": backbone_training(st, "tr_backbone_training", not entry.reads_embeddings),
                "backbone_episodes": episodes,
            }
            own_backbone = backbone_origin(data, "tr_own", split=split, distance=distance, **size)
        defaults = options_for(learner, mode)
        options = st.text_input(
            f"Options of {entry.title}",
            key="tr_options",
            bind="query-params",
            placeholder=", ".join(f"{name}={getattr(defaults, name)}" for name in entry.options) or "it has none",
            disabled=not entry.options,
            help="What its paper varies, as name=value separated by commas; what you leave out is as in the paper, but for larger steps in quick mode.",
        )
    if not seeds:
        raise BadInput("Choose at least one training seed.")
    first_seed, *others = sorted(map(int, seeds))
    run = run_for(
        data,
        sources,
        split=split,
        learner=learner,
        options=read_options(options) if entry.options else (),
        mode=mode,
        recipe=recipe,
        **training(),
        **size,
        own_backbone=own_backbone,
        distance=distance,
        normalise=normalise,
        fusion=fusion if sources else "none",
        control=control if sources else "none",
        text_encoder=text_encoder,
        steps=steps,
        tune=tune,
        seed=first_seed,
        **tasks(),
    )
    checked(run, data)
    return [run, *(replace(run, seed=seed) for seed in others)] if run.trains else [run]


def chosen_normalisation(place: DeltaGenerator, entry: LearnerEntry, mode: Mode, backbone: str) -> Normalise:
    """The control of what is done to frozen features before the head; *usual* where nothing frozen is read."""
    idle = mode == "full" or not entry.reads_embeddings
    titles = normalisation_titles(entry, backbone)
    chosen = place.selectbox(
        "Features that the head reads",
        list(titles),
        format_func=titles.__getitem__,
        key="tr_normalise",
        bind="query-params",
        disabled=idle,
        help="Centring subtracts the mean of the training classes, and length one divides each example by its own length (SimpleShot, Wang et "
        "al. 2019): often worth points with features that a large network made. Only in quick mode, where features are frozen.",
    )
    return "usual" if idle else chosen


def normalisation_titles(entry: LearnerEntry, backbone: str) -> dict[Normalise, str]:
    """What may be done to frozen features, as the control says it."""
    usual = NORMALISATIONS[usual_normalise(entry.name, backbone)]
    return {name: words.capital(said) for name, said in {"usual": f"as usual: {usual}", **NORMALISATIONS}.items()}


def backbone_origin(data: Dataset, key: str, **choices: Any) -> bool:
    """Whether to train the backbone here; asked where some come with the data set, and open where that of these choices does."""
    if not shipped_with(data.name)[1]:
        return False
    return st.toggle(
        "Train the backbone here",
        key=key,
        bind="query-params",
        disabled=not run_for(data, **choices).backbone.start,
        help="Backbones of the usual size come with the data set, and say by which command they were made. Who doubts them trains one here: "
        "half a minute each, and the numbers differ by what training again differs.",
    )


def chosen_sources(place: DeltaGenerator, data: Dataset, fusion: str) -> list[str]:
    """Those that the fusion can read; what is chosen and cannot be read any more is dropped."""
    usable = [source.name for source in (data.sources if fusion in MODULATING else data.class_sources())]
    if "tr_sources" in st.session_state:
        st.session_state.tr_sources = [name for name in st.session_state.tr_sources if name in usable]
    return place.multiselect(
        "Metadata it may read",
        usable,
        key="tr_sources",
        bind="query-params",
        placeholder="none",
        help=instance_note(data, fusion) or None,
        wrap=True,
    )


def chosen_tasks(data: Dataset, entry: LearnerEntry, pool: str | None) -> Callable[[], dict[str, Any]]:
    """The controls of the task; returns a function, so that what it raises is raised after every control has been drawn."""
    about = data.description
    strategies = [
        name
        for name, column in (("siblings", about.sibling_column), ("uniform", "always"), ("disjoint", about.disjoint_column))
        if column
    ]
    left, middle, right = st.columns(3)
    strategy = left.selectbox(
        "Tasks", strategies, key="tr_strategy", bind="query-params", help=" ".join(term(name) for name in strategies)
    )
    column = None
    if strategy == "uniform":
        middle.selectbox("Column", ["not needed"], key="tr_no_column", disabled=True)
    else:
        frame, default = (
            (data.classes, about.sibling_column) if strategy == "siblings" else (data.instances, about.disjoint_column)
        )
        columns = shared_columns(data, strategy)
        column = middle.selectbox(
            "Column they share" if strategy == "siblings" else "Column kept apart",
            columns if default in columns or default not in frame else [default, *columns],
            index=columns.index(default) if default in columns else 0,
            key=f"tr_{strategy}_column",
            bind="query-params",
        )
    usual = run_for(data, strategy=strategy).evaluation
    n_way = right.number_input("n-way", 2, 200, usual.n_way, key="tr_way", bind="query-params", help=term("n_way"))
    left, ways_place, middle, right = st.columns([3, 3, 2, 2])
    shots = left.multiselect(
        "Shots",
        sorted({*SHOTS, *usual.shots}),
        default=usual.shots,
        key="tr_shots",
        bind="query-params",
        help=term("n_shot"),
        wrap=True,
    )
    dealt, narrowed = st.columns([3, 7])
    with dealt:
        uneven = query_balance("tr_uneven")
    fewer = usual_ways(int(n_way)) if uneven is None else ()
    ways = ways_place.multiselect(
        "Also at fewer ways",
        fewer,
        default=fewer,
        key=f"tr_ways_{int(n_way)}",
        bind="query-params",
        disabled=not fewer or entry.fixed_way,
        placeholder="none",
        help="The same test tasks with fewer of their classes: the curve over ways on the page Compare. It costs scoring time only. Not with "
        "uneven queries, of which the first classes of a task may have none.",
        wrap=True,
    )
    if entry.fixed_way and fewer:
        st.caption(
            f"{entry.title} will be scored at {int(n_way)} ways only: its head has one row for each of {int(n_way)} classes."
        )
    n_query = middle.number_input(
        "Queries per class", 1, 50, usual.n_query, key="tr_query", bind="query-params", help=term("query")
    )
    tests = test_tasks(right, "tr_tests", 50, 500)
    with narrowed:
        where = typed_condition(
            "Only test classes where … (SQL)", "where", "script = 'Greek'", "On the table classes. Training sees its whole pool."
        )

    def tasks() -> dict[str, Any]:
        if not shots:
            raise BadInput("Choose at least one number of shots.")
        return {
            "n_way": int(n_way),
            "shots": tuple(sorted(int(shot) for shot in shots)),
            "n_query": int(n_query),
            "strategy": strategy,
            "column": column,
            "where": both(pool or "", where) or None,
            "n_episodes": tests,
            "query_dirichlet": uneven,
            "ways": None if entry.fixed_way or uneven is not None else tuple(sorted(int(fewer) for fewer in ways)),
        }

    return tasks


@st.cache_data(max_entries=16, show_spinner=False)
def _shared_columns(stamp: str, strategy: str, _data: Dataset) -> list[str]:
    table = _data.classes if strategy == "siblings" else _data.instances
    return [
        str(name)
        for name in table.columns
        if not str(name).endswith("_id") and 2 <= different(table[name]) <= (0.6 * len(table) if strategy == "siblings" else 500)
    ]


def different(column: pd.Series) -> int:
    """How many values a column has; lists and records have none that rows could share."""
    return column.nunique() if is_single(column) else 0


def shared_columns(data: Dataset, strategy: str) -> list[str]:
    """The columns that tasks can be drawn by: neither the same for all rows nor different for (nearly) every one."""
    return _shared_columns(f"{data.fingerprint} {strategy}", strategy, data)


def reading(spec: RunSpec, written: Callable[[object], str] = plain) -> str:
    """``with “name, accents”`` or ``without metadata``; ``written``: as Markdown, or as ``str``."""
    return f"with “{written(knowledge(spec))}”" if spec.sources else "without metadata"


def instance_note(data: Dataset, fusion: str) -> str:
    """What there is to say of the sources that describe instances."""
    names = [plain(source.name) for source in data.sources if source.level == "instance"]
    if not names:
        return ""
    noun = f"single {words.plural(data.modality.noun)}"
    if fusion in MODULATING:
        return f"{', '.join(names)} describe {noun}. {words_of_hidden(data)}".strip()
    return f"Not usable with this fusion: {', '.join(names)}. They describe {noun}, and only FiLM reads those."


def words_of_hidden(data: Dataset) -> str:
    """Which of the instance sources a query comes without."""
    hidden = [plain(source.name) for source in data.sources if source.level == "instance" and not source.available_at_prediction]
    return f"Not available at prediction, and so hidden of queries: {', '.join(hidden)}." if hidden else ""
