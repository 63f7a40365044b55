"""The other libraries' own virtual environment: which there are, how each is got to install, and what became of it.

Everything is pinned to the torch that MetaDash runs on. What does not install, or not import, stands in the tables with its error.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT

FOLDER = ROOT / ".venv-peers"
OUTCOME = FOLDER / "peers.json"
LONGEST_ERROR = 300
STEP_SECONDS = 300


@dataclass(frozen=True)
class Peer:
    """``requirements`` come with what they need, ``alone`` without; ``from_source`` is built from its sdist by ``regenerated``."""

    name: str
    module: str
    distribution: str
    requirements: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    from_source: str = ""
    note: str = ""


PEERS = (
    Peer(
        "easyfsl",
        "easyfsl",
        "easyfsl",
        ("easyfsl==1.5.0",),
        note="needs torchvision, whose registry build does not load beside CPU torch: two operators it misses are declared",
    ),
    Peer(
        "learn2learn",
        "learn2learn",
        "learn2learn",
        ("setuptools<81", "wheel", "cython>=3,<4", "scipy", "requests", "tqdm", "torchvision", "gym-notices", "cloudpickle"),
        ("gym==0.26.2", "qpth==0.0.18"),
        "learn2learn==0.2.0",
        note="its C files do not compile and are generated anew by Cython 3; torchvision as for easyfsl",
    ),
    Peer("parallel-metalearn", "metalearn", "parallel-metalearn", ("parallel-metalearn==0.5.6",), note="sequential back end"),
    Peer("torchcross", "torchcross", "torchcross", ("torchcross==0.0.6",)),
    Peer("torchmeta", "", "torchmeta", ("torchmeta==1.8.0",)),
)


def python() -> Path:
    return FOLDER / "bin" / "python"


def prepare() -> dict[str, dict[str, Any]]:
    """Make the environment (again) and try everything; some minutes, most of it downloading torch."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        pins.write_text(f"torch=={version('torch').partition('+')[0]}\nnumpy=={version('numpy')}\n", encoding="utf-8")
        pip("install", "-c", str(pins), "torch", "numpy")
        found = {peer.name: {"error": attempt(peer, pins)} | about(peer) for peer in PEERS}
    OUTCOME.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def outcome() -> dict[str, dict[str, Any]]:
    """What ``prepare`` found; empty where it has not been called."""
    return json.loads(OUTCOME.read_text(encoding="utf-8")) if OUTCOME.exists() else {}


def attempt(peer: Peer, pins: Path) -> str | None:
    """Install it; the error in one line, or None."""
    try:
        pip("install", "-c", str(pins), *peer.requirements)
        if peer.alone:
            pip("install", "--no-deps", *peer.alone)
        if peer.from_source:
            with tempfile.TemporaryDirectory() as folder:
                pip("install", "--no-deps", "--no-build-isolation", str(regenerated(peer.from_source, Path(folder))))
    except subprocess.CalledProcessError as error:
        return complaint(error.output)
    except subprocess.TimeoutExpired:
        return f"It took longer than {STEP_SECONDS} s to install."
    return None


def about(peer: Peer) -> dict[str, Any]:
    asked = f"from importlib.metadata import version; print(version({peer.distribution!r}))"
    done = subprocess.run([str(python()), "-c", asked], capture_output=True, text=True, timeout=60, check=False)
    return {"version": done.stdout.strip() or None, "note": peer.note}


def regenerated(requirement: str, folder: Path) -> Path:
    """The unpacked sdist without its C files and without what it brought of an old Cython, told to use today's."""
    pip("download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "-d", str(folder), requirement)
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    source = folder / archive.name.removesuffix(".tar.gz")
    for stale in source.rglob("*.c"):
        stale.unlink()
    setup = source / "setup.py"
    setup.write_text(
        re.sub(r"^use_cython = .*$", "use_cython = True", setup.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8"
    )
    return source


def pip(*arguments: str) -> None:
    command = [str(python()), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=STEP_SECONDS)


def complaint(output: str) -> str:
    """The line of pip's output that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    why = [line for line in lines if line.lower().startswith("error")] or lines or ["pip said nothing."]
    return without_places(why[0])[:LONGEST_ERROR]


def without_places(text: str) -> str:
    """Without this machine's folders and addresses, which belong in no document."""
    return re.sub(r"(?:\w+://|/)\S+", "…", text.replace(str(ROOT), "…"))
