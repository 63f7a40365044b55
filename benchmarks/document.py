"""Results as text on a terminal and as the tables of docs/figures.md, both from the same JSON, so that they never differ."""

from pathlib import Path
from typing import Any

from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "figures.md"
BEGIN, END = "<!-- begin: written by python -m benchmarks.figures --write-docs -->", "<!-- end -->"
VERDICTS = {True: "yes", False: "**no**", None: ""}


def as_text(name: str, found: dict[str, Any]) -> str:
    """One figure for the terminal."""
    if "error" in found:
        return f"{name}: no result. {found['error']}\n"
    lines = [f"{name} ({found['seconds']:.0f} s)"]
    for row in found["rows"]:
        target = "" if row["target"] is None else f"  target ≤ {row['target']:g}  reached: {'yes' if row['reached'] else 'NO'}"
        note = f"  ({row['note']})" if row["note"] else ""
        lines.append(f"  {row['what']:<88} {value_of(row):>22}{target}{note}")
    for table in found["tables"]:
        lines += ["", f"  {table['caption']}", *(f"  {line}" for line in columns(table))]
    return "\n".join(lines) + "\n"


def value_of(row: dict[str, Any]) -> str:
    return f"{number(row['measured'])} {row['unit']}"


def number(value: float) -> str:
    """Three digits that matter, no more, and no powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def columns(table: dict[str, Any]) -> list[str]:
    lines = [list(table["columns"]), *table["rows"]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def write(result: dict[str, Any]) -> None:
    """The tables of docs/figures.md."""
    write_between(PAGE, BEGIN, markdown(result))


def write_between(page: Path, begin: str, content: str) -> None:
    """Replace what stands between the two marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    after = rest.partition(END)[2]
    if not rest or END not in rest:
        raise SystemExit(f"{page.name} has lost its marks: {begin} … {END}")
    page.write_text(before + begin + "\n\n" + content + "\n" + END + after, encoding="utf-8")


def markdown(result: dict[str, Any]) -> str:
    machine, versions = result["machine"], result["versions"]
    parts = [
        f"Taken {result['date']} at commit `{result['commit']}` on {machine['system']}, {machine['cores']} cores ({machine['cpu']}), "
        f"{machine['memory_gib']:g} GiB; load before the start {machine['load_before']:g}. "
        + ", ".join(f"{name} {release}" for name, release in versions.items())
        + "."
    ]
    if result["small"]:
        parts.append("**Taken with `--small`: a trial of the script, not a measurement.**")
    rows = [
        [
            row["what"],
            value_of(row),
            repetitions(row),
            "" if row["target"] is None else f"≤ {number(row['target'])} {row['unit']}",
            VERDICTS[row["reached"]],
            row["note"],
        ]
        for found in result["figures"].values()
        for row in found.get("rows", [])
    ]
    parts.append(markdown_table(("figure", "measured", "of", "target", "reached", "note"), rows))
    for name, found in result["figures"].items():
        if "error" in found:
            parts.append(f"`{name}` gave no result: {found['error']}")
        parts += [
            f"### {table['caption']}\n\n{markdown_table(table['columns'], table['rows'])}" for table in found.get("tables", [])
        ]
        if sentence := found.get("details", {}).get("sentence"):
            parts.append(f"### The sentence, `{name}`\n\n> {sentence}")
    return "\n\n".join(parts) + "\n"


def repetitions(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return row["statistic"] if row["n"] == 1 else f"{row['statistic']} of {row['n']}"
    return (
        f"{row['statistic']} of {row['n']}, {number(row['low'])} to {number(row['high'])}" if row["n"] > 1 else row["statistic"]
    )


def markdown_table(head: tuple[str, ...] | list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
