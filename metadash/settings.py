"""Every setting, by name, with what it does; ``docs/settings.md`` holds the same list, and a test compares them."""

import os
import re
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

EDITORS = Setting(
    "METADASH_EDITORS",
    "",
    "where people sign in, the e-mail addresses and domains (@example.org) of those who may start and change things, with commas between; "
    "everybody else looks",
)

USER_HEADER = Setting(
    "METADASH_USER_HEADER",
    "",
    "the header in which the team's proxy says who signed in, such as X-Auth-Request-Email; it is believed only where the server listens on "
    "this machine alone; empty: no header is",
)

SETTINGS = (WORKSPACE, SCHEDULER, WORKERS, DEVICE, IMPORT_FROM, READ_ONLY, JOBS_EACH, KEEP_DAYS, EDITORS, USER_HEADER)


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


def editors() -> tuple[str, ...]:
    """Raises BadInput for what is neither an address nor a domain: a typing error must not shut out, or let in, whom it did not mean."""
    listed = tuple(one.strip() for one in EDITORS.value.split(",") if one.strip())
    for one in listed:
        if not re.fullmatch(r"[^@\s]*@[^@\s]+", one):
            raise BadInput(f"{EDITORS.name} has '{one}'; it must be an e-mail address, or a domain as in @example.org.")
    return listed


def user_header() -> str:
    """Raises BadInput for what is no name of a header."""
    if USER_HEADER.value and not re.fullmatch(r"[A-Za-z0-9-]+", USER_HEADER.value):
        raise BadInput(
            f"{USER_HEADER.name} is '{USER_HEADER.value}'; it must be the name of a header, such as X-Auth-Request-Email."
        )
    return USER_HEADER.value


def worker_count() -> int:
    """Raises BadInput when METADASH_WORKERS is no whole number from 1 to 256."""
    if not WORKERS.value:
        return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if not WORKERS.value.isdecimal() or not 1 <= int(WORKERS.value) <= 256:
        raise BadInput(f"{WORKERS.name} is '{WORKERS.value}'; it must be a whole number from 1 to 256.")
    return int(WORKERS.value)
