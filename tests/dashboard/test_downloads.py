"""Names of files to download come from data too: whatever these are called, a file system takes them, and no folder is left."""

import pytest

from metadash.dashboard.parts.downloads import file_named

HOSTILE = (
    "../../etc/passwd",
    "a/b",
    "..",
    ".hidden",
    "*b* [a](b) `c`",
    "<img src=x onerror=alert(1)>",
    "two\nlines\r\n",
    "x" * 300,
    "字" * 300,
    "",
    "\x00",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_becomes_one_that_every_file_system_takes(name: str) -> None:
    found = file_named(f"{name}-audit.csv")
    assert found.endswith(".csv") and len(found.encode()) < 200 and found[0] not in ".-"
    assert not set(found) & set('/\\:*?"<>|\n\r\x00 ') and ".." not in found
    assert file_named(name) and "/" not in file_named(name)


@pytest.mark.parametrize(
    "name", ["glyphs-default-audit.csv", "labels-ff7339f164b34d0fd15e.parquet", "字形-кириллица.zip", "a1b2.log.txt"]
)
def test_a_usual_name_stays_as_it_is(name: str) -> None:
    assert file_named(name) == name
