"""How people sign in here, and who did: through Streamlit's OIDC, through the team's proxy, or not at all, which is the default.

Whoever signed in looks; who is an editor says ``METADASH_EDITORS`` (docs/sharing.md). What would open what was meant to be closed is
refused: a page then says what is wrong with the settings, and shows nothing else.
"""

import os
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Literal

import streamlit as st

from metadash import settings
from metadash.errors import BadInput
from metadash.visitors import Visitor, is_listed, key_of

Way = Literal["", "oidc", "proxy"]
LEAST_SECRET = 32
"""Letters of ``cookie_secret``: whoever guesses it signs in as anybody."""
MANY_TENANTS = ("common", "organizations", "consumers")
"""In the address of Microsoft's metadata: organisations of which each writes what addresses it likes into its own accounts."""
NAMED = "STREAMLIT_SECRETS_FILES"
"""Whoever sets it means a file to be there."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def way() -> Way:
    """Decided once, when the first visitor comes: a settings file that is changed, spoiled or lost later opens nothing. Raises BadInput."""
    return decided(settings.USER_HEADER.value, settings.EDITORS.value, tuple(st.get_option("secrets.files")))


@lru_cache(maxsize=1)
def decided(header: str, editors: str, files: tuple[str, ...]) -> Way:
    known, auth = settings.user_header(), oidc(files)
    if known and auth is not None:
        raise BadInput(
            f"People can sign in through one way alone: empty {settings.USER_HEADER.name}, or take [auth] out of secrets.toml."
        )
    if not known and auth is None:
        if settings.editors():
            raise BadInput(
                f"{settings.EDITORS.name} names who may change things, and nobody can sign in: put [auth] into .streamlit/secrets.toml, or "
                f"name the header of your proxy in {settings.USER_HEADER.name}."
            )
        return ""
    settings.editors()
    if st.get_option("server.trustedUserHeaders"):
        raise BadInput("Streamlit's server.trustedUserHeaders lets whoever sends a header pass for somebody else; take it out.")
    if known and not listens_here(st.get_option("server.address")):
        raise BadInput(
            f"Whoever reaches the server can send the header of {settings.USER_HEADER.name} along, and it listens beyond this machine: serve "
            "it on 127.0.0.1 behind your proxy, or let people sign in through OIDC."
        )
    if auth is not None:
        refuse_unsafe(auth)
    return "proxy" if known else "oidc"


def oidc(files: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The section [auth] of secrets.toml; None where there is none. Raises BadInput where one of ``files`` is there and
    cannot be read, or was named and is not there."""
    if not st.secrets.load_if_toml_exists():
        named = [file for file in files if os.path.exists(file)] or (files if os.environ.get(NAMED) else ())
        if named:
            raise BadInput(
                f"'{os.path.basename(named[0])}' cannot be read, so nobody knows who may sign in; see the server's log."
            )
        return None
    found = st.secrets.get("auth")
    return None if found is None else found.to_dict()


def refuse_unsafe(auth: dict[str, Any]) -> None:
    """Raises BadInput for what would let people sign in as others."""
    if len(str(auth.get("cookie_secret", ""))) < LEAST_SECRET:
        raise BadInput(
            f"Whoever guesses cookie_secret in secrets.toml signs in as anybody: give it {LEAST_SECRET} random letters or more, as "
            '`python -c "import secrets; print(secrets.token_urlsafe(32))"` prints them.'
        )


def listens_here(address: str | None) -> bool:
    return address in LOOPBACK or (address or "").startswith("unix://")


def providers() -> dict[str, str | None]:
    """What a button says, and the provider that it leads to; the one whose settings stand in [auth] itself is None. Raises BadInput where
    none can be reached."""
    if find_spec("authlib") is None:
        raise BadInput(
            "secrets.toml has [auth], and nobody can sign in without the package Authlib: `pip install 'metadash[auth]'`."
        )
    auth = oidc() or {}
    named = [name for name, section in auth.items() if isinstance(section, dict) and "client_id" in section]
    return ({"Sign in": None} if "client_id" in auth else {}) | {f"Sign in with {name}": name for name in named}


def person(headers: Any) -> Visitor | None:
    """Who signed in, or None; ``headers`` are those that the browser's connection came with, ``st.context.headers``."""
    if way() == "proxy":
        said = [one.strip() for one in headers.get_all(settings.user_header())]
        return somebody(said[0], said[0], said[0]) if len(said) == 1 and said[0] else None  # of two, one is forged
    if st.user.get("is_logged_in") is not True:
        return None
    address, subject = str(st.user.get("email") or ""), str(st.user.get("sub") or "")
    name = address or str(st.user.get("preferred_username") or subject)
    vouched = address if is_theirs(st.user.get("email_verified")) else ""
    return somebody(f"{st.user.get('iss')} {subject or name}", name, vouched)


def is_theirs(said: Any) -> bool:
    """Whether the provider vouches that the e-mail address is the person's: where it says nothing of it, unless anybody may write it there."""
    if said is not None:
        return str(said).lower() == "true"
    auth = oidc() or {}
    addresses = [str(one.get("server_metadata_url", "")) for one in (auth, *auth.values()) if isinstance(one, dict)]
    return not any(f"/{many}/" in address for many in MANY_TENANTS for address in addresses)


def somebody(identity: str, name: str, address: str) -> Visitor:
    """``address``: the e-mail address that somebody vouches for; names that people give themselves make nobody an editor."""
    editor = is_listed(address, settings.editors())
    return Visitor(key_of(f"person {identity}"), name, editor, not editor)
