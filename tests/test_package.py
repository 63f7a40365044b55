"""The package: a wheel in a clean environment, called from another folder, answers and serves as a checkout does."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import metadash
from metadash.workspace import Workspace
from tests.builders import copy_workspace

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SMALL = "--dataset tiny --width 4 --backbone-episodes 10 --steps 5 --n-episodes 20 --shots 1,2 --seeds 1 --folds 0"
LONG = 300
"""Seconds after which something hangs: nothing here takes a tenth of that."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, so that nothing is written into the checkout and nothing that git ignores is in it."""
    folder = tmp_path_factory.mktemp("build")
    ignore = shutil.ignore_patterns(".venv*", ".git", "__pycache__", "workspace", "tests", "benchmarks", ".*_cache")
    shutil.copytree(ROOT, folder / "checkout", ignore=ignore, symlinks=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=folder / "checkout", check=True, capture_output=True, timeout=LONG)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and, borrowed from this one, what it depends on; the checkout is not on its path."""
    folder = tmp_path_factory.mktemp("clean")
    environment(folder)
    install(folder, str(wheel))
    return folder / "bin"


def environment(folder: Path) -> None:
    """A new one; packages that are not in it are found where pytest was found."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=LONG)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "borrowed.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n", encoding="utf-8")


def install(folder: Path, *what: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([*pip, *what], check=True, capture_output=True, timeout=LONG)


def test_a_checkout_is_installed_to_be_worked_on(wheel: Path, tmp_path: Path) -> None:
    """``pip install -e .``: the code, the launcher and the pages are those of the checkout."""
    folder, checkout = tmp_path / "own", wheel.parent / "checkout"
    environment(folder)
    install(folder, "--no-build-isolation", "-e", str(checkout))
    found = "import metadash; from metadash.dashboard.places import APP; print(metadash.__file__, APP)"
    done = subprocess.run([folder / "bin" / "python", "-c", found], **outside(tmp_path))
    assert done.stdout.split() == [str(checkout / "metadash" / "__init__.py"), str(checkout / "app.py")]


def outside(folder: Path) -> dict[str, object]:
    """Another folder, and nothing that would find the checkout from there."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "METADASH_WORKSPACE", "VIRTUAL_ENV")}
    return {"cwd": folder, "env": {**kept, "METADASH_WORKERS": "1"}, "timeout": LONG, "capture_output": True, "text": True}


def test_the_wheel_carries_data_backbones_pages_and_theme_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"metadash", f"metadash-{metadash.__version__}.dist-info"}
    for page in (ROOT / "pages").glob("*.py"):
        assert f"metadash/site/pages/{page.name}" in names
    assert {"metadash/site/app.py", "metadash/site/.streamlit/config.toml", "metadash/py.typed"} <= names
    for file in (ROOT / "metadash").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert file.relative_to(ROOT).as_posix() in names


def test_installed_it_answers_from_another_folder(clean: Path, tiny_workspace: Workspace, tmp_path: Path) -> None:
    done = subprocess.run([clean / "metadash", "--version"], **outside(tmp_path))
    assert done.stdout.split() == ["metadash", metadash.__version__]
    where = subprocess.run([clean / "python", "-c", "import metadash; print(metadash.__file__)"], **outside(tmp_path))
    assert str(clean.parent) in where.stdout and str(ROOT) not in where.stdout
    copy_workspace(tiny_workspace, tmp_path / "workspace")
    done = subprocess.run([clean / "metadash", "answer", *SMALL.split(), "--json"], **outside(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["sentence"].startswith("With one labelled example per class")
    done = subprocess.run([clean / "metadash", "datasets"], **outside(tmp_path))
    assert "glyphs: printed characters" in done.stdout, "the embedded data set is in the wheel"


def test_installed_it_serves_its_pages_from_another_folder(clean: Path, tmp_path: Path) -> None:
    drawn = (
        "from streamlit.testing.v1 import AppTest; from metadash.dashboard.places import SHELL, THEME; "
        "page = AppTest.from_file(SHELL, default_timeout=200).run(); assert not page.exception, page.exception; "
        "print(THEME.is_file(), page.title[0].value)"
    )
    done = subprocess.run([clean / "python", "-c", drawn], **outside(tmp_path))
    assert done.stdout.split("\n")[0].startswith("True Which metadata"), done.stdout + done.stderr[-2000:]
    with serving([clean / "metadash", "serve"], tmp_path) as address:
        assert read(f"{address}/_stcore/health") == "ok"
        for page in ("", "/metadata", "/ablation"):
            assert "<title>" in read(address + page)


@contextmanager
def serving(command: list[Path | str], folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {name: outside(folder)[name] for name in ("cwd", "env")}
    server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **given)
    try:
        begun = time.monotonic()
        while True:
            try:
                read(f"http://127.0.0.1:{port}/_stcore/health")
                break
            except OSError:
                assert server.poll() is None, server.stdout.read().decode()
                assert time.monotonic() - begun < LONG, "the server does not answer"
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.read().decode()


def test_pins_lie_within_the_ranges_and_nothing_is_missing() -> None:
    ranges = {(found := Requirement(line)).name: found for line in PROJECT["dependencies"]}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = {(found := Requirement(line)).name: found for line in lines if line and not line.startswith("#")}
    assert set(ranges) == set(pins)
    for name, pin in pins.items():
        (version,) = [part.version.removesuffix(".*") for part in pin.specifier]
        lowest = Version(version if "." in version else f"{version}.999")
        assert lowest in ranges[name].specifier, f"{name}: {pin.specifier} is not within {ranges[name].specifier}"


def test_what_tests_need_is_the_extra_dev() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    tools = {Requirement(line).name for line in lines if line and not line.startswith(("#", "-r"))}
    fonts = {name for name in tools if name.startswith(("fontpkg", "fonttools"))}
    assert {Requirement(line).name for line in PROJECT["optional-dependencies"]["dev"]} == tools - fonts


def test_one_version_stands_everywhere() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    cited = re.search(r"^version: \"?([\d.]+)", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert newest and cited and newest.group(1) == cited.group(1) == metadash.__version__


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_every_python_that_is_declared_reads_the_code(minor: int) -> None:
    assert f"Programming Language :: Python :: 3.{minor}" in PROJECT["classifiers"]
    python = shutil.which(f"python3.{minor}")
    its = {**os.environ, "PYENV_VERSION": f"3.{minor}"}  # where pyenv keeps several, its shim runs the one that is named
    if not python or subprocess.run([python, "-c", ""], capture_output=True, check=False, timeout=LONG, env=its).returncode:
        pytest.skip(f"there is no Python 3.{minor} here")
    program = "import ast, pathlib, sys; [ast.parse(p.read_text(encoding='utf-8')) for r in sys.argv[1:] for p in pathlib.Path(r).rglob('*.py')]"
    folders = [str(ROOT / name) for name in ("metadash", "pages")]
    done = subprocess.run([python, "-c", program, *folders], capture_output=True, text=True, check=False, timeout=LONG, env=its)
    assert done.returncode == 0, done.stderr
