"""Who a visitor is: the person at the machine and nobody else has its rights; the tabs of one browser are one visitor."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from metadash import settings
from metadash.dashboard.visiting import COOKIE, Visiting, is_at_the_machine, is_unasked, key_of, may_send

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("headers", "address", "at_the_machine"),
    [
        ({}, None, False),
        (HERE, None, True),
        ({"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"}, None, True),
        ({"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}, None, True),
        (HERE, "192.168.0.7", False),
        ({**HERE, "X-Forwarded-For": "203.0.113.9"}, None, False),
        ({**HERE, "Forwarded": "for=203.0.113.9"}, None, False),
        ({**HERE, "Origin": "https://metadash.example"}, None, False),
        ({"Host": "metadash.example", "Origin": "http://metadash.example"}, None, False),
        ({"Host": "localhost.metadash.example:8501"}, None, False),
        ({**HERE, "Origin": "null"}, None, False),
    ],
)
def test_only_a_browser_on_this_machine_is_at_the_machine(
    headers: dict[str, str], address: str | None, at_the_machine: bool
) -> None:
    assert is_at_the_machine(headers, address) is at_the_machine


def answered(kind: str, asked: list[tuple[bytes, bytes]], scheme: str = "http") -> dict[str, str]:
    """The headers of an answer of this content type."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})

    async def send(message: Any) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as apart:  # where no browser test has left a loop running
        apart.submit(asyncio.run, Visiting(app)({"type": "http", "scheme": scheme, "headers": asked}, None, send)).result()
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_browser_is_given_a_cookie_once_that_no_script_reads() -> None:
    given = answered("text/html; charset=utf-8", [])["set-cookie"]
    assert given.startswith(f"{COOKIE}=") and "HttpOnly" in given and "SameSite=Lax" in given and "Secure" not in given
    assert "Secure" in answered("text/html", [(b"x-forwarded-proto", b"https")])["set-cookie"]
    assert "set-cookie" not in answered("text/html", [(b"cookie", f"a=b; {COOKIE}=mine".encode())])
    assert given != answered("text/html", [])["set-cookie"] and "set-cookie" not in answered("text/javascript", [])


def test_a_page_lets_no_picture_be_fetched_from_elsewhere() -> None:
    headers = answered("text/html", [])
    assert "img-src 'self' data: blob:;" in headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff"


def test_what_stands_in_a_record_is_not_the_cookie() -> None:
    assert "mine" not in key_of("browser mine") and key_of("browser mine") != key_of("browser yours")


def test_no_file_is_taken_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unasked(path: str, method: str = "PUT") -> bool:
        return is_unasked({"path": path, "method": method})

    may_send("a", True)
    may_send("b", True)
    may_send("b", False)
    place = "/_stcore/upload_file/"
    assert [unasked(f"{place}{session}/1") for session in ("a", "b", "c")] == [False, True, True]
    assert unasked(f"/below{place}b/1") and not unasked(f"/below{place}a/1")
    assert not unasked("/_stcore/health") and not unasked(f"{place}b/1", "OPTIONS")
    monkeypatch.setenv(settings.READ_ONLY.name, "yes")
    assert unasked(f"{place}a/1")
