"""The house rules that a program can check: who imports whom, what the server never loads, how long a file may be."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from metadash import settings
from metadash.learners.registry import LEARNERS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "metadash"
SOURCES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    {"__main__"},
    {"verbs"},
    {"api"},
    {"dashboard"},
    {"front"},
    {"figures"},
    {"ablation"},
    {"answers"},
    {"training"},
    {"runs"},
    {"specs"},
    {"learners"},
    {"networks"},
    {"episodes", "metadata"},
    {"data"},
    {"stats"},
    {"errors", "fields", "canonical", "checksums", "prepared", "settings", "visitors", "workspace", "__init__"},
)
"""From the top of the house to its ground; those beside each other in one set may not import each other, but for the ground."""

MOST_LINES = 400
MOST_FILES = 18
WITH_STREAMLIT = ("app.py", "pages/", "metadash/dashboard/", "tests/", "benchmarks/")
SERVER_IMPORTS = (
    "metadash.dashboard.server",
    "metadash.dashboard.parts.jobs",
    "metadash.figures.charts",
    "metadash.dashboard.parts.frame",
    "metadash.dashboard.metadata.audit",
    "metadash.dashboard.metadata.keep",
    "metadash.dashboard.bring.page",
    "metadash.dashboard.ablation.road",
    "metadash.dashboard.ablation.cards",
    "metadash.dashboard.use.leaving",
    "metadash.dashboard.use.learner",
    "metadash.dashboard.use.next",
    "metadash.dashboard.use.taking",
    "metadash.figures.report",
    "metadash.runs.queue.board",
    "metadash.runs.queue.worker",
    "metadash.answers.answer",
    "metadash.ablation.words",
    "metadash.front.use",
    "metadash.front.using.best",
    "metadash.front.using.next_steps",
)
NEVER_IN_THE_SERVER = ("torch", "sklearn", "scipy.stats")


def floor_of(module: str) -> int:
    """The floor of ``metadash.<part>...`` by its part."""
    part = module.split(".")[1] if "." in module else "__init__"
    return next(level for level, parts in enumerate(FLOORS) if part in parts)


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(file: Path) -> Iterator[str]:
    """Every module that a file imports, wherever the import stands: at the top, in a function, for type checkers only."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file.name} imports relatively; write the whole name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "metadash")


def tracked_files() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("file", SOURCES, ids=module_of)
def test_imports_run_downwards_only(file: Path) -> None:
    own = module_of(file)
    if own.count(".") == 0:
        return
    mine = own.split(".")[1]
    for imported in imports_of(file):
        if not imported.startswith("metadash."):
            continue
        theirs = imported.split(".")[1]
        if theirs == mine:
            continue
        assert floor_of(imported) > floor_of(own) or floor_of(own) == len(FLOORS) - 1, f"{own} imports {imported}"


def test_every_part_of_the_package_has_its_floor() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert parts <= set().union(*FLOORS), "a new part of the house needs a floor in FLOORS"


def test_the_ground_floor_imports_nothing_above_it() -> None:
    for part in FLOORS[-1]:
        for imported in imports_of(PACKAGE / f"{part}.py"):
            assert not imported.startswith("metadash.") or floor_of(imported) == len(FLOORS) - 1, f"{part} imports {imported}"


@pytest.mark.parametrize(
    "folder", sorted({file.parent for file in SOURCES}), ids=lambda folder: folder.relative_to(ROOT).as_posix()
)
def test_a_folder_has_so_few_files_that_one_look_takes_them_in(folder: Path) -> None:
    assert len([file for file in folder.glob("*.py") if file.stem != "__init__"]) <= MOST_FILES


def test_statistics_are_pure() -> None:
    """Numbers in, numbers and words out: nothing below them but errors, and nothing of the disk."""
    for file in (PACKAGE / "stats").glob("*.py"):
        ours = {name for name in imports_of(file) if name.startswith("metadash.")}
        assert all(name == "metadash.errors" or name.startswith("metadash.stats") for name in ours), file.name


def test_only_the_dashboard_and_its_pages_import_streamlit() -> None:
    for file in tracked_files():
        name = file.relative_to(ROOT).as_posix()
        if file.suffix == ".py" and not name.startswith(WITH_STREAMLIT):
            assert not any(found.split(".")[0] == "streamlit" for found in imports_of(file)), name


def test_every_file_is_handed_out_by_the_one_button_that_reruns_nothing() -> None:
    """Streamlit's own reruns the page on a click, and the start of a run may lose the file that was asked for."""
    users = [file for file in (*SOURCES, *(ROOT / "pages").glob("*.py")) if "download_button" in file.read_text(encoding="utf-8")]
    assert users == [PACKAGE / "dashboard" / "parts" / "downloads.py"]


def test_the_server_loads_neither_torch_nor_scikit_learn() -> None:
    program = (
        f"import sys; [__import__(m) for m in {SERVER_IMPORTS}]; print([m for m in {NEVER_IN_THE_SERVER} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("file", [*SOURCES, *sorted((ROOT / "pages").glob("*.py"))], ids=module_of)
def test_a_file_is_short_enough_to_be_read(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", [file for file in SOURCES if file.stat().st_size and file.stem != "__main__"], ids=module_of)
def test_modules_and_public_classes_say_what_they_are(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"class {node.name} has no docstring"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+) \|$", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.M)
    documented = {name: (default.strip("`"), meaning) for name, default, meaning in rows}
    assert set(documented) == {setting.name for setting in settings.SETTINGS}
    for setting in settings.SETTINGS:
        default, meaning = documented[setting.name]
        assert default == (setting.default or "empty")
        assert setting.meaning in meaning


def test_every_environment_variable_of_ours_is_a_setting() -> None:
    known = {setting.name for setting in settings.SETTINGS}
    for file in SOURCES:
        for name in re.findall(r"\bMETADASH_[A-Z_]+\b", file.read_text(encoding="utf-8")):
            assert name in known, f"{name} in {file.name} stands in no list of settings"


def test_streamlit_still_has_the_hidden_switch_for_its_garbage_collection_and_it_is_off() -> None:
    chosen = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert chosen["runner"]["postScriptGC"] is False
    from streamlit import config

    assert config.get_config_options()["runner.postScriptGC"].type is bool
    assert chosen["browser"]["gatherUsageStats"] is False
    assert chosen["server"]["address"] == "127.0.0.1"


def test_no_file_names_a_place_on_somebody_s_machine() -> None:
    """A path into a home folder, or into the folder where this was written, works for nobody else."""
    pattern = re.compile(r"(?<![\w.])/(?:home|Users|work)/\w+|(?<![\w.])/roo[t]/|[A-Z]:\\\\?Users")
    for file in tracked_files():
        if file.suffix in (".py", ".md", ".toml", ".txt", ".csv", ".sh", ".yml", ".json", "") or file.name == "Makefile":
            text = file.read_text(encoding="utf-8", errors="ignore")
            found = pattern.search(text)
            assert not found, f"{file.relative_to(ROOT)} names {found.group() if found else ''}"


def test_a_page_ends_so_that_its_link_can_still_be_drawn() -> None:
    """After Streamlit's own stop nothing is drawn any more, *Copy link* and what of a link was not possible included."""
    files = [*(ROOT / "pages").glob("*.py"), *(PACKAGE / "dashboard").rglob("*.py")]
    assert [file.name for file in files if "st.stop()" in file.read_text()] == []


LEARNERS_ALONE = {*LEARNERS} - {"chance", "baseline", "logistic"}
"""Names of learners that are no everyday words."""

MAKERS = {
    "RunSpec": {"specs/builder.py"},
    "Evaluation": {"specs/builder.py", "specs/defaults.py"},
    "BackboneSpec": {"specs/builder.py", "specs/defaults.py", "training/shipping.py"},
    "FeaturesSpec": {"specs/builder.py", "specs/run.py"},
}
"""Who may make a spec from nothing: the builder, what says the usual numbers, what trains the backbones that are shipped, and what a backbone
needs of its own."""


def test_specs_are_made_by_the_one_builder() -> None:
    """Whatever made a bare one would miss what is chosen, and what the data set asks for."""
    for file in [*SOURCES, *sorted((ROOT / "pages").glob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                allowed = {PACKAGE / name for name in MAKERS[node.func.id]}
                assert file in allowed, f"{file.relative_to(ROOT)} makes a {node.func.id} by itself; call run_for"


@pytest.mark.parametrize("file", [*SOURCES, *sorted((ROOT / "pages").glob("*.py"))], ids=module_of)
def test_what_differs_between_kinds_stands_in_their_entries_and_not_in_branches(file: Path) -> None:
    """Nobody asks of what class a spec is (``runs.kinds`` knows what differs), nor what a learner is called (``learners.registry`` does).
    An assertion that narrows a type decides nothing."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    asserted = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Assert) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance" and id(node) not in asserted:
            assert not re.search(r"\b\w+Spec\b", ast.unparse(node.args[1])), f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Compare):
            names = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            assert not names & LEARNERS_ALONE, f"line {node.lineno}: {ast.unparse(node)}"
