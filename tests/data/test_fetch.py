"""Fetching Omniglot: from a server of our own that can break, cut, refuse, and send something else."""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from metadash.data import download as downloading
from metadash.data.download import RemoteFile, download
from metadash.data.omniglot import fetch as fetching
from metadash.data.omniglot import known
from metadash.data.omniglot.archives import IMAGES
from metadash.data.omniglot.fetch import HOME, STROKES, fetch
from metadash.errors import BadInput
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.omniglot_maker import CHARACTERS, make_zips, write_tables

PEN = "strokes_background_small1.zip"


class Mirror(ThreadingHTTPServer):
    """Serves ``files``. ``breaks[name]`` connections end after half of what was asked; ``codes[name]`` answers that instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.breaks: dict[str, int] = {}
        self.codes: dict[str, int] = {}
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}/python/"


class Handler(BaseHTTPRequestHandler):
    server: Mirror

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        mirror, name, span = self.server, self.path.rsplit("/", 1)[-1], self.headers.get("Range")
        mirror.asked.append((name, span))
        code = mirror.codes.get(name) or (200 if name in mirror.files else 404)
        if code != 200:
            self.send_error(code)
            return
        content, start = mirror.files[name], 0
        if span and mirror.ranges:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        if mirror.breaks.get(name, 0) > 0:
            mirror.breaks[name] -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_zips(tmp_path_factory.mktemp("archives"), tables=False)


@pytest.fixture
def whole(mirror, archives, tmp_path, monkeypatch) -> Mirror:
    """A mirror of the made-up Omniglot; the package's tables and checksums are made to be of it."""
    mirror.files = {path.name: path.read_bytes() for path in archives.glob("*.zip")}
    monkeypatch.setattr(known, "TABLES", write_tables(tmp_path / "tables"))
    pen = mirror.files[PEN]
    monkeypatch.setattr(fetching, "STROKES", (RemoteFile(PEN, len(pen), hashlib.sha256(pen).hexdigest()),))
    return mirror


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def left_behind(workspace: Workspace) -> set[str]:
    kept = (workspace.root / "downloads" / "omniglot").rglob("*")
    return {path.name for path in kept} | {path.name for path in workspace.datasets.iterdir()}


def test_fetching_installs_the_data_set_and_removes_the_archives(whole, workspace):
    seen = []
    data = fetch(workspace, whole.address, progress=lambda phase, fraction: seen.append(fraction))
    assert len(data.classes) == 4 * sum(CHARACTERS.values()) and data.instances["n_strokes"].notna().any()
    assert left_behind(workspace) == {"omniglot"}
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1


def test_fetching_again_keeps_what_is_there_and_asks_nobody(whole, workspace):
    first = fetch(workspace, whole.address).fingerprint
    whole.asked.clear()
    assert fetch(workspace, whole.address).fingerprint == first
    assert not whole.asked


def test_drawings_that_differ_from_the_known_ones_are_said(whole, workspace):
    notes = fetch(workspace, whole.address).description.extra["notes"]
    assert any("not pixel for pixel" in note and "Zeta" in note for note in notes)


def test_a_broken_connection_goes_on_where_it_stopped(whole, workspace):
    whole.breaks[IMAGES[0]] = 1
    fetch(workspace, whole.address)
    half = len(whole.files[IMAGES[0]]) // 2
    assert [span for name, span in whole.asked if name == IMAGES[0]] == [None, f"bytes={half}-"]


def test_a_connection_that_keeps_breaking_is_said_and_the_next_fetch_goes_on(whole, workspace):
    whole.breaks[IMAGES[0]] = downloading.ATTEMPTS
    with pytest.raises(BadInput, match=r"127.0.0.1 broke after \d+ bytes of images_background.zip") as problem:
        fetch(workspace, whole.address)
    one_sentence(problem.value)
    assert left_behind(workspace) == {f"{IMAGES[0]}.part"}
    whole.asked.clear()
    fetch(workspace, whole.address)
    assert whole.asked[0][1] is not None


def test_a_server_that_cannot_go_on_sends_it_all_again(whole, workspace):
    whole.ranges = False
    whole.breaks[IMAGES[0]] = 1
    fetch(workspace, whole.address)
    assert len([name for name, _ in whole.asked if name == IMAGES[0]]) == 2


def test_a_part_that_is_longer_than_the_file_is_thrown_away(whole, workspace):
    folder = workspace.root / "downloads" / "omniglot"
    folder.mkdir(parents=True)
    (folder / f"{IMAGES[0]}.part").write_bytes(bytes(len(whole.files[IMAGES[0]]) + 5))
    fetch(workspace, whole.address)
    assert left_behind(workspace) == {"omniglot"}


def test_a_part_of_another_file_is_found_out_and_the_next_fetch_begins_anew(whole, workspace):
    folder = workspace.root / "downloads" / "omniglot"
    folder.mkdir(parents=True)
    (folder / f"{IMAGES[0]}.part").write_bytes(bytes(5000))
    with pytest.raises(BadInput, match="damaged, or no zip file; it was removed"):
        fetch(workspace, whole.address)
    fetch(workspace, whole.address)
    assert left_behind(workspace) == {"omniglot"}


def test_a_mirror_without_pen_strokes_gives_a_set_that_says_they_are_missing(whole, workspace):
    del whole.files[PEN]
    data = fetch(workspace, whole.address)
    assert data.instances["n_strokes"].isna().all()
    assert any("No pen strokes" in note for note in data.description.extra["notes"])


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("absent", "has no images_evaluation.zip there .it answered 404"),
        ("forbidden", "refused images_evaluation.zip .it answered 403"),
        ("down", "it answered 503"),
        ("a web page", "is damaged, or no zip file; it was removed"),
        ("altered", "is damaged, or no zip file; it was removed"),
        ("partial", "lacks character 4.*partial"),
        ("another archive", "belong to the background set"),
        ("other strokes", "strokes_background_small1.zip.*another file"),
        ("altered strokes", "strokes_background_small1.zip is damaged, or another file: its sha256"),
    ],
)
def test_what_a_server_can_get_wrong_is_one_sentence_and_nothing_wrong_stays(whole, workspace, tmp_path, how, sentence):
    name, content = IMAGES[1], bytearray(whole.files[IMAGES[1]])
    if how == "absent":
        del whole.files[name]
    elif how in ("forbidden", "down"):
        whole.codes[name] = {"forbidden": 403, "down": 503}[how]
    elif how == "a web page":
        whole.files[name] = b"<html>Sign in to the hotel's network</html>"
    elif how == "altered":
        content[len(content) // 3] ^= 0xFF
        whole.files[name] = bytes(content)
    elif how == "partial":
        tables = known.TABLES / "alphabets.csv"
        tables.write_text(tables.read_text().replace("evaluation,3", "evaluation,4"))
    elif how == "another archive":
        whole.files[name] = whole.files[IMAGES[0]]
    elif how == "other strokes":
        whole.files[PEN] = whole.files[IMAGES[0]]
    elif how == "altered strokes":
        pen = bytearray(whole.files[PEN])
        pen[len(pen) // 2] ^= 0xFF
        whole.files[PEN] = bytes(pen)
    with pytest.raises(BadInput, match=sentence) as problem:
        fetch(workspace, whole.address)
    one_sentence(problem.value)
    assert not list(workspace.datasets.iterdir())
    assert not any(name.endswith(".part") for name in left_behind(workspace))
    if how not in ("other strokes", "altered strokes"):
        assert IMAGES[1] not in left_behind(workspace)


def test_no_network_is_one_sentence(workspace, mirror):
    address = mirror.address.replace(str(mirror.server_address[1]), "9")
    for base in (address, "http://no-such-host.invalid/"):
        with pytest.raises(BadInput, match="cannot be reached") as problem:
            fetch(workspace, base)
        one_sentence(problem.value)


@pytest.mark.parametrize(
    "base", ["ftp://host/omniglot", "file:///etc", "http://", "http://a b/", "http://host:port/", "http://[1/"]
)
def test_an_address_that_is_none_is_refused(workspace, base):
    with pytest.raises(BadInput, match="is no http or https address"):
        fetch(workspace, base)


def test_a_full_disk_is_said_and_the_part_is_removed(mirror, full_disk):
    mirror.files["large.zip"] = bytes(2_000_000)
    with pytest.raises(BadInput, match="disk is full"):
        download(mirror.address, RemoteFile("large.zip"), full_disk)
    assert not list(full_disk.iterdir())


def test_more_bytes_than_known_are_refused_before_they_come(mirror, tmp_path):
    mirror.files["known.zip"] = bytes(3000)
    with pytest.raises(BadInput, match=r"sends 3000 bytes as known\.zip; this is another file"):
        download(mirror.address, RemoteFile("known.zip", 2000), tmp_path)


def test_two_fetches_at_once_are_refused(whole, workspace):
    (workspace.root / "downloads").mkdir()
    with FileLock(workspace.root / "downloads" / ".omniglot.lock"), pytest.raises(BadInput, match="Somebody else is fetching"):
        fetch(workspace, whole.address)


def test_a_folder_can_stand_in_for_the_server_and_known_checksums_hold_there_too(whole, archives, workspace, tmp_path):
    folder = Path(shutil.copytree(archives, tmp_path / "by_hand"))
    assert fetch(workspace, str(folder)).name == "omniglot"
    (folder / PEN).write_bytes(b"other")
    with pytest.raises(BadInput, match=r"strokes_background_small1\.zip has 5 bytes"):
        fetch(workspace, str(folder), name="again")


def test_the_command_line_fetches(whole, workspace, capsys):
    arguments = ["datasets", "fetch", "omniglot", "--workspace", str(workspace.root)]
    assert cli.main([*arguments, "--from", whole.address, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 4 * sum(CHARACTERS.values())
    assert cli.main(["datasets", "--workspace", str(workspace.root)]) == 0
    listed = capsys.readouterr().out
    assert "omniglot: handwritten characters" in listed and "note" in listed and "fetch omniglot" not in listed


def test_the_pinned_archives_and_their_home_are_the_authors():
    assert HOME == "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
    assert all(file.size and len(file.sha256 or "") == 64 for file in STROKES)
