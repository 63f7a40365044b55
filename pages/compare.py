"""Runs side by side on the same test tasks: what differs between them, by how much one is better, and how sure that is."""

import streamlit as st

from metadash.analysis import words
from metadash.analysis.arms import StoredArm, comparable, differences_table, names_of, natural_baseline, newest_comparable
from metadash.analysis.versus import episode_table, headline, long_table, worth_words
from metadash.dashboard import house
from metadash.dashboard.adapting import adaptation_links
from metadash.dashboard.charts import curve_over_shots
from metadash.dashboard.comparison import (
    VERDICTS,
    accuracy_table,
    colours_of,
    curves,
    differences_chart,
    differences_rows,
    dots,
    scores_of,
    seeds_words,
    shelf,
    shelf_table,
    tasks_words,
    unit_nouns,
    versus_of,
)
from metadash.dashboard.escape import plain
from metadash.dashboard.frame import header
from metadash.dashboard.learning import seconds_for
from metadash.dashboard.links import from_link, link_to, to_link
from metadash.dashboard.theme import palette
from metadash.errors import BadInput
from metadash.training.spec import BackboneSpec, RunSpec

header(
    "Which learner does better, and by how much?",
    "Choose stored runs; they are compared task by task on the same test tasks. Runs alike but for their seed are one row here.",
)

MOST = 6  # learners compared when nobody has said which

arms, unreadable = shelf()
by_id = {arm.id: arm for arm in arms}
all_names = names_of(arms)


def empty() -> None:
    """What to do where there is nothing to compare yet, and how long it takes."""
    data = house.chosen_dataset()
    split = data.description.default_split
    seconds = seconds_for([RunSpec(dataset=data.name, split=split, backbone=BackboneSpec(data.name, split))], data)
    with st.container(border=True):
        have = "There is one learner so far; a comparison takes two." if arms else "Nothing has been trained yet."
        st.markdown(
            f"#### {have}\nTrain two learners on the same tasks, for example one that reads metadata and one that does not. "
            "Then you will read here which does better, by how many points, and how sure that is."
        )
        link_to("train", "Train a learner", "model_training")
        if seconds:
            st.caption(
                f"{words.duration(seconds).capitalize()} for the first one with the quick preset; the next ones share its backbone."
            )
    st.stop()


if len(arms) < 2:
    empty()

unknown = from_link("runs", all_names, many=True)
if "runs" not in st.session_state:
    st.session_state["runs"] = [arm.id for arm in newest_comparable(arms)[:MOST]]

answer_area = st.container()
chosen_ids = st.multiselect(
    "Learners to compare",
    list(by_id),
    format_func=lambda identity: all_names.get(identity, identity),
    key="runs",
    placeholder="choose two or more",
    wrap=True,
)
to_link("runs")
if unknown:
    st.warning(f"The link names learners that are not stored here: {plain(', '.join(unknown))}.", icon=":material/link_off:")
picked = [by_id[identity] for identity in chosen_ids if identity in by_id]


def choose(*ids: str) -> None:
    st.session_state["runs"] = list(ids)


def choose_ticked(shown: list[str]) -> None:
    rows = st.session_state["cmp_table"]["selection"]["rows"]
    st.session_state["runs"] = [shown[row] for row in rows if row < len(shown)]


def stored_table() -> None:
    """Everything that could be compared, to tick."""
    with st.expander(
        f"All {len(arms)} stored learners", icon=":material/inventory_2:", on_change="rerun", key="cmp_all"
    ) as stored:
        if not stored.open:
            return
        st.dataframe(
            shelf_table(arms, all_names),
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            key="cmp_table",
            alt="All stored learners, newest first; tick rows to compare them",
            column_config={"newest run": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        )
        st.button(
            "Compare the ticked ones", icon=":material/compare_arrows:", on_click=choose_ticked, args=([arm.id for arm in arms],)
        )
        st.caption("Only learners with the same test episodes can be compared.")
        if unreadable:
            st.caption(f"Left out, made by another version of MetaDash or damaged: {', '.join(unreadable[:5])}.")


def same_episodes() -> list[StoredArm]:
    """Those of the chosen that can be compared with the first; says so where some cannot, and offers those that can."""
    kept = comparable(picked, picked[0]) if picked else []
    others = [arm for arm in picked if arm not in kept]
    if others:
        st.warning(
            f"Left out, because only learners scored on the same test tasks can be compared: {plain(', '.join(all_names[a.id] for a in others))}.",
            icon=":material/rule:",
        )
    partners = comparable(arms, picked[0]) if picked else []
    offered = partners if len(partners) > 1 else newest_comparable(arms)
    if len(kept) < 2 and len(offered) > 1:
        st.button(
            f"Compare {min(len(offered), MOST)} learners with the same test tasks"
            + (" as this one" if offered == partners else ""),
            icon=":material/compare_arrows:",
            on_click=choose,
            args=[arm.id for arm in offered[:MOST]],
        )
    return kept


kept = same_episodes()
if len(kept) < 2:
    with answer_area.container(border=True):
        alone = bool(picked) and len(comparable(arms, picked[0])) < 2
        st.markdown(
            "#### Choose two or more learners"
            + (" on the same test tasks." if not alone else "; nobody else was scored on the tasks of this one yet.")
        )
        if alone:
            st.caption(f"It was tested on {plain(tasks_words(picked[0]))}. Train another learner on the same tasks.")
            link_to("train", "Train a learner", "model_training")
    stored_table()
    st.stop()

scores, damaged = {}, []
for arm in kept:
    try:
        scores[arm.id] = scores_of(arm.digests)
    except BadInput as problem:
        damaged.append(str(problem))
for sentence in damaged:
    st.error(sentence, icon=":material/error:")
kept = [arm for arm in kept if arm.id in scores]
if len(kept) < 2:
    stored_table()
    st.stop()

names = names_of(kept)
shots = scores[kept[0].id].shots
left, right = st.columns([3, 2])
from_link("cmp_baseline", names)
baseline = left.selectbox(
    "Baseline",
    [arm.id for arm in kept],
    index=natural_baseline(kept),
    format_func=lambda identity: names.get(identity, identity),
    key="cmp_baseline",
    help="Every other learner is compared with this one.",
)
to_link("cmp_baseline")
shot = right.segmented_control(
    "Labelled examples per class", shots, default=shots[0], required=True, key="cmp_shot", bind="query-params"
)
compared = {arm.id: versus_of(scores[arm.id], scores[baseline]) for arm in kept if arm.id != baseline}
first = next(iter(compared))
noun = unit_nouns(kept[0].spec.dataset).of(scores[baseline])
colours = palette()
by_arm = colours_of(kept, baseline, colours)

with answer_area.container(border=True):
    row = compared[first].at(shot)
    if row is None:
        st.error(compared[first].problem, icon=":material/error:")
    else:
        label, colour = VERDICTS[row.decision.verdict]
        st.badge(label, color=colour)  # type: ignore[arg-type]
        st.markdown(f"#### {headline(plain(names[first]), plain(names[baseline]), row, noun)}")
        if row.decision.reason:
            st.markdown(row.decision.reason)
        st.caption(
            f"{words.count(len(scores[first].manifest))} episodes, the same for both · {seeds_words(scores[first])} against "
            f"{seeds_words(scores[baseline])} · {kept[0].spec.evaluation.n_way}-way, {kept[0].spec.evaluation.strategy} tasks"
        )

st.subheader("What differs between them", anchor=False)
st.dataframe(differences_table(kept, names), alt="The options that are not the same for all the learners compared")

st.subheader(f"Differences from “{plain(names[baseline])}”", anchor=False)
st.plotly_chart(
    differences_chart(dots(names, compared, shot, kept, by_arm), colours),
    config={"displayModeBar": False},
    theme=None,
    key="cmp_dots",
    alt=f"Paired differences from the baseline at {shot} shots with their intervals",
)
st.caption(
    f"Thick: 95 % interval for these test {noun}. Thin: for new {noun}. Grey: no practical difference (± 0.5 points). Hollow: a control."
)
with st.expander("Differences in numbers, over seeds, p-values", icon=":material/table:"):
    st.dataframe(differences_rows(names, compared, shot), alt="Paired differences with three intervals and p-values")
    st.caption(
        f"First bracket: these test {noun} (t over episodes). Second: new {noun} (jackknife). Over seeds: t over matched seeds. "
        f"p tests “no difference on new {noun}”; Holm adjusts it for the {len(compared)} comparisons on this page."
    )

st.subheader("Accuracy over shots", anchor=False)
two = len(kept) == 2 and compared[first].worth
shown = [by_id[first], by_id[baseline]] if two else kept
start = compared[first].at(shots[0])
st.plotly_chart(
    curve_over_shots(
        shots,
        curves(names, scores, shown, by_arm),
        colours,
        gap=words.points(start.episodes.estimate) if two and start else "",
        worth=two.value if two and not two.censored else None,
    ),
    config={"displayModeBar": False},
    theme=None,
    key="cmp_curves",
    alt="Accuracy of each learner over the number of labelled examples per class",
)
st.caption(f"Lines: mean accuracy on the same test episodes; bands: 95 % interval over episodes, for these test {noun}.")
st.dataframe(accuracy_table(names, scores, kept), alt="Accuracy of each learner at each number of shots with both intervals")
st.caption(f"First bracket: 95 % interval for these test {noun}. Second: for new {noun}.")
worths = [worth_words(plain(names[i]), plain(names[baseline]), one.worth) for i, one in compared.items() if one.worth]
if worths:
    with st.expander("Worth in shots", icon=":material/swap_horiz:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in worths))
        st.caption(f"The horizontal distance between the curves; brackets: 95 % bootstrap over episodes, for these test {noun}.")

stored_table()
adaptation_links(kept, names)
by_name = {names[arm.id]: arm for arm in kept}
named = {names[identity]: found for identity, found in scores.items() if identity in names}
with st.container(horizontal=True):
    st.download_button(
        "Download the numbers (CSV)",
        lambda: long_table(by_name, named, {names[i]: one for i, one in compared.items()}, names[baseline]).to_csv(index=False),
        "comparison.csv",
        "text/csv",
        icon=":material/download:",
    )
    st.download_button(
        "Download every episode's score (CSV)",
        lambda: episode_table(named).to_csv(index=False),
        "episodes.csv",
        "text/csv",
        icon=":material/download:",
    )
