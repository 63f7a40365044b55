"""What the *Compare* page draws of some learners on the same tasks: the answer, the differences, the costs, the curves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd
import streamlit as st

from metadash.answers.comparison import Report, accuracy_table, embedding_note, seeds_words
from metadash.answers.costs import Cost, cheapest_words, cost_of
from metadash.answers.family import (
    Claim,
    Pair,
    baseline_lines,
    baseline_sentence,
    pairs_counts,
    pairs_sentence,
    pairs_table,
)
from metadash.answers.ledger import asked_of_arms, rank_of, record
from metadash.answers.looks import looked_at_arms
from metadash.answers.sentence import examples
from metadash.answers.stored_arms import StoredArm, starved_words, transductive_words
from metadash.answers.versus import Versus, against_baseline, episode_table, headline, long_table, worth_words
from metadash.dashboard import server
from metadash.dashboard.compare.learners import (
    colours_of,
    curves,
    curves_over_ways,
    differences_chart,
    differences_rows,
    dots,
    pairs_of,
    priced,
    versus_of,
)
from metadash.dashboard.compare.matrix import matrix
from metadash.dashboard.parts.badges import badge_of
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.runs.again import Lines
from metadash.errors import BadInput
from metadash.figures.charts import curve_over_shots, curve_over_ways, mean_against_cost
from metadash.figures.section import Section
from metadash.front.compare import ComparisonResult
from metadash.front.keeping.spelling import call
from metadash.stats import words
from metadash.stats.caveats import chosen_on_validation, single_seed, winners_curse
from metadash.stats.metric import Metric
from metadash.stats.scored import Scores
from metadash.stats.shots import fewest_shots


@dataclass(frozen=True)
class SideBySide:
    """Some arms on the same tasks, read at ``n_way`` ways and ``shot`` shots. ``everyone`` are all that were chosen, ``names`` and
    ``every_way`` (their scores at all ways) by id; those without scores at ``n_way`` are in the curves over ways only.
    """

    everyone: Sequence[StoredArm]
    names: Mapping[str, str]
    every_way: Mapping[str, Scores]
    n_way: int
    shot: int
    baseline: str
    noun: str
    in_pairs: bool = False

    @property
    def metric(self) -> Metric:
        return self.every_way[self.baseline].metric

    @cached_property
    def arms(self) -> list[StoredArm]:
        return [arm for arm in self.everyone if self.n_way in self.every_way[arm.id].ways]

    @cached_property
    def scores(self) -> dict[str, Scores]:
        return {arm.id: self.every_way[arm.id].at_ways(self.n_way) for arm in self.arms}

    @cached_property
    def compared(self) -> dict[str, Versus]:
        return {
            arm.id: versus_of(self.scores[arm.id], self.scores[self.baseline]) for arm in self.arms if arm.id != self.baseline
        }

    @cached_property
    def together(self) -> dict[str, Claim]:
        return against_baseline(self.compared, self.shot)

    @cached_property
    def pairs(self) -> dict[Pair, Claim]:
        return pairs_of(self.scores, self.shot)

    @cached_property
    def costs(self) -> dict[str, Cost]:
        return {arm.id: cost_of(arm) for arm in self.everyone}

    @cached_property
    def colours(self) -> dict[str, str]:
        """The same for a learner in every chart, at every number of ways."""
        return colours_of(self.everyone, self.baseline, palette())

    @property
    def plain_names(self) -> dict[str, str]:
        """As Markdown."""
        return {arm.id: plain(self.names[arm.id]) for arm in self.arms}

    # --- the answer ----------------------------------------------------------------------------------------------------------

    def draw_answer(self) -> None:
        if len(self.arms) == 2:
            self.draw_two()
        else:
            self.draw_several()
        counts = sorted({len(found.seeds) for found in self.scores.values()})
        seeds = words.plural_of(counts[-1], "seed") if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
        if len(self.arms) == 2:
            (first,) = self.compared
            seeds = f"{seeds_words(self.scores[first])} against {seeds_words(self.scores[self.baseline])}"
        n_episodes = len(self.scores[self.baseline].manifest)
        st.caption(
            f"{words.count(n_episodes)} episodes, the same for {'both' if len(self.arms) == 2 else 'all'} · {seeds} · "
            f"{self.n_way}-way, {self.arms[0].spec.evaluation.strategy} tasks"
            + (f" · {single_seed(1)}" if any(arm.spec.trains and len(arm.seeds) == 1 for arm in self.arms) else "")
        )
        for told in transductive_words(self.names, self.arms):
            st.caption(f":material/groups: {plain(told)}")
        if told := " ".join(starved_words(self.names, self.arms)):
            st.caption(f":material/hourglass_bottom: {plain(told)}")
        tested = self.pairs if self.in_pairs else self.together
        asked = record(server.store(), asked_of_arms(self.everyone))
        named = {arm: plain(name) for arm, name in self.names.items()}  # the noun is plain already
        if looked := looked_at_arms(asked, self.noun, named, tested):
            st.caption(looked)

    def draw_two(self) -> None:
        """One difference, tested once: verdict, both intervals, and what would decide."""
        ((first, one),) = self.compared.items()
        row = one.at(self.shot)
        if row is None:
            st.error(plain(one.problem), icon=":material/error:")
            return
        label, colour = badge_of(row.decision, compared=True)
        st.badge(label, color=colour)
        names = self.plain_names
        st.markdown(f"#### {headline(names[first], names[self.baseline], row, self.noun)}")
        if row.decision.reason:
            st.markdown(row.decision.reason)

    def draw_several(self) -> None:
        """What holds after Holm's correction over everything that is tested together."""
        names = self.plain_names
        if self.in_pairs:
            st.markdown(f"#### {pairs_sentence(names, self.pairs, self.shot)}")
            st.markdown(pairs_counts(self.pairs))
        else:
            st.markdown(f"#### {baseline_sentence(self.together, names[self.baseline], self.shot)}")
            st.markdown("  \n".join(baseline_lines(names, self.together)))
        for arm, one in self.compared.items():
            if one.problem:
                st.warning(f"{names[arm]}: {plain(one.problem)}", icon=":material/rule:")
        tests = words.plural_of(len(self.pairs if self.in_pairs else self.together), "comparison")
        st.caption(
            f"Brackets: 95 % intervals for new {self.noun}. What is better or worse, and what makes no difference, holds after Holm's "
            f"correction for the {tests} tested together. {winners_curse(len(self.arms) - 1)}"
        )

    # --- differences ---------------------------------------------------------------------------------------------------------

    def draw_pairs(self) -> None:
        st.subheader("Every pair", anchor=False)
        st.html(matrix(self.names, [arm.id for arm in self.arms], self.pairs, palette()))
        st.caption(
            f"The row less the column, in {self.metric.gain}; brackets: 95 % intervals for new {self.noun}. ▲ the row is better, ▼ worse, = no practical "
            f"difference (pale: very likely or probably), ? cannot tell yet, after Holm's correction over {words.plural_of(len(self.pairs), 'pair')}."
        )

    def draw_differences(self) -> None:
        st.subheader(f"Differences from “{plain(self.names[self.baseline])}”", anchor=False)
        chart(
            partial(
                differences_chart,
                dots(self.names, self.compared, self.shot, self.arms, self.colours),
                palette(),
                self.metric.rope,
            ),
            key="cmp_dots",
            alt=f"Paired differences from the baseline at {words.plural_of(self.shot, 'shot')} with their intervals",
        )
        st.caption(
            f"Thick: 95 % interval for these test {self.noun}. Thin: for new {self.noun}. Grey: no practical difference (± {self.metric.rope:g} {self.metric.gain}). "
            "Hollow: a control."
        )
        with st.expander("Differences in numbers, over seeds, p-values", icon=":material/table:"):
            st.dataframe(
                differences_rows(self.names, self.compared, self.shot),
                alt="Paired differences with three intervals and p-values",
            )
            st.caption(
                f"First bracket: these test {self.noun} (t over episodes). Second: new {self.noun} (jackknife). Over seeds: t over matched "
                f"seeds. The first p tests “no difference on new {self.noun}” and decides nothing; the second what the estimate claims, against ± {self.metric.rope:g} {self.metric.gain}, "
                f"after Holm's correction for {words.plural_of(len(self.together), 'comparison')} with the baseline."
            )

    # --- accuracy and cost ---------------------------------------------------------------------------------------------------

    def draw_costs(self) -> None:
        st.dataframe(
            accuracy_table(self.names, self.scores, self.arms, self.shot),
            alt=f"{self.metric.title.capitalize()} of each learner with both intervals, and what it costs",
            column_config={"_index": st.column_config.Column(width="medium")},
        )
        st.caption(
            f"First bracket: 95 % interval for these test {self.noun}. Second: for new {self.noun}. Seconds are means over the seeds; memory "
            "is the most that any seed needed beyond what was there when it began. The backbone is shared, and not in it. "
            f"{chosen_on_validation()}"
        )
        if note := embedding_note(self.names, self.arms):
            st.caption(plain(note))
        costs = {arm.id: self.costs[arm.id] for arm in self.arms}
        if self.pairs:
            st.markdown(cheapest_words(self.plain_names, costs, self.pairs))
        learners, unit = priced(self.names, self.scores, self.arms, self.colours, self.shot)
        chart(
            partial(mean_against_cost, learners, unit, palette(), metric=self.metric),
            key="cmp_cost",
            alt=f"{self.metric.title.capitalize()} of each learner at {self.shot} shots with its intervals, over the {unit}",
        )
        st.caption(
            f"With {examples(self.shot)} per class. Thick: 95 % interval for these test {self.noun}. Thin: for new {self.noun}. "
            "Further right is dearer. Hollow: a control."
        )

    # --- curves --------------------------------------------------------------------------------------------------------------

    def draw_shots(self) -> None:
        shots, by_id = self.scores[self.baseline].shots, {arm.id: arm for arm in self.arms}
        first, one = next(iter(self.compared.items()))
        worth = one.worth if len(self.arms) == 2 else None
        start = one.at(fewest_shots(shots))
        chart(
            partial(
                curve_over_shots,
                shots,
                curves(self.names, self.scores, [by_id[first], by_id[self.baseline]] if worth else self.arms, self.colours),
                palette(),
                gap=start.episodes.centre if worth and start else "",
                worth=worth.value if worth and not worth.censored else None,
                metric=self.metric,
            ),
            key="cmp_curves",
            alt=f"{self.metric.title.capitalize()} of each learner over the number of labelled examples per class",
        )
        st.caption(
            f"Lines: mean {self.metric.title} on the same test episodes; bands: 95 % interval over episodes, for these test {self.noun}."
        )
        names = self.plain_names
        worths = [
            worth_words(names[arm], names[self.baseline], found.worth, self.noun)
            for arm, found in self.compared.items()
            if found.worth
        ]
        if worths:
            with st.expander("Worth in shots", icon=":material/swap_horiz:"):
                st.markdown("\n".join(f"- {sentence}" for sentence in worths))
                st.caption(
                    f"The horizontal distance between the curves; brackets: 95 %, by bootstrap over episodes and by curves drawn for new {self.noun}."
                )

    def draw_ways(self) -> None:
        ways, lines = curves_over_ways(self.names, self.every_way, self.everyone, self.colours, self.shot)
        chart(
            partial(curve_over_ways, ways, lines, palette(), metric=self.metric),
            key="cmp_ways_curves",
            alt=f"{self.metric.title.capitalize()} of each learner at {self.shot} shots over the number of classes to tell apart, with chance",
        )
        alone = [arm for arm in self.everyone if len(self.every_way[arm.id].ways) == 1]
        notes = " ".join(f"“{plain(self.names[arm.id])}” was {arm.ways_note}." for arm in alone)
        st.caption(
            f"The same tasks with fewer of their classes, with {examples(self.shot)} per class; bands: 95 % interval over episodes, for these "
            f"test {self.noun}. {notes}"
        )

    # --- for a report --------------------------------------------------------------------------------------------------------

    def section(self) -> Section:
        """The same learners at the ways that are shown, in one section; the last is the baseline."""
        arms = sorted(self.arms, key=lambda arm: arm.id == self.baseline)
        found = Report(arms, self.scores)
        looks = rank_of(server.store(), asked_of_arms(self.everyone))
        tested = found.pairs(self.shot) if self.in_pairs else against_baseline(found.compared, self.shot)
        looked = looked_at_arms(looks, self.noun, found.names, tested)
        try:
            data = server.dataset(arms[0].spec.dataset)
        except BadInput:
            data = None
        return ComparisonResult(found, looks, looked, self.in_pairs, data=data).parts()

    def lines(self) -> Lines:
        """The same learners, the last the baseline."""
        ids = [arm.id for arm in sorted(self.arms, key=lambda arm: arm.id == self.baseline)]
        chosen = {"pairs": True} if self.in_pairs else {}
        command = f"python -m metadash compare {' '.join(ids)}{' --pairs' * self.in_pairs}"
        return (
            command,
            call("compare", repr(ids), chosen),
            "Either compares the learners that are stored in this workspace, at all numbers of shots.",
        )

    # --- downloads -----------------------------------------------------------------------------------------------------------

    def numbers(self) -> pd.DataFrame:
        by_name = {self.names[arm.id]: arm for arm in self.everyone}
        costs = {self.names[arm.id]: self.costs[arm.id] for arm in self.everyone}
        return long_table(by_name, self.scores_by_name, costs, self.names[self.baseline])

    @property
    def scores_by_name(self) -> dict[str, Scores]:
        return {self.names[arm.id]: self.every_way[arm.id] for arm in self.everyone}

    def draw_downloads(self) -> None:
        tables = {
            "Download the numbers (CSV)": ("comparison.csv", self.numbers),
            "Download every pair (CSV)": ("pairs.csv", lambda: pairs_table(self.names, self.pairs, self.scores[self.baseline])),
            "Download every episode's score (CSV)": ("episodes.csv", lambda: episode_table(self.scores_by_name)),
        }
        with st.container(horizontal=True):
            for label, (file, table) in tables.items():
                download(label, partial(as_csv, table), file)


def as_csv(table: Callable[[], pd.DataFrame]) -> str:
    """Made when somebody asks for it."""
    return table().to_csv(index=False)
