"""Results as text on a terminal and as the tables of docs/calibration.md, both from the same JSON."""

from typing import Any

from benchmarks.document import VERDICTS, columns, markdown_table, number, write_between
from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "calibration.md"
BEGIN = "<!-- begin: written by python -m benchmarks.calibration --write-docs -->"
PLOTTED = "Cost of an arm"
"""How the caption of a table begins that is drawn too."""

MOST_ROWS = 14
"""Checks of one part that are listed one by one; of more, the page says how many were reached, and lists those that were not."""


def as_text(name: str, found: dict[str, Any]) -> str:
    lines = [f"{name} ({found['seconds']:.0f} s, computing {found['processor']:.0f} s)"]
    for check in found["checks"]:
        mark = {True: "reached", False: "NOT REACHED", None: ""}[check["reached"]]
        lines.append(f"  {check['what']:<100} {value(check):>22}  {target(check):<14} {mark}  {check['note']}")
    for table in found["tables"]:
        lines += ["", f"  {table['caption']}", *(f"  {line}" for line in columns(table))]
    return "\n".join(lines) + "\n"


def value(check: dict[str, Any]) -> str:
    bounds = "" if check["low"] is None else f" [{check['low']:.1f}, {check['high']:.1f}]"
    return f"{number(check['measured'])} {check['unit']}{bounds}"


def target(check: dict[str, Any]) -> str:
    least, most, unit = check["least"], check["most"], check["unit"]
    if least is not None and most is not None:
        return f"{least:g} to {most:g} {unit}"
    if least is None and most is None:
        return ""
    return f"≥ {least:g} {unit}" if most is None else f"≤ {most:g} {unit}"


def write(result: dict[str, Any]) -> None:
    write_between(
        PAGE, BEGIN, "\n\n".join(part for name, found in result["parts"].items() for part in section(name, found)) + "\n"
    )


def section(name: str, found: dict[str, Any]) -> list[str]:
    machine, checks = found["machine"], found["checks"]
    told = [check for check in checks if check["reached"] is not None]
    reached = [check for check in told if check["reached"]]
    parts = [
        f"### {name}",
        f"Taken {found['date']} at commit `{found['commit']}` on {machine['cores']} cores ({machine['cpu']}), load before the start "
        f"{machine['load_before']:g}; {found['seconds']:.0f} s, {found['processor']:.0f} s of computing. "
        f"**{len(reached)} of {len(told)} targets reached.**",
    ]
    if found["quick"]:
        parts.append("**Taken with `--quick`: a trial of the script, not a measurement.**")
    listed = checks if len(checks) <= MOST_ROWS else [check for check in told if not check["reached"]]
    if listed:
        rows = [[c["what"], value(c), str(c["n"]), target(c), VERDICTS[c["reached"]], c["note"]] for c in listed]
        parts.append(markdown_table(("what", "measured", "of", "target", "reached", "note"), rows))
    parts += found["remarks"]
    for table in found["tables"]:
        parts += [f"{table['caption']}:", markdown_table(table["columns"], table["rows"])]
        if table["caption"].startswith(PLOTTED):
            parts.append(plot(table))
    return parts


def plot(table: dict[str, Any]) -> str:
    """The second column over the first, as a chart that a reader of Markdown draws."""
    names, values = ([row[index] for row in table["rows"]] for index in (0, 1))
    top = max(map(float, values))
    lines = [f'x-axis "{table["columns"][0]}" [{", ".join(names)}]', f'y-axis "{table["columns"][1]}" 0 --> {top:.1f}']
    return "\n".join(["```mermaid", "xychart-beta", *(f"    {line}" for line in lines), f"    line [{', '.join(values)}]", "```"])
