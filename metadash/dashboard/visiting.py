"""Who visits, as far as a server can know: the person at the machine, a person who signed in, or a browser.

A browser is known by a cookie that is given to it with its first page, so that its tabs and its reloads are one visitor; without one, each
session is a visitor of its own. Whoever writes a program that throws its cookie away is as many visitors as it likes: a proxy limits those
by their address (docs/sharing.md).
"""

import hashlib
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from metadash.visitors import AT_THE_MACHINE, Visitor, found_by

COOKIE = "metadash_visitor"
A_YEAR = 365 * 24 * 3600
LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
"""What a proxy says of whom it speaks for."""

ONLY_OURS = "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'self'"
"""No text, whatever is read out of it, makes a visitor's browser fetch from elsewhere."""


def who() -> Visitor:
    """Who runs the script of this thread."""
    context = st.context
    if is_at_the_machine(context.headers, context.ip_address):
        return AT_THE_MACHINE
    if st.user.get("is_logged_in"):
        person = str(st.user.get("email") or st.user.get("sub") or "")
        return Visitor(key_of(f"person {person}"), person)
    if cookie := context.cookies.get(COOKIE):
        return Visitor(key_of(f"browser {cookie}"), "a visitor")
    running = get_script_run_ctx(suppress_warning=True)
    return Visitor(key_of(f"session {running.session_id if running else ''}"), "a visitor")


def is_at_the_machine(headers: Mapping[str, str], address: str | None) -> bool:
    """Whether a browser on this very machine asks, through nobody: it names the machine by a name that only means that one, as its own
    origin too (a proxy on this machine passes on the origin that the browser sees). ``address``: None for this machine."""
    if address is not None or any(name in headers for name in FORWARDED):
        return False
    named = [headers[name] for name in ("Host", "Origin") if name in headers]
    return all(urlsplit(one if "//" in one else f"//{one}").hostname in LOOPBACK for one in named)


def key_of(text: str) -> str:
    """What may stand in a record that others can read: the cookie itself opens what is its owner's."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Visiting:
    """Gives a browser its cookie with the page, and tells it to fetch pictures and fonts from here alone."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                if any(value.startswith(b"text/html") for value in kinds):
                    message = {**message, "headers": [*message["headers"], *page_headers(scope)]}
            await send(message)

        await self.app(scope, receive, answer if scope["type"] == "http" else send)


def page_headers(scope: Any) -> list[tuple[bytes, bytes]]:
    asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    given = [
        ("content-security-policy", ONLY_OURS),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ]
    if not cookie_in(asked.get("cookie", "")):
        secure = "; Secure" if "https" in (scope.get("scheme"), asked.get("x-forwarded-proto")) else ""
        own = f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age={A_YEAR}; HttpOnly; SameSite=Lax{secure}"
        given.append(("set-cookie", own))
    return [(name.encode(), value.encode()) for name, value in given]


def cookie_in(text: str) -> bool:
    try:
        return COOKIE in SimpleCookie(text)
    except CookieError:
        return False


found_by(who)
