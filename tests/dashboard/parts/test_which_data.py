"""Which data set the pages are about: what a link asks for that is not here is said until a person has chosen, and not again."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import StopException

from metadash.dashboard.parts import which_data
from metadash.dashboard.parts.which_data import ASKED, KEY, choose_dataset, forget, refuse_unknown, take

HERE = ["glyphs", "tiny"]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Streamlit with an address of one parameter; ``said`` is what it was told to draw."""
    found = SimpleNamespace(address=[], said=[], link=None, session={})
    st = SimpleNamespace(
        session_state=found.session,
        query_params=SimpleNamespace(get_all=lambda key: list(found.address)),
        selectbox=lambda label, names, **more: found.said.append(("selectbox", names, more["on_change"])),
        title=lambda text, **_: found.said.append(("title", text)),
        error=lambda text, **_: found.said.append(("error", text)),
        caption=lambda text: None,
        button=lambda label, **more: found.said.append(("button", label, more["args"])),
        container=lambda **_: nullcontext(),
    )
    monkeypatch.setattr(which_data, "st", st)
    monkeypatch.setattr(which_data, "linked", lambda key: found.link)
    return found


def test_a_data_set_that_is_here_is_taken_without_a_word(page: Any) -> None:
    page.address = ["tiny"]
    choose_dataset(HERE)
    assert page.said == [("selectbox", HERE, forget)] and ASKED not in page.session
    refuse_unknown(HERE)
    assert len(page.said) == 1


@pytest.mark.parametrize(("address", "asked"), [(["gone"], "gone"), (["glyphs", "tiny"], "glyphs and tiny"), ([""], "")])
def test_one_that_is_not_here_or_asked_for_twice_is_kept_in_mind(page: Any, address: list[str], asked: str) -> None:
    page.address = address
    choose_dataset(HERE)
    assert page.session[ASKED] == asked


def test_once_a_person_has_chosen_the_same_address_asks_for_nothing_and_another_does(page: Any) -> None:
    page.address = ["gone"]
    choose_dataset(HERE)
    take("glyphs")
    assert page.session[KEY] == "glyphs" and ASKED not in page.session
    choose_dataset(HERE)
    assert ASKED not in page.session, "the address still stands for a moment"
    page.address = ["lost"]
    choose_dataset(HERE)
    assert page.session[ASKED] == "lost"


def test_a_link_to_another_data_set_changes_the_control(page: Any) -> None:
    page.link = "tiny"
    choose_dataset(HERE)
    assert page.session[KEY] == "tiny"
    page.link = "gone"
    choose_dataset(HERE)
    assert page.session[KEY] == "tiny"


@pytest.mark.parametrize(
    ("asked", "named"), [("go_ne" * 30, "the data set “" + "go\\_ne" * 16 + "”"), ("", "a data set without a name")]
)
def test_instead_of_the_page_it_names_what_is_not_here_and_what_is(page: Any, asked: str, named: str) -> None:
    page.session[ASKED] = asked
    with pytest.raises(StopException):
        refuse_unknown(HERE)
    assert ("error", f"The link asks for {named}, which is not here; those here: glyphs, tiny.") in page.said
    assert [(one[1], one[2]) for one in page.said if one[0] == "button"] == [("glyphs", ("glyphs",)), ("tiny", ("tiny",))]
