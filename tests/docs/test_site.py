"""The site of ``docs/``: built without a warning, whole, read without a network, and right about the app that it describes."""

import contextlib
import html
import inspect
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from metadash import api
from metadash.verbs import cli
from tests.docs.pictured import PICTURES, page_of, said, words_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
TEXTS = [*DOCS.rglob("*.md"), ROOT / "README.md"]
LONG = 300


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ``make docs`` builds it: a broken link or anchor, a page that no list names, a formula or a language that nobody reads are errors."""
    folder = tmp_path_factory.mktemp("site")
    strict = ["-W", "--keep-going", "-n", "-q", "-E", "-d", str(folder / "read")]
    build = [sys.executable, "-m", "sphinx", *strict, "-b", "html", str(DOCS), str(folder / "html")]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, timeout=LONG, check=False)
    if done.returncode:
        pytest.fail(done.stderr[-3000:], pytrace=False)
    return folder / "html"


def test_no_page_of_the_site_asks_another_host_for_anything(site: Path) -> None:
    loads = re.compile(
        r"""(?:src|srcset|data)\s*=\s*["']?\s*(?:https?:)?//|<link[^>]+href=["'](?:https?:)?//|@import\s+["'(]|url\(["']?(?:https?:)?//"""
    )
    for file in site.rglob("*"):
        if file.suffix in (".html", ".css"):
            found = loads.search(file.read_text(encoding="utf-8"))
            assert not found, f"{file.name}: {found.group(0)}"


def test_every_page_of_the_app_has_one_that_says_how_under_its_own_question(site: Path) -> None:
    assert sorted(path.stem for path in (DOCS / "how-to").glob("*.md") if path.stem != "index") == PAGES
    for name in PAGES:
        source = (ROOT / "pages" / f"{name}.py").read_text(encoding="utf-8")
        heading = (DOCS / "how-to" / f"{name}.md").read_text(encoding="utf-8").splitlines()[0]
        own = [f": {asked.lower()}" for asked in re.findall(r'header\(\s*"([^"]+)"', source)]
        assert heading.lower().endswith(tuple(own)), f"{heading!r} does not ask what the page asks"
        assert (site / "how-to" / f"{name}.html").exists()


def test_every_verb_with_every_option_is_in_the_reference(site: Path) -> None:
    text = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    for verb in cli.VERBS:
        assert f'id="{verb.__name__.rpartition(".")[2]}"' in text
    for name, options in verbs_and_options().items():
        section = text.partition(f'id="{name.replace(" ", "-")}"')[2].partition("<section")[0]
        for option in options:
            assert f">{option}" in section, f"{name} {option}"


def verbs_and_options() -> dict[str, list[str]]:
    from tests.verbs.test_options import options_of

    found: dict[str, list[str]] = {}
    for name, action in options_of(cli.parser()):
        if name and action.dest not in ("help", "workspace", "json") and action.option_strings:
            found.setdefault(name, []).append(action.option_strings[0])
    return found


def test_every_public_name_is_in_the_reference_with_its_docstring_and_its_example(site: Path) -> None:
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())
    for name in api.__all__:
        assert f'id="{name.lower().replace("_", "-")}"' in text, name
        given = getattr(api, name)
        if inspect.isfunction(given):
            shown = re.findall(r">>> .*", inspect.getdoc(given) or "")[-1]
            assert f"metadash.{name}(" in words and " ".join(shown.split()) in words, name


def test_every_control_that_a_how_to_names_is_in_the_app() -> None:
    """Bold is what one can press or choose; a point of a list begins in bold with a full stop."""
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("pages", "metadash/dashboard", "metadash/front", "metadash/runs/queue")
        for file in (ROOT / folder).rglob("*.py")
    )
    for file in (DOCS / "how-to").glob("*.md"):
        text = " ".join(file.read_text(encoding="utf-8").split())
        for label in re.findall(r"\*\*([^*]+?)\*\*", text):
            pieces = [piece.strip() for piece in label.split("…") if piece.strip()]
            assert label.endswith(".") or all(piece in code for piece in pieces), f"{file.name}: there is no control {label!r}"


def test_no_picture_shows_a_heading_or_a_control_that_is_gone() -> None:
    """``make tutorial`` takes them all, ``python -m tests.browser.tutorial PAGE`` those of one page."""
    used = set(re.findall(r"pictures/([\w-]+)\.png", "\n".join(file.read_text(encoding="utf-8") for file in DOCS.rglob("*.md"))))
    assert set(said()) <= used <= {file.stem for file in PICTURES.glob("*.png")}
    assert {f"page-{name}" for name in PAGES} <= set(said())
    for picture, words in said().items():
        gone = sorted(set(words) - set(words_of(page_of(picture))))
        assert not gone, f"{picture}.png is older than {gone}; take it again: python -m tests.browser.tutorial {page_of(picture)}"


def test_every_command_in_the_documentation_is_one_that_the_parser_reads() -> None:
    parser, tried = cli.parser(), 0
    for file in TEXTS:
        for block in re.findall(r"```sh\n(.*?)```", file.read_text(encoding="utf-8"), re.S):
            for line in block.splitlines():
                words = shlex.split(line.partition(" > ")[0], comments=True)
                while words and words[0] in (".venv/bin/python", "python", "-m"):
                    del words[0]
                if words[:1] != ["metadash"]:
                    continue
                said = io.StringIO()
                try:
                    with contextlib.redirect_stderr(said):
                        parser.parse_args(words[1:])
                except SystemExit:
                    pytest.fail(f"{file.name}: {line}\n{said.getvalue()}")
                tried += 1
    assert tried > 60


def test_the_readme_links_to_what_is_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{name}: {target}"


def test_the_site_opens_from_a_disk_finds_words_and_draws_formulas(site: Path, chromium: Browser) -> None:
    with chromium.new_context() as opened:
        page, asked = opened.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.locator("input[name=q]").first.fill("kappa")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Prototypes and metadata").last.click()
        formula = page.locator(".formula math").first
        box = formula.bounding_box()
        assert page.get_by_role("heading", level=1).inner_text().startswith("Prototypes and metadata")
        assert box and box["height"] > 30 and box["width"] > 200, "a fraction and a sum stand above and below the line"
        assert asked and all(url.startswith("file:") for url in asked)
