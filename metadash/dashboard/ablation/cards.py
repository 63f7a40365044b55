"""The cards of the sources, the subset explorer and the exports of the *Ablation* page."""

import html
import io

import pandas as pd
import streamlit as st

from metadash.ablation.card_words import MARKS, NOT_MEASURED, card_lines, control_words, detail_lines
from metadash.ablation.cards import SourceCard
from metadash.ablation.effects_table import effects_table
from metadash.ablation.result import Ablation
from metadash.ablation.subset_value import SubsetValue, subset_values
from metadash.ablation.words import TIERS, cards_table, headline, looks_words, told_sets, total_words, verdict_words
from metadash.answers.ledger import rank_of
from metadash.answers.sentence import cell
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.badges import Colour, badge_of
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.theme import mark_of
from metadash.figures.palette import Palette
from metadash.metadata.audit.findings import CODES
from metadash.runs.store import RunStore
from metadash.stats import words
from metadash.stats.metric import Metric
from metadash.stats.paired import at_fewest

BADGE_COLOURS: dict[str, Colour] = {"block": "red", "warn": "orange", "note": "gray"}
LINES = """<style>
.md-card.md-card{padding:0;display:grid;grid-template-columns:minmax(8.5rem,13rem) 1fr;gap:.3rem .9rem;font-size:.92rem;line-height:1.45;margin:.1rem 0 .3rem}
.md-card dt{color:var(--md-muted)}.md-card dd{margin:0;overflow-wrap:anywhere}
@media(max-width:640px){.md-card.md-card{grid-template-columns:1fr;gap:.05rem}.md-card dd{margin-bottom:.45rem}}
</style>"""


def draw_headline(found: Ablation, palette: Palette) -> None:
    """The sentence, then how it goes with each control, then n and tier in small."""
    st.subheader(plain(headline(found)), anchor=False)
    if said := total_words(found):
        st.markdown(plain(said))
    if controls := control_words(found):
        st.markdown("  \n".join(map(plain, controls)))
    groups = f" in {words.plural_of(found.n_groups, plain(found.group_noun))}" if found.n_groups else ""
    st.caption(
        f"{words.count(len(found.values.manifest))} episodes · {found.n_classes} test {plain(words.plural(found.class_noun))}{groups} · "
        f"{words.plural_of(len(found.seeds), 'seed')}{f' · {found.spec.folds} folds' if found.spec.folds else ''} · {TIERS[found.tier]}"
    )


def draw_sets(found: Ablation, store: RunStore) -> None:
    """Which sources would do and which say the same, and in small what that rests on and how often these classes were asked."""
    lines, searched = told_sets(found)
    for line in lines:
        st.markdown(f"**{plain(line)}**")
    asked = looks_words(found, rank_of(store, found.asked)) if found.looks else ""
    if small := " ".join(filter(None, [searched, asked])):
        st.caption(plain(small))


def draw_card(card: SourceCard, found: Ablation, palette: Palette) -> None:
    label, colour = badge_of(card.decision)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"##### {plain(card.source)}", width="content")
            st.badge("partial" if found.partial else label, color="orange" if found.partial else colour)
            st.badge(found.tier, color="gray")
            if card.level == "instance":
                st.badge(
                    "of instances", color="gray", help="It tells about single instances, and changes how each is seen (FiLM)."
                )
            if card.claim:
                st.badge("may be quoted", color="green")
            if card.disagreement:
                st.badge("▲ screen and confirm disagree", color="orange", help=plain(card.disagreement))
            for badge in card.badges:
                name = f"{MARKS[badge.severity]} {CODES.get(badge.kind, badge.kind)}"
                st.badge(name, color=BADGE_COLOURS[badge.severity], help=plain(badge.text))
        st.markdown(plain(verdict_words(card)))
        lines = card_lines(card, found)
        st.html(lines_html([line for line in lines if not line[1].startswith(NOT_MEASURED)], palette))
        if unknown := [name for name, text in lines if text.startswith(NOT_MEASURED)]:
            st.caption(f"Not measured here: {', '.join(unknown).lower()}.")
        with st.expander("Details"):
            st.html(lines_html(detail_lines(card, found), palette))
            for badge in card.badges:
                st.caption(f"{MARKS[badge.severity]} {plain(badge.text)}")


def lines_html(lines: list[tuple[str, str]], palette: Palette) -> str:
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in lines)
    return f'{LINES}<dl class="md-card" style="--md-muted:{palette.muted};color:{palette.text}">{rows}</dl>'


SHOWN, OPEN = "at first the fewest that are enough", "at first the fewest that may be enough"


def chosen_card(found: Ablation) -> SourceCard:
    """The one whose card is open, that of the source worth most at first."""
    names = [card.source for card in found.cards]
    return found.card(one_of(st, "Card of", names, default=names[0], format_func=plain, key="ab_card", wrap=True))


def comparison(found: Ablation) -> None:
    """All sources side by side, a row each."""
    shown = _side_by_side(mark_of(found), found)
    st.dataframe(
        shown, hide_index=True, width="stretch", alt="Every source with its effects, intervals and verdict, worth most first"
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _side_by_side(mark: str, _found: Ablation) -> pd.DataFrame:
    return cards_table(_found).rename(columns={"": "verdict"})


def good_set(found: Ablation) -> list[str]:
    """The sources that a look at combinations begins with: the smallest set that would do, the best candidate where none is shown to, else all."""
    one = found.sets and (found.sets.smallest or found.sets.candidate)
    return [name for name in found.spec.sources if not one or name in one.sources]


def chosen_subset(found: Ablation) -> list[str]:
    """Sources clicked on and off."""
    sources = list(found.spec.sources)
    start = good_set(found)
    begun = SHOWN if found.sets and found.sets.smallest else OPEN
    label = "Sources that are there" + (f" ({begun})" if len(start) < len(sources) else "")
    chosen = (
        st.pills(
            label,
            sources,
            selection_mode="multi",
            default=start,
            format_func=plain,
            key="ab_subset",
            bind="query-params",
            wrap=True,
        )
        or []
    )
    return [name for name in sources if name in chosen]


def subset_explorer(found: Ablation, chosen: list[str]) -> None:
    """The value of the sources that are on, at once. Raises BadInput where that subset was not scored."""
    rows = _subset(mark_of(found, chosen), found, chosen)
    first, metric = at_fewest(rows), found.metric
    noun = plain(words.plural(found.unit_noun))
    told = ", ".join(chosen) or "no metadata"
    st.markdown(
        f"With {plain(told)}, at {words.plural_of(first.shot, 'shot')}: **{metric.said(first.episodes.estimate)}** "
        + ("of queries are right." if metric.counted else f"{metric.title}.")
    )
    st.dataframe(
        subset_table(rows, metric), hide_index=True, width="stretch", alt="Value of the chosen sources at each number of shots"
    )
    st.caption(
        f"First bracket: 95 % interval for these test {noun}; second: for new {noun}. Differences in {metric.gain}, paired."
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def _subset(mark: str, _found: Ablation, _chosen: list[str]) -> list[SubsetValue]:
    return subset_values(_found, _chosen)


def subset_table(rows: list[SubsetValue], metric: Metric) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "shots": row.shot,
                metric.axis: cell(row.episodes, row.new_classes, decimals=metric.decimals),
                "more than with none": cell(row.more_than_none.episodes, row.more_than_none.new_classes, signed=True),
                "against all": cell(row.less_than_all.episodes, row.less_than_all.new_classes, signed=True),
            }
            for row in rows
        ]
    )


def fold_table(found: Ablation) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "fold": part.split,
            "episodes": words.count(part.n_episodes),
            words.plural(found.class_noun): part.n_classes,
            **({words.plural(found.group_noun): part.n_groups} if part.n_groups else {}),
            f"without metadata, {found.metric.unit}": f"{part.plain.estimate:.{found.metric.decimals}f} {part.plain.bracket}",
            "all together": part.total.episodes.bare,
            **{name: one.episodes.bare for name, one in zip(found.spec.sources, part.delta, strict=True)},
        }
        for part in found.by_fold
    )


def csv_of(found: Ablation) -> str:
    return effects_table(found).to_csv(index=False)


def parquet_of(found: Ablation) -> bytes:
    buffer = io.BytesIO()
    effects_table(found).to_parquet(buffer, index=False)
    return buffer.getvalue()
