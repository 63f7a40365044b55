"""A browser session without the browser: Streamlit's websocket and protobuf messages, driven fast enough to load a server.

One ``Session`` is one tab. It says which page it is on with every rerun (without the page's hash the server would run the home page),
keeps the pace of the page's polling fragments as a browser does, and measures a rerun from the widget's message to the end of the
script. It caches no messages, so the server sends everything every time: a little more work than a browser makes for it.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import DoubleArray, StringArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE = 60.0
"""Seconds a rerun may take before the session gives up."""

MAIN = 0
"""The first number of a delta path: 0 is the page's main part, 1 the sidebar."""


class Wrong(Exception):
    """The page that answered was another one, or it showed an error."""


@dataclass
class Session:
    """One tab on ``page`` (its url path, "" for the home page). ``elements`` is what its last full run drew, by delta path."""

    address: str
    page: str = ""
    query: str = ""
    elements: dict[tuple[int, ...], Any] = field(default_factory=dict)
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    polls: dict[str, asyncio.Task] = field(default_factory=dict)
    page_hash: str = ""
    turned: str = "nothing"
    fragment_runs: int = 0
    received: int = 0

    async def __aenter__(self) -> Self:
        url = self.address.replace("http://", "ws://") + "/_stcore/stream"
        self.socket: ClientConnection = await connect(
            url, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(self.address)
        )
        self.finished: asyncio.Queue[float] = asyncio.Queue()
        self.full_run = False
        self.reader = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self.reader, *self.polls.values()):
            task.cancel()
        await self.socket.close()

    async def visit(self) -> float:
        """The first run, as after typing the address; seconds. Raises Wrong where the page shows an error instead."""
        seconds = await self.run()
        if self.errors:
            raise Wrong(f"The page '{self.page or 'home'}' shows an error: {self.errors[0]}")
        return seconds

    @property
    def errors(self) -> list[str]:
        """What the page shows in red: exceptions, and the one sentence for bad input."""
        exceptions = [
            element.exception.message for element in self.elements.values() if element.WhichOneof("type") == "exception"
        ]
        alerts = [element.alert for element in self.elements.values() if element.WhichOneof("type") == "alert"]
        return exceptions + [alert.body for alert in alerts if alert.format == Alert.ERROR]

    async def run(self, changed: WidgetState | None = None) -> float:
        """A full rerun with one widget changed; seconds from sending to the end of the script."""
        if self.reader.done():
            raise Wrong("The server closed the connection.")
        while not self.finished.empty():  # runs that the page itself asked for
            self.finished.get_nowait()
        before, started = self.page_hash, time.perf_counter()
        await self.send(changed)
        ended = await asyncio.wait_for(self.finished.get(), PATIENCE)
        if before and before != self.page_hash:
            raise Wrong(f"The server answered with another page than '{self.page}'.")
        return ended - started

    async def send(self, changed: WidgetState | None = None, fragment: str = "") -> None:
        """Triggers (buttons) are told once; every other widget's value is told again with each message, as a browser does."""
        state = ClientState(query_string=self.query, fragment_id=fragment, is_auto_rerun=bool(fragment))
        if self.page_hash:
            state.page_script_hash = self.page_hash
        else:
            state.page_name = self.page
        state.context_info.url = f"{self.address}/{self.page}"
        if changed is not None and changed.WhichOneof("value") != "trigger_value":
            self.widgets[changed.id] = changed
            changed = None
        state.widget_states.widgets.extend([*self.widgets.values(), *([changed] if changed is not None else [])])
        await self.socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def read(self) -> None:
        async for frame in self.socket:
            message = ForwardMsg()
            message.ParseFromString(frame)
            self.received += len(frame)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.full_run = not message.metadata.run.fragment_ids
                if self.full_run:
                    self.page_hash = message.new_session.page_script_hash
                    self.elements.clear()
                    self.stop_polling(list(self.polls))
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self.elements[tuple(message.metadata.delta_path)] = message.delta.new_element
            elif kind == "navigation" and message.navigation.page_script_hash:
                self.page_hash = message.navigation.page_script_hash
            elif kind == "auto_rerun":
                name = message.auto_rerun.fragment_id
                self.stop_polling([name])
                self.polls[name] = asyncio.create_task(self.poll(name, message.auto_rerun.interval))
            elif kind == "stop_auto_rerun":
                self.stop_polling(list(message.stop_auto_rerun.fragment_ids))
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY and self.full_run:
                    self.finished.put_nowait(time.perf_counter())
                elif message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                    self.fragment_runs += 1

    async def poll(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self.send(fragment=fragment)

    def stop_polling(self, fragments: list[str]) -> None:
        for name in fragments:
            if name in self.polls:
                self.polls.pop(name).cancel()

    def element(self, key: str) -> Any:
        """The widget with this key, wherever it stands."""
        for element in self.elements.values():
            inner = getattr(element, element.WhichOneof("type") or "empty")
            if getattr(inner, "id", "").endswith(f"-{key}"):
                return inner
        raise Wrong(f"The page '{self.page or 'home'}' has no widget '{key}'.")

    async def press(self, key: str) -> float:
        return await self.run(WidgetState(id=self.element(key).id, trigger_value=True))

    def knob(self, keys: tuple[str, ...]) -> Iterator[WidgetState | None]:
        """Endless changes to the widgets of the main part named by ``keys``, in turn; to the first that can be changed if none is
        there; None again and again (a rerun that changes nothing) on a page without any. ``turned`` names what is changed.
        """
        found: dict[str, list[WidgetState]] = {}
        for path, element in sorted(self.elements.items()):
            kind = element.WhichOneof("type")
            if path[0] == MAIN and kind and (changes := changes_of(kind, getattr(element, kind))):
                identity = getattr(element, kind).id
                found[next((key for key in keys if identity.endswith(f"-{key}")), identity)] = changes
        if not found:
            return itertools.repeat(None)
        chosen = [key for key in keys if key in found] or [next(iter(found))]
        self.turned = ", ".join(key.rpartition("-")[2] for key in chosen)
        turns = [itertools.cycle(found[key]) for key in chosen]
        return (next(turn) for turn in itertools.cycle(turns))


def changes_of(kind: str, widget: Any) -> list[WidgetState]:
    """Values to send for a widget, two or more, what it shows now not first; empty where it is not simple or waits for a form."""
    identity = getattr(widget, "id", "")
    if not identity or getattr(widget, "disabled", False) or getattr(widget, "form_id", ""):
        return []
    if kind == "slider" and not widget.options and len(widget.default) == 1:
        values = numbers_between(widget.min, widget.max, widget.step, widget.default[0])
        return [WidgetState(id=identity, double_array_value=DoubleArray(data=[value])) for value in values]
    if kind == "number_input":
        now = widget.default if widget.HasField("default") else widget.min
        low, high = widget.min if widget.has_min else now, widget.max if widget.has_max else now + 5 * widget.step
        return [WidgetState(id=identity, double_value=value) for value in numbers_between(low, high, widget.step, now)]
    if kind in ("selectbox", "radio") and len(widget.options) > 1:
        texts = [option if isinstance(option, str) else option.content for option in widget.options]
        return [WidgetState(id=identity, string_value=text) for text in [*texts[1:], texts[0]]]
    if kind == "button_group" and len(widget.options) > 1:
        texts = [option.content for option in widget.options]
        return [WidgetState(id=identity, string_array_value=StringArray(data=[text])) for text in [*texts[1:], texts[0]]]
    if kind == "checkbox":
        return [WidgetState(id=identity, bool_value=value) for value in (not widget.default, widget.default)]
    return []


def numbers_between(low: float, high: float, step: float, now: float, n: int = 5) -> list[float]:
    """Up to ``n`` other values within the bounds, the nearest to ``now`` (a person moves a slider a little), then ``now`` again."""
    around = [now + step * move for distance in range(1, n + 1) for move in (distance, -distance)]
    return [*[value for value in around if low <= value <= high][:n], now]


@dataclass
class Load:
    """Reruns of several sessions at once: seconds of each by page, and what could not be measured."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    knobs: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    fragment_runs: int = 0
    bytes_received: int = 0

    @property
    def all(self) -> list[float]:
        return [second for seconds in self.seconds.values() for second in seconds]


async def load(address: str, pages: Mapping[str, tuple[str, ...]], sessions: int, seconds: float, think: float = 1.0) -> Load:
    """``sessions`` tabs dealt over ``pages`` (url path to preferred widget keys); each thinks, changes its widget, waits, and again.

    Thinking lasts ``think`` seconds on average, half as long to half as long again: people do not click in step.
    """
    found = Load()
    names = list(pages)

    async def one(number: int) -> None:
        name, generator = names[number % len(names)], random.Random(number)
        try:
            async with Session(address, name) as session:
                await session.visit()
                knob = session.knob(pages[name])
                found.knobs[name or "home"] = session.turned
                deadline = time.perf_counter() + seconds
                while time.perf_counter() < deadline:
                    await asyncio.sleep(think * generator.uniform(0.5, 1.5))
                    found.seconds.setdefault(name or "home", []).append(await session.run(next(knob)))
                found.fragment_runs += session.fragment_runs
                found.bytes_received += session.received
        except (Wrong, TimeoutError, OSError) as problem:
            found.problems.append(f"session {number} on '{name or 'home'}': {problem or type(problem).__name__}")

    await asyncio.gather(*(one(number) for number in range(sessions)))
    return found
