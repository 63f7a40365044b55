"""The ways to tell the learner of a new class: pick instances of the data set, upload files, draw (or write, where inputs are texts); or name it
without an example, where its metadata alone place it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st

from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.use.canvas import canvas
from metadash.dashboard.use.files import upload_examples
from metadash.dashboard.use.press import group, item, press, seen
from metadash.dashboard.use.tray import Shown, Tray, class_labels, drawn_rows, of_rows, put, rows_of_class, tray_of
from metadash.data.dataset import Dataset
from metadash.data.drawn import Habit, as_input, habit_of
from metadash.data.inputs.texts import snippet
from metadash.errors import BadInput
from metadash.front.use import columns_of_inputs, places_by_metadata, why_not
from metadash.specs.run import RunSpec
from metadash.stats import words
from metadash.stats.words import with_article

IN_GALLERY = 40
"""Instances of a class to pick from; more are no gallery."""
EXAMPLE_CLASSES, EXAMPLE_SHOTS = 5, 2
"""Of the example that one click gives."""
TAKEN = "us_taken"
"""In the session: how many drawings each square has given."""


def habit(data: Dataset) -> Habit | None:
    """How the drawings of the data set lie in their images; None where its inputs are none."""
    return _habit(data.fingerprint, data)


@st.cache_data(max_entries=16, show_spinner=False)
def _habit(fingerprint: str, _data: Dataset) -> Habit | None:
    return habit_of(_data.inputs)


def ways_of(data: Dataset, habit: Habit | None) -> list[str]:
    """How inputs get here: those that can be drawn, or written, that way too."""
    return ["pick", "upload", *["draw"] * (habit is not None), *["write"] * (data.modality.stored == "texts")]


def one_way(
    label: str,
    key: str,
    data: Dataset,
    habit: Habit | None,
    drawn: Callable[[Dataset, Habit], None],
    others: Mapping[str, Callable[[Dataset], None]],
    more: Sequence[str] = (),
) -> str:
    """The control of the ways (and of ``more``), and the part of the one that is chosen: ``drawn``, or one of the ``others`` by its name. The
    way itself."""
    way = one_of(
        st,
        label,
        [*ways_of(data, habit), *more],
        default="pick",
        key=key,
        format_func=words.capital,
        label_visibility="collapsed",
        persist_state="page",
    )
    if way == "draw" and habit is not None:
        drawn(data, habit)
    else:
        others[way](data)
    return way


def give_example(data: Dataset, split: str, n_classes: int = EXAMPLE_CLASSES, seed: int = 0) -> None:
    """Some classes of the test role by chance, with a few examples each."""
    test, labels = data.split(split)["test"], class_labels(data)
    tray = Tray()
    for identity in np.random.default_rng(seed).permutation(test)[:n_classes].tolist():
        tray = tray.with_examples(labels[identity], of_rows(data, drawn_rows(data, identity, EXAMPLE_SHOTS, seed)))
    put(data, tray)


def give(data: Dataset, spec: RunSpec, habit: Habit | None) -> None:
    """The control of the ways, and the one that is chosen; beside it what was given so far."""
    ways = {
        "pick": lambda data: pick(data, spec.split),
        "upload": lambda data: upload(data, of_inputs_in(spec, data)),
        "write": write,
        "describe": lambda data: describe(data, spec),
    }
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        one_way("How to show them", "us_give", data, habit, draw, ways, ["describe"])
    with right:
        given_so_far(data)


def pick(data: Dataset, split: str) -> None:
    """A class of the test role, which no learner of the split has seen, and its instances to choose from."""
    labels, noun = class_labels(data), words_of(data).class_noun
    test = [int(identity) for identity in data.split(split)["test"]]
    chosen = st.selectbox(
        f"{words.capital(noun)} (of those that no learner was trained on)",
        test,
        index=None,
        format_func=labels.__getitem__,
        key="us_pick",
        placeholder=f"Choose one of {words.count(len(test))}",
    )
    if chosen is None:
        st.caption(
            f"Choose {with_article(noun)} to see its images, and press those that are to be its examples."
            if data.modality.picture
            else f"Choose {with_article(noun)}, and press what is to be its examples."
        )
        return
    rows, name = rows_of_class(data, chosen)[:IN_GALLERY], labels[chosen]
    pressed = tray_of(data).rows
    items = [
        item(str(row), data.modality, data.inputs[row], f"Example of {name}: number {place + 1}", pressed=int(row) in pressed)
        for place, row in enumerate(rows)
    ]

    def toggle() -> None:
        row, tray = int(st.session_state["us_gallery"].press), tray_of(data)
        if owner := tray.rows.get(row):
            place = next(place for place, one in enumerate(tray.examples[owner]) if one.row == row)
            put(data, tray.without_example(owner, place))
        else:
            put(data, tray.with_examples(name, of_rows(data, [row])))

    press("us_gallery", [group(items)], toggle)
    total = len(rows_of_class(data, chosen))
    st.caption(
        f"Press an example to take it, or to put it back.{f' The first {IN_GALLERY} of {words.count(total)} are shown.' if total > IN_GALLERY else ''}"
    )


def of_which(data: Dataset, key: str) -> str:
    """The class that what is drawn, written or uploaded is of: one that is there, or a new name."""
    noun = words_of(data).class_noun
    return (
        st.selectbox(
            f"Of which {noun}",
            tray_of(data).classes,
            index=None,
            key=key,
            placeholder="Write a new name, or choose one",
            accept_new_options=True,
            persist_state="page",
        )
        or ""
    ).strip()


@st.fragment
def draw(data: Dataset, habit: Habit) -> None:
    name = of_which(data, "us_draw_class")
    taken = st.session_state.setdefault(TAKEN, {})

    def done() -> None:
        shown = Shown(f"drawing {sum(taken.values()) + 1}", as_input(st.session_state["us_draw"].done, habit))
        put(data, tray_of(data).with_examples(name, [shown]))
        taken["us_draw"] = taken.get("us_draw", 0) + 1

    with one_sentence():
        found = canvas(
            "us_draw",
            habit,
            f"Add as {name}" if name else "Add",
            taken.get("us_draw", 0),
            preview(data, habit, "us_draw"),
            done,
            label=f"An example of {name or 'a new ' + data.description.class_noun}",
            ready=bool(name),
        )
    if not name:
        st.caption("First say above which it is.")
    if found.done:
        st.rerun()


def preview(data: Dataset, habit: Habit, key: str) -> str:
    """What a learner would see of the strokes so far, as a data URI; empty before there are any."""
    state = st.session_state.get(key)
    strokes = state.get("strokes") if state else None
    if not strokes:
        return ""
    try:
        return str(seen(data.modality, as_input(strokes, habit), 84)["picture"])
    except BadInput:
        return ""


def write(data: Dataset) -> None:
    """One example a line."""
    with st.container(key="us_write"):
        name = of_which(data, "us_write_class")
        text = st.text_area("Its examples, one a line", key="us_write_text", height=140)
        lines = lines_of(text)
        wrong = first_wrong(data, lines)

        def add() -> None:
            put(data, tray_of(data).with_examples(name, [Shown(one, one) for one in lines]))
            st.session_state["us_write_text"] = ""

        st.button(
            "Add them", icon=":material/add:", key="us_write_add", disabled=not (name and lines) or bool(wrong), on_click=add
        )
        if wrong or data.modality.how:
            st.caption(wrong or plain(data.modality.how))


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def first_wrong(data: Dataset, lines: Sequence[str]) -> str:
    """One sentence about the first line that is no input of such a data set; empty where all are."""
    for number, line in enumerate(lines, 1):
        if fault := data.modality.fault(line):
            return plain(f"Line {number} {fault} (“{snippet(line, 60)}”). {data.modality.how}")
    return ""


def of_inputs_in(spec: RunSpec, data: Dataset) -> list[str]:
    """The columns that the learner reads of single inputs."""
    return [column for own in columns_of_inputs(spec, data).values() for column in own]


def upload(data: Dataset, columns: Sequence[str]) -> None:
    """Files that are read as soon as they are there; loose pictures need a name of what they are of. ``columns``: what the learner reads of
    single inputs."""
    with st.container(key="us_upload"):
        name = of_which(data, "us_upload_class") if data.modality.parts == "pixels" else ""
        upload_examples(data, name, columns)


def describe(data: Dataset, spec: RunSpec) -> None:
    """A class without an example: what is known of it says where it lies."""
    noun = words_of(data).class_noun
    if not places_by_metadata(spec):
        st.caption(
            f"{words.capital(with_article(noun))} without an example cannot be placed: {why_not(spec)}. Give it an example, or choose a learner with the fusion "
            "pseudo-shots."
        )
        return
    labels, tray = class_labels(data), tray_of(data)
    new = [labels[identity] for identity in data.split(spec.split)["test"].tolist() if labels[identity] not in tray.examples]
    with st.container(key="us_describe"):
        name = (
            st.selectbox(
                f"{words.capital(noun)} that you have no example of",
                new,
                index=None,
                key="us_bare",
                placeholder="Write a new name, or choose one",
                accept_new_options=True,
            )
            or ""
        ).strip()

        def add() -> None:
            put(data, tray_of(data).with_class(name))
            st.session_state["us_bare"] = None

        st.button("Add it", icon=":material/add:", key="us_bare_add", disabled=not name or name in tray.examples, on_click=add)
        st.caption("Its metadata alone say where it lies: fill them in under “What is known of them”, below.")


def given_so_far(data: Dataset) -> None:
    """The classes with their examples; a press takes an example, or a class, away."""
    tray, noun = tray_of(data), words_of(data).class_noun
    if not tray.examples:
        st.caption(f"Nothing given yet: a learner needs an example each of two {words.plural(noun)} or more.")
        return
    names = tray.classes
    groups = [
        group(
            [
                item(
                    f"{place} {number}",
                    data.modality,
                    one.value,
                    f"Take away {one.name}, an example of {name}",
                    f"{one.name}: press to take it away",
                )
                for number, one in enumerate(tray.examples[name])
            ],
            name,
            words.plural_of(len(tray.examples[name]), "example") if tray.examples[name] else "no example, its metadata place it",
            "Remove",
            str(place),
        )
        for place, name in enumerate(names)
    ]

    def away() -> None:
        which = [int(part) for part in st.session_state["us_tray"].press.split()]
        tray = tray_of(data)
        put(data, tray.without_example(names[which[0]], which[1]) if len(which) > 1 else tray.without_class(names[which[0]]))

    press("us_tray", groups, away, choosing=False)
    if len(names) == 1:
        st.caption(f"One {noun} more, and it can tell them apart.")
