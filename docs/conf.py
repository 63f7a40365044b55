"""The site of the documentation: ``make docs`` builds it into ``site/``; a test builds it too, and any warning fails."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from building.names import every_name  # noqa: E402
from building.verbs import every_verb  # noqa: E402

from metadash.figures.palette import DARK, LIGHT  # noqa: E402

project = "MetaDash"
html_title = "MetaDash"
extensions = ["myst_parser", "building.formulas"]
exclude_patterns = ["building"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": LIGHT.helps, "color-brand-content": LIGHT.link},
    "dark_css_variables": {"color-brand-primary": DARK.helps, "color-brand-content": DARK.link},
}
html_math_renderer = "mathml"
html_static_path = ["building/static"]
html_css_files = ["site.css"]
html_favicon = "../metadash/dashboard/icon.svg"
html_copy_source = False
html_show_copyright = False

GENERATED = {"<!-- every verb -->": every_verb, "<!-- every name -->": every_name}
"""What stands in a page's source, and what stands there when it is read."""

CHART = re.compile(r"^```mermaid\n.*?^```\n", re.M | re.S)
"""Repositories draw these; here they would be asked of the internet, and the table above each says the same."""


def fill_in(app: Sphinx, name: str, source: list[str]) -> None:
    for mark, made in GENERATED.items():
        if mark in source[0]:
            source[0] = source[0].replace(mark, made())
    source[0] = CHART.sub("", source[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", fill_in)
