"""The version of the code that computes runs: a hash of what it does, so that a stored result never passes for a newer one's."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
COMPUTING = ("episodes", "metadata", "networks", "learners", "training")
ELSEWHERE = (
    "episodes/edit.py",
    "episodes/saved.py",
    "metadata/anonymity.py",
    "metadata/audit.py",
    "metadata/audit_columns.py",
    "metadata/audit_instances.py",
    "metadata/audit_rows.py",
    "metadata/audit_splits.py",
    "metadata/findings.py",
    "metadata/privacy.py",
    "training/check.py",
    "training/cost.py",
    "training/estimate.py",
    "training/levels.py",
    "training/store.py",
    "training/jobs.py",
    "training/memory.py",
    "training/outlook.py",
    "training/underway.py",
    "training/board.py",
    "training/cluster.py",
    "training/worker.py",
    "training/together.py",
    "training/trail.py",
    "training/version.py",
)
"""Files of those packages that move runs about and change no number."""


@cache
def code_version() -> str:
    """Twelve hexadecimal digits over the syntax trees of the computing packages; comments, docstrings and layout do not count."""
    content = hashlib.sha256()
    for package in COMPUTING:
        for file in sorted((PACKAGE / package).glob("*.py")):
            name = file.relative_to(PACKAGE).as_posix()
            if name not in ELSEWHERE:
                content.update(name.encode() + meaning(file.read_text(encoding="utf-8")).encode())
    return content.hexdigest()[:12]


def meaning(source: str) -> str:
    """The syntax tree as text, without docstrings (those below constants too)."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = [part for part in node.body if not is_text(part)]
    return ast.dump(tree)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
