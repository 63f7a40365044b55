"""A trained learner at work: a few examples of new classes, and it labels the rest; what it doubts, a person corrects, and it learns from that."""

from functools import partial

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.compare.learners import scores_of
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import end_page, header, one_sentence
from metadash.dashboard.parts.jobs import cancel, how_long, jobs_of, on_its_way, progress_bar, troubled
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.runs.again import repeat
from metadash.dashboard.share.closed import closed, not_prepared
from metadash.dashboard.share.told import report
from metadash.dashboard.use import result as shown
from metadash.dashboard.use import work
from metadash.dashboard.use.asking import ask, asked_now
from metadash.dashboard.use.files import upload_known, upload_of_inputs
from metadash.dashboard.use.giving import EXAMPLE_CLASSES, give, give_example, habit, of_inputs_in, ways_of
from metadash.dashboard.use.known import known_form
from metadash.dashboard.use.learner import AWAITED, choose_learner, quick_learner, told_learner, usable
from metadash.dashboard.use.leaving import leaving
from metadash.dashboard.use.next import next_steps
from metadash.dashboard.use.section import labels_section
from metadash.dashboard.use.taking import take_away
from metadash.dashboard.use.tray import tray_of
from metadash.errors import BadInput
from metadash.front.use import Labelled, columns_of_inputs, columns_read, labelled, use_spec
from metadash.front.using.rising import rise
from metadash.learners.registry import entry_of
from metadash.runs.kinds import run_digest
from metadash.specs.run import RunSpec
from metadash.specs.use import UseSpec
from metadash.stats import words

STEP, LAST = "us_step", "us_last"
LOOK_EVERY = 0.3  # seconds between two looks for the labels: they take about one

data = server.chosen_dataset()
about = words_of(data)
noun, nouns = about.class_noun, words.plural(about.class_noun)
header(
    "What are these?",
    "Show a trained learner a few examples of new classes, give it the rest to label, and correct what it doubts.",
)
of_classes(data)
work.from_link(data)
answer_area = st.container(border=True)


def no_learner() -> None:
    """Instead of all that follows: what one click trains."""
    spec = quick_learner(data)
    offer(
        [spec],
        data,
        "us_train",
        "Train the quick learner",
        f"#### No learner is trained on {plain(data.name)} yet.\nOne click trains one. Then show it a few examples of {nouns} that it has never seen, and it labels "
        "the rest.",
    )


arms = usable(data)
if not arms:
    with answer_area:
        no_learner()
    end_page()

left, right = st.columns([2, 1])
with left:
    arm, run = choose_learner(data, arms)
alarm = right.slider(
    "False alarms of “none of these”",
    1,
    30,
    5,
    format="%d%%",
    key="us_false",
    bind="query-params",
    help=f"“None of these” is said of what looks like no member of any of the {nouns}. The share of true members that it may be said of wrongly: the smaller, the "
    "more strangers pass for members.",
)
spec = run.spec_as(RunSpec)
sources = columns_read(spec, data)
columns = [column for own in sources.values() for column in own]
of_inputs = (
    tuple(of_inputs_in(spec, data)),
    tuple(column for own in columns_of_inputs(spec, data, queries=True).values() for column in own),
)
pen = habit(data)
tray = tray_of(data)
asked = asked_now(data, spec.split, pen)
example_ways = min(
    spec.evaluation.n_way if entry_of(spec.learner).fixed_way else EXAMPLE_CLASSES, len(data.split(spec.split)["test"])
)
ready = len(tray.examples) > 1 and len(asked) > 0


def in_words(ways: list[str]) -> str:
    """``pick, upload or draw``"""
    return f"{', '.join(ways[:-1])} or {ways[-1]}"


def spelled(number: int) -> str:
    names = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return names[number - 2] if 2 <= number <= 10 else str(number)


def start_example() -> None:
    """Examples and inputs that somebody else would pick first, and their labels."""
    give_example(data, spec.split, example_ways)
    st.session_state["us_ask"] = "pick"
    want()


def to_ask() -> None:
    st.session_state[STEP] = "ask"


def want() -> None:
    work.ask_for(data)
    st.session_state[STEP] = "review"


def what_first() -> None:
    """What is missing before anything can be labelled, in a sentence, and the way to see it done."""
    if len(tray.examples) < 2:
        st.markdown(
            f"#### Show it a few examples of two or more {nouns}.\nIt need not have seen any of them: {in_words(ways_of(data, pen))} them below, then say what is to be labelled."
        )
        st.button(
            f"Show me with {spelled(example_ways)} {nouns}",
            type="primary",
            icon=":material/play_arrow:",
            key="us_example",
            on_click=start_example,
            help=f"{words.capital(spelled(example_ways))} {nouns} that it was not trained on, two examples of each, and more of the data set to label.",
        )
    else:
        st.markdown(
            f"#### Now say what is to be labelled.\n{words.capital(words.plural_of(len(tray.examples), noun))} are before it; step 2 takes what it is to tell apart: {in_words(ways_of(data, pen))} it."
        )
        if st.session_state.get(STEP) != "ask":
            st.button("Go to step 2", icon=":material/arrow_forward:", key="us_to_ask", on_click=to_ask)


def promise(task: UseSpec) -> None:
    st.markdown(
        f"#### {words.plural_of(len(asked), data.modality.noun)} to label as one of {words.plural_of(len(tray.examples), noun)}.\nYou will read a label with its probability for each, the most doubtful first."
    )
    st.button("Label them", type="primary", icon=":material/new_label:", key="us_go", on_click=want)
    st.caption(f"{words.capital(how_long(jobs_of([task], data)))} on this machine.")


@st.fragment(run_every=LOOK_EVERY)
def labelling(task: UseSpec) -> None:
    """How far it is; the page runs again once the labels are there."""
    with one_sentence():
        if server.store().find(task, data):
            st.rerun()
        parts = jobs_of([task], data)
        if failed := troubled(parts):
            st.warning(
                f"The last attempt ended early: {plain(failed[0].title)}. {plain(failed[0].message)}", icon=":material/warning:"
            )
            if st.button("Try again", icon=":material/refresh:", key="us_again"):
                server.board().submit(task)
            return
        progress_bar(parts)
        if not closed() and st.button("Cancel", icon=":material/close:", key="us_cancel"):
            cancel(parts)
            work.ask_for(data, False)
            st.rerun()


def labels_of() -> tuple[Labelled | None, bool]:
    """The labels of what is on the page; else those that were there before, where they are of the same inputs. And whether new ones come."""
    given = work.given_now(data, tray, asked, columns, of_inputs)
    task = use_spec(run, given, data=data)
    busy = on_its_way([task], data)
    stored = server.store().find(task, data)
    wanted = work.wanted(data, given)
    work.to_link(data, given if stored or wanted else None)
    if stored:
        st.session_state[LAST] = stored.digest
        return labelled(stored, server.store(), alarm / 100), False
    if wanted and not busy and not troubled(jobs_of([task], data)):
        server.board().submit(task)
    if wanted or busy:
        labelling(task)
        before = server.store().get(st.session_state.get(LAST, ""))
        old = labelled(before, server.store(), alarm / 100) if before else None
        return (old if old and old.given.names == given.names else None), True
    promise(task)
    return None, False


result, coming = None, False
with answer_area:
    if ready:
        try:
            result, coming = labels_of()
        except BadInput as problem:
            if closed():
                not_prepared("about a second")
            else:
                st.error(plain(problem), icon=":material/error:")
    else:
        work.to_link(data, None)
        what_first()

STEPS = {"give": "1 · Examples", "ask": "2 · To label", "review": "3 · Review"}
step = one_of(st, "Step", list(STEPS), default="give", key=STEP, format_func=STEPS.__getitem__, label_visibility="collapsed")
if step == "give":
    give(data, spec, pen)
    with st.expander("What is known of them", icon=":material/edit_note:", key="us_known", on_change="rerun") as known:
        if known.open and not columns:
            st.caption(
                f"This learner reads nothing of {nouns}, but what is known of single {words.plural(data.modality.noun)}: step 2 takes it."
                if of_inputs[0]
                else "This learner reads no metadata, so there is nothing to fill in; choose one that reads some."
            )
            if told := told_learner(data):
                if st.session_state.get("us_train_told"):
                    st.session_state[AWAITED] = run_digest(told, data)
                offer([told], data, "us_train_told", "Train one that reads them", icon="add", primary=False)
        elif known.open and tray.examples:
            known_form(data, tray, sources)
            upload_known(data, columns)
        elif known.open:
            st.caption("Give an example first.")
elif step == "ask":
    ask(data, spec, pen)
    if of_inputs[0]:
        with st.expander(
            f"What is known of single {words.plural(data.modality.noun)}",
            icon=":material/edit_note:",
            key="us_single",
            on_change="rerun",
        ) as single:
            if single.open:
                upload_of_inputs(data, of_inputs[0], asked)

if result is None:
    if step == "review":
        st.caption("Nothing is labelled yet: give examples, say what is to be labelled, and press the button above.")
    leaving(data, spec)
    end_page()
frame = shown.settled(data, result.frame())
if not coming:
    report(f"labels-{result.digest}", partial(labels_section, data, run, result, frame))
with answer_area:
    if not coming:
        st.markdown(f"#### {shown.headline(data, frame, len(result.classes))}")
        if st.session_state.get("us_ask") == "draw" and len(asked) > 1:
            shown.newest(data, frame, asked)
        before, after = shown.shots_before_and_after(result)
        if after > before:
            st.caption(plain(rise(scores_of(arm.digests), spec, before, after, len(result.classes)).sentence))
        if step != "review":
            st.button(
                "Review it" if len(frame) == 1 else "Review them", icon=":material/checklist:", key="us_review", on_click=want
            )
if step == "review":
    shown.review(data, result, frame, asked)
    with st.expander("What to do next", icon=":material/lightbulb:", key="us_next_open", on_change="rerun") as ahead:
        if ahead.open:
            next_steps(data, spec, result)
    with st.expander("What the metadata decide", icon=":material/balance:"):
        shown.with_and_without(data, result, frame, asked)
    with st.expander("Which examples decide", icon=":material/image_search:"):
        shown.deciding(data, result, frame, asked)
    with st.expander("How far the probabilities can be believed", icon=":material/straighten:"):
        shown.believed(result)
    take_away(data, run.digest, result, frame)
repeat(run, "us_copy", "The learner: copy as command, as Python")
leaving(data, spec)
