"""What if the metadata were wrong, missing, out of date or written differently? A trained learner answers, live."""

from dataclasses import replace
from functools import partial

import streamlit as st

from metadash.ablation.plan import tolerant_run
from metadash.answers.doses import break_even_words, dose_curves, dose_name
from metadash.answers.stored_arms import run_words
from metadash.answers.what_if import headline
from metadash.dashboard import server
from metadash.dashboard.compare.learners import mean_words, named, scores_of, shelf, unit_nouns
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page, header, one_sentence, term
from metadash.dashboard.parts.instances import instance_edits_of, known_sources, level_label
from metadash.dashboard.parts.jobs import jobs_of, on_its_way, troubled
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.parts.which_data import forget_others, of_classes
from metadash.dashboard.prototypes.canvas.component import pictures_of, the_map
from metadash.dashboard.runs.again import copied
from metadash.dashboard.share.closed import closed, not_prepared
from metadash.dashboard.share.told import report
from metadash.dashboard.what_if.moving import moved_message, moved_points
from metadash.dashboard.what_if.question import (
    answer_of,
    changes_of,
    edits_of,
    lines_of,
    queries_view,
    scenario_buttons,
)
from metadash.figures.doses import dose_chart
from metadash.figures.what_if import what_if_chart
from metadash.front.what_if import WhatIfResult
from metadash.runs.kinds import run_digest
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import dose_kinds
from metadash.specs.views import MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.stats import words
from metadash.stats.shots import fewest_shots

SHOWN = "wi shown"  # in the session: which answer stands below, and of which learner, task and shots: it stays until the next is there
AWAITED = "wi awaited"  # in the session: the run that this person has asked to be trained here
ANSWER_EVERY = 0.25  # seconds between two looks for an answer: it takes about half a second

data = server.chosen_dataset()
about = data.description
header(
    "What if the metadata were different?",
    "Swap, hide, age or rewrite what is known about the test classes, or about single instances, and see what a trained learner makes of it. "
    "Nothing is trained again.",
)
of_classes(data)


def tolerant(of_instances: bool = False) -> RunSpec:
    """The learner to ask; ``of_instances`` it also reads what describes those."""
    return tolerant_run(
        data, [name for name in known_sources(data) if data.source(name).level == "instance"] if of_instances else []
    )


def train_one() -> None:
    spec = tolerant()
    with st.container(border=True):
        offer(
            [spec],
            data,
            "wi_train",
            "Train a learner to ask",
            "#### There is no learner to ask yet.\nOne is trained with all the metadata, each source hidden half of the time, so that it can also do "
            "without. Then every change you make here is answered within a second.",
            busy=in_training[spec],
        )


in_training = {spec: on_its_way([spec], data) for spec in (tolerant(), tolerant(of_instances=True))}
arms = [arm for arm in shelf()[0] if arm.dataset == data.name and arm.spec.reads_at_test]
arms = [arm for arm in arms if arm.spec.control == "none" and server.store().find(arm.spec, data)]
if not arms:
    train_one()
    end_page()

arms.sort(key=lambda arm: (-arm.spec.source_dropout, -len(arm.spec.sources)))
names = named(arms)
answer_area = st.container()
reads_instances = any(data.source(name).level == "instance" for arm in arms for name in arm.spec.sources)
runs = {run.digest: (arm, run) for arm in arms for run in arm.runs}


def run_label(digest: str) -> str:
    arm, run = runs[digest]
    able = "" if arm.spec.source_dropout else " (never saw a source missing)"
    return f"{names[arm.id]}, {run_words(run)}{able}"


left, middle, right = st.columns([5, 1.5, 1.5])
if st.session_state.get(AWAITED) in runs:
    st.session_state["wi_run"] = st.session_state.pop(AWAITED)
    st.toast(
        f"The learner that you asked for is trained, and chosen: {plain(run_label(st.session_state['wi_run']))}.",
        icon=":material/check_circle:",
    )
unknown = from_link("wi_run", {digest: run_label(digest) for digest in runs})
run_id = left.selectbox("Learner", list(runs), format_func=run_label, key="wi_run")
to_link("wi_run")
if unknown:
    st.warning(f"The link names a run that is not stored here: {plain(', '.join(unknown))}.", icon=":material/link_off:")
arm, trained = runs[run_id]
asked_run = trained.spec_as(RunSpec)
tests = asked_run.evaluation
shot = middle.selectbox(
    "Shots", tests.shots, tests.shots.index(fewest_shots(tests.shots)), key="wi_shot", bind="query-params", help=term("n_shot")
)
episode = right.number_input(
    "Test task", 1, tests.n_episodes, 1, key="wi_episode", bind="query-params", help="The one shown query by query."
)
noun = unit_nouns(data.name)


def offer_instances() -> None:
    """Where no learner reads what describes instances, one more can be trained that does; whoever asks for it asks it next."""
    wanted = tolerant(of_instances=True)
    if st.session_state.get("wi_train_instances"):
        st.session_state[AWAITED] = run_digest(wanted, data)
    label = "Train one that also reads what describes instances"
    offer([wanted], data, "wi_train_instances", label, busy=in_training[wanted], icon="add", primary=False)


if not reads_instances and any(data.source(name).level == "instance" for name in known_sources(data)):
    offer_instances()

changes_area, beside = st.columns([3, 2])
with changes_area.container(border=True):
    st.markdown("##### What changes")
    scenario_buttons(asked_run.sources, data)
    changes = changes_of(asked_run.sources, data)
with beside.container(border=True):
    st.markdown("##### One value rewritten")
    manifest = server.manifest_of(trained)
    edits = edits_of(asked_run.sources, [int(c) for c in manifest.classes[int(episode) - 1]], data)
    task = manifest[int(episode) - 1 : int(episode)].at_shot(int(shot))
    instance_edits = instance_edits_of(asked_run.sources, task, data)
    seed = st.number_input("Draw", 0, 9999, 0, key="wi_seed", bind="query-params", help="Which are hit first. The link keeps it.")

spec = WhatIfSpec(asked_run, changes, edits, instance_edits, int(seed), int(episode) - 1, int(shot))
digest = run_digest(spec, data)
found = server.store().get(digest)
asked_of, before = (run_id, int(episode), int(shot)), st.session_state.get(SHOWN)
if found:
    st.session_state[SHOWN] = (asked_of, digest)
earlier = server.store().get(before[1]) if not found and before and before[0] == asked_of else None


@st.fragment(run_every=ANSWER_EVERY)
def asking() -> None:
    with one_sentence():
        if server.store().get(digest):
            st.rerun()
        parts = jobs_of([spec], data)
        failed = troubled(parts)
        if failed:
            st.warning(plain(failed[0].message), icon=":material/warning:")
            return
        st.markdown("#### Asking the learner …")
        st.caption(
            "Below stands the answer before."
            if earlier
            else "The first question starts a worker and takes about six seconds; the next are answered within one."
        )


scores = scores_of((run_id,))
with answer_area.container(border=True):
    if found is None:
        if closed():
            not_prepared("about a second")
            end_page()
        if troubled(jobs_of([spec], data)):
            earlier = None
        else:
            server.board().submit(spec)
        asking()
    else:
        result, queries = answer_of(found, trained)
        st.markdown(
            f"#### {plain(headline(result, spec, about.class_noun, about.group_noun if tests.strategy == 'siblings' else about.class_noun))}"
        )
        st.caption(
            f"As it is: {mean_words(scores, int(shot), noun.of(scores))}, over {words.count(len(scores.manifest))} test tasks of one training "
            "seed. The changes reach the learner at test only; what a learner trained on such metadata does is another question (Compare)."
        )
found = found or earlier
if found is None:
    end_page()
digest, (result, queries) = found.digest, answer_of(found, trained)

report(f"what-if-{digest}", WhatIfResult(found=result, run=found, data=data).parts)
st.markdown("##### Accuracy before and after, paired on the same tasks")
chart(
    partial(what_if_chart, result, palette()),
    key="wi_dots",
    alt="Difference in accuracy after the change, at each number of shots",
)
st.caption(
    f"Thick: 95 % interval over the tasks of these test {noun.classes}. Thin: for new {noun.of(scores)}. Grey band: no practical difference; a grey dot lies in it or cannot be told yet."
)

st.markdown(
    f"##### Test task {int(episode)}: {queries['right_before']} of {queries['queries']} queries right before, {queries['right_after']} after"
)
classes, asked_queries = server.run_frame(digest, "classes"), server.run_frame(digest, "queries")
touched = [plain(str(data.classes["class_name"][c])) for c in classes["class_id"][classes["changed"]]]
rows_touched = [
    words.plural_of(number, what)
    for number, what in (
        (int(classes["changed_support"].sum()), "support instance"),
        (int(asked_queries["changed"].sum()), "query"),
    )
    if number
]
told = [", ".join(touched)] * bool(touched) + [" and ".join(rows_touched)] * bool(rows_touched)
st.caption(f"Changed in this task: {'; '.join(told) if told else 'nothing'}.")
with st.container():  # one element more or less would make the map below another, and nothing on it could move
    queries_view(asked_queries, data)


def map_part() -> None:
    """The map of the unchanged task, pinned, with the prototypes' ways on it."""
    if not shot:
        st.caption(
            "A map shows where prototypes of examples lie, and at 0 shots there are none; choose one shot or more to see it."
        )
        return
    pinned = MapSpec(asked_run, int(episode) - 1, int(shot))
    busy = on_its_way([pinned], data)
    drawn = server.store().find(pinned, data)
    if drawn is None:
        offer([pinned], data, "wi_map", "Draw the map of this task", busy=busy, icon="scatter_plot", primary=False)
        return
    points = drawn.frame("points")
    moved = moved_points(points, drawn.array("vectors"), classes, asked_queries, found.frame("instances"))
    the_map(key="wi_map_canvas", data=moved_message(drawn.digest, digest, moved, data, palette()))
    pictures_of(points, data)


if "prototype_after" in classes:
    pinned_there = shot and server.store().find(MapSpec(asked_run, int(episode) - 1, int(shot)), data)
    with st.expander("Where the prototypes go (map)", icon=":material/scatter_plot:", expanded=bool(pinned_there)):
        map_part()


def dose_part() -> None:
    forget_others("wi_dose_sources", asked_run.sources)
    sources = st.multiselect(
        "Sources hit together",
        asked_run.sources,
        [asked_run.sources[0]],
        format_func=level_label(data),
        key="wi_dose_sources",
        bind="query-params",
    )
    if not sources:
        st.caption("Choose at least one source.")
        return
    hit = tuple(name for name in asked_run.sources if name in sources)
    spec = DoseSpec(asked_run, hit, dose_kinds(hit, data), seed=int(seed))
    siblings = [replace(spec, run=run.spec) for run in arm.runs]
    busy = on_its_way(siblings, data)
    stored = [run for one in siblings if (run := server.store().find(one, data))]
    if busy or not stored:
        offer(siblings, data, "wi_dose", "Draw the curve", busy=busy)
    if not stored:
        return
    curves = dose_curves(stored, server.store(), int(shot))
    chart(
        partial(dose_chart, curves, palette()),
        key="wi_dose_chart",
        alt="Gain over doing without the sources as more is hit, one curve for each kind of fault",
    )
    wrong = [kind for kind in curves if kind != "missing"]
    st.markdown(
        "  \n".join(
            f"**{dose_name(kind, curves[kind].hit).capitalize()}**: {break_even_words(curves[kind].break_even)}" for kind in wrong
        )
    )
    st.caption(
        f"{words.count(len(manifest))} tasks, {len(stored)} training seed{'s' if len(stored) > 1 else ''}, at {shot} "
        f"shot{'s' if shot > 1 else ''}; bands and brackets: 95 % over tasks of these test {noun.classes}. Zero is the same learner with the "
        "sources hidden everywhere. Wrong and missing are separate curves: wrong metadata can do worse than none."
    )


with st.expander("How wrong may it get? Accuracy against the share that is hit", icon=":material/trending_down:"):
    dose_part()

download(
    "Download every task's score (CSV)", lambda: found.scores().to_csv(index=False) if found else "", f"what-if-{digest}.csv"
)
copied(partial(lines_of, found, trained, data), "wi_copy")
link_to("compare", "Compare learners", "stacked_line_chart")
