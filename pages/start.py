"""Does this metadata help with new classes? Pick a question, press one button, read the answer."""

import json

import streamlit as st

from metadash.answers.answer import USUAL_SEEDS, answer_spec
from metadash.answers.export import as_json
from metadash.answers.looks import looked_at_answer
from metadash.dashboard import server
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.budget import backbone_training, chosen_text_encoder
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.first_look import warn_first
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.parts.jobs import LOOK_EVERY, on_its_way
from metadash.dashboard.parts.pool_chip import chosen_pool
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.share.told import report
from metadash.dashboard.start.answer import (
    chosen_question,
    computed_how,
    draw_answer,
    draw_numbers,
    draw_so_far,
    episode_row,
    next_steps,
)
from metadash.dashboard.start.ratings import ask_about_users
from metadash.dashboard.start.ready import ready_row
from metadash.dashboard.tour.invitation import invite
from metadash.dashboard.train.controls import backbone_origin
from metadash.data.ratings.rated import rated_in
from metadash.front.answer import AnswerResult
from metadash.networks.encoders.registry import features_note, is_trained, usual_features
from metadash.stats import words

data = server.chosen_dataset()
if rated_in(data):
    ask_about_users(data)
    end_page()

header(
    "Which metadata helps with new classes?",
    f"Pick a question about *{words_of(data).title.lower()}*, press the button, read the answer. Every number behind it is kept.",
)

invite()
ready_row(data)
pool = chosen_pool(data)
question = chosen_question(data)
with st.expander("How thoroughly?", on_change="rerun", key="start_more") as more:
    left, middle, right = st.columns(3)
    seeds = left.slider(
        "Training seeds",
        2,
        5,
        len(USUAL_SEEDS),
        key="seeds",
        bind="query-params",
        help="How often everything that is trained is trained again.",
    )
    mode = one_of(
        middle,
        "Mode",
        ["quick", "full"],
        default="quick",
        key="mode",
        help="Quick: one backbone trained without metadata, frozen, then light heads. Full: every weight trained end to end from the same start.",
    )
    backbone = usual_features(data, mode)
    width = (
        one_of(
            right,
            f"{backbone.title} width",
            backbone.widths,
            default=backbone.width,
            key="width",
            help=f"The {backbone.width_means}. The narrower is the quicker.",
        )
        if backbone.widths
        else None
    )
    if note := features_note(data, backbone.name):
        st.caption(note)
    crossed = st.toggle(
        f"Test every {words_of(data).class_noun} once (cross-fitting)",
        True,
        key="crossed",
        bind="query-params",
        disabled=mode == "full",
        help="The classes rotate through the test in folds, over a backbone each, so that more is known of new ones. Without it, and end to "
        "end, the data set's own split stands as it is.",
    )
    text_encoder = chosen_text_encoder(st.columns(2)[0], data, question.sources, "texts")
    learned, own_backbone = None, False
    if is_trained(backbone.name):
        learned = backbone_training(st, "learns_from", idle=False)
        own_backbone = backbone_origin(data, "own_backbone", backbone=backbone.name, width=width, backbone_training=learned)

spec = answer_spec(
    data,
    question,
    seeds=range(seeds),
    folds=None if crossed else 0,
    mode=mode,
    backbone=backbone.name,
    width=width,
    own_backbone=own_backbone,
    backbone_training=learned,
    text_encoder=text_encoder,
    where=pool,
)
jobs = spec.jobs(data, server.store())
busy = on_its_way(jobs, data)
found = server.stored_answer(spec, data)


def promise() -> str:
    nouns = words.plural(words_of(data).class_noun)
    rotate = (
        f"in {spec.folds} folds, so that every {words_of(data).class_noun} is tested once" if spec.folds else "it has never seen"
    )
    return (
        f"Pressing the button trains a learner with {plain(question.subject)}, without it, and with its rows shuffled between classes, and scores "
        f"all three on the same {words.count(spec.n_episodes)} test tasks of {nouns} {rotate}. "
        "You will read how much the metadata helps, how sure that is, and how many labelled examples it is worth."
    )


@st.fragment(run_every=LOOK_EVERY)
def growing() -> None:
    """What the finished folds say, sharper with each."""
    draw_so_far(spec, server.line_so_far(spec, data), data)


if found:
    draw_answer(found)
    next_steps(found)
    looked = looked_at_answer(found, data, server.store())
    if looked:
        st.caption(plain(looked))
    report(f"answer-{found.digest}", AnswerResult(found, data, looked).parts)
else:
    with st.container(border=True):
        if busy:
            growing()
        else:
            server.expect_work()  # whoever reads what the button will tell is about to press it: the workers start meanwhile
            warn_first(data, spec.fold_runs[0].split, spec.run.sources)
        offer(jobs, data, "start_go", "Answer it", promise(), busy=busy, note="It goes on if you close the page.")

st.subheader("One of the tasks", anchor=False)
episode_row(data, spec)

if found:
    with st.expander("Show me the numbers", icon=":material/table:", key="start_numbers", on_change="rerun") as numbers:
        if numbers.open:
            draw_numbers(found)
    with st.expander("How this was computed", icon=":material/info:", key="start_how", on_change="rerun") as computed:
        if computed.open:
            computed_how(found, data)
    download(
        "Download everything (JSON)",
        lambda: json.dumps(as_json(found), ensure_ascii=False, indent=1),
        f"answer-{found.digest}.json",
        "application/json",
    )
