"""Who is an editor: whom the settings name and somebody vouches for, and nobody else; settings that would open what was meant to be closed are refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.context import StreamlitHeaders

from metadash import settings, visitors
from metadash.dashboard import signing_in, visiting
from metadash.errors import BadInput
from metadash.visitors import AT_THE_MACHINE, Visitor, by_itself, is_listed, visitor

OIDC = {"cookie_secret": "x" * 40, "client_id": "a", "server_metadata_url": "https://id.example/.well-known/openid-configuration"}
HEADER = "X-Auth-Request-Email"
ADA = {"is_logged_in": True, "iss": "https://id.example", "sub": "7", "email": "ada@example.org", "email_verified": True}


class Secrets(dict):
    def load_if_toml_exists(self) -> bool:
        return bool(self.get("there"))


class Section(dict):
    def to_dict(self) -> dict:
        return dict(self)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SimpleNamespace]]:
    """``here(auth=, user=, editors=, header=, files=, **options)``: Streamlit with these secrets, this person, these options."""

    def set_up(
        auth: dict | None = None, user: dict | None = None, editors: str = "", header: str = "", files: tuple = (), **options: Any
    ) -> SimpleNamespace:
        options = {"secrets.files": files, "server.address": "127.0.0.1", **options}
        secrets = Secrets({} if auth is None else {"there": True, "auth": Section(auth)})
        st = SimpleNamespace(get_option=options.get, secrets=secrets, user=user or {}, session_state={})
        st.context = SimpleNamespace(headers=StreamlitHeaders([]), cookies={}, ip_address=None)
        monkeypatch.setattr(signing_in, "st", st)
        monkeypatch.setattr(visiting, "st", st)
        monkeypatch.setenv(settings.EDITORS.name, editors)
        monkeypatch.setenv(settings.USER_HEADER.name, header)
        signing_in.decided.cache_clear()
        return st

    yield set_up
    signing_in.decided.cache_clear()


@pytest.mark.parametrize(
    ("address", "listed", "is_one"),
    [
        ("ada@example.org", ["ada@example.org"], True),
        ("Ada@Example.org", ["ada@example.ORG"], True),
        ("eve@example.org", ["ada@example.org"], False),
        ("eve@example.org", ["@example.org"], True),
        ("eve@lab.example.org", ["@example.org"], False),
        ("eve@notexample.org", ["@example.org"], False),
        ("ada@example.org@evil.org", ["ada@example.org", "@example.org", "@evil.org"], False),
        ("@example.org", ["@example.org"], False),
        ("", ["@example.org"], False),
        ("ada@example.org", [], False),
        ("mar\N{KELVIN SIGN}@example.org", ["mark@example.org"], False),
        ("mar\N{KELVIN SIGN}@example.org", ["@example.org"], True),
    ],
)
def test_an_address_is_listed_as_it_stands_or_by_its_domain(address: str, listed: list[str], is_one: bool) -> None:
    assert is_listed(address, listed) is is_one


@pytest.mark.parametrize(
    ("said", "auth", "role"),
    [
        (ADA, {}, "editor"),
        ({**ADA, "email": "eve@example.org"}, {}, "viewer"),
        ({**ADA, "email_verified": False}, {}, "viewer"),
        ({**ADA, "email_verified": "false"}, {}, "viewer"),
        ({**ADA, "email_verified": "true"}, {}, "editor"),
        ({**ADA, "email_verified": None}, {}, "editor"),
        ({**ADA, "email_verified": None}, {"server_metadata_url": "https://login.example/common/v2.0/x"}, "viewer"),
        ({**ADA, "email_verified": None}, {"two": {"server_metadata_url": "https://login.example/organizations/v2.0"}}, "viewer"),
        ({**ADA, "email": None, "name": "ada@example.org", "preferred_username": "ada@example.org"}, {}, "viewer"),
        ({**ADA, "is_logged_in": False}, {}, None),
        ({**ADA, "is_logged_in": "yes"}, {}, None),
        ({}, {}, None),
    ],
)
def test_only_whom_the_provider_vouches_for_is_an_editor(said: dict, auth: dict, role: str | None, here: Callable) -> None:
    st = here({**OIDC, **auth}, said, "ada@example.org")
    found = signing_in.person(st.context.headers)
    assert found == (None if role is None else Visitor(found.key, found.name, role == "editor", role == "viewer"))
    assert role is None or found.name == (said["email"] or said["preferred_username"])


@pytest.mark.parametrize(
    ("sent", "editor"),
    [
        ([(HEADER, "ada@example.org")], True),
        ([(HEADER.lower(), " ada@example.org ")], True),
        ([(HEADER, "eve@example.org")], False),
        ([(HEADER, "eve@example.org"), (HEADER, "ada@example.org")], None),
        ([(HEADER, "")], None),
        ([("X_Auth_Request_Email", "ada@example.org"), ("X-Forwarded-Email", "ada@example.org")], None),
        ([], None),
    ],
)
def test_the_proxys_header_is_believed_where_there_is_one(sent: list, editor: bool | None, here: Callable) -> None:
    here(header=HEADER, editors="ada@example.org")
    found = signing_in.person(StreamlitHeaders(sent))
    assert (found and found.editor) is editor


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"auth": OIDC, "header": HEADER}, "one way alone"),
        ({"editors": "ada@example.org"}, "nobody can sign in"),
        ({"auth": {**OIDC, "cookie_secret": "xxx"}}, "cookie_secret"),
        ({"auth": {}}, "cookie_secret"),
        ({"auth": OIDC, "editors": "example.org"}, "must be an e-mail address"),
        ({"auth": OIDC, "editors": "@"}, "must be an e-mail address"),
        ({"header": HEADER, "server.address": "0.0.0.0"}, "listens beyond this machine"),
        ({"header": HEADER, "server.address": None}, "listens beyond this machine"),
        ({"header": "a header"}, "must be the name of a header"),
        ({"auth": OIDC, "server.trustedUserHeaders": {"a": "email"}}, "trustedUserHeaders"),
    ],
)
def test_settings_that_would_open_what_was_meant_to_be_closed_are_refused(given: dict, told: str, here: Callable) -> None:
    here(**given)
    with pytest.raises(BadInput, match=told):
        signing_in.way()
    with pytest.raises(BadInput, match=told):
        visiting.stranger("a session")


def test_secrets_that_cannot_be_read_open_nothing(here: Callable, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("[auth")
    here(files=(str(tmp_path / "secrets.toml"),))
    with pytest.raises(BadInput, match=r"'secrets\.toml' cannot be read"):
        signing_in.way()


def test_secrets_that_somebody_named_and_that_are_not_there_open_nothing(here: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    here(files=("/nowhere/auth.toml",))
    assert signing_in.way() == ""
    signing_in.decided.cache_clear()
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", "/nowhere/auth.toml")
    with pytest.raises(BadInput, match=r"'auth\.toml' cannot be read"):
        signing_in.way()


def test_secrets_that_are_lost_later_open_nothing(here: Callable) -> None:
    st = here(OIDC, ADA, "ada@example.org")
    assert signing_in.way() == "oidc"
    st.secrets.clear()
    st.user.clear()
    assert signing_in.way() == "oidc" and visiting.stranger("a session").viewer


def test_without_sign_in_all_is_as_it_was(here: Callable) -> None:
    st = here()
    browser = StreamlitHeaders([("Host", "localhost:8501"), ("Origin", "http://localhost:8501")])
    assert signing_in.way() == "" and visiting.known_by(browser, "one") == AT_THE_MACHINE
    st.context.ip_address = "192.168.0.7"
    assert not visiting.known_by(browser, "one").viewer and not visiting.known_by(browser, "one").editor


def test_where_people_sign_in_nobody_is_taken_for_the_person_at_the_machine(here: Callable) -> None:
    here(OIDC)
    browser = StreamlitHeaders([("Host", "localhost:8501"), ("Origin", "http://localhost:8501")])
    assert visiting.known_by(browser, "one").viewer


def test_a_browser_that_has_gone_is_who_it_was_while_its_script_still_runs(
    here: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    st = here(header=HEADER, editors="@example.org")
    monkeypatch.setattr(visiting, "get_script_run_ctx", lambda **_: SimpleNamespace(session_id="one"))
    gone = st.context.headers
    assert visiting.who().viewer, "nobody has been seen here yet"
    st.context.headers = StreamlitHeaders([(HEADER, "eve@elsewhere.org")])
    eve = visiting.who()
    st.context.headers = gone
    assert visiting.who() == eve and eve.viewer
    here()
    assert visiting.who() != AT_THE_MACHINE


def test_what_the_server_does_of_its_own_is_nobodys_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Visitor("eve", "eve", viewer=True)
    monkeypatch.setattr(visitors, "_found", [lambda: viewer])
    with by_itself():
        assert visitor() == AT_THE_MACHINE
    assert visitor() == viewer
