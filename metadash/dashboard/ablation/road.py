"""The *Ablation* page: what is asked, how it gets there, and what is read once its runs are stored."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from metadash.ablation.companions import OTHER, complete, dose_specs
from metadash.ablation.methods import command, said, split_words
from metadash.ablation.plan import FEWEST_SEEDS, USUAL_SEEDS, AblationSpec, Tier, ablation_run, ablation_spec, leaks
from metadash.ablation.result import Ablation, ablation
from metadash.answers.answer import USUAL_SEEDS as ANSWER_SEEDS
from metadash.answers.answer import Answer, AnswerSpec, own_question
from metadash.answers.sentence import headline
from metadash.canonical import digest
from metadash.dashboard import server
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.budget import backbone_episodes, backbone_training, chosen_text_encoder, test_tasks, training_steps
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import term
from metadash.dashboard.parts.instances import known_sources, level_label
from metadash.dashboard.parts.jobs import jobs_of
from metadash.dashboard.parts.reads import checked
from metadash.dashboard.parts.shared import share
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.parts.which_data import forget_others
from metadash.dashboard.runs.again import Lines
from metadash.dashboard.train.controls import backbone_origin
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.keeping.spelling import call
from metadash.metadata.audit.audit import Audit, audit
from metadash.networks.encoders.registry import is_trained, usual_features
from metadash.specs.any_spec import Spec
from metadash.specs.builder import run_for
from metadash.specs.run import Evaluation
from metadash.specs.source_levels import column_for, usual_strategy
from metadash.stats import words

TIERS: dict[Tier, str] = {
    "confirm": "Every combination is trained anew, beside shuffled rows, and every class is tested once. What it says may be quoted.",
    "screen": "One model a seed learns to do without any source; then sources are hidden from it. Quick, and no proof.",
    "reliance": "Sources are hidden from an ordinary model: how far this one leans on each, not what they are worth.",
}
SHOTS = (0, 1, 2, 3, 5, 10)
USUAL = "usual"
FOLDS = {USUAL: "as usual", 0: "no: the split as it is", 3: "3 folds", 5: "5 folds", 10: "10 folds"}
BY_SOURCES = "as the sources ask"
MORE_CONTROLS = {
    "noise": "random numbers with the mean and spread of the source.",
    "constant": "the same value for all.",
    "random-id": "a random tag for each, which says nothing of it.",
}
"""What sources are falsified by, besides shuffled rows, which are always trained."""
STRONGEST: tuple[tuple[Tier, int | None], ...] = (("confirm", None), ("confirm", 0), ("screen", 0), ("reliance", 0))
"""With the folds that each has; None stands for the usual ones."""
OPENED = "ab_opened"
NEXT_TIER = "ab_tier next"
"""A button below the tiers cannot set them any more in the same run of the page; it leaves its wish here."""


def chosen_ablation(data: Dataset, pool: str | None = None) -> AblationSpec:
    """Draw the controls and return what is asked, of the test classes in ``pool``. Raises BadInput, in a sentence, for what makes no ablation."""
    if wanted := st.session_state.pop(NEXT_TIER, None):
        st.session_state["ab_tier"] = wanted
    known = known_sources(data)
    if not known:
        raise BadInput(
            f"'{data.name}' has no metadata source with a value, so there is nothing to ablate; train a learner without metadata on *Train*, or "
            "import it with a source."
        )
    forget_others("ab_sources", known)
    open_on_strongest(data)
    tier = st.radio(
        "How thoroughly", list(TIERS), captions=list(TIERS.values()), horizontal=True, key="ab_tier", bind="query-params"
    )
    left, middle, right = st.columns([5, 1.5, 2.5])
    sources = left.multiselect(
        "Sources",
        known,
        usual_sources(data),
        format_func=level_label(data),
        key="ab_sources",
        bind="query-params",
        wrap=True,
        help="What describes classes places their prototypes; what describes instances changes how each of them is seen (FiLM).",
    )
    usual = run_for(data, sources).evaluation
    seeds = middle.number_input(
        "Training seeds",
        FEWEST_SEEDS[tier],
        20,
        USUAL_SEEDS[tier],
        key=f"ab_seeds_{tier}",
        bind="query-params",
        help=f"How often everything is trained again. The tier {tier} needs {FEWEST_SEEDS[tier]} or more.",
    )
    shots = right.multiselect(
        "Shots", sorted({*SHOTS, *usual.shots}), usual.shots, key="ab_shots", bind="query-params", help=term("n_shot"), wrap=True
    )
    choices = more_choices(data, sources, tier, usual)
    if not sources:
        raise BadInput(f"Choose at least one metadata source to ask about; {data.name} has {', '.join(known)}.")
    if not shots:
        raise BadInput("Choose at least one number of labelled examples per class.")
    rope, controls, folds = choices.pop("rope"), choices.pop("controls"), choices.pop("folds")
    run = ablation_run(data, tuple(name for name in known if name in sources), shots=tuple(sorted(shots)), where=pool, **choices)
    checked(run, data)
    return ablation_spec(data, run, tier, range(int(seeds)), controls, float(rope), folds)


def usual_sources(data: Dataset) -> list[str]:
    """What is ablated unless something else is chosen: the sources with a value that describe classes; where there are none, all."""
    known = known_sources(data)
    return [name for name in known if data.source(name).level == "class"] or known


def open_on_strongest(data: Dataset) -> None:
    """A page that nobody has chosen anything on opens on the strongest answer that is stored of the usual question."""
    if "ab_tier" in st.session_state or "ab_tier" in st.query_params:
        return
    store, run = server.store(), ablation_run(data, usual_sources(data))
    for tier, folds in STRONGEST:
        spec = ablation_spec(data, run, tier, folds=folds)
        if all(store.find(one, data) for one in spec.runs):
            st.session_state["ab_tier"] = tier
            if folds == 0 and tier == "confirm":
                st.session_state["ab_folds"] = 0
            st.session_state[OPENED] = spec
            return


def opened_words(spec: AblationSpec) -> str:
    """What a page says that opened by itself on a stored answer, as long as nothing else is chosen."""
    if st.session_state.get(OPENED) != spec:
        return ""
    return f"Opened on the strongest answer that is stored: {spec.tier}, {split_words(spec)}."


def answered_whole(spec: AblationSpec, data: Dataset) -> Answer | None:
    """What *Start* has answered of all these sources together: the very runs that the ablation's first and last arm are."""
    run = spec.run
    question = own_question(data, spec.sources, run.evaluation.strategy, run.evaluation.n_way)
    asked = AnswerSpec(question, run, ANSWER_SEEDS, spec.folds, spec.fold_runs or (run,))
    return server.stored_answer(asked, data)


def draw_whole(answer: Answer, spec: AblationSpec) -> None:
    """The answer that there is, and what is not known yet."""
    st.subheader(headline(answer), anchor=False)
    st.markdown(
        f"That is all {words.plural_of(len(spec.sources), 'source')} together, as *Start* answered it. What each of them adds is not measured yet."
    )


def more_choices(data: Dataset, sources: Sequence[str], tier: Tier, usual: Evaluation) -> dict:
    about = data.description
    with st.expander("Tasks and budget", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        strategies = ["siblings"] * bool(about.sibling_column) + ["uniform"] + ["disjoint"] * bool(about.disjoint_column)
        chosen = left.selectbox(
            "Tasks", [BY_SOURCES, *strategies], key="ab_strategy", bind="query-params", help=" ".join(map(term, strategies))
        )
        strategy = usual_strategy(sources, data) if chosen == BY_SOURCES else chosen
        n_way = middle.number_input("n-way", 2, 50, usual.n_way, key="ab_way", bind="query-params", help=term("n_way"))
        tests = test_tasks(right, "ab_tests", 20, 100)
        left, middle, right = st.columns(3)
        steps = training_steps(left, "ab_steps", "Training steps at most", ": every arm to convergence, never to equal steps")
        trained = is_trained(usual_features(data).name)
        episodes = backbone_episodes(middle, "ab_episodes", trained)
        rope = right.number_input(
            f"No practical difference, ± {usual.metric.gain}",
            0.0,
            20.0,
            usual.metric.rope,
            step=0.1,
            key="ab_rope",
            bind="query-params",
            help="Effects smaller than this are too small to act on.",
        )
        text_encoder = chosen_text_encoder(st.columns(2)[0], data, sources, "ab_texts")
        learned, own_backbone = None, False
        if trained:
            learned = backbone_training(st, "ab_backbone_training", idle=False)
            own_backbone = backbone_origin(data, "ab_own", backbone_episodes=episodes, backbone_training=learned)
        folds = one_of(
            st,
            "Cross-fitting",
            list(FOLDS),
            default=USUAL,
            format_func=FOLDS.__getitem__,
            key="ab_folds",
            disabled=tier != "confirm",
            help=f"In folds, each {words_of(data).class_noun} is a test {words_of(data).class_noun} once: a narrower interval for new ones, "
            "at the price of a backbone and all heads for every fold.",
        )
        more = st.multiselect(
            "Negative controls besides shuffled rows",
            list(MORE_CONTROLS),
            key="ab_controls",
            bind="query-params",
            disabled=tier != "confirm",
            placeholder="none",
            help=" ".join(f"{name}: {meaning}" for name, meaning in MORE_CONTROLS.items()),
        )
        column = column_for(strategy, data)
        drawn = f"Tasks are drawn {strategy}{f' by {plain(column)}' if column else ''}. {term(strategy)}"
        st.caption(drawn + ("" if tier == "confirm" else " Only confirm is cross-fitted and trains negative controls."))
    return {
        "folds": 0 if tier != "confirm" else None if folds == USUAL else int(str(folds)),
        "strategy": strategy,
        "n_way": int(n_way),
        "n_episodes": tests,
        "steps": steps,
        "backbone_episodes": episodes if trained else None,
        "own_backbone": own_backbone,
        "backbone_training": learned,
        "text_encoder": text_encoder,
        "rope": rope,
        "controls": (
            "shuffled",
            *(name for name in MORE_CONTROLS if name in more),
        ),  # also before confirm: they are what it will train
    }


def lines_of(spec: AblationSpec) -> Lines:
    """What repeats it: what is stored of it is read again, the rest is computed."""
    leak = {"allow_leak": True} if st.session_state.get("ab_leak") else {}
    chosen = said(spec)
    python = call("ablate", "data", chosen | leak, spec.run.dataset)
    return (
        command(spec) + (" --allow-leak" if leak else ""),
        python,
        "Either gives the same effects, as long as the data and the code stay what they are.",
    )


def leaks_allowed(spec: AblationSpec, data: Dataset) -> bool:
    """Names each source that gives its classes away, and asks whether to go on all the same."""
    found = leaks_of(digest(spec.run.split, spec.sources, data.fingerprint), spec, data)
    if not found:
        return True
    for reason in found.values():
        st.error(f"Leak: {plain(reason)}", icon=":material/lock:")
    return st.checkbox(
        "Ablate them all the same; their badge stays", key="ab_leak", bind="query-params", help="Or take them out of the sources."
    )


@st.cache_data(max_entries=32, show_spinner=False)
def leaks_of(key: str, _spec: AblationSpec, _data: Dataset) -> dict[str, str]:
    """Instances are counted in the database for it, which a page does not do at every click."""
    return leaks(_spec, _data)


@st.cache_resource(max_entries=16, show_spinner=False)
def audit_of(fingerprint: str, split: str, sources: tuple[str, ...], _data: Dataset) -> Audit:
    return audit(_data, split, sources)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read(key: str, _spec: AblationSpec, _data: Dataset) -> Ablation | None:
    found = ablation(_spec, _data, server.store())
    looked = audit_of(_data.fingerprint, _spec.run.split, _spec.sources, _data)
    return None if found is None else complete(found, _data, server.store(), looked)


def stored_ablation(spec: AblationSpec, data: Dataset) -> Ablation | None:
    """As far as its seeds are stored; worked out once for each set of stored runs. Raises BadInput for a damaged run."""
    store = server.store()
    beside: list[Spec] = list(doses_of(spec, data).values())
    if spec.tier in OTHER and not spec.folds:
        other = OTHER[spec.tier]
        beside += replace(spec, tier=other, seeds=tuple(range(USUAL_SEEDS[other]))).runs
    stored = [run.digest for one in [*spec.runs, *beside] if (run := store.find(one, data))]
    name = digest(spec, data.fingerprint, stored)
    found = _read(name, spec, data)
    return found and share(found, name)


def doses_of(spec: AblationSpec, data: Dataset) -> dict:
    return dose_specs(spec, data) if spec.run.reads_at_test else {}


def ask(spec: AblationSpec, data: Dataset, busy: bool, allowed: bool, finished: int) -> None:
    """The button, what it will tell, and how long it takes; or how far it is, and the page anew with each run that ends."""
    promise, note = ("", "") if busy else (what_it_tells(spec, data, finished), how_it_goes_on(spec, data))
    label = "Go on" if finished else "Measure what each is worth"
    offer(spec.runs, data, "ab_go", label, promise, busy=busy, enabled=allowed, note=note, each=True)
    if not allowed and not busy:
        st.caption("A source in it gives the classes away: take it out below, or allow it there.")


def what_it_tells(spec: AblationSpec, data: Dataset, finished: int) -> str:
    """Nothing where some seeds are there already: what they tell stands above."""
    if finished:
        return ""
    return (
        f"Pressing the button {what_it_does(spec)}, and scores all on the same {words.count(spec.run.evaluation.n_episodes * len(spec.splits))} test tasks of "
        f"{words.plural(words_of(data).class_noun)} the learner has never seen. You will read what each of {words.plural_of(len(spec.sources), 'source')} adds "
        "beside the others, how sure that is, and how many labelled examples it is worth."
    )


def how_it_goes_on(spec: AblationSpec, data: Dataset) -> str:
    parts = jobs_of(spec.runs, data)
    stored = sum(part.done for part in parts)
    already = f" {stored} of {len(parts)} runs are stored already." if stored else ""
    return f"It goes on if you close the page.{already} {spec.limitation}"


def what_it_does(spec: AblationSpec) -> str:
    seeds = words.plural_of(len(spec.seeds), "seed")
    if spec.tier == "confirm":
        folds = f" in {spec.folds} folds with a backbone each" if spec.folds else ""
        controls = f"controls ({', '.join(spec.controls)})"
        return f"trains {len(spec.arms)} combinations of sources and {controls} anew{folds}, with {seeds} each"
    model = "a model that learns to do without any source" if spec.tier == "screen" else "an ordinary model with all sources"
    return f"trains {model}, with {seeds}, hides sources from it in {len(spec.arms)} combinations"
