"""*Back* and *forward* show what was there (streamlit #9279).

On a switch to another page Streamlit drops the parameters of the old page while the browser still stands on it, and each such message
makes an entry in the browser's history: *back* came to the old page with an empty filter. Here the message waits until the server has
named the new page (``tell``), and in the browser a new address of the same page replaces the last one; where another page follows at
once, the old page's own address is put back first (``ONE_ENTRY``).

To the query of a link the browser adds what the widgets of the page before hold in the address, the data set of the sidebar among them:
what a link names stood there twice, or beside another value, and a parameter that is there twice says nothing. It is read once (``said_once``).
"""

from collections.abc import Callable
from urllib.parse import urlencode

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams, _parse_query_string

ONE_ENTRY = """
  if (!window.metadashHistory) {
    window.metadashHistory = {address: "", since: -Infinity};
    const [push, replace] = [history.pushState.bind(history), history.replaceState.bind(history)];
    history.pushState = (state, title, address) => {
      const before = window.metadashHistory, justNow = performance.now() - before.since < 300;
      if (new URL(address, location.href).pathname === location.pathname) {
        if (!justNow) window.metadashHistory = {address: location.href, since: performance.now()};
        replace(state, title, address);
      } else {
        if (justNow && new URL(before.address).pathname === location.pathname) replace(history.state, "", before.address);
        push(state, title, address);
      }
    };
  }
"""


OF_EVERY_PAGE = {"dataset"}
"""The parameters of what stands in the sidebar, each of one value."""


def holding(populate: Callable[..., None]) -> Callable[..., None]:
    """Streamlit's reading of an address; at a switch of pages, the only time it is given the pages' hashes, nothing is told until ``tell``."""

    def read(params: QueryParams, address: str, pages: set[str] | None = None) -> None:
        if pages is not None:
            params.__dict__.update(held=True)
            once = said_once(address)
            params.__dict__["linked"] = {
                key: texts[-1] for key, texts in _parse_query_string(address).items() if key in OF_EVERY_PAGE or len({*texts}) > 1
            }
            params.__dict__.update({"untold": True} if once != address else {})
            address = once
        populate(params, address, pages)

    return read


def said_once(query: str) -> str:
    """``dataset=a&dataset=b&q=c`` to ``dataset=b&q=c``: the browser puts what the link says last. A query without such a parameter
    twice comes back as it is."""
    found = _parse_query_string(query)
    once = {key: texts[-1:] if key in OF_EVERY_PAGE else texts for key, texts in found.items()}
    return query if once == found else urlencode(once, doseq=True)


def unless_held(send: Callable[[QueryParams], None]) -> Callable[[QueryParams], None]:
    def send_or_keep(params: QueryParams) -> None:
        if params.__dict__.get("held"):
            params.__dict__.update(untold=True)
        else:
            send(params)

    return send_or_keep


if not hasattr(QueryParams, "held"):
    QueryParams.held = False  # type: ignore[attr-defined]
    QueryParams.populate_from_query_string = holding(QueryParams.populate_from_query_string)  # type: ignore[method-assign]
    QueryParams._send_query_param_msg = unless_held(QueryParams._send_query_param_msg)  # type: ignore[method-assign, assignment]


def tell() -> None:
    """Now the browser is on the page that runs: it may learn which parameters are not of this page."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        params.__dict__.pop("held", None)
        if params.__dict__.pop("untold", False):
            params._send_query_param_msg()


def linked(key: str) -> str | None:
    """What the link that led to this page says of a parameter of every page; the page before may have held something else. Asked once."""
    context = get_script_run_ctx()
    if context is None:
        return None
    with context.session_state.query_params() as params:
        found: dict[str, str] = params.__dict__.get("linked", {})
        return found.pop(key, None)


def came_back() -> bool:
    """Whether this run shows an address that *back* or *forward* brought up again."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
