"""The parts of the *Compare* page, and what other pages say about stored runs: arms, their scores, their differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from metadash.answers.costs import cost_of, paid
from metadash.answers.family import Claim, Pair, every_pair
from metadash.answers.sentence import cell
from metadash.answers.stored_arms import StoredArm, about, arm_scores, names_of, stored_arms
from metadash.answers.versus import Versus, against_baseline, versus
from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.parts.badges import badge_of
from metadash.dashboard.parts.escape import plain, unbroken
from metadash.errors import BadInput
from metadash.figures.charts import Curve, Dot, Priced, interval_dots
from metadash.figures.palette import Palette
from metadash.runs.shelf.notes import changed, place_of
from metadash.stats import words
from metadash.stats.metric import ACCURACY
from metadash.stats.scored import Scores


@dataclass(frozen=True)
class Nouns:
    """What the classes of a data set, and the groups that tasks are drawn within, are called; plural."""

    classes: str = "classes"
    groups: str = "groups"

    def of(self, scores: Scores) -> str:
        """What would be new: groups where tasks are drawn within groups, else classes."""
        return self.classes if scores.group is None else self.groups


def unit_nouns(dataset: str, written: Callable[[object], str] = plain) -> Nouns:
    """Runs outlive their data set: where it is gone, its classes are just called classes. ``written``: as Markdown, or as ``str``."""
    try:
        about = server.dataset(dataset).description
    except BadInput:
        return Nouns()
    return Nouns(written(words.plural(about.class_noun)), written(words.plural(about.group_noun)))


def shelf() -> tuple[list[StoredArm], list[str]]:
    """Every stored arm, newest first, and the digests that cannot be read or believed; read again only when a run or a
    note has come or gone."""
    folder = server.store().folder
    return _shelf(f"{folder} {folder.stat().st_mtime_ns} {changed(place_of(folder))}")


@st.cache_resource(max_entries=4, show_spinner=False)
def _shelf(stamp: str) -> tuple[list[StoredArm], list[str]]:
    store = server.store()
    arms, unreadable = stored_arms(store.runs())
    return arms, [*store.damaged(), *store.foreign("learner"), *unreadable]


def named(arms: Sequence[StoredArm]) -> dict[str, str]:
    """What each is called among them, by id; worked out once for the same ones."""
    return _named(canonical_json([(arm.id, arm.called) for arm in arms]), arms)


@st.cache_resource(max_entries=32, show_spinner=False)
def _named(ids: str, _arms: Sequence[StoredArm]) -> dict[str, str]:
    return names_of(_arms)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scores(key: str, _digests: tuple[str, ...]) -> Scores:
    store = server.store()
    runs = [run for digest in _digests if (run := store.get(digest))]
    if len(runs) < len(_digests):
        raise BadInput("A run of this learner is gone, or was damaged and left out; reload the page.")
    return arm_scores(runs, store)


def scores_of(digests: tuple[str, ...]) -> Scores:
    """The scores of runs alike but for their seed, read once. Raises BadInput when one is damaged."""
    return _scores(" ".join(digests), digests)


@st.cache_resource(max_entries=128, show_spinner=False)
def _versus(key: str, _first: Scores, _baseline: Scores) -> Versus:
    return versus(_first, _baseline)


def versus_of(first: Scores, baseline: Scores) -> Versus:
    return _versus(f"{key_of(first)} against {key_of(baseline)}", first, baseline)


@st.cache_resource(max_entries=64, show_spinner=False)
def _every_pair(key: str, _scores: dict[str, Scores], _shot: int) -> dict[Pair, Claim]:
    return every_pair(_scores, _shot)


def pairs_of(scores: dict[str, Scores], shot: int) -> dict[Pair, Claim]:
    return _every_pair(f"{shot} {' | '.join(map(key_of, scores.values()))}", scores, shot)


def key_of(scores: Scores) -> str:
    return f"{scores.n_way} {' '.join(scores.digests)}"


def mean_words(scores: Scores, shot: int, noun: str) -> str:
    """``76.9 % of queries [76.1, 77.6] on these letters, [74.0, 79.8] on new letters``"""
    inside, new = scores.means(shot)
    what = "of queries" if scores.metric.counted else scores.metric.title
    text = f"{unbroken(scores.metric.said(inside.estimate))} {what} {inside.bracket} on these {noun}"
    return f"{text}, {new.bracket} on new {noun}" if new.low is not None else f"{text} ({new.note})"


UNLIKE_THE_ROLES = (0, 3, 7, 8, 9, 2, 4, 6)
"""Places among the categories that are not mistaken for slate, teal or amber; red, which elsewhere says *hurts*, comes last."""


def colours_of(arms: Sequence[StoredArm], baseline: str, palette: Palette) -> dict[str, str]:
    """The house's roles first, to the baseline before others: plain learners slate, controls amber, the first with metadata teal. As
    long as there are colours no two learners have the same: roles that nobody plays are given away after all others."""

    def role_of(arm: StoredArm) -> str:
        return palette.plain if arm.plain else palette.control if arm.spec.control != "none" else palette.helps

    roles = {role_of(arm) for arm in arms}
    unplayed = [colour for colour in (palette.helps, palette.plain, palette.control) if colour not in roles]
    free = iter([*(palette.categories[place] for place in UNLIKE_THE_ROLES), *unplayed])
    found: dict[str, str] = {}
    for arm in sorted(arms, key=lambda arm: arm.id != baseline):
        role = role_of(arm)
        found[arm.id] = role if role not in found.values() else next(free, palette.muted)
    return found


def dots(
    names: Mapping[str, str], compared: Mapping[str, Versus], shot: int, arms: Sequence[StoredArm], colours: Mapping[str, str]
) -> list[Dot]:
    """One row an arm against the baseline; a falsified control is hollow."""
    return [
        Dot(names[arm.id], row.episodes, row.new_classes, colours[arm.id], arm.spec.control != "none", about(arm))
        for arm in arms
        if arm.id in compared and (row := compared[arm.id].at(shot))
    ]


def differences_chart(found: Sequence[Dot], palette: Palette, rope: float = ACCURACY.rope, in_order: bool = False) -> go.Figure:
    """The dots (``in_order`` as they are given) with a little room beyond the longest interval, and zero always in view."""
    figure = interval_dots(found, palette, rope, in_order)
    ends = [
        0.0,
        *(
            end
            for dot in found
            for i in (dot.episodes, dot.new_classes)
            for end in (i.estimate, i.low, i.high)
            if end is not None
        ),
    ]
    room = 0.06 * (max(ends) - min(ends)) + 1.2 * rope
    return figure.update_xaxes(range=[min(ends) - room, max(ends) + room])


def curves(
    names: Mapping[str, str], scores: Mapping[str, Scores], arms: Sequence[StoredArm], colours: Mapping[str, str]
) -> list[Curve]:
    return [
        Curve(
            names[arm.id],
            [scores[arm.id].means(shot)[0] for shot in scores[arm.id].shots],
            colours[arm.id],
            "dash" if arm.spec.control != "none" else "solid",
            about(arm),
        )
        for arm in arms
    ]


def curves_over_ways(
    names: Mapping[str, str], scores: Mapping[str, Scores], arms: Sequence[StoredArm], colours: Mapping[str, str], shot: int
) -> tuple[list[int], list[Curve]]:
    """Every number of ways that anybody was scored at, and each learner's accuracy at those it was."""
    ways = sorted({n_way for found in scores.values() for n_way in found.ways})
    found = [
        Curve(
            names[arm.id],
            [scores[arm.id].at_ways(n_way).means(shot)[0] if n_way in scores[arm.id].ways else None for n_way in ways],
            colours[arm.id],
            "dash" if arm.spec.control != "none" else "solid",
            about(arm),
        )
        for arm in arms
    ]
    return ways, found


def differences_rows(names: Mapping[str, str], compared: Mapping[str, Versus], shot: int) -> pd.DataFrame:
    """The paired differences in full: three intervals, the verdict alone and among all, and what each p tests."""
    together = against_baseline(compared, shot)
    unit = f"difference, {next((one.difference.unit for one in together.values()), ACCURACY.gain)}"
    rows = {}
    for identity, one in compared.items():
        if identity not in together:
            rows[names[identity]] = {unit: one.problem}
            continue
        found = together[identity]
        row, seeds = found.difference, found.difference.seeds
        rows[names[identity]] = {
            unit: cell(row.episodes, row.new_classes, signed=True),
            "over seeds": seeds.words if seeds and seeds.low is not None else "one seed",
            "alone": badge_of(row.decision, compared=True)[0],
            f"among these {found.tested}": badge_of(found.decision, compared=True)[0],
            "p, no difference": p_words(found.p_zero),
            "p of the claim, Holm": p_words(found.decision.p),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def priced(
    names: Mapping[str, str], scores: Mapping[str, Scores], arms: Sequence[StoredArm], colours: Mapping[str, str], shot: int
) -> tuple[list[Priced], str]:
    """Each learner's mean and what it pays, and the unit it pays in."""
    seconds, unit = paid({arm.id: cost_of(arm) for arm in arms})
    return [
        Priced(names[arm.id], seconds[arm.id], *scores[arm.id].means(shot), colours[arm.id], hollow=arm.spec.control != "none")
        for arm in arms
    ], f"{unit} for training and scoring"


def p_words(p: float | None) -> str:
    if p is None:
        return "—"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def shelf_table(arms: Sequence[StoredArm], names: Mapping[str, str]) -> pd.DataFrame:
    """Every stored arm, newest first."""
    return pd.DataFrame(
        {
            "learner": [names[arm.id] for arm in arms],
            "data set": [arm.dataset for arm in arms],
            "tasks": [tasks_words(arm) for arm in arms],
            "mode": [arm.spec.mode for arm in arms],
            "seeds": [", ".join(map(str, arm.seeds)) for arm in arms],
            "newest run": pd.to_datetime([arm.created for arm in arms], unit="s"),
            "test episodes": [arm.episodes[0][:8] for arm in arms],
            "id": [arm.id for arm in arms],
        }
    )


def tasks_words(arm: StoredArm) -> str:
    tests = arm.spec.evaluation
    where = f" where {tests.where}" if tests.where else ""
    uneven = "" if tests.query_dirichlet is None else f", queries dealt unevenly (Dirichlet {tests.query_dirichlet:g})"
    return f"{tests.n_way}-way {tests.strategy}, {words.count(tests.n_episodes)} on {arm.spec.split}{where}{uneven}"
