"""The parts of the *Start* page: the question, the answer's sentence and curve, a task in pictures, the numbers."""

from functools import partial

import streamlit as st

from metadash.answers.answer import OWN, Answer, AnswerSpec, own_question
from metadash.answers.sentence import sentences, so_far_sentence
from metadash.answers.tables import MODE_NOTES, answer_command, numbers_table
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.badges import badge_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import term
from metadash.dashboard.parts.instances import known_sources
from metadash.dashboard.parts.pictures import input_row
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.which_data import forget_others
from metadash.data.dataset import Dataset, Question
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.figures.answer import answer_curve
from metadash.specs.builder import run_for
from metadash.stats import words
from metadash.stats.words import plural, plural_of


def chosen_question(data: Dataset) -> Question:
    """One of the data set's questions, or one's own: sources, strategy and ways chosen freely."""
    questions = {question.id: question for question in data.description.questions}
    titles = {**{key: question.title for key, question in questions.items()}, OWN: "My own question: choose sources and tasks …"}
    from_link("q", titles, name="Question")
    identity = st.selectbox("Question", list(titles), format_func=titles.__getitem__, key="q")
    to_link("q")
    if identity in questions:
        return questions[identity]
    known = known_sources(data)
    usable = [name for name in known if data.source(name).level == "class"]
    if not usable:
        todo = "ask on *Ablation* what is known of single instances" if known else "train a learner without metadata on *Train*"
        raise BadInput(
            f"Nothing is known about the {plural(data.description.class_noun)} of this data set, so there is nothing to ask here; {todo}, or import "
            f"it with a source of its {plural(data.description.class_noun)}."
        )
    forget_others("q_sources", usable)
    left, middle, right = st.columns([3, 2, 1])
    sources = left.multiselect("Metadata", usable, usable, key="q_sources", bind="query-params", wrap=True)
    strategies = ["siblings", "uniform"] if data.description.sibling_column else ["uniform"]
    strategy = middle.selectbox("Tasks", strategies, key="q_strategy", bind="query-params", help=" ".join(map(term, strategies)))
    usual = run_for(data, strategy=strategy).evaluation.n_way
    n_way = right.number_input("n-way", 2, 50, usual, key="q_way", bind="query-params", help=term("n_way"))
    if not sources:
        raise BadInput(f"Choose at least one metadata source to ask about; {data.name} has {', '.join(usable)}.")
    return own_question(data, sources, strategy, int(n_way))


def draw_answer(answer: Answer) -> None:
    """The sentence on top, its n and tier in small, then the one chart."""
    label, colour = badge_of(answer.first.decision)
    first, *rest = sentences(answer)
    groups = f" in {plural_of(answer.n_groups, plain(answer.group_noun))}" if answer.n_groups else ""
    with st.container(border=True):
        st.badge(label, color=colour)
        st.subheader(plain(first), anchor=False)
        st.markdown(plain(" ".join(rest)))
        st.caption(
            f"{words.count(answer.n_episodes)} episodes · {answer.n_classes} test {plain(plural(answer.class_noun))}{groups} · {plural_of(len(answer.spec.seeds), 'seed')}{f' · {answer.spec.folds} folds, every {plain(answer.class_noun)} tested once' if answer.spec.folds else ''} · "
            f"{MODE_NOTES[answer.spec.mode]} · batch norm: {answer.batch_norm} statistics"
        )
    chart(
        partial(answer_curve, answer, palette()),
        key="answer_curve",
        alt=f"{answer.metric.title.capitalize()} over shots with, without and with shuffled metadata: {first}",
    )
    st.caption(
        f"Lines: mean {answer.metric.title} on the same test episodes; bands: 95 % interval over episodes, for these test classes."
    )


def next_steps(answer: Answer) -> None:
    """The questions that come after the answer, each a link that opens on this answer's own sources and learner."""
    sources, learner = list(answer.spec.run.sources), answer.digests["metadata"][0]
    with st.container(horizontal=True):
        if len(sources) > 1:
            link_to("ablation", "Which source does it?", "balance", ab_sources=sources)
        link_to("prototypes", "See it on a map", "scatter_plot", pr_run=learner)
        link_to("what_if", "What if it were wrong?", "help_center", wi_run=learner)


def draw_so_far(spec: AnswerSpec, found: Answer | None, data: Dataset) -> None:
    """The line that grows while folds come in: numbers without a verdict."""
    if found is None:
        st.markdown(
            f"#### The first numbers come with the first of {plural_of(len(spec.fold_runs), 'fold')}."
            if spec.folds
            else "#### Under way."
        )
        return
    st.badge("so far, no verdict yet", color="gray")
    st.subheader(plain(so_far_sentence(found, len(spec.seeds))), anchor=False)


@st.cache_data(max_entries=32, show_spinner=False)
def example_episode(fingerprint: str, evaluation: str, _spec: AnswerSpec, _data: Dataset) -> EpisodeManifest:
    """The first test task. It is keyed by the data and the evaluation's text; what is underscored only computes it."""
    run = _spec.fold_runs[0]
    return draw(_data, run.evaluation.episodes(run.split, "test"))[0:1]


def episode_row(data: Dataset, spec: AnswerSpec) -> None:
    """One real test task: what the learner is given, and what it is asked."""
    first = spec.fold_runs[0]
    task = example_episode(data.fingerprint, f"{first.split} {first.evaluation}", spec, data)
    names = data.classes["class_name"].to_numpy()[task.classes[0]]
    n_shown = min(5, task.n_way)
    support, asked = task.support[0, :, 0], task.query[0, :n_shown, :2]
    query = asked[asked >= 0]
    alts = [f"query of {names[n]}" for n in range(n_shown) for row in asked[n] if row >= 0]
    st.caption(f"Support: one labelled example of each of {task.n_way} {plural(words_of(data).class_noun)}.")
    st.html(input_row(data, support, [str(name) for name in names], size=88))
    st.caption(
        f"Queries: which of the {task.n_way} is each of these? ({first.evaluation.queries_words} are asked; {len(query)} are shown.)",
        help=term("query"),
    )
    st.html(input_row(data, query, size=48, alts=alts))


def draw_numbers(answer: Answer) -> None:
    """Means and paired differences at every number of shots, both intervals named."""
    st.dataframe(numbers_table(answer), width="stretch", alt="Means and differences with both intervals at each number of shots")
    st.caption(
        f"First bracket: 95 % interval for these test {plain(plural(answer.class_noun))} (t over {words.count(answer.n_episodes)} episodes). Second: for new "
        f"{plain(plural(answer.unit_noun))} (delete-one-{plain(answer.unit_noun)} jackknife). Differences are paired on the same episodes and averaged over "
        f"{len(answer.spec.seeds)} seeds. The verdict asks how surely it lies beyond ± {answer.first.rope:g} {answer.metric.gain} on new "
        f"{plain(plural(answer.unit_noun))}, and that of help also how surely metadata − shuffled does."
    )


def computed_how(answer: Answer, data: Dataset) -> None:
    spec, tests = answer.spec, answer.spec.run.evaluation
    splits = f"cross-fitted in {spec.folds} folds" if spec.folds else f"split {plain(spec.run.split)}"
    origin = " (weights that come with the data set)" if spec.run.backbone.start else ""
    st.markdown(
        f"""
- **Data** `{data.name}` (fingerprint `{data.fingerprint}`), {splits}: meta-train, validation and test share no {plain(answer.unit_noun)}.
- **Tasks** {tests.n_way}-way, {", ".join(map(str, spec.shots))} shots, {tests.queries_words}, strategy *{tests.strategy}*;
  {words.count(answer.n_episodes)} test episodes, the same for every arm (manifest `{answer.manifest}`).
- **Learner** Prototypical Networks (Snell et al. 2017) on {spec.run.backbone.title}{origin}; {MODE_NOTES[spec.mode]}. Metadata enters as κ pseudo-shots at an anchor
  learned from it; the mean κ over the test {plain(plural(answer.class_noun))} is {answer.kappa:.2f}. {term("kappa")}
- **Stopping** on validation {plain(plural(answer.class_noun))}; nothing was selected on test {plain(plural(answer.class_noun))}.
- **Worth** the horizontal distance between the curves with and without metadata at {words.plural_of(answer.first.shot, "shot")}: {answer.worth.value:.2f} examples.
- **Computed** in {words.duration(answer.seconds).removeprefix("about ")} of one core. Runs: {", ".join(f"`{d}`" for digests in answer.digests.values() for d in digests)}
"""
    )
    st.code(answer_command(answer), language="bash", wrap_lines=True)
