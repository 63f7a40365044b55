"""The version of the computing code: comments and layout do not count, whatever changes a number does."""

import shutil
from pathlib import Path

import pytest

from metadash.training import version
from metadash.training.version import COMPUTING, ELSEWHERE, PACKAGE, meaning

CODE = '''
"""What this module is."""
LIMIT = 3
"""How many."""

def f(x):
    """Says more."""
    return x + LIMIT
'''


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("return", "# why\n    return"),
        CODE.replace("Says more", "Says it otherwise"),
        CODE.replace('    """Says more."""\n', ""),
        CODE.replace("What this module is", "Something else"),
        CODE.replace("How many", "How many at most"),
        CODE.replace("x + LIMIT", "(x   +\n            LIMIT)"),
        CODE + "\n\n\n",
    ],
    ids=["comment", "docstring", "no docstring", "module's docstring", "constant's docstring", "layout", "blank lines"],
)
def test_words_and_layout_do_not_change_the_meaning(same: str) -> None:
    assert same != CODE
    assert meaning(same) == meaning(CODE)


@pytest.mark.parametrize(
    "other",
    [
        CODE.replace("3", "4"),
        CODE.replace("x + LIMIT", "LIMIT + x"),
        CODE.replace("x + LIMIT", "x - LIMIT"),
        CODE.replace("def f", "def g"),
        CODE.replace("return x + LIMIT", 'return "Says more."'),
        CODE + "f = None\n",
    ],
)
def test_code_does_change_the_meaning(other: str) -> None:
    assert meaning(other) != meaning(CODE)


def test_a_function_with_a_docstring_alone_still_has_a_meaning() -> None:
    assert meaning('def f():\n    """Nothing."""') == meaning('def f():\n    """Nothing at all."""')


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's computing part somewhere else, where it can be changed."""
    for package in COMPUTING:
        shutil.copytree(PACKAGE / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(version, "PACKAGE", tmp_path)
    return tmp_path


def compute() -> str:
    return version.code_version.__wrapped__()


def test_the_place_of_the_package_does_not_count(copied: Path) -> None:
    assert compute() == version.code_version()


def test_a_change_in_any_computing_package_counts_and_a_comment_does_not(copied: Path) -> None:
    seen = {compute()}
    for package in COMPUTING:
        files = [file for file in sorted((copied / package).glob("*.py")) if file.relative_to(copied).as_posix() not in ELSEWHERE]
        files[-1].write_text(files[-1].read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    assert {compute()} == seen
    for package in COMPUTING:
        files = [file for file in sorted((copied / package).glob("*.py")) if file.relative_to(copied).as_posix() not in ELSEWHERE]
        files[-1].write_text(files[-1].read_text(encoding="utf-8") + "\nCHANGED = 1\n", encoding="utf-8")
        seen.add(compute())
    assert len(seen) == 1 + len(COMPUTING)


def test_a_new_file_and_a_new_name_count(copied: Path) -> None:
    before = compute()
    (copied / "learners" / "other.py").write_text("X = 1\n")
    added = compute()
    (copied / "learners" / "other.py").rename(copied / "learners" / "another.py")
    assert len({before, added, compute()}) == 3


def test_what_only_moves_runs_about_does_not_count(copied: Path) -> None:
    before = compute()
    for name in ELSEWHERE:
        (copied / name).write_text("X = 1\n")
    assert compute() == before


def test_files_that_do_not_count_exist() -> None:
    """A renamed file would silently count again, or a new one of that name silently not."""
    for name in ELSEWHERE:
        assert (PACKAGE / name).is_file(), name
