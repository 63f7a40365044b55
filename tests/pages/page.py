"""Opens a page of the app in process, as a link would."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def open_page(name: str, **query: str) -> AppTest:
    """The page ``name`` after its first run, with these parameters in its address."""
    page = AppTest.from_file(ROOT / "metadash" / "dashboard" / "shell.py", default_timeout=30)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    page.switch_page(str(ROOT / "pages" / f"{name}.py"))
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, [problem.message for problem in page.exception]
    return page


def said(page: AppTest, text: str) -> bool:
    """Whether a line of Markdown or a caption on the page holds ``text``."""
    return any(text in element.value for element in [*page.markdown, *page.caption])
