"""What the address of a page cannot do by itself: hold what is chosen at its default, and say what of a link was not possible.

Streamlit's ``bind="query-params"`` fills widgets from the address and writes them into it. A choice at its default it leaves out
(streamlit #16055), although another data set or another machine may have another default; what it cannot use it drops without a word,
and an endless number in a field of whole numbers ends the run (OverflowError). Mended here, the one place that looks into its session:
the pin to a minor version of Streamlit and ``tests/pages/test_links.py`` hold what is used of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import parse_url_param
from streamlit.runtime.state.session_state import SessionState

from metadash.dashboard.parts.escape import plain

ODD = "address odd"
"""In the session: what could not be taken from the link, by query parameter."""
LABELS, INSTEAD = "address labels", "address instead"
PAGE = "address page"
LONGEST = 40
Wire = list[str]
"""A widget's value as it stands in an address: its texts, one for each time the parameter is there."""


def wire(metadata: Any, value: Any) -> Wire:
    """The texts that seed the widget of ``metadata`` with ``value``; none where there is nothing to say."""
    serialized = metadata.serializer(value)
    values = serialized if isinstance(serialized, (list, tuple)) else [] if serialized is None else [serialized]
    return [text_of(one) for one in values]


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def means(text: str, other: str, value_type: str) -> bool:
    """Whether two texts of an address say the same value."""
    if text == other:
        return True
    if value_type.startswith("double"):
        try:
            return float(text) == float(other)
        except ValueError:
            return False
    return value_type == "bool_value" and text.lower() == other.lower()


# --- into the page -----------------------------------------------------------------------------------------------------------


def seeded(original: Callable[..., bool]) -> Callable[..., bool]:
    """Streamlit's filling of one widget from the address, which now notes what could not be taken and leaves the usual value."""

    def seed(state: SessionState, metadata: Any, key: str, widget_id: str, found: str | list[str]) -> bool:
        texts = found if isinstance(found, list) else [found]
        usual = metadata.deserializer(None)
        many = isinstance(usual, (list, tuple))
        taken = (many or possible(metadata, texts)) and original(state, metadata, key, widget_id, found)
        now = wire(metadata, state[widget_id] if taken else usual)
        kind = metadata.value_type
        odd = [one for one in texts if not any(means(one, other, kind) for other in now)]
        emptied = texts == [""] and not now and (many or metadata.clearable or kind == "string_value")
        if not taken:
            state.query_params.remove_param(key)
        if odd and not emptied:
            if ODD not in state:
                state[ODD] = {}
            state[ODD][key] = odd if many else texts
        return taken

    return seed


def possible(metadata: Any, texts: list[str]) -> bool:
    """Whether a widget of one value takes exactly what the address says; a parameter that is there twice says nothing."""
    if len(texts) != 1:
        return False
    try:
        parsed = parse_url_param(texts[0], metadata.value_type)
        value = metadata.deserializer(parsed) if parsed is not None else None
        if value is None:
            return metadata.deserializer(None) is None  # what has a usual value cannot be without one
        now = wire(metadata, value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return any(means(texts[0], one, metadata.value_type) for one in now)


if not hasattr(SessionState._seed_widget_from_url, "__wrapped__"):
    careful = seeded(SessionState._seed_widget_from_url)
    careful.__wrapped__ = SessionState._seed_widget_from_url  # type: ignore[attr-defined]
    SessionState._seed_widget_from_url = careful  # type: ignore[method-assign]


def not_possible(key: str, texts: list[str], label: str, instead: str = "") -> None:
    """Note what an unbound parameter of the link said; the sentence stands above the page once that has been drawn."""
    st.session_state.setdefault(INSTEAD, {})[key] = instead
    st.session_state.setdefault(LABELS, {})[key] = label
    st.session_state[ODD] = {**st.session_state.get(ODD, {}), key: texts}


@contextmanager
def listening() -> Iterator[None]:
    """Learn the labels of the bound widgets that are drawn: messages name what a person sees, not a parameter."""
    context = get_script_run_ctx()
    assert context is not None
    send = context._enqueue
    labels = st.session_state.setdefault(LABELS, {})

    def listen(message: Any) -> None:
        if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            drawn = getattr(element, element.WhichOneof("type") or "", None)
            if key := getattr(drawn, "query_param_key", ""):
                labels[key] = getattr(drawn, "label", "") or key
        send(message)

    context._enqueue = listen
    try:
        yield
    finally:
        context._enqueue = send


def is_another_page(page: str) -> bool:
    """Whether another page was shown before; what a link said of that one is no news here."""
    before = st.session_state.get(PAGE)
    if before == page:
        return False
    st.session_state[PAGE] = page
    if before is not None:
        st.session_state.pop(ODD, None)
        st.session_state.pop(f"{ODD} shown", None)
    return before is not None


def sentences() -> list[str]:
    """One for each value of the link that was not possible, while what is shown in its place still is; to be called when all is drawn."""
    odd: dict[str, list[str]] = st.session_state.get(ODD, {})
    if not odd:
        return []
    labels, widgets = st.session_state.get(LABELS, {}), held()
    before = st.session_state.setdefault(f"{ODD} shown", {})
    told = []
    for key, texts in list(odd.items()):
        now = widgets[key].now if key in widgets else st.query_params.get_all(key)
        if before.setdefault(key, now) != now:
            del odd[key], before[key]  # somebody has chosen since
            continue
        values, label = " and ".join(map(short, texts)), labels.get(key, key)
        told.append(f"The link's value {values} for “{label}” is not possible here; {instead(key, now, widgets.get(key))}.")
    return told


def instead(key: str, now: Wire, widget: "Held | None") -> str:
    """What is on the page in place of what the link says."""
    if said := st.session_state.get(INSTEAD, {}).get(key):
        return str(said)
    if not any(now):
        return "nothing is chosen there"
    usual = "the usual " if widget is None or now == widget.usual else ""
    return f"{usual}{', '.join(map(short, now))} {'is' if len(now) == 1 else 'are'} shown"


def short(text: str) -> str:
    if not text:
        return "“” (empty)"
    cut = f"{text[:LONGEST]}…” ({len(text)} characters)" if len(text) > LONGEST else f"{text}”"
    return f"“{cut}"


# --- out of the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """What a bound widget of this run holds and usually holds, and whether a fragment may change it without the page."""

    now: Wire
    usual: Wire
    in_fragment: bool


def held() -> dict[str, Held]:
    """By query parameter."""
    context = get_script_run_ctx()
    assert context is not None
    state = context.session_state._state
    shown = context.shared.widget_ids_this_run.snapshot()
    found = {}
    for widget_id, binding in state.query_params._bindings_by_widget.items():
        if widget_id in shown:
            metadata = state._new_widget_state.widget_metadata[widget_id]
            now, usual = wire(metadata, state[widget_id]), wire(metadata, metadata.deserializer(None))
            found[binding.param_key] = Held(now, usual, metadata.fragment_id is not None)
    return found


def everything() -> tuple[dict[str, Wire], dict[str, Wire]]:
    """What every bound widget of this run holds, and what those in fragments usually hold, by query parameter.

    A fragment may run again without the page, so only the browser knows what its widgets hold; where its address does not say, they
    are as usual. A field that is empty, as usual, can only be so elsewhere.
    """
    widgets = {key: widget for key, widget in held().items() if any(widget.now) or any(widget.usual)}
    chosen = {key: widget.now or [""] for key, widget in widgets.items() if not widget.in_fragment}
    return chosen, {key: widget.usual or [""] for key, widget in widgets.items() if widget.in_fragment}


def notes() -> None:
    """The sentences, each on a line, above everything else on the page."""
    if told := sentences():
        st.warning("  \n".join(map(plain, told)), icon=":material/link_off:")
