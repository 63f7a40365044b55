"""What a learner has learned, seen on one task: where it puts instances and prototypes, and where the metadata moves them."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from metadash.answers.map_sentence import one_task, task_sentence
from metadash.answers.stored_arms import run_words
from metadash.dashboard import server
from metadash.dashboard.compare.learners import mean_words, named, scores_of, shelf, unit_nouns
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.badges import announced
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.parts.jobs import how_long, jobs_of, on_its_way
from metadash.dashboard.parts.one_task import choose_task
from metadash.dashboard.parts.pictures import input_row
from metadash.dashboard.parts.watching import anew, offer
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.prototypes.beside import START, as_spec, beside_sentence, beside_words, besides, what_lies
from metadash.dashboard.prototypes.canvas.component import pictures_of, the_map
from metadash.dashboard.prototypes.chosen import chosen_part, selected
from metadash.dashboard.prototypes.confused import confused_part
from metadash.dashboard.prototypes.map_figure import TASK, export_table, task_classes
from metadash.dashboard.prototypes.map_section import map_section
from metadash.dashboard.prototypes.map_view import colour_choices, drawn, message
from metadash.dashboard.runs.again import duplicate, repeat
from metadash.dashboard.share.told import report
from metadash.errors import BadInput
from metadash.figures.report import figure_page
from metadash.learners.core.fusions import BOTH
from metadash.runs.kinds import run_digest
from metadash.specs.builder import run_for
from metadash.specs.choosing.tuning import as_chosen
from metadash.specs.run import RunSpec
from metadash.specs.views import MAP_METHODS, MapSpec
from metadash.stats import words

METHOD_WORDS = {
    "tsne": "**t-SNE** (van der Maaten & Hinton 2008), scikit-learn's, perplexity {perplexity}, started from principal components, seed {seed};",
    "pca": "**Principal components**, the first two; seed {seed};",
}
CARE = {
    "tsne": "t-SNE keeps neighbours, not distances; the size of a cluster and the gap between two mean nothing.",
    "pca": "two components show a part of what there is; what lies together here may lie apart in the others.",
}
CLASSES, EXAMPLES = 20, 5  # of the support shown in pictures: so many classes, so many examples of each

data = server.chosen_dataset()
header(
    "What did it learn?",
    "A map of one test task: what lies close together is alike to the learner, and arrows show where the metadata moves a class.",
)
of_classes(data)

arms = [arm for arm in shelf()[0] if arm.dataset == data.name]
names = named(arms)
runs = {run.digest: (arm, run) for arm in arms for run in arm.runs}

if not runs:
    first = jobs_of([run_for(data)], data)
    with st.container(border=True):
        st.markdown(
            "#### Nothing has been trained on this data set yet.\nTrain a learner; then you will see here, for any test task, where it puts "
            "each example and each class, and what the metadata changes about that."
        )
        link_to("train", "Train a learner", "model_training")
        st.caption(f"{words.capital(how_long(first))} with the quick preset.")
    end_page()

answer_area = st.container()


def run_label(digest: str) -> str:
    arm, run = runs[digest]
    return f"{names[arm.id]}, {run_words(run)}"


# a learner with metadata first: it has something to move
order = sorted(runs, key=lambda digest: runs[digest][0].plain)
left, middle, right, colours_at, beside_at = st.columns([4, 1.7, 1.7, 2.6, 3])
unknown = from_link("pr_run", {digest: run_label(digest) for digest in order})
run_id = left.selectbox("Learner", order, format_func=run_label, key="pr_run")
to_link("pr_run")
if unknown:
    st.warning(f"The link names a run that is not stored here: {plain(', '.join(unknown))}.", icon=":material/link_off:")
arm, run = runs[run_id]
tests = arm.spec.evaluation
episode, shot = choose_task(middle, right, run, "pr")
colour = colours_at.selectbox("Colour by", [TASK, *colour_choices(data)], key="pr_colour", bind="query-params")
tasks = run.summary.get("manifest")  # which tasks a run was scored on, without reading what it was asked
comparable = [other for other in order if other != run_id and runs[other][1].summary.get("manifest") == tasks]
choices = besides(as_chosen(run.spec_as(RunSpec), run.summary), comparable, run_label)
from_link("pr_beside", choices, name="Beside it")
beside_id = beside_at.selectbox(
    "Beside it",
    list(choices),
    format_func=choices.__getitem__,
    key="pr_beside",
    help="Another learner, or this one before it adapts or without a source: the same task, instances and axes.",
)
to_link("pr_beside")
with st.expander("More options: method, background, perplexity, seed", icon=":material/tune:"):
    first, left, middle, right = st.columns(4)
    method = first.selectbox(
        "Arranged by",
        list(MAP_METHODS),
        format_func=MAP_METHODS.__getitem__,
        key="pr_method",
        bind="query-params",
        help="t-SNE keeps neighbours together; principal components keep directions, distances and gaps as far as two can.",
    )
    background = left.number_input(
        "Background instances",
        50,
        20_000,
        1500,
        step=500,
        key="pr_background",
        bind="query-params",
        help="Test instances outside the task.",
    )
    perplexity = middle.number_input(
        "Perplexity",
        2,
        200,
        30,
        key="pr_perplexity",
        bind="query-params",
        disabled=method == "pca",
        help="About how many neighbours t-SNE tries to keep together.",
    )
    seed = right.number_input(
        "Seed", 0, 9999, 0, key="pr_seed", bind="query-params", help="Of the background and of t-SNE's start."
    )

spec = MapSpec(
    run.spec_as(RunSpec),
    int(episode) - 1,
    int(shot),
    int(background),
    float(perplexity),
    int(seed),
    method,
    **as_spec(beside_id, runs),
)
digest = run_digest(spec, data)
busy = on_its_way([spec], data)
found = server.store().get(digest)


def among() -> str:
    """How many test instances outside the task there will be on the map: as many as were asked for, or all where there are fewer."""
    test = data.split(arm.spec.split)["test"]
    others = int(np.isin(data.class_of, test).sum()) - tests.n_way * (int(shot) + tests.n_query)
    return (
        f"all {words.count(others)} other test instances"
        if others < spec.background
        else f"{words.count(spec.background)} other test instances"
    )


def promise() -> str:
    return (
        f"Pressing the button arranges test task {int(episode)} among {among()}. You will see which "
        f"{words.plural(words_of(data).class_noun)} the learner takes for each other"
        + (", and where the metadata moves their prototypes." if arm.reads else ".")
    )


def moved_by(chosen: RunSpec) -> str:
    """How the metadata move the prototypes, where they do."""
    if chosen.fusion == BOTH:
        return ", moved towards the anchors of what describes classes, among instances that lie where this task's learner sees them (FiLM)"
    if chosen.fusion == "film":
        return ", which the metadata scale and shift (FiLM): every instance lies where this task's learner sees it"
    return ", moved towards the metadata's anchors" if chosen.reads_at_test else ""


def overall(written: Callable[[object], str] = plain) -> str:
    """What holds for all test tasks, so that nobody takes one for the rest."""
    try:
        scores = scores_of(arm.digests)
    except BadInput as problem:
        return str(problem)
    noun = unit_nouns(data.name, written).of(scores)
    seeds = f"{words.plural_of(len(scores.seeds), 'seed')}"
    return (
        f"One task says little about others: over all {words.count(len(scores.manifest))} test tasks and {seeds}, it is right in "
        f"{mean_words(scores, int(shot), noun)}."
    )


with answer_area.container(border=True):
    if found:
        points = server.run_frame(digest, "points")
        class_names = data.classes["class_name"].astype(str)
        in_task = {int(c): plain(class_names[c]) for c in task_classes(points)}
        st.markdown(f"#### {task_sentence(one_task(points), in_task)}")
        if beside_id:
            st.markdown(plain(beside_sentence(points, server.run_frame(digest, "points_beside"), beside_id)))
        st.caption(overall())
        announced(spec.run)
        report(f"map-{digest}", lambda: map_section(found, points, data, run_label(run_id), overall(str)))
    else:
        offer([spec], data, "pr_go", "Draw the map", promise(), busy=busy, note=anew(spec.run, data))

if not found:
    end_page()


def support_pictures() -> None:
    """The labelled examples, numbered like the prototypes on the map."""
    st.caption(f"The support: {'the one labelled example' if shot == 1 else f'{shot} labelled examples'} of each class.")
    support = points[points["kind"] == "support"]
    first = [support.loc[support["class_id"] == c, "row"].to_numpy()[:EXAMPLES] for c in list(in_task)[:CLASSES]]
    captions = [f"{place + 1} {class_names[c]}" for place, c in enumerate(in_task)]
    if shot == 1:
        st.html(input_row(data, np.concatenate(first), captions, size=84))
    else:
        for rows, caption in zip(first, captions, strict=False):
            st.caption(plain(caption))
            st.html(input_row(data, rows, size=30, alts=[caption] * len(rows)))


def arranged_by() -> str:
    """``t-SNE, perplexity 30, seed 0``"""
    return (
        f"t-SNE, perplexity {found.summary['perplexity']:g}, seed {seed}"
        if method == "tsne"
        else f"Principal components, seed {seed}"
    )


def note() -> str:
    """What the figure says below itself: how it was made, and how far it can be trusted."""
    total = int((points["kind"] == "instance").sum())
    trusted = " and ".join(f"{one:.2f}" for one in found.summary.get("trustworthiness", ()))
    return (
        f"{arranged_by()}: {words.count(len(points))} points, {words.count(total)} of them test instances outside the task. Trustworthiness {trusted}: "
        "how far the 12 neighbours here are neighbours where the learner decides, at most 1."
    )


own_title = run_label(run_id)
titles = [own_title, words.capital(choices[beside_id])] if beside_id else [own_title]
points_beside = server.run_frame(digest, "points_beside") if beside_id else None
alt = (
    f"Map of {len(points)} points: test instances, the queries and prototypes of task {int(episode)}. Arrows move it, plus and minus zoom, "
    "n and p go through the points of the task, Enter selects; the table below lists what is selected."
)
chart, aside = (st.container(), st.container()) if beside_id else st.columns([3.6, 1.4])
with chart:
    the_map(key="pr_map", data={**message(digest, titles, colour, data, note(), alt), "selected": selected(points, data)})
    pictures_of(points, data)
with aside:
    confused_part(
        digest,
        points,
        server.run_frame(digest, "confusions"),
        int(found.summary["tasks_asked"]),
        run.spec_as(RunSpec),
        data,
        bool(beside_id),
    )
chosen_part(points, points_beside, digest, run_id, run.spec_as(RunSpec), int(shot), data)
with st.expander("The support, and what it is called", icon=":material/school:"):
    support_pictures()


def how_beside() -> str:
    """How what stands beside the learner came onto its axes, as a line of the list below."""
    if points_beside is None:
        return ""
    return f"- **Beside it** {plain(titles[1])}: {beside_words(points, points_beside, beside_id)}.\n"


with st.expander("How this map was made", icon=":material/info:"):
    st.markdown(
        f"""
- {what_lies(beside_id)} of the run `{run.digest}` ({plain(run_label(run_id))}), in {"the frozen backbone" if arm.spec.mode == "quick" else "the backbone it trained"}{"" if beside_id == START else f"; prototypes are means of support embeddings{moved_by(arm.spec)}. All points are arranged together"}.
- {METHOD_WORDS[method].format(perplexity=f"{found.summary.get('perplexity', 0):g}", seed=seed)}
  {words.count(int((points["kind"] == "instance").sum()))} background instances, as even over the test {words.plural(words_of(data).class_noun)} as the number allows.
{how_beside()}- **Trustworthiness** (Venna & Kaski 2001): 1 where all neighbours on the map are neighbours in the full space; 12 neighbours of up to 500 points.
- **Read it with care**: {CARE[method]} The learner decides by
  distance in the full space, so a query can lie nearer to another prototype on the map than to the one it was given.
- **Task** {int(episode)} of manifest `{run.summary["manifest"]}`: {tests.n_way}-way, {words.plural_of(int(shot), "shot")}, {tests.queries_words}. Map `{digest}`.
"""
    )
repeat(run, "pr_copy", "Copy its learner as command, as Python (the map is drawn on this page alone)")
with st.container(horizontal=True, vertical_alignment="center"):
    duplicate(run, "Train it with changes")
    download("Download the coordinates (CSV)", lambda: export_table(points, data).to_csv(index=False), f"map-{digest}.csv")
    download(
        "Download the map (HTML)",
        lambda: figure_page(drawn(digest, colour, data)[0]),
        f"map-{digest}.html",
        "text/html",
        icon=":material/public:",
    )
