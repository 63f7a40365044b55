"""A workspace with an answer on every page, without the half hour that computing it takes: that of the demo, its runs under the code as it is.

Their numbers stay those of the code that made them, so this is for measuring and looking at pages, never for quoting. A run that only
computing needs (a backbone, weights) is not in the demo; what is asked anew here computes it first.
"""

import json
import shutil
from pathlib import Path

from metadash.canonical import digest
from metadash.checksums import sealed
from metadash.front.sharing.demo import demo_workspace
from metadash.prepared import RECORD
from metadash.runs.version import version_here
from metadash.workspace import Workspace


def filled_workspace(folder: Path) -> Workspace:
    """A workspace in ``folder``, made where there is none of this version of the code: it can be changed and computed in, as a demo cannot."""
    target = folder / f"filled-{version_here()}"
    if not target.is_dir():
        half = folder / "half-filled"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(demo_workspace(folder), half)
        (half / RECORD).unlink()
        for run in sorted((half / "runs").glob("*/run.json")):
            of_this_code(run)
        half.rename(target)
    return Workspace(target)


def of_this_code(file: Path) -> None:
    """The run as if the code of today had made it, under the digest that it then has."""
    about = {key: value for key, value in json.loads(file.read_text(encoding="utf-8")).items() if key != "checksum"}
    about["code"] = version_here()
    about["files"] = {name: hashed for name, hashed in about["files"].items() if (file.parent / name).exists()}
    file.write_text(json.dumps(sealed(about), ensure_ascii=False, indent=1), encoding="utf-8")
    file.parent.rename(file.parent.with_name(digest(about["kind"], about["spec"], about["dataset_fingerprint"], about["code"])))
