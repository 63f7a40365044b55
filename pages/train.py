"""Train a learner: choose it, see how long it takes, watch it learn, cancel it. What is computed once is kept for everybody."""

from functools import partial

import streamlit as st

from metadash.answers.stored_arms import arm_id
from metadash.dashboard import server
from metadash.dashboard.compare.learners import scores_of, unit_nouns
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.badges import announced
from metadash.dashboard.parts.curves import history_of, learning_curves
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.first_look import warn_first
from metadash.dashboard.parts.frame import header, one_sentence
from metadash.dashboard.parts.jobs import LOOK_EVERY, jobs_of
from metadash.dashboard.parts.pool_chip import chosen_pool
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.runs.again import repeat
from metadash.dashboard.share.told import report
from metadash.dashboard.train.controls import chosen_runs, reading
from metadash.dashboard.train.how import recipe_lines
from metadash.dashboard.train.learned import learned, learner_section, rests_on
from metadash.dashboard.train.proposal import arrangement_part
from metadash.dashboard.train.queue import SHOWN, active_row, choices, defect_log, ended_row, log_of, newest_trained, older_table
from metadash.errors import BadInput
from metadash.learners.registry import LEARNERS
from metadash.runs.kinds import facts_of, run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.specs.views import adapts
from metadash.stats import words

NEWEST = "The learner chosen above; else what is running, or the newest"
NOTHING_HERE = "Loss and validation accuracy are drawn here, step by step, once something trains."

data = server.chosen_dataset()
header(
    "Who learns, and how fast?",
    "Choose a learner and what it may know, see how long it takes, press the button, watch it learn. It goes on if you close the page.",
)
of_classes(data)

pool = chosen_pool(data)
specs: list[RunSpec] = []
problem = ""
try:
    specs = chosen_runs(data, pool)
except BadInput as sentence:
    problem = str(sentence)

arrangement_part(data, specs)

jobs = all_jobs(server.workspace())
busy = any(job.active for job in jobs)
asked = {run_digest(spec, data) for spec in specs}  # a backbone that trains for somebody else does not hold up the button
built_on = asked | {run_digest(need, data) for spec in specs for need in spec.needs}
stored: list[Run] = [run for spec in specs if (run := server.store().find(spec, data))]


def promise() -> str:
    noun = words.plural(words_of(data).class_noun)
    tests = specs[0].evaluation
    runs = f"{len(specs)} runs, one a seed" if len(specs) > 1 else "one run"
    single = "" if specs[0].trains else " (over a frozen backbone there is nothing more to train, so one serves every seed)"
    how = " end to end" if specs[0].mode == "full" else ""
    tuned = f", the best of {specs[0].tune} forms on validation classes," if specs[0].tune else ""
    return (
        f"Pressing the button trains {LEARNERS[specs[0].learner].title} {reading(specs[0])}{how}{tuned} and scores it on {words.count(tests.n_episodes)} "
        f"test tasks of {tests.n_way} {noun} it has never seen. You will read how often it is right, and can compare it with any other "
        f"learner on the same tasks. That is {runs}{single}."
    )


def recipe_note(spec: RunSpec) -> None:
    """What the paper's recipe sets, and where that is not the paper."""
    recipe = LEARNERS[spec.learner].paper_recipe
    if recipe is None or st.session_state.get("tr_recipe") != "paper":
        return
    told, deviations = recipe_lines(spec, recipe)
    st.markdown(told)
    with st.expander("Where this is not the paper", icon=":material/difference:"):
        st.markdown("\n".join(f"- {words.capital(one)}." for one in deviations))


def known() -> None:
    """What the stored runs say: how often it is right, how sure that is, and how long it took to learn."""
    spec, scores = specs[0], scores_of(tuple(run.digest for run in stored))
    headline, *rest = learned(stored, scores, unit_nouns(spec.dataset).of(scores), plain)
    st.markdown(f"#### {headline}")
    st.markdown(" ".join(rest))
    st.caption(rests_on(stored))
    announced(spec)
    report("learner", partial(learner_section, stored, scores, data))
    with st.container(horizontal=True):
        link_to("compare", "Compare it with others", "stacked_line_chart", runs=arm_id(stored[0]))
        if adapts(spec.learner):
            link_to("adaptation", "See it adapt", "moving", ad_run=stored[0].digest)
        link_to("prototypes", "See what it learned", "scatter_plot", pr_run=stored[0].digest)
    repeat(stored[0], "tr_repeat")


with st.container(border=True):
    if problem:
        st.error(plain(problem), icon=":material/error:")
        st.caption("Nothing has been started. Change what it names, and the button comes back.")
    elif len(stored) == len(specs):
        try:
            known()
        except BadInput as damage:
            st.error(plain(damage), icon=":material/error:")
    else:
        under_way = any(job.active for job in jobs if job.digest in asked)
        if not under_way:
            warn_first(data, specs[0].split, specs[0].sources)
            recipe_note(specs[0])
        already = f"{len(stored)} of {len(specs)} runs are stored already." if stored else "Nothing of it is stored yet."
        if sum(not part.done for part in jobs_of(specs, data)) > len(specs) - len(stored):
            already = f"What {'they build' if len(specs) > 1 else 'it builds'} on is counted with {'them' if len(specs) > 1 else 'it'}. {already}"
        offer(specs, data, "tr_go", "Train", promise(), busy=under_way, note=already, stop="Cancel all of these")


def log_part(shown: str) -> None:
    with st.expander("Log", icon=":material/notes:", on_change="rerun", key="tr_log") as log:
        if log.open:
            st.code(log_of(shown) or "Nothing was reported yet.", language=None, height=240)
            if technical := defect_log(shown):
                download("Download the details of the failure", technical, f"{shown}.log.txt", "text/plain")


@st.fragment(run_every=LOOK_EVERY if busy else None)
def learning() -> None:
    """Curves of the chosen run and the queue; a job that ends brings the whole page up to date."""
    with one_sentence():
        now = all_jobs(server.workspace())
        active = sorted((job for job in now if job.active), key=lambda job: job.submitted)
        if {job.digest for job in active} != {job.digest for job in jobs if job.active}:
            st.rerun()
        st.subheader("Learning curves", anchor=False)
        looks = choices(now, server.store().runs(), data)
        busy_now = {job.digest for job in active}
        labels = {digest: look.label for digest, look in looks.items()}
        here = [digest for digest, look in looks.items() if look.here]
        if labels:
            running = [job.digest for job in active if job.state == "running" and job.digest in here]
            own = [digest for digest in running if digest in built_on] or [run.digest for run in stored]
            wanted = next(iter(own or running), "") or newest_trained(here)
            from_link("tr_show", {"": NEWEST, **labels}, name="Run")
            chosen = st.selectbox(
                "Run",
                ["", *labels],
                format_func=lambda digest: labels.get(digest, NEWEST),
                key="tr_show",
                label_visibility="collapsed",
            )
            to_link("tr_show")
            shown = chosen if chosen in labels else wanted
            if not chosen:
                others = "" if shown in built_on or not shown else "The learner chosen above has no curve yet. This is of "
                st.caption(plain(f"{others}{labels.get(shown, NOTHING_HERE)}"))
            if shown:
                learning_curves(history_of(shown), "tr_curve", over=shown not in busy_now)
                log_part(shown)
        else:
            st.caption(NOTHING_HERE)
        if active:
            st.subheader("In the queue", anchor=False)
        for before, job in enumerate(active):
            active_row(job, before, data)


learning()

ended = [
    job for job in jobs if not job.active and facts_of(job.spec).listed
]  # trainings: what other pages asked for stands there
if ended:
    st.subheader("Trainings that are over", anchor=False)
    for job in ended[:SHOWN]:
        ended_row(job, data)
    if len(ended) > SHOWN:
        with st.expander(f"{len(ended) - SHOWN} older", icon=":material/history:", on_change="rerun", key="tr_older") as older:
            if older.open:
                older_table(ended[SHOWN:])
