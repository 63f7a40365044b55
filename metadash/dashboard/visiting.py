"""Who visits, as far as a server can know: the person at the machine, a person who signed in, or a browser.

A browser is known by a cookie that is given to it with its first page, so that its tabs and its reloads are one visitor; without one, each
session is a visitor of its own. Whoever writes a program that throws its cookie away is as many visitors as it likes: a proxy limits those
by their address (docs/sharing.md).
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from metadash import settings
from metadash.dashboard.signing_in import LOOPBACK, person, way
from metadash.visitors import AT_THE_MACHINE, Visitor, found_by, key_of

COOKIE = "metadash_visitor"
A_YEAR = 365 * 24 * 3600
LAST: OrderedDict[str, Visitor] = OrderedDict()
"""Of each session, who it was when its script last knew. Not in Streamlit's session state: whoever touches that may be stopped there by a
reload, and those who ask who asks, such as a button that submits several jobs, would be left half done."""
MOST_SESSIONS = 10_000
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
"""What a proxy says of whom it speaks for."""

ONLY_OURS = "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'self'"
"""No text, whatever is read out of it, makes a visitor's browser fetch from elsewhere."""


def who() -> Visitor:
    """Who runs the script of this thread; a thread that runs none is the server's own. A browser that has gone while its script still
    runs is who it was."""
    running = get_script_run_ctx(suppress_warning=True)
    if running is None:
        return AT_THE_MACHINE
    headers = st.context.headers
    if headers:  # every browser sends some
        found = known_by(headers, running.session_id)
        LAST[running.session_id] = found
        LAST.move_to_end(running.session_id)
        while len(LAST) > MOST_SESSIONS:
            LAST.popitem(last=False)
        may_send(running.session_id, not found.viewer)
        return found
    return LAST.get(running.session_id) or stranger(running.session_id)


def known_by(headers: Any, session: str) -> Visitor:
    """Where people sign in, nobody is taken for the person at the machine: a proxy that passes on too little would let everybody be that."""
    if way():
        return person(headers) or stranger(session)
    if is_at_the_machine(headers, st.context.ip_address):
        return AT_THE_MACHINE
    cookie = st.context.cookies.get(COOKIE)
    return Visitor(key_of(f"browser {cookie}"), "a visitor") if cookie else stranger(session)


def stranger(session: str) -> Visitor:
    return Visitor(key_of(f"session {session}"), "a visitor", viewer=bool(way()))


def is_at_the_machine(headers: Mapping[str, str], address: str | None) -> bool:
    """Whether a browser on this very machine asks, through nobody: it names the machine by a name that only means that one, as its own
    origin too (a proxy on this machine passes on the origin that the browser sees). ``address``: None for this machine."""
    if not headers or address is not None or any(name in headers for name in FORWARDED):
        return False
    named = [headers[name] for name in ("Host", "Origin") if name in headers]
    return all(urlsplit(one if "//" in one else f"//{one}").hostname in LOOPBACK for one in named)


UPLOADS = "/_stcore/upload_file/"
SENDERS: dict[str, None] = {}
"""Sessions that may send files, the newest last: Streamlit takes them into memory for any session, whether a page asks for one or not."""
MOST_SENDERS = 20_000


def may_send(session: str, allowed: bool) -> None:
    if not allowed:
        SENDERS.pop(session, None)
    elif session not in SENDERS:
        SENDERS[session] = None
        while len(SENDERS) > MOST_SENDERS:
            SENDERS.pop(next(iter(SENDERS)), None)


def is_unasked(scope: Any) -> bool:
    """Whether a file is sent by somebody whom no page asks for one: who has not signed in, a viewer, anybody where nothing may be changed."""
    _, found, rest = scope.get("path", "").partition(UPLOADS)
    return bool(found) and scope["method"] == "PUT" and (settings.read_only() or rest.partition("/")[0] not in SENDERS)


class Visiting:
    """Gives a browser its cookie with the page, tells it to fetch pictures and fonts from here alone, and takes no file unasked."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                if any(value.startswith(b"text/html") for value in kinds):
                    message = {**message, "headers": [*message["headers"], *page_headers(scope)]}
            await send(message)

        if scope["type"] == "http" and is_unasked(scope):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"No file is asked of you here."})
            return
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
