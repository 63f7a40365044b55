"""The slips that can be made in a file (by the operators of cosmic-ray), some of them drawn at random, and the source with one in it.

Left out is what no test could notice, or none should:

    annotations                 types say nothing that a program does, and mypy reads them
    strict, frozen              keywords that guard against slips of their own
    what is remembered          caches and how much they hold: another value costs time and changes no result
    what is done at once        sizes of blocks, of which results are independent (other tests say so of some)
    how often one looks         a poll a second late, a process given up a second later, a MB to spare
    a pixel, a shade            sizes of drawings, and where a row of controls wraps
    is for ==                   of the same short strings and numbers Python keeps one: not even a change
"""

import ast
import hashlib
import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutation"


@dataclass(frozen=True)
class Slip:
    """One change of one place: ``line`` counts from 1, ``occurrence`` among the places of this operator in the file."""

    file: str
    line: int
    operator: str
    occurrence: int


def files_of(parts: Sequence[str], changed: str) -> list[str]:
    """The sources of some parts of the package; with ``changed``, those that differ from a commit."""
    files = [f.relative_to(ROOT).as_posix() for part in parts for f in sorted((ROOT / "metadash" / part).rglob("*.py"))]
    files = [file for file in files if "/glyphs/builder/" not in file and (ROOT / file).stat().st_size]
    if changed:
        listed = subprocess.run(["git", "diff", "--name-only", changed], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [file for file in files if file in set(listed.stdout.split())]
    return files


@cache
def slips_of(file: str) -> list[Slip]:
    """Every slip that can be made in a file; looked for once for each of its versions, which takes a second."""
    source = (ROOT / file).read_text(encoding="utf-8")
    kept = KEPT / "slips" / f"{hashlib.sha256(f'{file} {source}'.encode()).hexdigest()}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(list(places_of(source))))
    return [
        Slip(file, line, name, number)
        for line, column, name, number in json.loads(kept.read_text())
        if not name.endswith(NO_CHANGE) and not beside_the_point(file, (line, column))
    ]


def places_of(source: str) -> Iterator[tuple[int, int, str, int]]:
    """Line, column, operator, and the how manieth of the operator's places it is."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        if not get_operator(name).arguments():
            operator = get_operator(name)()
            places = [place for node in nodes for place in operator.mutation_positions(node)]
            yield from ((*start, name, number) for number, (start, _) in enumerate(places))


def beside_the_point(file: str, start: tuple[int, int]) -> bool:
    """What no test could notice, or none should; the reasons stand in the module's docstring."""
    return any(begin <= start < end for begin, end in spared(file))


SPARED_KEYWORDS = {
    "strict",
    "frozen",
    "max_entries",
    "maxsize",
    "ttl",
    "show_spinner",
    "standoff",
    "startstandoff",
    "arrowwidth",
    "wrap",
}
SPARED_DECORATORS = {"cache", "lru_cache", "st.cache_data", "st.cache_resource"}
SPARED_CONSTANTS = {
    *("BLOCK", "AT_ONCE", "EMBED_BATCH", "PIXELS_AT_ONCE", "SCORE_BATCH", "ADAPT_BATCH", "ROWS_AT_ONCE", "BATCH", "MOST_AT_ONCE"),
    *("POLL", "LOOK_EVERY", "LOOK_IDLY", "TURN_EVERY", "SAMPLE_EVERY", "BEAT", "LOOK", "GRACE", "STARTING", "TIMEOUT"),
    *("KEPT", "NICENESS", "SLACK_MB"),
    *("HEIGHT", "LABEL_GAP", "PICTURE_SIDE", "SHADE"),
}
NO_CHANGE = ("Eq_Is", "NotEq_IsNot", "Is_Eq", "IsNot_NotEq")


@cache
def spared(file: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where it begins and ends, in a file."""
    places: list[ast.expr] = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        places += [place for name in ("annotation", "returns") if (place := getattr(node, name, None)) is not None]
        if isinstance(node, ast.keyword) and node.arg in SPARED_KEYWORDS:
            places.append(node.value)
        for one in getattr(node, "decorator_list", ()):
            if ast.unparse(one).split("(")[0] in SPARED_DECORATORS:
                places.append(one)
        if isinstance(node, ast.Assign) and all(ast.unparse(target) in SPARED_CONSTANTS for target in node.targets):
            places.append(node.value)
    return [((one.lineno, max(one.col_offset - 1, 0)), (one.end_lineno or 0, one.end_col_offset or 0)) for one in places]


def drawn(files: Sequence[str], n: int, seed: int) -> list[Slip]:
    """Some slips: places first, each as likely as any other, then one of the slips that can be made there."""
    chance = random.Random(seed)
    places: dict[tuple[str, int, str], list[Slip]] = {}
    for file in files:
        for slip in slips_of(file):
            family = slip.operator.split("/")[-1].split("_")[0]
            places.setdefault((slip.file, slip.line, family), []).append(slip)
    chosen = chance.sample(sorted(places), min(n, len(places)))
    return [chance.choice(places[place]) for place in chosen]


def mutated(slip: Slip) -> str:
    """The source with the slip in it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (ROOT / slip.file).read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(slip.operator)(), slip.occurrence)
    assert changed is not None, slip
    return changed
