"""A visitor with a program instead of a browser: signs in with a cookie, and sends whatever messages of widgets it likes."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from websockets.sync.client import connect

SECRET = "a cookie secret of a test, long enough to be believed"
WITHIN = 60.0
"""Seconds in which a script has run on a busy machine."""


def cookie_of(address: str, email: str, secret: str = SECRET, **claims: Any) -> str:
    """The cookie that Streamlit gives to somebody who signed in."""
    said = {"origin": address, "is_logged_in": True, "iss": "https://id.example", "sub": email, "email": email, **claims}
    return create_signed_value(secret, USER_COOKIE_NAME, json.dumps(said)).decode()


@dataclass
class Program:
    """One connection. ``pages``: their names in messages, by what they are called in addresses."""

    address: str
    email: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = SECRET
    pages: dict[str, str] = field(default_factory=dict)
    session = ""

    def __enter__(self) -> Self:
        self.token = token = generate_xsrf_token_string()
        cookies = {XSRF_COOKIE_NAME: token}
        if self.email:
            cookies[USER_COOKIE_NAME] = f'"{cookie_of(self.address, self.email, self.secret)}"'
        self.cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
        sent = {"Cookie": self.cookies, **self.headers}
        self.socket = connect(
            f"ws://{urlsplit(self.address).netloc}/_stcore/stream",
            origin=self.address,  # type: ignore[arg-type]
            subprotocols=["streamlit", token],  # type: ignore[list-item]
            additional_headers=sent,
            max_size=None,
        ).__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    def upload(self, content: bytes = b"a file") -> int:
        """Send a file as the uploader of a page would; the status of the answer."""
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + content + b"\r\n--x--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=x", "X-Xsrftoken": self.token, "Cookie": self.cookies}
        address = f"{self.address}/_stcore/upload_file/{self.session}/one"
        try:
            with urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT"), timeout=WITHIN) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def run(
        self, page: str = "", query: str = "", pressed: Iterable[str] = (), values: Mapping[str, Any] | None = None
    ) -> "Shown":
        """Run a page with these widgets pressed, and with these values of components (JSON); what it answers."""
        self.send(page, query, pressed, values)
        shown = Shown()
        while True:
            message = ForwardMsg()
            message.ParseFromString(self.socket.recv(WITHIN, decode=False))
            if message.WhichOneof("type") == "new_session":
                self.session = message.new_session.initialize.session_id
            if message.WhichOneof("type") == "navigation":
                self.pages.update({one.url_pathname or "start": one.page_script_hash for one in message.navigation.app_pages})
            shown.take(message)
            if message.WhichOneof("type") == "script_finished":
                return shown

    def send(self, page: str = "", query: str = "", pressed: Iterable[str] = (), values: Mapping[str, Any] | None = None) -> None:
        message = BackMsg()
        message.rerun_script.query_string = query
        if page:
            message.rerun_script.page_script_hash = self.pages[page]
        for name in pressed:
            message.rerun_script.widget_states.widgets.add(id=name, trigger_value=True)
        for name, value in (values or {}).items():
            message.rerun_script.widget_states.widgets.add(id=name, json_value=value)
        self.socket.send(message.SerializeToString())


@dataclass
class Shown:
    """What a script drew: ``buttons`` by their label, with their names in messages; ``components``; ``texts`` of any kind."""

    buttons: dict[str, str] = field(default_factory=dict)
    components: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def take(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") != "delta":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "bidi_component":
            self.components.append(element.bidi_component.id)
        elif kind in ("markdown", "alert"):
            self.texts.append(getattr(element, kind).body)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)
