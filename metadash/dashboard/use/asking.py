"""Three ways to say what is to be labelled: more of the data set, uploaded files, drawings (or lines, where inputs are texts)."""

import streamlit as st

from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.use.canvas import canvas
from metadash.dashboard.use.files import upload_inputs
from metadash.dashboard.use.giving import TAKEN, first_wrong, lines_of, of_inputs_in, one_way, preview, ways_of
from metadash.dashboard.use.press import group, item, press
from metadash.dashboard.use.tray import Shown, own_classes, put, rest_of, tray_of
from metadash.dashboard.use.work import ask_for
from metadash.data.dataset import Dataset
from metadash.data.drawn import Habit, as_input
from metadash.specs.run import RunSpec
from metadash.stats import words

WAY = "us_ask"
EACH, OTHERS = 6, 10
"""More instances of each picked class, and of classes that the learner is shown no example of."""
SHOWN = 60
"""Of what is to be labelled."""


def asked_now(data: Dataset, split: str, habit: Habit | None) -> list[Shown]:
    """What is to be labelled, by the way that is chosen; before its controls are drawn, as they stand in the session or usually do."""
    tray = tray_of(data)
    way = st.session_state.get(WAY, "pick")
    if way != "pick":
        return list(tray.asked.get(way if way in ways_of(data, habit) else "upload", ()))
    held = [int(st.session_state.get(key, usual)) for key, usual in (("us_each", EACH), ("us_others", OTHERS), ("us_seed", 0))]
    return list(tray.asked.get("pick", ())) or rest_of(data, tray, split, *held)


def ask(data: Dataset, spec: RunSpec, habit: Habit | None) -> None:
    """The control of the ways, and the one that is chosen; beside it what is to be labelled."""
    ways = {"pick": pick, "upload": lambda data: upload_inputs(data, of_inputs_in(spec, data)), "write": write}
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        way = one_way("What is to be labelled", WAY, data, habit, draw, ways)
    with right:
        asked_so_far(data, spec.split, habit, way)


def pick(data: Dataset) -> None:
    """How many of which, by numbers: the choice is a link's."""
    nouns = words.plural(words_of(data).class_noun)
    if not own_classes(data, tray_of(data)):
        st.caption(
            f"Its own {nouns} are labelled where you picked some as examples; upload or draw what is to be labelled otherwise."
        )

    def anew() -> None:
        put(data, tray_of(data).without_asked("pick"))

    left, middle, right = st.columns(3)
    left.number_input(
        f"Of each new {words_of(data).class_noun}",
        0,
        200,
        EACH,
        key="us_each",
        persist_state="page",
        on_change=anew,
        help="Instances that are no examples.",
    )
    middle.number_input(
        f"Of other {nouns}",
        0,
        500,
        OTHERS,
        key="us_others",
        persist_state="page",
        on_change=anew,
        help="None of these is the right answer for them.",
    )
    right.number_input("Draw", 0, 9999, 0, key="us_seed", persist_state="page", on_change=anew, help="Which are taken.")


@st.fragment
def draw(data: Dataset, habit: Habit) -> None:
    """One drawing after the other."""
    taken = st.session_state.setdefault(TAKEN, {})

    def done() -> None:
        shown = Shown(f"drawing {sum(taken.values()) + 1}", as_input(st.session_state["us_ask_draw"].done, habit))
        put(data, tray_of(data).with_asked("draw", [shown]))
        taken["us_ask_draw"] = taken.get("us_ask_draw", 0) + 1
        ask_for(data)

    with one_sentence():
        found = canvas(
            "us_ask_draw",
            habit,
            "What is it?",
            taken.get("us_ask_draw", 0),
            preview(data, habit, "us_ask_draw"),
            done,
            label="What is to be labelled",
        )
    if found.done:
        st.rerun()


def write(data: Dataset) -> None:
    """One text a line."""

    def add() -> None:
        lines = lines_of(st.session_state["us_ask_text"])
        put(data, tray_of(data).with_asked("write", [Shown(one, one) for one in lines]))
        st.session_state["us_ask_text"] = ""

    with st.container(key="us_ask_write"):
        text = st.text_area("What is to be labelled, one a line", key="us_ask_text", height=140)
        wrong = first_wrong(data, lines_of(text))
        st.button("Add them", icon=":material/add:", key="us_ask_add", disabled=not text.strip() or bool(wrong), on_click=add)
        if wrong or data.modality.how:
            st.caption(wrong or plain(data.modality.how))


def asked_so_far(data: Dataset, split: str, habit: Habit | None, way: str) -> None:
    """What is there to be labelled; what was brought along, a press takes away again."""
    found = asked_now(data, split, habit)
    if not found:
        st.caption("Nothing to label yet.")
        return
    brought = way != "pick"
    head, tools = st.columns([2, 1], vertical_alignment="center")
    head.markdown(f"**{words.plural_of(len(found), data.modality.noun)}** to label")
    if brought:
        tools.button(
            "Clear", icon=":material/close:", key="us_ask_clear", on_click=lambda: put(data, tray_of(data).without_asked(way))
        )
    shown = [
        item(str(place), data.modality, one.value, f"Take away {one.name}" if brought else one.name, one.name)
        for place, one in enumerate(found[:SHOWN])
    ]

    def away() -> None:
        if brought:
            put(data, tray_of(data).without_asked(way, int(st.session_state["us_asked"].press)))

    press("us_asked", [group(shown)], away, choosing=False, fixed=not brought)
    if len(found) > SHOWN:
        st.caption(f"The first {SHOWN} are shown.")
