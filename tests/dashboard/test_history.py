"""What the browser sends when a link leads to another page, as the server reads it."""

import pytest
from streamlit.runtime.state.query_params import QueryParams

from metadash.dashboard.links import history


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("dataset=b&dataset=b&q=own", {"dataset": ["b"], "q": ["own"]}),
        ("a=1&a=1&q=own", {"a": ["1", "1"], "q": ["own"]}),
        ("dataset=here&dataset=of+the+link&a=1&a=2", {"dataset": ["of the link"], "a": ["1", "2"]}),
        ("dataset=b&dataset=b&pool=&q=%C3%A4+%26", {"dataset": ["b"], "pool": [""], "q": ["ä &"]}),
    ],
)
def test_what_link_and_address_both_say_is_read_once(sent: str, read: dict[str, list[str]]) -> None:
    params = QueryParams()
    params.populate_from_query_string(sent, {"another page"})
    assert {key: params.get_all(key) for key in params} == read
    assert params.__dict__.pop("untold", False) == (history.said_once(sent) != sent), (
        "the browser is told where that is another address"
    )


def test_an_address_that_was_typed_with_a_parameter_twice_keeps_both() -> None:
    params = QueryParams()
    params.populate_from_query_string("ep_way=3&ep_way=3")
    assert params.get_all("ep_way") == ["3", "3"]
