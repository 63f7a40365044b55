"""A team that signs in: an editor, a second one on the same report, a viewer, and somebody with a program who would like to be one of them."""

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from metadash.figures.section import Section
from metadash.front.sharing import reports, views
from metadash.workspace import Workspace
from tests.browser.forging import SECRET, Program, cookie_of
from tests.browser.harness import new_visitor, open_in, server, settle, violations
from tests.builders import write_tiny

pytestmark = pytest.mark.browser

ADA, BOB, EVE = "ada@example.org", "bob@lab.example.org", "eve@elsewhere.example"
AUTH = f"""
[auth]
redirect_uri = "http://127.0.0.1/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "a"
client_secret = "b"
server_metadata_url = "https://id.example/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def team(folder: Path) -> Workspace:
    workspace = Workspace(folder / "team")
    write_tiny(workspace)
    numbers = {"The numbers": pd.DataFrame({"shot": [1], "gain": [5.0]})}
    reports.add(workspace, "Ours", Section("Does it help?", ["It helps."], numbers, ["python -m metadash answer"], "10 episodes"))
    views.save(workspace, "Where it was", "start", {"dataset": ["tiny"]}, {})
    return workspace


@pytest.fixture(scope="module")
def team_address(team: Workspace, folder: Path) -> Iterator[str]:
    (folder / "secrets.toml").write_text(AUTH)
    settings = {"STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"), "METADASH_EDITORS": f"{ADA}, @lab.example.org"}
    with server(team.root, folder / "team.log", **settings) as found:
        yield found


def signed_in(chromium: Browser, address: str, email: str, path: str) -> Page:
    visitor = new_visitor(chromium)
    visitor.add_cookies([{"name": USER_COOKIE_NAME, "value": cookie_of(address, email), "url": address}])
    return open_in(visitor, f"{address}/{path}")


def comment(team: Workspace) -> str:
    return reports.reports(team)[0].sections[0][1]


def held(team: Workspace) -> dict[str, int]:
    kept = ("runs.index", "asked.jsonl", ".lock")
    return {
        str(path): path.stat().st_mtime_ns for path in team.root.rglob("*") if path.is_file() and not path.name.endswith(kept)
    }


def test_two_editors_lose_nothing_and_a_viewer_reads_it(team_address: str, team: Workspace, chromium: Browser) -> None:
    stranger = open_in(new_visitor(chromium), f"{team_address}/reports")
    expect(stranger.get_by_text("for people who sign in")).to_be_visible()
    assert stranger.get_by_role("link", name="Runs").count() == 0 and not violations(stranger)

    ada, bob = (signed_in(chromium, team_address, one, "reports?dataset=tiny") for one in (ADA, BOB))
    expect(ada.get_by_text(re.compile(r"ada@.?example\.org · editor"))).to_be_visible()
    fields = [page.get_by_role("textbox", name="What you write to it") for page in (ada, bob)]
    for page, field, text in ((ada, fields[0], "by Ada"), (bob, fields[1], "by Bob")):
        field.fill(text)
        field.press("Control+Enter")
        settle(page)
    expect(bob.get_by_text("Somebody else has written to this section meanwhile: “by Ada”")).to_be_visible()
    assert comment(team) == "by Ada" and fields[1].input_value() == "by Bob"
    fields[1].fill("by Ada and Bob")
    fields[1].press("Control+Enter")
    settle(bob)
    expect(bob.get_by_text("Somebody else has written")).to_be_hidden()
    assert comment(team) == "by Ada and Bob"
    ada.get_by_text("Chart and numbers").click()
    expect(fields[0]).to_have_value("by Ada and Bob")

    eve = signed_in(chromium, team_address, EVE, "reports?dataset=tiny")
    expect(eve.get_by_text("You are a viewer.")).to_be_visible()
    expect(eve.get_by_text("by Ada and Bob")).to_be_visible()
    expect(eve.get_by_role("button", name="One HTML file")).to_be_visible()
    assert eve.get_by_role("textbox", name="What you write to it").count() == 0
    assert eve.get_by_role("button", name=re.compile("Delete|Up|Down")).count() == 0
    for page in (stranger, ada, bob, eve):
        page.context.close()


def test_whatever_a_program_sends_a_viewer_stays_one(team_address: str, team: Workspace, folder: Path) -> None:
    """It has the names of an editor's buttons, and those of widgets with a function behind them."""
    pages = ("start", "episodes", "reports", "metadata")
    with Program(team_address, ADA) as editor:
        editor.run(query="dataset=tiny")
        assert editor.upload() == 204
        own = {page: editor.run(page, "dataset=tiny").buttons for page in pages}
    assert "Answer it" in own["start"] and "Save in this workspace" in own["episodes"] and "Delete it" in own["reports"]
    before = held(team)
    with Program(team_address, EVE) as viewer:
        assert "You are a viewer" in viewer.run(query="dataset=tiny").text and viewer.upload() == 403
        for page in pages:
            asked = "dataset=tiny&md_view=Bring+your+own"
            drawn = viewer.run(page, asked).buttons
            pressed = [name for label, name in own[page].items() if label not in ("Sign out", "Run")]
            assert "You are a viewer" in viewer.run(page, asked, pressed).text
            assert not {"Answer it", "Save in this workspace", "Delete it", "Delete"} & {*drawn}
            viewer.send(page, asked, pressed)  # and goes before it is answered
    for forged in (
        Program(team_address),
        Program(team_address, ADA, secret="guessed"),
        Program(team_address, headers={"X-Auth-Request-Email": ADA, "X-Forwarded-For": "127.0.0.1"}),
    ):
        with forged as nobody:
            assert "for people who sign in" in nobody.run(query="dataset=tiny").text and nobody.upload() == 403
            assert "for people who sign in" in nobody.run("reports", "dataset=tiny", own["reports"].values()).text
    assert held(team) == before
    assert "Traceback" not in (folder / "team.log").read_text()


def test_health_and_metrics_answer_whoever_watches_the_server(team_address: str) -> None:
    with urllib.request.urlopen(f"{team_address}/_stcore/health", timeout=20) as answer:
        assert (answer.status, answer.read()) == (200, b"ok")
    with urllib.request.urlopen(f"{team_address}/_stcore/metrics", timeout=20) as answer:
        told = answer.read().decode()
    for name in ("active_sessions", "session_events_total", "session_duration_seconds", "cache_memory_bytes"):
        assert f"\n{name}" in told, name
    assert ADA not in told and EVE not in told
