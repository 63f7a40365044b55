"""Where the dashboard's files lie: at the top of a checkout, and inside the package where that was installed from a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
INSTALLED = PACKAGE / "site"
"""A wheel carries here what stands on top of a checkout: the launcher, the pages, the theme (``force-include`` in pyproject.toml)."""
TOP = INSTALLED if INSTALLED.is_dir() else PACKAGE.parent
APP = TOP / "app.py"
PAGES = TOP / "pages"
THEME = TOP / ".streamlit" / "config.toml"
SHELL = PACKAGE / "dashboard" / "shell.py"
