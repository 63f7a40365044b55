"""Runs side by side on the same test tasks: what differs between them, by how much one is better, and how sure that is."""

import streamlit as st

from metadash.analysis import words
from metadash.analysis.arms import (
    StoredArm,
    comparable,
    differences_table,
    names_of,
    natural_baseline,
    newest_comparable,
    ordered,
)
from metadash.analysis.costs import cheapest_words, cost_of
from metadash.analysis.family import baseline_lines, baseline_sentence, pairs_counts, pairs_sentence, pairs_table
from metadash.analysis.versus import against_baseline, episode_table, headline, long_table, worth_words
from metadash.dashboard import house
from metadash.dashboard.charts import accuracy_against_cost, curve_over_shots, curve_over_ways
from metadash.dashboard.comparison import (
    VERDICTS,
    accuracy_table,
    colours_of,
    curves,
    curves_over_ways,
    differences_chart,
    differences_rows,
    dots,
    pairs_of,
    priced,
    scores_of,
    seeds_range,
    shelf,
    shelf_table,
    tasks_words,
    unit_nouns,
    versus_of,
)
from metadash.dashboard.escape import plain
from metadash.dashboard.frame import header, term
from metadash.dashboard.learning import seconds_for
from metadash.dashboard.links import from_link, link_to, to_link
from metadash.dashboard.matrix import matrix
from metadash.dashboard.theme import palette
from metadash.errors import BadInput
from metadash.training.spec import BackboneSpec, RunSpec

header(
    "Which learner does better, and by how much?",
    "Choose stored runs; they are compared task by task on the same test tasks. Runs alike but for their seed are one row here.",
)

BASELINE, PAIRS = "against the baseline", "every pair"
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
    st.session_state["runs"] = [arm.id for arm in ordered(newest_comparable(arms)[:MOST])]

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

kept = ordered(kept)
all_names, every_way = names_of(kept), {identity: found for identity, found in scores.items() if identity in all_names}
shots = every_way[kept[0].id].shots
ways = sorted({n_way for found in every_way.values() for n_way in found.ways})
left, right = st.columns([3, 2])
baseline_place = left.container()
how = right.segmented_control(
    "Tested together",
    [BASELINE, PAIRS],
    default=BASELINE,
    required=True,
    key="cmp_how",
    bind="query-params",
    help="What is tested together is corrected together (Holm), so that no claim is one of many lucky ones.",
    disabled=len(kept) < 3,
)
left, right = st.columns([3, 2])
shot = left.segmented_control(
    "Labelled examples per class", shots, default=shots[0], required=True, key="cmp_shot", bind="query-params"
)
n_way = right.segmented_control(
    "Classes to tell apart", ways, default=ways[-1], required=True, key="cmp_ways", bind="query-params", help=term("n_way")
)
missing = [arm for arm in kept if n_way not in every_way[arm.id].ways]
kept = [arm for arm in kept if arm not in missing]
names = {arm.id: all_names[arm.id] for arm in kept}
if missing:
    notes = "; ".join(f"“{plain(all_names[arm.id])}”: {arm.ways_note}" for arm in missing)
    st.info(f"Left out at {n_way} ways. {notes}.", icon=":material/rule:")
if len(kept) < 2:
    answer_area.info(
        f"Fewer than two of these learners were scored at {n_way} ways; choose another number.", icon=":material/rule:"
    )
    stored_table()
    st.stop()
scores = {arm.id: every_way[arm.id].at_ways(n_way) for arm in kept}
from_link("cmp_baseline", names)
baseline = baseline_place.selectbox(
    "Baseline",
    [arm.id for arm in kept],
    index=natural_baseline(kept),
    format_func=lambda identity: names.get(identity, identity),
    key="cmp_baseline",
    help="Every other learner is compared with this one.",
)
to_link("cmp_baseline")
compared = {arm.id: versus_of(scores[arm.id], scores[baseline]) for arm in kept if arm.id != baseline}
together, pairs = against_baseline(compared, shot), pairs_of(scores, shot)
first = next(iter(compared))
noun = unit_nouns(kept[0].spec.dataset).of(scores[baseline])
colours = palette()
by_arm = colours_of(kept, baseline, colours)
in_pairs = how == PAIRS and len(kept) > 2


def two_learners() -> None:
    """One difference, tested once: verdict, both intervals, and what would decide."""
    row = compared[first].at(shot)
    if row is None:
        st.error(compared[first].problem, icon=":material/error:")
        return
    label, colour = VERDICTS[row.decision.verdict]
    st.badge(label, color=colour)  # type: ignore[arg-type]
    st.markdown(f"#### {headline(plain(names[first]), plain(names[baseline]), row, noun)}")
    if row.decision.reason:
        st.markdown(row.decision.reason)


def several_learners() -> None:
    """What holds after Holm's correction over everything that is tested on the page."""
    named = {identity: plain(name) for identity, name in names.items()}
    if in_pairs:
        st.markdown(f"#### {pairs_sentence(named, pairs, shot)}")
        st.markdown(pairs_counts(pairs))
    else:
        st.markdown(f"#### {baseline_sentence(together, named[baseline], shot)}")
        st.markdown("  \n".join(baseline_lines(named, together)))
    n_tests = len(pairs) if in_pairs else len(together)
    st.caption(
        f"Brackets: 95 % intervals for new {noun}. Marks and counts are what holds after Holm's correction for the "
        f"{words.plural_of(n_tests, 'comparison')} tested together."
    )


with answer_area.container(border=True):
    if len(kept) == 2:
        two_learners()
    else:
        several_learners()
    st.caption(
        f"{words.count(len(scores[first].manifest))} episodes, the same for {'both' if len(kept) == 2 else 'all'} · "
        f"{seeds_range(scores)} · {n_way}-way, {kept[0].spec.evaluation.strategy} tasks"
    )

if in_pairs:
    st.subheader("Every pair", anchor=False)
    st.html(matrix(names, list(names), pairs, colours))
    st.caption(
        f"The row less the column, in points; brackets: 95 % intervals for new {noun}. ▲ the row is better, ▼ worse, = no practical "
        f"difference, ? cannot tell yet, after Holm's correction over {words.plural_of(len(pairs), 'pair')}."
    )
else:
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
            f"p tests “no difference on new {noun}”; Holm adjusts it, and the verdict, for the {len(together)} comparisons with the baseline."
        )

st.subheader("Accuracy and cost", anchor=False)
st.dataframe(
    accuracy_table(names, scores, kept), alt="Accuracy of each learner at each number of shots with both intervals, and its cost"
)
costs = {arm.id: cost_of(arm) for arm in kept}
st.caption(
    f"First bracket: 95 % interval for these test {noun}. Second: for new {noun}. Seconds are the mean over the seeds, memory is the most of "
    "them: what the run needed beyond what was there when it began. The backbone they share is not in it."
)
if pairs:
    st.markdown(cheapest_words({identity: plain(name) for identity, name in names.items()}, costs, pairs))
learners, unit = priced(names, scores, kept, by_arm, shot)
st.plotly_chart(
    accuracy_against_cost(learners, unit, colours),
    config={"displayModeBar": False},
    theme=None,
    key="cmp_cost",
    alt=f"Accuracy of each learner at {shot} shots with its intervals, over the {unit}",
)
st.caption(f"Thick: 95 % interval for these test {noun}. Thin: for new {noun}. To the right is dearer. Hollow: a control.")

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
worths = [worth_words(plain(names[i]), plain(names[baseline]), one.worth) for i, one in compared.items() if one.worth]
if worths:
    with st.expander("Worth in shots", icon=":material/swap_horiz:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in worths))
        st.caption(f"The horizontal distance between the curves; brackets: 95 % bootstrap over episodes, for these test {noun}.")

if len(ways) > 1:
    st.subheader("Accuracy over ways", anchor=False)
    everyone = [*kept, *missing]
    over, lines = curves_over_ways(all_names, every_way, everyone, colours_of(everyone, baseline, colours), shot)
    st.plotly_chart(
        curve_over_ways(over, lines, colours),
        config={"displayModeBar": False},
        theme=None,
        key="cmp_ways_curves",
        alt=f"Accuracy of each learner at {shot} shots over the number of classes to tell apart, with chance",
    )
    alone = [f"“{plain(all_names[arm.id])}” was {arm.ways_note}." for arm in everyone if len(every_way[arm.id].ways) == 1]
    st.caption(
        f"The same tasks with fewer of their classes, at {words.plural_of(shot, 'labelled example')} per class; bands: 95 % interval over "
        f"episodes, for these test {noun}. " + " ".join(alone)
    )

st.subheader("What differs between them", anchor=False)
st.dataframe(differences_table(kept, names), alt="The options that are not the same for all the learners compared")

stored_table()
named = {all_names[identity]: found for identity, found in every_way.items()}
by_name = {all_names[arm.id]: arm for arm in [*kept, *missing]}
with st.container(horizontal=True):
    st.download_button(
        "Download the numbers (CSV)",
        lambda: long_table(by_name, named, {name: cost_of(arm) for name, arm in by_name.items()}, names[baseline]).to_csv(
            index=False
        ),
        "comparison.csv",
        "text/csv",
        icon=":material/download:",
    )
    st.download_button(
        "Download every pair (CSV)",
        lambda: pairs_table(names, pairs, scores[baseline]).to_csv(index=False),
        "pairs.csv",
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
