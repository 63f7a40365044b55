"""Runs side by side on the same test tasks: what differs between them, by how much one is better, and how sure that is."""

import streamlit as st

from metadash.answers.stored_arms import (
    StoredArm,
    comparable,
    differences_table,
    natural_baseline,
    newest_comparable,
    ordered,
)
from metadash.dashboard import server
from metadash.dashboard.adaptation.steps_link import adaptation_links
from metadash.dashboard.compare.learners import named, scores_of, shelf, shelf_table, tasks_words, unit_nouns
from metadash.dashboard.compare.results import SideBySide
from metadash.dashboard.links.pages import from_link, link_to, to_link
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page, header, term
from metadash.dashboard.parts.jobs import how_long, jobs_of
from metadash.dashboard.parts.which_data import of_classes
from metadash.dashboard.runs.again import copied
from metadash.dashboard.share.told import report
from metadash.errors import BadInput
from metadash.specs.builder import run_for
from metadash.stats import words
from metadash.stats.shots import fewest_shots

header(
    "Which learner does better, and by how much?",
    "Choose stored runs; they are compared task by task on the same test tasks. Runs alike but for their seed, and the fold of a cross-fitting, are one row here.",
)

BASELINE, PAIRS = "against the baseline", "every pair"
SHOWN_OF = "cmp data set"  # in the session: whose learners are chosen
MOST = 6  # learners compared when nobody has said which

data = server.chosen_dataset()
of_classes(data)
everywhere, unreadable = shelf()
arms = [arm for arm in everywhere if arm.dataset == data.name]
by_id = {arm.id: arm for arm in arms}
all_names = named(arms)


def left_out() -> None:
    if unreadable:
        more = f" and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
        st.caption(
            f"Left out, made by another version of MetaDash or damaged: {plain(', '.join(unreadable[:5]))}{more}. "
            "`python -m metadash doctor --deep` says why."
        )


def empty() -> None:
    """What to do where there is nothing to compare yet, and how long it takes."""
    first = jobs_of([run_for(data)], data)
    with st.container(border=True):
        have = "There is one learner so far; a comparison takes two." if arms else "Nothing has been trained yet."
        if any(arm not in arms for arm in everywhere):
            have = have.replace("so far", "on this data set so far").replace("trained yet", "trained on this data set yet")
        st.markdown(
            f"#### {have}\nTrain two learners on the same tasks, for example one that reads metadata and one that does not. "
            "Then you will read here which does better, by how many points, and how sure that is."
        )
        link_to("train", "Train a learner", "model_training")
        if not all(part.done for part in first):
            st.caption(
                f"{words.capital(how_long(first))} for the first one with the quick preset; the next ones share its backbone."
            )
    left_out()
    end_page()


def of_the_link(unknown: list[str]) -> None:
    """What it names and cannot be compared here: gone, or trained on another data set."""
    others = {arm.id: arm.dataset for arm in everywhere if arm.id in unknown}
    gone = [identity for identity in unknown if identity not in others]
    if gone:
        st.warning(f"The link names learners that are not stored here: {plain(', '.join(gone))}.", icon=":material/link_off:")
    if others:
        trained_on = " and ".join(f"“{plain(name)}”" for name in sorted(set(others.values())))
        st.warning(
            f"The link names {words.plural_of(len(others), 'learner')} trained on {trained_on}; this page compares those on "
            f"“{plain(data.name)}”, the data set chosen in the sidebar.",
            icon=":material/link_off:",
        )


unknown = from_link("runs", all_names, many=True)
if len(arms) < 2:
    of_the_link(unknown)
    empty()

if st.session_state.get(SHOWN_OF) != data.name and not st.session_state.get("runs"):
    st.session_state.pop("runs", None)  # those chosen were learners of the data set before
st.session_state[SHOWN_OF] = data.name
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
of_the_link(unknown)
picked = [by_id[identity] for identity in chosen_ids if identity in by_id]


def choose(*ids: str) -> None:
    st.session_state["runs"] = list(ids)


def choose_ticked(shown: list[str]) -> None:
    rows = st.session_state["cmp_table"]["selection"]["rows"]
    st.session_state["runs"] = [shown[row] for row in rows if row < len(shown)]


def stored_table() -> None:
    """Everything that could be compared, to tick."""
    with st.expander(
        f"All {len(arms)} stored learners of {plain(data.name)}", icon=":material/inventory_2:", on_change="rerun", key="cmp_all"
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
        left_out()


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
    end_page()

scores, damaged = {}, []
for arm in kept:
    try:
        scores[arm.id] = scores_of(arm.digests)
    except BadInput as problem:
        damaged.append(str(problem))
for sentence in damaged:
    st.error(plain(sentence), icon=":material/error:")
kept = [arm for arm in kept if arm.id in scores]
if len(kept) < 2:
    stored_table()
    end_page()

kept = ordered(kept)
names, every_way = named(kept), {arm.id: scores[arm.id] for arm in kept}
shots, ways = every_way[kept[0].id].shots, sorted({n_way for found in every_way.values() for n_way in found.ways})
left, right = st.columns([3, 2])
baseline_place = left.container()
how = one_of(
    right,
    "Tested together",
    [BASELINE, PAIRS],
    default=BASELINE,
    key="cmp_how",
    help="What is tested together is corrected together (Holm), so that no claim is one lucky draw out of many.",
    disabled=len(kept) < 3,
)
left, right = st.columns([3, 2])
shot = one_of(left, "Labelled examples per class", shots, default=fewest_shots(shots), key="cmp_shot")
n_way = one_of(right, "Classes to tell apart", ways, default=ways[-1], key="cmp_ways", help=term("n_way"))
here = [arm for arm in kept if n_way in every_way[arm.id].ways]
for arm in kept:
    if arm not in here:
        st.caption(f"Left out at {n_way} ways: “{plain(names[arm.id])}” was {arm.ways_note}.")
if len(here) < 2:
    answer_area.info(
        f"Fewer than two of these learners were scored at {n_way} ways; choose another number.", icon=":material/rule:"
    )
    stored_table()
    end_page()
from_link("cmp_baseline", {arm.id: names[arm.id] for arm in here}, name="Baseline")
baseline = baseline_place.selectbox(
    "Baseline",
    [arm.id for arm in here],
    index=natural_baseline(here),
    format_func=lambda identity: names.get(identity, identity),
    key="cmp_baseline",
    help="Every other learner is compared with this one.",
)
to_link("cmp_baseline")
noun = unit_nouns(kept[0].spec.dataset).of(every_way[baseline])
view = SideBySide(kept, names, every_way, n_way, shot, baseline, noun, in_pairs=how == PAIRS and len(here) > 2)

with answer_area.container(border=True):
    view.draw_answer()
report("comparison", view.section)


def draw_options() -> None:
    """What was chosen differently of the learners."""
    st.dataframe(differences_table(kept, names), alt="The options that are not the same for all the learners compared")
    st.caption("Options that are the same for all are left out.")


parts = {
    "differences": view.draw_pairs if view.in_pairs else view.draw_differences,
    f"{view.metric.title} and cost": view.draw_costs,
    "over shots": view.draw_shots,
    **({"over ways": view.draw_ways} if len(ways) > 1 else {}),
    "what differs between them": draw_options,
}
parts[one_of(st, "Show", list(parts), default="differences", key="cmp_show", label_visibility="collapsed")]()
stored_table()
adaptation_links(kept, names)
copied(view.lines, "cmp_copy")
view.draw_downloads()
