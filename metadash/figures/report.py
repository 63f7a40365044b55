"""An ablation as one HTML file that needs nothing else: it opens offline, prints, and holds every number with its intervals."""

import json
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go

from metadash.ablation.card_words import MARKS, card_lines, detail_lines
from metadash.ablation.cards import SourceCard
from metadash.ablation.effects_table import effects_table
from metadash.ablation.methods import PAPERS, claims_words, command, methods, refuse_claim, split_words
from metadash.ablation.result import Ablation
from metadash.ablation.words import efficiency_words, fold_lines, headline, looks_words, told_sets, verdict_words
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.figures.ablation import fading_chart, interaction_chart, measures_of, worth_chart
from metadash.figures.html import escape, page, table
from metadash.figures.palette import LIGHT
from metadash.figures.result import QUIET, drawn
from metadash.metadata.audit.findings import CODES
from metadash.stats.words import count, plural, plural_of


def figure_page(figure: go.Figure) -> str:
    """A figure alone, as a page that opens offline."""
    figure.update_layout(paper_bgcolor=LIGHT.background)
    return figure.to_html(full_html=True, include_plotlyjs=True, config=QUIET)


def report_html(found: Ablation, dataset: Dataset, claim: bool = False) -> str:
    """The whole report. Raises BadInput for a claim from what was not confirmed."""
    if claim:
        refuse_claim(found.spec, found)
    pictures = [(f"Sources by worth: {measure}", worth_chart(found, measure, LIGHT)) for measure in measures_of(found)]
    if len(found.values.shots) > 1:
        pictures.append(("With more labelled examples: left out", fading_chart(found, "left out", LIGHT)))
    if found.interactions:
        pictures.append(("What sources say together: interactions", interaction_chart(found, LIGHT)))
    title = f"What is each metadata source of {dataset.description.title} worth?"
    parts = [
        f"<h1>{escape(title)}</h1>",
        stamp(found, claim),
        f'<p class="lead">{escape(headline(found))}</p>',
        *sets_html(found),
        f'<p class="small">{escape(rests_on(found))} {escape(looks_words(found))}</p>',
        f'<p class="small">{escape(legend(found))}</p>',
        *(drawn(name, figure, first=index == 0) for index, (name, figure) in enumerate(pictures)),
        "<h2>A card for every source</h2>",
        *(card_html(card, found) for card in found.cards),
        f"<p>{escape(efficiency_words(found))}</p>",
        *([f"<pre>{escape(chr(10).join(fold_lines(found)))}</pre>"] if found.by_fold else []),
        "<h2>Every effect, every interval</h2>",
        f'<p class="small">Estimates and bounds in {escape(found.metric.gain_axis)}. 95 % intervals: “these test classes” over episodes, “new classes” over '
        f"{escape(plural(found.unit_noun))}, “seeds” over training again.</p>",
        table_html(found),
        "<h2>Methods</h2>",
        *(f"<p><b>{escape(name)}.</b> {escape(text)}</p>" for name, text in methods(found, dataset)),
        "<ol>" + "".join(f"<li>{escape(paper)}</li>" for paper in PAPERS) + "</ol>",
        "<h2>To repeat it</h2>",
        f"<pre>{escape(command(found.spec))}</pre>",
        f"<pre>{escape(json.dumps(configuration(found, dataset), ensure_ascii=False, indent=1))}</pre>",
    ]
    return page(title, parts)


def stamp(found: Ablation, claim: bool) -> str:
    if claim:
        mark = '"stamp claim">Claim' if any(card.claim for card in found.cards) else '"stamp draft">No claim holds'
        return f"<p><span class={mark}</span> {escape(claims_words(found))}</p>"
    why = "partial: seeds are missing" if found.partial else f"tier {found.tier}"
    return f'<p><span class="stamp draft">Not marked as a claim</span> {escape(why)}</p>'


def rests_on(found: Ablation) -> str:
    groups = f" in {plural_of(found.n_groups, found.group_noun)}" if found.n_groups else ""
    return (
        f"{count(len(found.values.manifest))} episodes, {plural_of(found.n_classes, 'test ' + found.class_noun)}{groups}, "
        f"{plural_of(len(found.seeds), 'seed')}, tier {found.tier}, {split_words(found.spec)}."
    )


def sets_html(found: Ablation) -> list[str]:
    """Which sources would do, which say the same."""
    lines, searched = told_sets(found)
    return [*(f"<p><b>{escape(line)}</b></p>" for line in lines), f'<p class="small">{escape(searched)}</p>'] if lines else []


def legend(found: Ablation) -> str:
    nouns = plural(found.unit_noun)
    hollow = " Hollow amber: the same with its rows shuffled." if found.spec.tier == "confirm" else ""
    return (
        f"▲ helps, ▼ hurts, = no practical difference (very likely or probably, where it says so), ? cannot tell yet. Thick: 95 % interval for these test {nouns}; thin: for new {nouns}. "
        f"Grey band: no practical difference (± {found.spec.rope:g} {found.metric.gain}).{hollow}"
    )


def card_html(card: SourceCard, found: Ablation) -> str:
    badges = "".join(
        f'<span class="badge">{MARKS[badge.severity]} {escape(CODES.get(badge.kind, badge.kind))}</span>' for badge in card.badges
    )
    badges += '<span class="badge">of instances</span>' if card.level == "instance" else ""
    reasons = "".join(f'<p class="small">{MARKS[badge.severity]} {escape(badge.text)}</p>' for badge in card.badges)
    quoted = '<span class="badge">may be quoted</span>' if card.claim else ""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in lines_of(card, found))
    return (
        f"<article><h3>{card.verdict.value} {escape(card.source)}</h3>{quoted}{badges}<p>{escape(verdict_words(card))}</p>"
        f"<dl>{lines}</dl>{reasons}</article>"
    )


def lines_of(card: SourceCard, found: Ablation) -> Iterable[tuple[str, str]]:
    return [*card_lines(card, found), *detail_lines(card, found)]


def table_html(found: Ablation) -> str:
    return table(effects_table(found).drop(columns=["tier", "partial"]), index=False)


def configuration(found: Ablation, dataset: Dataset) -> dict[str, Any]:
    """All that decides the numbers."""
    return {
        "ablation": plain(found.spec),
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "manifest": found.values.manifest.hash,
        "runs": list(found.values.digests),
        "digest": found.digest,
    }
