"""What the inner loop of a learner does to one test task, step by step, and how a prototype over the same backbone sees that task."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from metadash.answers.inner_steps import advice, details, headline, queries_table, read_adaptation, steps_table
from metadash.answers.stored_arms import run_words
from metadash.dashboard import server
from metadash.dashboard.adaptation.player.component import player
from metadash.dashboard.adaptation.query_grid import bins, cut_words, episode_of, picture_of, query_grid
from metadash.dashboard.adaptation.step_charts import accuracy_chart, accuracy_lines, gate, loss_chart, loss_lines
from metadash.dashboard.adaptation.steps_link import adapting, arm_title, learners_that_adapt
from metadash.dashboard.adaptation.steps_section import steps_section
from metadash.dashboard.compare.learners import mean_words, named, scores_of, shelf, unit_nouns
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.badges import announced
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page, header, one_sentence
from metadash.dashboard.parts.jobs import how_long, jobs_of, on_its_way, troubled
from metadash.dashboard.parts.one_task import choose_task
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.parts.watching import anew, offer
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.runs.again import duplicate, repeat
from metadash.dashboard.share.closed import closed
from metadash.dashboard.share.told import report
from metadash.errors import BadInput
from metadash.learners.registry import entry_of
from metadash.runs.kinds import run_digest
from metadash.specs.builder import run_for
from metadash.specs.choosing.tuning import as_chosen
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec, does_not_adapt, own_steps
from metadash.stats import words

OWN = "own"
STEPS = (OWN, "1", "2", "3", "5", "10", "20", "50", "100")

data = server.chosen_dataset()
header(
    "What does the inner loop do?",
    "Some learners adapt to every new task: they take a few steps on its labelled examples (the support) before they answer the queries. "
    "Here you see one task, step by step.",
)
of_classes(data)

every = [arm for arm in shelf()[0] if arm.dataset == data.name]
names = named(every)
runs = {run.digest: (arm, run) for arm in adapting(every) for run in arm.runs}

if not runs:
    first = jobs_of([run_for(data, learner="maml")], data)
    with st.container(border=True):
        st.markdown(
            "#### No learner that adapts has been trained on this data set yet.\nTrain one; then you will see here, for any test task, how each "
            "step changes its loss and its answers, and what a prototype makes of the same task."
        )
        with st.container(horizontal=True):
            link_to("train", "Train MAML", "model_training", tr_learner="maml", tr_options="inner_lr=0.1")
            link_to("train", "Train the LSTM meta-learner", "model_training", tr_learner="meta-lstm")
        st.caption(
            f"{words.capital(how_long(first))} for MAML with the quick preset. These adapt: {', '.join(learners_that_adapt().values())}."
        )
    end_page()

answer_area = st.container()


def run_label(digest: str) -> str:
    arm, run = runs[digest]
    return f"{arm_title(arm, names)}, {run_words(run)}"


def not_here(digest: str) -> str:
    """Why the run that a link names is not among those that can be looked at."""
    run = server.store().get(digest)
    if run is not None and run.kind == "learner" and run.is_understood:
        spec = run.spec_as(RunSpec)
        return f"It was trained on {spec.dataset}." if spec.dataset != data.name else does_not_adapt(spec)
    return f"The link names a run that is not stored here: {digest}."


left, middle, right, last = st.columns([5, 2, 2, 2.4])
unknown = from_link("ad_run", {digest: run_label(digest) for digest in runs})
run_id = left.selectbox("Learner", list(runs), format_func=run_label, key="ad_run")
to_link("ad_run")
for digest in unknown:
    st.warning(plain(not_here(digest)), icon=":material/link_off:")
arm, run = runs[run_id]
tests, own = arm.spec.evaluation, own_steps(as_chosen(run.spec_as(RunSpec), run.summary))
assert own is not None
episode, shot = choose_task(middle, right, run, "ad")
steps_labels = {choice: f"as scored ({own})" if choice == OWN else choice for choice in STEPS}
from_link("ad_steps", steps_labels, name="Steps")
wanted = last.selectbox(
    "Steps",
    STEPS,
    format_func=lambda choice: steps_labels[choice],
    key="ad_steps",
    help="How many steps to take on the support. More than the learner was scored with show where further adaptation leads.",
)
to_link("ad_steps")

spec = AdaptationSpec(run.spec_as(RunSpec), int(episode) - 1, int(shot), own if wanted == OWN else int(wanted))
digest = run_digest(spec, data)
busy = on_its_way([spec], data)
found = server.store().get(digest)
retrained = anew(spec.run, data)


def go_to(number: int) -> None:
    """Another task, looked at without a further press: who leafs through tasks has asked for them."""
    st.session_state["ad_episode"] = number
    st.session_state["ad_leafing"] = digest


def leaf() -> None:
    """To the task before, the next, and one picked by chance, but always the same one from here."""
    number, n = int(episode), tests.n_episodes
    by_chance = int(np.random.default_rng(number).integers(1, n + 1))
    for label, icon, to, key in (
        ("Previous", "chevron_left", number - 1, "ad_previous"),
        ("Next", "chevron_right", number + 1, "ad_next"),
        ("By chance", "shuffle", by_chance, "ad_random"),
    ):
        off = not 1 <= to <= n
        st.button(
            label,
            icon=f":material/{icon}:",
            key=key,
            on_click=go_to,
            args=(to,),
            disabled=off,
            help=f"Test task {to}" if not off else None,
        )


def promise() -> str:
    return (
        f"Pressing the button lets {entry_of(spec.run.learner).title} take {words.plural_of(spec.n_steps, 'step')} on the {tests.n_way * int(shot)} "
        f"labelled examples of test task {int(episode)}. You will see how its loss and its answers to {tests.n_way * tests.n_query} queries "
        "change with each step, and what a prototype over the same backbone answers."
    )


def overall(written: Callable[[object], str] = plain) -> str:
    """What holds for all test tasks, so that nobody takes one for the rest."""
    try:
        scores = scores_of(arm.digests)
    except BadInput as problem:
        return str(problem)
    seeds = f"{len(scores.seeds)} seed{'s' if len(scores.seeds) > 1 else ''}"
    return (
        f"This is one task: its counts are exact and say little about others. Over all {words.count(len(scores.manifest))} test tasks and {seeds}, "
        f"the learner is right in {mean_words(scores, int(shot), unit_nouns(data.name, written).of(scores))}."
    )


if (
    st.session_state.pop("ad_leafing", digest) != digest
    and not found
    and not (retrained or closed() or troubled(jobs_of([spec], data)))
):
    with one_sentence():
        server.board().submit(spec)
        busy = True

with answer_area.container(border=True):
    if found:
        steps, queries, prototypes, support = (
            server.run_frame(digest, name) for name in ("steps", "queries", "prototypes", "support")
        )
        seen = read_adaptation(steps, queries, prototypes, own)
        st.markdown(f"#### {headline(seen)}")
        if text := details(seen):
            st.markdown(text)
        st.caption(overall())
        with st.container(horizontal=True, vertical_alignment="center"):
            leaf()
            link_to("compare", "Compare over all tasks", "stacked_line_chart", runs=arm.id)
    else:
        offer([spec], data, "ad_go", "Look inside", promise(), busy=busy, note=retrained)
        if not busy:
            with st.container(horizontal=True):
                leaf()

if not found:
    end_page()

colours = palette()
if text := advice(seen, spec.run.mode):
    st.info(text, icon=":material/lightbulb:")

st.subheader("Loss and accuracy by step", anchor=False)
left, right = st.columns(2)
losses = loss_lines(steps, colours)
with left:
    chart(
        partial(accuracy_chart, accuracy_lines(seen, steps, colours), colours, own),
        key="ad_accuracy",
        alt=f"Accuracy on queries and support over {seen.steps} steps, with the prototype's as a dashed line. {headline(seen)}",
    )
with right:
    chart(
        partial(loss_chart, losses, colours, own),
        key="ad_loss",
        alt=f"Loss over {seen.steps} steps: support from {losses[1].values[0]:.2f} to {losses[1].values[-1]:.2f}",
    )
st.caption(
    "Support: the labelled examples, which the steps are made on. Queries: what is to be answered; no step sees their classes. Loss: how "
    "surprised the learner is by the right answers (cross-entropy); 0 is certain and right. "
    + (
        "Dashed: the prototypes, which take no steps."
        if seen.right_moved is None
        else "Dashed: the prototypes, without and with the metadata; they take no steps."
    )
)

if "forget_mean" in steps and seen.steps:
    st.subheader("What the gates let through", anchor=False)
    after = steps.iloc[1:]
    gates = (
        ("forget", "forget gate", "1 keeps every weight as it is; below 1, weights shrink a little at each step"),
        ("write", "write gate", "how far each weight follows its gradient: the step size that the LSTM chose"),
    )
    for place, (name, label, meaning) in zip(st.columns(2), gates, strict=True):
        least, mean, greatest = (after[f"{name}_{which}"].tolist() for which in ("least", "mean", "greatest"))
        with place:
            chart(
                partial(gate, least, mean, greatest, label, colours),
                key=f"ad_{name}",
                alt=f"The {label} over the steps: mean {mean[0]:.3g} at step 1 and {mean[-1]:.3g} at step {seen.steps}",
            )
            st.caption(f"{label.capitalize()}: {meaning}. Line: mean over all weights; band: least to greatest.")

announced(spec.run)
shown = episode_of(digest, data)
picture = picture_of(data)
report(f"adaptation-{digest}", lambda found=found, seen=seen: steps_section(found, run, data, seen, overall(str), shown.classes))


@st.fragment
def predictions() -> None:
    """The grid, and the queries at one step; only this part is drawn again when the slider moves."""
    st.subheader("How the answers to each query move", anchor=False)
    controls, grid = st.container(), st.container()
    st.subheader("What each query is taken for", anchor=False)
    now = seen.steps
    if seen.steps:
        now = int(st.slider("At step", 0, seen.steps, seen.steps, key="ad_step", bind="query-params"))
        with controls:
            player(now, seen.steps, digest)
    grid.html(query_grid(shown, picture, colours, own, now))
    count = int(seen.right[now])
    st.caption(
        f"At step {now}, {count} of {seen.queries} queries are answered rightly. Loss: {steps['query_loss'].iloc[now]:.2f} of the queries, "
        f"{steps['support_loss'].iloc[now]:.2f} of the support. Beside each name: a labelled example. Red with ×: a query that belongs elsewhere."
    )
    st.html(bins(shown, now, picture, colours))
    if text := cut_words(shown):
        st.caption(text)


predictions()

with st.expander("How this was computed", icon=":material/info:"):
    statistics = run.summary.get("batch_norm", "?")
    st.markdown(
        f"""
- **Learner**: the run `{run.digest}` ({plain(run_label(run_id))}), read back from its weights; {"over the frozen backbone only its head adapts" if spec.run.mode == "quick" else "every weight adapts"}.
  It is scored with {own} step{"s" if own != 1 else ""}, and its last step here is exactly what was scored when as many are taken.
- **Step 0** is the learner before it has seen the support{" (but for a head made of it)" if entry_of(spec.run.learner).makes_head else ""}. The support loss of a step is taken after that step.
- **Prototype**: the mean of the support's embeddings, before any step, by the same backbone and the same batch norm ({statistics} statistics); a
  query belongs to the nearest one. Its probabilities are a softmax over minus the squared distance (Snell et al. 2017){"; with the metadata, the prototype moves towards the anchor by κ pseudo-shots" if seen.right_moved is not None else ""}.
- **Task** {int(episode)} of manifest `{run.summary["manifest"]}`: {tests.n_way}-way, {int(shot)} shot{"s" if shot > 1 else ""}, {tests.queries_words}. Computed as `{digest}`.
"""
    )
LOOKS = "Copy its learner as command, as Python (these steps are taken on this page alone)"
repeat(run, "ad_copy", LOOKS)
class_names = data.classes["class_name"].astype(str).to_numpy()
with st.container(horizontal=True, vertical_alignment="center"):
    duplicate(run, "Train it with changes")
    download("Download the steps (CSV)", lambda: steps_table(steps, prototypes).to_csv(index=False), f"steps-{digest}.csv")
    download(
        "Download every query's answers (CSV)",
        lambda: queries_table(queries, prototypes, class_names, shown.classes).to_csv(index=False),
        f"answers-{digest}.csv",
    )
