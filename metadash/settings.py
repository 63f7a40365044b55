"""Every setting, by name, with what it does; ``docs/settings.md`` holds the same list, and a test compares them."""

import os
from dataclasses import dataclass

from metadash.errors import BadInput


@dataclass(frozen=True)
class Setting:
    """An environment variable."""

    name: str
    default: str
    meaning: str

    @property
    def value(self) -> str:
        return os.environ.get(self.name, "") or self.default


WORKSPACE = Setting("METADASH_WORKSPACE", "workspace", "the folder that holds data sets, episodes, runs and jobs")
SCHEDULER = Setting(
    "METADASH_SCHEDULER", "", "address of a Dask scheduler whose workers see the same workspace; empty: worker processes here"
)
WORKERS = Setting("METADASH_WORKERS", "", "worker processes of the embedded cluster; empty: one a core")
DEVICE = Setting(
    "METADASH_DEVICE",
    "auto",
    "where networks are trained and inputs embedded: cpu, cuda, or auto (a GPU where torch can use one)",
)
IMPORT_FROM = Setting(
    "METADASH_IMPORT_FROM",
    "",
    "folders on the server that *Metadata* may import from by a path, separated as in PATH; empty: files are uploaded",
)
READ_ONLY = Setting(
    "METADASH_READ_ONLY",
    "",
    "yes: what is stored is shown, no job starts and nothing in the workspace is changed; empty: jobs start and are stored",
)

JOBS_EACH = Setting(
    "METADASH_JOBS_EACH",
    "400",
    "how many jobs a visitor may have queued and running at once; who is at the machine may have any number",
)

KEEP_DAYS = Setting(
    "METADASH_KEEP_DAYS",
    "",
    "days after which the server deletes stored runs that nobody starred, named, tagged or noted and no kept run is built on; empty: never",
)

SETTINGS = (WORKSPACE, SCHEDULER, WORKERS, DEVICE, IMPORT_FROM, READ_ONLY, JOBS_EACH, KEEP_DAYS)


def jobs_each() -> int:
    """Raises BadInput when METADASH_JOBS_EACH is no whole number from 1 on."""
    if not JOBS_EACH.value.isdecimal() or int(JOBS_EACH.value) < 1:
        raise BadInput(f"{JOBS_EACH.name} is '{JOBS_EACH.value}'; it must be a whole number from 1 on.")
    return int(JOBS_EACH.value)


def read_only() -> bool:
    """Raises BadInput for a value that is neither *yes* nor *no*: a typing error must not open what was meant to be closed."""
    if READ_ONLY.value not in ("", "yes", "no"):
        raise BadInput(f"{READ_ONLY.name} is '{READ_ONLY.value}'; it must be yes, or no or empty.")
    return READ_ONLY.value == "yes"


def worker_count() -> int:
    """Raises BadInput when METADASH_WORKERS is no whole number from 1 to 256."""
    if not WORKERS.value:
        return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if not WORKERS.value.isdecimal() or not 1 <= int(WORKERS.value) <= 256:
        raise BadInput(f"{WORKERS.name} is '{WORKERS.value}'; it must be a whole number from 1 to 256.")
    return int(WORKERS.value)
