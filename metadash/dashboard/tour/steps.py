"""The five steps of the tour: a sentence that the visitor's own choice makes, what is to be moved, and its picture."""

import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from metadash.dashboard.bring import BRING
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.badges import badge_of
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import term
from metadash.dashboard.parts.jobs import how_long, jobs_of
from metadash.dashboard.parts.pictures import STYLE, input_html, input_row
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.share.closed import closed
from metadash.dashboard.start.ready import ready_questions
from metadash.dashboard.tour.bench import QUERIES, Gains, Task, gains, map_points, task
from metadash.data.dataset import Dataset
from metadash.figures.charts import Dot, interval_dots
from metadash.figures.map import task_map
from metadash.figures.palette import colour_of
from metadash.stats import words

KAPPAS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
USUAL_KAPPA = 0.5
TASKS = (10, 20, 50, 100, 200, 500, 1000, 2000)
FIRST_TASK = 31
"""A task on which all the steps have something to show; the others differ, which the fourth step is about."""
MARKS = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Step:
    """One of the five: its name in the row above, its question, what it is about, and what draws the rest."""

    name: str
    question: str
    about: str
    draw: Callable[[Dataset], None]


def chosen_task(data: Dataset, shuffled: bool = False) -> Task:
    """Which task, how many characters and how many examples of each: the same controls on three steps, which keep what is chosen."""
    left, middle, right = st.columns(3)
    n_way = left.slider(
        "Characters to tell apart", 2, 5, 5, key="tour_way", bind="query-params", persist_state="session", help=term("n_way")
    )
    n_shot = middle.slider(
        "Examples of each", 1, 5, 1, key="tour_shot", bind="query-params", persist_state="session", help=term("n_shot")
    )
    seed = right.number_input(
        "Task", 1, 9999, FIRST_TASK, key="tour_task", bind="query-params", persist_state="session", help="Plus draws another one."
    )
    return task(data.fingerprint, int(n_way), int(n_shot), int(seed), shuffled, data)


def names_in(found: Task, data: Dataset) -> list[str]:
    """``2 LATIN SMALL LETTER A WITH ACUTE``: numbered as on the map."""
    names = data.classes["class_name"].astype(str)
    return [f"{place + 1} {names[c]}" for place, c in enumerate(found.manifest.classes[0])]


def support_row(found: Task, data: Dataset) -> None:
    rows, names = found.manifest.support[0], names_in(found, data)
    captions = [name if shot == 0 else "" for name in names for shot in range(found.manifest.n_shot)]
    alts = [name for name in names for _ in range(found.manifest.n_shot)]
    st.html(input_row(data, rows.ravel(), captions, 84 if found.manifest.n_shot == 1 else 60, alts))


def what_is_an_episode(data: Dataset) -> None:
    found = chosen_task(data)
    n_way, n_shot = found.manifest.n_way, found.manifest.n_shot
    st.markdown(
        f"##### The learner is shown {words.plural_of(n_shot, 'example')} of each of {n_way} characters it has never seen …"
    )
    support_row(found, data)
    st.markdown(f"##### … and asked which of the {n_way} each of these is. Try the first yourself.")
    order = np.random.default_rng(int(found.manifest.query.sum())).permutation(n_way * QUERIES)
    rows = found.manifest.query[0].ravel()[order]
    st.html(input_row(data, rows[:1], size=96, alts=["the query to answer"]))
    first = int(found.manifest.query[0, 0, 0])
    guess = st.segmented_control(
        "The large one is", [str(place + 1) for place in range(n_way)], key=f"tour_guess_{first}_{n_way}_{n_shot}"
    )
    if guess:
        truth = int(order[0]) // QUERIES
        right = int(guess) - 1 == truth
        st.markdown(f"**{MARKS[right]} {'Right' if right else 'No'}: it is {plain(names_in(found, data)[truth])}.**")
    st.html(input_row(data, rows[1:], size=40, alts=["another query"] * len(rows[1:])))
    st.caption(
        f"One such task is an *episode*: a support of {n_way} × {n_shot}, and {n_way * QUERIES} queries. These characters share a letter, so they "
        "are alike; the network of the next steps was trained on other letters."
    )


def answered(found: Task, placed: np.ndarray) -> tuple[np.ndarray, int]:
    """The place that each query is given [N, Q], and how many are right."""
    answers = found.answers(placed)
    return answers, int((answers == np.arange(found.manifest.n_way)[:, None]).sum())


def queries_grid(found: Task, answers: np.ndarray, data: Dataset, before: np.ndarray | None = None) -> None:
    """Every query with the number that it was given and whether that is right; framed where the answer is another than ``before``."""
    cells = []
    for place, rows in enumerate(found.manifest.query[0]):
        for query, row in enumerate(rows):
            given = int(answers[place, query])
            told = f"{MARKS[given == place]} {given + 1}" + ("" if given == place else f", is {place + 1}")
            moved = before is not None and before[place, query] != given
            frame = " style='outline:2px solid currentColor;outline-offset:2px;border-radius:6px'" if moved else ""
            image = input_html(data, int(row), 42, f"query answered {told}")
            cells.append(f"<div class='md-cell'{frame}>{image}<span>{html.escape(told)}</span></div>")
    st.html(f"{STYLE}<div class='md-grid' style='--md-size:50px'>{''.join(cells)}</div>")


def task_chart(found: Task, kappa: float | None, data: Dataset) -> None:
    figure = task_map(map_points(found, kappa), data.classes["class_name"].astype(str).to_numpy(), palette())
    figure.update_layout(height=380)
    plain_at, at = _places(found, None), _places(found, kappa)
    for number, (x, y) in enumerate(at):
        away = -18 if plain_at[number, 1] > y else 18  # on the side from which no arrow comes
        figure.add_annotation(
            x=x, y=y, text=str(number + 1), showarrow=False, font={"size": 12, "color": palette().text}, yshift=away
        )
    chart(
        figure,
        key="tour_map",
        alt="Map of the task: labelled examples, prototypes and queries, right as dots and wrong as crosses",
    )


def _places(found: Task, kappa: float | None) -> np.ndarray:
    points = map_points(found, kappa)
    return points.loc[points["kind"] == ("plain prototype" if kappa is None else "prototype"), ["x", "y"]].to_numpy()


def what_does_a_prototype_do(data: Dataset) -> None:
    found = chosen_task(data)
    answers, right = answered(found, found.prototypes)
    queries = answers.size
    examples = words.plural_of(found.manifest.n_shot, "example")
    st.markdown(
        f"#### {right} of {queries} queries right, from {examples} of each; guessing would get {queries // found.manifest.n_way}."
    )
    support_row(found, data)
    left, beside = st.columns([3, 2])
    with left:
        task_chart(found, None, data)
    with beside:
        st.markdown("##### What the learner says")
        queries_grid(found, answers, data)
    st.caption(
        "A network turns each picture into 32 numbers, a place. The mean of a character's examples (squares) is its *prototype* (ring), and a query "
        "(dot) gets the name of the nearest one; wrong ones are crosses. Give it more examples and the rings move to where they belong. The network is "
        "the one that comes with MetaDash, at work on this server now; the map shows the two directions in which these places differ most."
    )


def what_do_metadata_add(data: Dataset) -> None:
    left, right = st.columns(2, vertical_alignment="bottom")
    kappa = left.select_slider(
        "What a name counts for, in examples (κ)",
        KAPPAS,
        USUAL_KAPPA,
        format_func=lambda one: f"{one:g}",
        key="tour_kappa",
        bind="query-params",
        persist_state="session",
        help=term("kappa"),
    )
    shuffled = right.toggle("Deal the names to the wrong characters", key="tour_shuffled", bind="query-params")
    found = chosen_task(data, shuffled)
    before, without = answered(found, found.prototypes)
    after, with_names = answered(found, found.fused(kappa))
    told = "the wrong names" if shuffled else "the names"
    st.markdown(f"#### {without} of {before.size} right from the examples alone, {with_names} when {told} count too.")
    support_row(found, data)
    left, beside = st.columns([3, 2])
    with left:
        task_chart(found, kappa, data)
    with beside:
        st.markdown(f"##### {words.plural_of(int((before != after).sum()), 'answer')} changed (framed)")
        queries_grid(found, after, data, before)
    st.caption(
        "From characters of other letters a regression, worked out here, has learned where “WITH ACUTE” or “CAPITAL” lies. What it says of "
        "a new character's name is an *anchor* (diamond): it counts for κ examples and pulls the prototype there (arrow). Too much of it hurts, and so "
        "do wrong names: move both. MetaDash trains this instead, and learns κ. This task was chosen because it shows it; is it so on others?"
    )


def how_sure_are_we(data: Dataset) -> None:
    left, right = st.columns([3, 1])
    n_tasks = left.select_slider(
        "How many tasks", TASKS, 20, format_func=words.count, key="tour_tasks", bind="query-params", persist_state="session"
    )
    seed = right.number_input("Draw", 1, 9999, 1, key="tour_draw", bind="query-params", help="Plus draws other tasks.")
    found = gains(data.fingerprint, int(n_tasks), int(seed), USUAL_KAPPA, data)
    label, colour = badge_of(found.names.decision)
    st.badge(label, color=colour)
    st.markdown(f"#### {sure_sentence(found, int(n_tasks))}")
    chart(
        interval_dots(
            [
                Dot("names", found.names.episodes, found.names.new_classes, colour_of(found.names.decision.verdict, palette())),
                Dot("wrong names", found.shuffled.episodes, found.shuffled.new_classes, palette().control, hollow=True),
            ],
            palette(),
            in_order=True,
        ),
        key="tour_dots",
        alt="What names add, and what wrong names add, each with its interval over tasks and over new letters",
    )
    st.caption(
        f"Five characters, one example of each, κ = {USUAL_KAPPA:g}, the same tasks with and without names. Thick: these letters; thin: letters like them. "
        "With few tasks another draw says something else; with more the thick bar shrinks. The thin one soon stays: only more *letters* would "
        "shorten it, which is why MetaDash rotates all of them through the test. Wrong names (hollow) are the control: what they add is no knowledge."
    )


def sure_sentence(found: Gains, n_tasks: int) -> str:
    on_new = found.names.new_classes
    new = f", {words.bracket(on_new.estimate, on_new.low, on_new.high)} on new letters" if on_new.low is not None else ""
    return (
        f"Over {words.count(n_tasks)} tasks names add {found.names.episodes.words} to {found.base:.0f} % on these letters{new}."
    )


def what_next(data: Dataset) -> None:
    found = ready_questions(data)
    labels = [one.asked for one in found]
    asked = st.pills("A question to begin with", labels, default=labels[0], required=True, key="tour_ready", bind="query-params")
    ready = found[labels.index(asked)]
    parts = jobs_of(ready.specs(), data)
    waits = all(part.done for part in parts)
    st.markdown(f"You will read: {plain(ready.tells[0].lower() + ready.tells[1:])}")
    st.caption(
        "It is answered already, and opens at once."
        if waits
        else f"{words.capital(how_long(parts))} on this machine; it goes on if you close the page."
    )
    with st.container(horizontal=True, key="tour_go"):
        ready.link("Open it")
        link_to("metadata", "Look at the metadata first", "table_view")
        if not closed():
            link_to("metadata", "Bring your own data", "upload", md_view=BRING)
    st.caption(
        "Every number of the tour was worked out here from a simple regression. The answers of MetaDash train the learner, with several seeds and controls."
    )


STEPS = (
    Step(
        "1 Task",
        "What is an episode?",
        "A learner is never asked about what it has seen: each task brings new characters and a few examples.",
        what_is_an_episode,
    ),
    Step(
        "2 Prototype",
        "What does a prototype do?",
        "It stands for a character: the mean of its few examples, as the network sees them.",
        what_does_a_prototype_do,
    ),
    Step(
        "3 Metadata",
        "What do metadata add?",
        "What is known about a character before its first example, here its Unicode name, counts for some examples more.",
        what_do_metadata_add,
    ),
    Step(
        "4 Certainty",
        "How sure are we?",
        "One task is luck. The same comparison over many tasks has an interval, and a control.",
        how_sure_are_we,
    ),
    Step(
        "5 Next", "Where to go from here?", "Three questions that are ready to be asked, and your own data after that.", what_next
    ),
)
