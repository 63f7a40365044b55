"""The results as tables of docs/peers.md and of the terminal, from the same JSON."""

from typing import Any

from benchmarks.document import markdown_table, number
from benchmarks.peering.ratios import OURS
from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "peers.md"
BEGIN, END = "<!-- begin: written by python -m benchmarks.peers --write-docs -->", "<!-- end -->"
VERDICTS = {True: "met", False: "**not met**"}


def write(result: dict[str, Any]) -> None:
    """Replace what stands between the two marks of docs/peers.md."""
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise SystemExit(f"{PAGE.name} has lost its marks: {BEGIN} … {END}")
    PAGE.write_text(before + BEGIN + "\n\n" + markdown(result) + "\n\n" + END + after, encoding="utf-8")


def markdown(result: dict[str, Any]) -> str:
    parts = [circumstances(result), section("Targets", TARGET_COLUMNS, target_rows(result["ratios"]))]
    if result["quick"]:
        parts.insert(1, "**Taken with `--quick`: a trial of the script, not a measurement.**")
    parts.append(section("Tasks a second, per second of one thread's processor time", *rate_table(result["rates"])))
    seconds = {name: f"{number(value)} s" for name, value in result["evaluation"]["seconds"].items()}
    parts.append(
        section("10,000 evaluation episodes, 5-way 1-shot", ("", "processor time"), [list(row) for row in seconds.items()])
    )
    parts.append(section("Operations of ours", ("", "GFLOP a task", "share of the peak"), operation_rows(result["operations"])))
    parts[-1] += (
        f"\n\nPeak: {result['operations']['peak'] / 1e9:.0f} GFLOP/s of one thread, products of 2048 × 2048 in single precision."
    )
    memory = [
        [name, *(cell(row.get(name), "mib", " MiB") for row in result["memory"].values())] for name in names(result["memory"])
    ]
    parts.append(section("Peak memory over the start of a fresh process", ("", *result["memory"]), memory))
    parts.append(
        section("The other libraries", ("library", "version", "state", "note"), [peer_row(peer) for peer in result["peers"]])
    )
    disagree = [f"{row['name']} in {row['workload']}" for row in result["agreement"] if not row["agrees"]]
    parts.append(
        f"With the same weights and data, the first loss and gradient were compared with those of a plain loop in "
        f"{len(result['agreement'])} pairs; " + (f"**they differ: {', '.join(disagree)}.**" if disagree else "all agree.")
    )
    parts.append(result["gpu"].get("skipped") or section("On a GPU, tasks a second", *rate_table(result["gpu"], "rate_by_wall")))
    return "\n\n".join(parts)


def circumstances(result: dict[str, Any]) -> str:
    machine, versions = result["machine"], result["versions"]
    return (
        f"`python -m benchmarks.peers` at commit `{result['commit']}`, {result['date']}, {result['seconds'] / 60:.0f} minutes; "
        f"{machine['system']}, {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']:g} GiB, load before the start "
        f"{machine['load_before']:g}; torch {versions['torch']}, python {versions['python']}; {result['windows']} windows each."
    )


def section(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> str:
    return f"### {title}\n\n{markdown_table(columns, rows)}"


TARGET_COLUMNS = ("what", "ratio", "by wall clock", "target", "", "best peer", "note")


def target_rows(ratios: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            row["what"],
            f"{row['value']:.2f}",
            "" if row["by_wall"] is None else f"{row['by_wall']:.2f}",
            f"{'≤' if row['at_most'] else '≥'} {row['target']:.3g}",
            VERDICTS[row["met"]],
            row["against"],
            row["note"],
        ]
        for row in ratios
    ]


def names(found: dict[str, dict[str, Any]]) -> list[str]:
    """Of all implementations in some tables, ours first."""
    return list(dict.fromkeys([OURS, *(name for row in found.values() for name in row)]))


def cell(row: dict[str, Any] | None, key: str, unit: str = "") -> str:
    return "–" if row is None else number(row[key]) + unit


def rate_table(found: dict[str, Any], clock: str = "rate") -> tuple[tuple[str, ...], list[list[str]]]:
    rates = {workload: part["rates"] for workload, part in found.items()}
    rows = []
    for name in names(rates):
        cells = [cell(row.get(name), clock) for row in rates.values()]
        spread = [f" ({number(row[name]['low'])}–{number(row[name]['high'])})" if name in row else "" for row in rates.values()]
        rows.append([name, *(a + b for a, b in zip(cells, spread, strict=True))])
    return ("", *rates), rows


def operation_rows(found: dict[str, Any]) -> list[list[str]]:
    return [[name, f"{row['flop'] / 1e9:.3g}", f"{row['share']:.0%}"] for name, row in found["workloads"].items()]


def peer_row(peer: dict[str, Any]) -> list[str]:
    return [peer["name"], peer["version"] or "–", "measured" if not peer["error"] else f"left out: {peer['error']}", peer["note"]]


def as_text(result: dict[str, Any]) -> str:
    """The targets for the terminal."""
    lines = []
    for row in result["ratios"]:
        sign, verdict = ("≤", "≥")[not row["at_most"]], "met" if row["met"] else "NOT MET"
        against = f" against {row['against']}" if row["against"] else ""
        lines.append(f"{row['what']:<58} {row['value']:>7.2f} {sign} {row['target']:<5.3g} {verdict}{against}")
    return "\n".join(lines)
