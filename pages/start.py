"""Does this metadata help with new classes? Pick a question, press one button, read the answer."""

import json

import streamlit as st

from metadash.analysis import words
from metadash.analysis.answer import answer_spec
from metadash.analysis.export import as_json
from metadash.dashboard import house
from metadash.dashboard.answers import chosen_question, computed_how, draw_answer, episode_row, numbers_table
from metadash.dashboard.downloads import download
from metadash.dashboard.frame import header
from metadash.dashboard.jobs import jobs_of, on_its_way, seconds_left, troubled
from metadash.dashboard.poolchip import chosen_pool
from metadash.dashboard.watching import watch
from metadash.networks.registry import usual_backbone

data = house.chosen_dataset()

header(
    "Which metadata helps with new classes?",
    f"Pick a question about *{data.description.title.lower()}*, press the button, read the answer. Every number behind it is kept.",
)

pool = chosen_pool(data)
question = chosen_question(data)
with st.expander("How thoroughly?", on_change="rerun", key="start_more") as more:
    left, middle, right = st.columns(3)
    seeds = left.slider(
        "Training seeds", 2, 5, 3, key="seeds", bind="query-params", help="How often everything that is trained is trained again."
    )
    mode = middle.segmented_control(
        "Mode",
        ["quick", "full"],
        default="quick",
        required=True,
        key="mode",
        bind="query-params",
        help="Quick: one backbone trained without metadata, frozen, then light heads. Full: every weight trained end to end from the same start.",
    )
    backbone = usual_backbone(data.description.modality)
    width = right.segmented_control(
        f"{backbone.title} width",
        backbone.widths,
        default=backbone.width,
        required=True,
        key="width",
        bind="query-params",
        help=f"The {backbone.width_means}. The narrower is the quicker.",
    )

spec = answer_spec(data, question, seeds=tuple(range(seeds)), mode=mode, backbone=backbone.name, width=width, where=pool)
busy = on_its_way(spec.runs, data)
found = house.stored_answer(spec, data)


def ask() -> None:
    """The button, what it will tell, and how long it takes."""
    parts = jobs_of(spec.runs, data)
    for job in troubled(parts)[:1]:
        st.warning(f"The last attempt ended early: {job.title}. {job.message}", icon=":material/warning:")
    with st.container(border=True):
        st.markdown(
            f"Pressing the button trains a learner with {question.subject}, without it, and with its rows shuffled between classes, and scores "
            f"all three on the same {words.count(spec.n_episodes)} test tasks of {words.plural(data.description.class_noun)} it has never seen. "
            "You will read how much the metadata helps, how sure that is, and how many labelled examples it is worth."
        )
        if st.button("Answer it", type="primary", icon=":material/play_arrow:", key="start_go"):
            for run in spec.runs:
                house.board().submit(run)
            st.rerun()
        st.caption(f"{words.duration(seconds_left(parts)).capitalize()} on this machine. It goes on if you close the page.")


if found:
    draw_answer(found)
elif busy:
    with st.container(border=True):
        watch(spec.runs, data, "start")
else:
    ask()

st.subheader("One of the tasks", anchor=False)
episode_row(data, spec)

if found:
    with st.expander("Show me the numbers", icon=":material/table:"):
        numbers_table(found)
    with st.expander("How this was computed", icon=":material/info:"):
        computed_how(found, data)
    download(
        "Download everything (JSON)",
        lambda: json.dumps(as_json(found), ensure_ascii=False, indent=1),
        f"answer-{found.digest}.json",
        "application/json",
    )
