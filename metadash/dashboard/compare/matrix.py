"""Every pair of learners as a compact table: the row less the column, with its interval, its mark and its colour."""

from collections.abc import Mapping, Sequence
from html import escape
from string import ascii_uppercase

from metadash.answers.family import Claim, Pair
from metadash.figures.palette import Palette, colour_of, translucent
from metadash.stats.verdict import Grade, Verdict, graded

STYLE = """<style>
.md-pairs{overflow-x:auto;margin:.2rem 0 .4rem}
.md-pairs table{border-collapse:separate;border-spacing:2px;font-size:.85rem;line-height:1.3}
.md-pairs th{font-weight:600;text-align:left;padding:4px 8px 4px 0}
.md-pairs thead th{text-align:center;padding:2px 4px}
.md-pairs tbody th{position:sticky;left:0;background:var(--md-page);min-width:84px;max-width:220px;overflow-wrap:anywhere}
.md-pairs td{border-radius:6px;padding:4px 5px;text-align:center;white-space:nowrap;min-width:62px}
.md-pairs td small{display:block;font-size:.72rem}
.md-pairs p{display:none;font-size:.85rem;margin:.3rem 0}
@media(max-width:640px){.md-pairs tbody th{min-width:14px;padding-right:4px}.md-pairs th span{display:none}.md-pairs p{display:block}
.md-pairs td{min-width:48px;padding:4px 2px;font-size:.8rem}.md-pairs td small{font-size:.62rem}}
</style>"""
WORDS = {
    Verdict.HELPS: "better",
    Verdict.HURTS: "worse",
    Verdict.EQUIVALENT: "no practical difference",
    Verdict.UNDETERMINED: "cannot tell yet",
}
SHADE = {Grade.CERTAIN: 0.18, Grade.VERY_LIKELY: 0.09, Grade.PROBABLY: 0.05, Grade.UNDETERMINED: 0.09}
"""How strong the colour of a cell is: the surer, the stronger."""


def matrix(names: Mapping[str, str], order: Sequence[str], pairs: Mapping[Pair, Claim], palette: Palette) -> str:
    """HTML. A letter stands for each learner above its column, and on a narrow screen before its row too, with the names below;
    every cell also has its mark, since colour never speaks alone, and the whole comparison in words as its title."""
    letters = dict(zip(order, ascii_uppercase * (1 + len(order) // 26), strict=False))
    head = "".join(f'<th scope="col" title="{escape(names[arm], quote=True)}">{letters[arm]}</th>' for arm in order)
    rows = "".join(
        f'<tr><th scope="row" title="{escape(names[arm], quote=True)}">{letters[arm]} <span>{escape(names[arm])}</span></th>'
        + "".join(cell(arm, other, names, pairs, palette) for other in order)
        + "</tr>"
        for arm in order
    )
    legend = "".join(f"<p><b>{letters[arm]}</b> {escape(names[arm])}</p>" for arm in order)
    return (
        f'{STYLE}<div class="md-pairs" style="--md-page:{palette.background};color:{palette.text}"><table>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>{legend}</div>"
    )


def cell(row: str, column: str, names: Mapping[str, str], pairs: Mapping[Pair, Claim], palette: Palette) -> str:
    """The row less the column; a pair is stored once and read both ways."""
    if row == column:
        return f'<td style="color:{palette.muted}" aria-label="itself">·</td>'
    found, sign = (pairs.get((row, column)), 1) if (row, column) in pairs else (pairs.get((column, row)), -1)
    if found is None:
        return f'<td style="color:{palette.muted}" title="They share no training seed.">—</td>'
    new, verdict = found.difference.new_classes, turned(found.decision.verdict, sign)
    new = new if sign > 0 else new.turned
    if new.low is None or new.high is None:
        value, bracket = new.signed, "no interval"
    else:
        value, _, bracket = new.bare.partition(" ")
    colour = colour_of(verdict, palette)
    title = (
        f"{names[row]} less {names[column]}: {value} {new.counted_in} {bracket}, {graded(WORDS[verdict], found.decision.grade)}"
    )
    if found.in_two_families and sign > 0:
        title += f" ({found.in_two_families})"
    return (
        f'<td style="background:{translucent(colour, SHADE[found.decision.grade])}" title="{escape(title, quote=True)}">'
        f'<span style="color:{colour}">{verdict.value}</span> {value}<small style="color:{palette.muted}">{bracket}</small></td>'
    )


def turned(verdict: Verdict, sign: int) -> Verdict:
    """The verdict on the second less the first, from that on the first less the second."""
    other = {Verdict.HELPS: Verdict.HURTS, Verdict.HURTS: Verdict.HELPS}
    return verdict if sign > 0 else other.get(verdict, verdict)
