"""The verb ``serve``: starts the dashboard, from a checkout and from an installed package alike."""

import argparse
import os
import subprocess
import sys

from metadash import settings
from metadash.dashboard.places import APP
from metadash.errors import BadInput
from metadash.front.sharing.demo import demo_workspace
from metadash.verbs.options import Verbs
from metadash.verbs.result import Result
from metadash.workspace import Workspace

PORT, ADDRESS = 8501, "127.0.0.1"


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("serve", parents=[common], help="start the dashboard")
    verb.add_argument("--port", type=int, default=PORT, help=f"where it listens (default {PORT})")
    verb.add_argument(
        "--address",
        default=ADDRESS,
        help=f"on which address (default {ADDRESS}: this machine only; see docs/sharing.md before another)",
    )
    verb.add_argument(
        "--read-only",
        action="store_true",
        help="show what the workspace holds: no job starts and nothing is changed, whatever a browser sends",
    )
    verb.add_argument(
        "--demo",
        action="store_true",
        help="show the answers on glyphs that come with MetaDash, read-only; they are unpacked once, into the folder demo of the workspace",
    )
    verb.set_defaults(run=serve, opens=to_serve)


def to_serve(options: argparse.Namespace) -> Workspace:
    """What is served, opened for reading alone where nothing is to be changed. Raises BadInput."""
    if options.demo and options.read_only:
        raise BadInput("--read-only would be ignored beside --demo, which is read-only; leave it out.")
    root = options.workspace
    if options.demo:
        os.environ.pop(settings.READ_ONLY.name, None)  # what is not there yet is unpacked first
        root = demo_workspace(root)
    os.environ.update(closing(options))
    return Workspace(root)


def closing(options: argparse.Namespace) -> dict[str, str]:
    """What makes a server show only: the setting, and for the demo the device its answers were computed on (runs of a GPU have other names)."""
    shown = {settings.READ_ONLY.name: "yes"} if options.demo or options.read_only else {}
    return shown | ({settings.DEVICE.name: "cpu"} if options.demo else {})


def serve(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Runs until it is interrupted. Streamlit reads the theme that lies beside the launcher, whatever folder this is called from."""
    if not 1 <= options.port <= 65535:
        raise BadInput(f"The port is {options.port}; it must be from 1 to 65535.")
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    code = hand_over(command, {**os.environ, **closing(options), settings.WORKSPACE.name: str(workspace.root)})
    return Result({"port": options.port, "ended_with": code}, f"The dashboard ended with {code}.", healthy=code == 0)


def hand_over(command: list[str], environment: dict[str, str]) -> int:
    """The server takes this process's place where the system knows how, so that whoever stops this process stops the server."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)
