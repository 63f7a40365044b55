"""The version of the code that computes runs: a hash of what it does, so that a stored result never passes for a newer one's.

Nobody keeps the list of what counts: it is every module that computing a run can reach by imports, beginning where runs are computed.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from metadash import settings
from metadash.prepared import prepared

PACKAGE = Path(__file__).resolve().parent.parent

ROOTS = ("runs/train.py", "runs/kinds.py")
"""``train``, and the table that says which function computes which kind of run."""

ELSEWHERE = {
    "__init__.py": "the name of the package",
    "checksums.py": "says whether a file is as it was written",
    "data/library.py": "finds a data set by name; what is in it is in its fingerprint",
    "data/sql/turns.py": "says who asks next",
    "data/thumbnails.py": "draws what a person sees of an input",
    "errors.py": "words for what cannot be done",
    "prepared.py": "what prepared answers say of themselves, where nothing is computed",
    "runs/cost.py": "measures time and memory",
    "runs/facts/": "words, estimates, and what must fit the data before anything is computed",
    "runs/progress.py": "says how far a run is, and may stop it",
    "runs/record.py": "gives back what was stored, and only as it was stored",
    "runs/shelf/": "remembers what the records of stored runs say, and lists them; a record itself is believed as before",
    "runs/store.py": "keeps what was computed; episodes that it draws anew must have the hash that they had",
    "settings.py": "where things lie and how many work; the device that it names is beside the code in a digest",
    "runs/version.py": "this one; the meaning of a digest is tested by itself",
    "specs/check.py": "refuses what does not fit the data, before anything is computed",
    "stats/": "what is said of values, and in which unit; a value itself comes from what scores a task",
    "visitors.py": "says who asks for something",
    "workspace.py": "the places of files",
}
"""What is reached and decides no number, files and whole folders, each with the reason; what only they reach does not count either."""

COUNTS = {"stats/calibration.py": "fits the temperature and chooses the score that a calibration stores"}
"""What counts although its folder does not, each with the reason."""

NAMED = re.compile(r"[\w.]+(?=:\w+$)|\w+(?=\.py$)")
"""The module in a string such as "arms:train_arm", "metadash.learners.maml:MAML" or "query_worker.py": loaded by name, not by import."""


def code_version() -> str:
    """The version of this code; of prepared answers that are only shown, where nothing is computed, that of the code which made them."""
    return version_shown(settings.WORKSPACE.value) if settings.read_only() else version_here()


@cache
def version_shown(workspace: str) -> str:
    found = prepared(Path(workspace).expanduser())
    return found.code if found else version_here()


@cache
def version_here() -> str:
    """Twelve hexadecimal digits over the syntax trees of all that counts; comments, docstrings and layout do not."""
    content = hashlib.sha256()
    for name in reached():
        content.update(name.encode() + meaning((PACKAGE / name).read_text(encoding="utf-8")).encode())
    return content.hexdigest()[:12]


def reached() -> list[str]:
    """The files of the package, in order, that a computation can come to and that are not ``ELSEWHERE``."""
    found: set[str] = set()
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found and not is_elsewhere(name):
            found.add(name)
            waiting += files_named(name)
    return sorted(found)


def is_elsewhere(name: str) -> bool:
    return name not in COUNTS and (
        name in ELSEWHERE or any(f"{folder.as_posix()}/" in ELSEWHERE for folder in Path(name).parents)
    )


def files_named(name: str) -> Iterator[str]:
    """The files of the package that one of them names, in an import anywhere in it or in a string, and their packages' own."""
    for module in parsed((PACKAGE / name).read_text(encoding="utf-8"))[0]:
        if module.split(".")[0] == "metadash":
            place = Path(*module.split(".")[1:])
        elif "." not in module:
            place = Path(name).parent / module
        else:
            continue
        around = [parent / "__init__.py" for parent in (place, *place.parents)]
        yield from (file.as_posix() for file in (Path(f"{place}.py"), *around) if (PACKAGE / file).is_file())


def meaning(source: str) -> str:
    """The syntax tree as text, without docstrings (those below constants too)."""
    return parsed(source)[1]


@lru_cache(maxsize=512)
def parsed(source: str) -> tuple[frozenset[str], str]:
    """The modules that a source names (any part of ``from metadash.x import y`` may be one), and its meaning."""
    named: set[str] = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = [part for part in node.body if not is_text(part)]
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names if alias.name.startswith("metadash.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "metadash":
            named |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := NAMED.match(node.value)):
            named.add(found[0])
    return frozenset(named), ast.dump(tree)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
