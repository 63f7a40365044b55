"""Asking for a file runs nothing else: a click that reran the page lost the file on a busy machine."""

from streamlit.testing.v1 import AppTest


def offering() -> None:
    from metadash.dashboard.parts.downloads import download

    def made() -> str:
        raise AssertionError("made before anybody asked for it")

    download("Later", made, "later.csv")
    download("At once", "a,b", "at_once.csv", width="stretch")


def test_a_download_reruns_nothing_and_makes_the_file_only_when_asked() -> None:
    page = AppTest.from_function(offering).run()
    assert not page.exception
    buttons = [button.proto for button in page.get("download_button")]
    assert [button.label for button in buttons] == ["Later", "At once"]
    assert all(button.ignore_rerun for button in buttons)
