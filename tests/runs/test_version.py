"""The version of the computing code: comments and layout do not count, whatever changes a number does."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.runs import version
from metadash.runs.kinds import KINDS
from metadash.runs.train import train
from metadash.runs.version import ELSEWHERE, PACKAGE, meaning
from metadash.specs.subsets import HeadsSpec
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run

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


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole package somewhere else, where it can be changed (and must be changed back)."""
    copied = tmp_path_factory.mktemp("tree") / "metadash"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__", "*.npz", "*.npy", "*.parquet"))
    return copied


@pytest.fixture
def copied(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(version, "PACKAGE", tree)
    return tree


@contextmanager
def written(path: Path, content: str) -> Iterator[None]:
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    path.write_text(content, encoding="utf-8")
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")


def compute() -> str:
    return version.version_here.__wrapped__()


def one_constant_changed(source: str) -> str | None:
    """A source with its first number or text that is no docstring made another; None where there is none."""
    tree = ast.parse(source)
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in texts and type(node.value) in (int, float, str):
            node.value = node.value + 1 if not isinstance(node.value, str) else node.value + "!"
            return ast.unparse(tree)
    return None


def test_the_place_of_the_package_does_not_count(copied: Path) -> None:
    assert compute() == version.code_version()


def test_one_constant_changed_in_any_module_that_a_computation_reaches_is_another_version(copied: Path) -> None:
    before, mutated = compute(), []
    for name in version.reached():
        source = (copied / name).read_text(encoding="utf-8")
        if changed := one_constant_changed(source):
            with written(copied / name, changed):
                assert compute() != before, name
            mutated.append(name)
    assert {"data/folds.py", "data/dataset.py", "canonical.py", "training/trainer.py", "learners/maml.py"} <= {*mutated}
    assert compute() == before


def test_a_comment_in_all_of_them_is_no_other_version(copied: Path) -> None:
    before = compute()
    with ExitStack() as stack:
        for name in version.reached():
            stack.enter_context(written(copied / name, (copied / name).read_text(encoding="utf-8") + "\n# a comment\n"))
        assert compute() == before


def test_what_decides_no_number_of_a_run_does_not_count() -> None:
    counted = version.reached()
    for part in ("answers/", "ablation/", "stats/", "dashboard/", "figures/", "verbs/", "data/glyphs/", "data/omniglot/"):
        assert not [name for name in counted if name.startswith(part) and name not in version.COUNTS], part
    assert set(version.COUNTS) <= set(counted)
    for name in (
        "metadata/audit/audit.py",
        "runs/estimate.py",
        "runs/queue/jobs.py",
        "runs/queue/board.py",
        "verbs/cli.py",
    ):
        assert name not in counted and (PACKAGE / name).is_file(), name


def test_a_module_counts_as_soon_as_something_that_counts_imports_it(copied: Path) -> None:
    """In a function, or by its name in a string, as registries do; a module that nothing reaches does not count."""
    before = compute()
    other, maml = copied / "learners" / "other.py", copied / "learners" / "maml.py"
    source = maml.read_text(encoding="utf-8")
    with written(other, "X = 1\n"):
        assert compute() == before
        for use in (
            "import metadash.learners.other",
            "from metadash.learners import other",
            "from metadash.learners.other import X",
            "def f():\n    from metadash.learners.other import X\n",
            "MAKE = 'metadash.learners.other:X'",
            "MAKE = 'other:X'",
            "BESIDE = 'other.py'",
        ):
            with written(maml, f"{source}\n{use}\n"):
                assert "learners/other.py" in version.reached(), use
                used = compute()
                with written(other, "X = 2\n"):
                    assert compute() != used, use


def test_everything_that_is_loaded_to_compute_counts_or_is_excused() -> None:
    """What Python really loads for every kind of run, learner and backbone, against what is found in the sources."""
    program = (
        "import sys, importlib\n"
        "from metadash.runs import train\n"
        "from metadash.runs.kinds import KINDS\n"
        "from metadash.learners.registry import ENTRIES\n"
        "from metadash.networks.registry import BACKBONES\n"
        "[kind.function() for kind in KINDS.values()]\n"
        "[importlib.import_module(entry.make.split(':')[0]) for entry in (*ENTRIES, *BACKBONES.values())]\n"
        "print(*(module.__file__ for name, module in sys.modules.items() if name.split('.')[0] == 'metadash'), sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True, cwd=PACKAGE.parent
    )
    loaded = {Path(line).relative_to(PACKAGE).as_posix() for line in done.stdout.splitlines()}
    assert "learners/maml.py" in loaded and "training/heads.py" in loaded
    unknown = {name for name in loaded - {*version.reached()} if not version.is_elsewhere(name)}
    assert not unknown


def test_every_module_that_does_not_count_has_its_reason_and_would_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is renamed, or that nothing reaches any more, must leave the list."""
    monkeypatch.setattr(version, "ELSEWHERE", {})
    everything = version.reached()
    for name, why in ELSEWHERE.items():
        assert any(file == name or (file.startswith(name) and name.endswith("/")) for file in everything) and len(why) > 15, name


# --- what does not count cannot change a number ----------------------------------------------------------------------------


class Bare:
    """Stands in for the store: keeps episodes in memory and knows nothing else."""

    def __init__(self) -> None:
        self.episodes: dict[str, EpisodeManifest] = {}

    def keep_manifest(self, manifest: EpisodeManifest) -> None:
        self.episodes[manifest.hash] = manifest

    def manifest(self, run: Any) -> EpisodeManifest:
        return self.episodes[run.summary["manifest"]]


@dataclass
class Unstored:
    """Stands in for a run: what was computed, as it left the function."""

    outcome: Any
    spec: Any
    digest: str = "unstored"

    @property
    def summary(self) -> dict[str, Any]:
        return self.outcome.summary

    def array(self, name: str) -> np.ndarray:
        return self.outcome.arrays[name]

    def weights(self) -> dict[str, Any]:
        return self.outcome.weights


class Deaf:
    """Stands in for the history: hears everything and tells nobody."""

    rows: tuple = ()

    def __call__(self, *arguments: Any, **measured: Any) -> None:
        pass

    def since(self, phase: str) -> None:
        pass


def test_runs_computed_without_what_does_not_count_are_the_same_to_the_last_bit(tiny_workspace: Workspace, tiny: Dataset) -> None:
    """Neither store nor record, progress, cost, workspace nor library: their stand-ins above, and the data set opened by itself."""
    run = tiny_run(("place", "size"), evaluation=tiny_evaluation(n_episodes=60))
    store, backbone = Bare(), run.backbone
    base = Unstored(KINDS["backbone"].function()(backbone, tiny, [], store, Deaf()), backbone)
    for kind, spec in (("learner", run), ("heads", HeadsSpec(run)), ("learner", replace(run, mode="full", steps=5))):
        bare = KINDS[kind].function()(spec, tiny, [base], store, Deaf())
        kept = train(spec, tiny_workspace)
        for name, frame in bare.frames.items():
            pd.testing.assert_frame_equal(frame.reset_index(drop=True), kept.frame(name), check_exact=True, check_dtype=False)
        for name, array in bare.arrays.items():
            assert np.array_equal(array, kept.array(name)), name
        assert all((tensor == kept.weights()[name]).all() for name, tensor in bare.weights.items())
        assert {key: kept.summary[key] for key in bare.summary} == bare.summary


def test_what_does_not_count_gives_nothing_to_calculate_with() -> None:
    """Of the modules that the stand-ins above cannot replace, only words and exceptions are taken."""
    taken: dict[str, set[str]] = {}
    for name in version.reached():
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in ("metadash.errors", "metadash.runs.progress"):
                taken.setdefault(node.module, set()).update(alias.name for alias in node.names)
    assert taken["metadash.errors"] <= {"BadInput", "closest", "nearest"}
    assert taken["metadash.runs.progress"] <= {"History", "Report", "SCORING", "Stopped", "silent"}
