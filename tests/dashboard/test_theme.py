"""The colours: the same in the charts and in Streamlit's theme, and readable on their backgrounds (WCAG 2.2, 1.4.3 and 1.4.11)."""

import tomllib
from pathlib import Path

import pytest

from metadash.figures.palette import DARK, LIGHT, Palette

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEMES = [pytest.param(LIGHT, "light", id="light"), pytest.param(DARK, "dark", id="dark")]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("palette", "name"), THEMES)
def test_streamlit_and_the_charts_have_the_same_colours(palette: Palette, name: str) -> None:
    theme = CONFIG["theme"][name]
    assert theme["primaryColor"] == palette.helps
    assert theme["backgroundColor"] == palette.background
    assert theme["secondaryBackgroundColor"] == palette.panel
    assert theme["textColor"] == palette.text
    assert theme["linkColor"] == palette.link
    assert tuple(theme["chartCategoricalColors"]) == palette.categories


@pytest.mark.parametrize(("palette", "name"), THEMES)
def test_text_can_be_read_and_marks_can_be_seen(palette: Palette, name: str) -> None:
    for ground in (palette.background, palette.panel):
        for text in (palette.text, palette.muted, palette.link):
            assert contrast(text, ground) >= 4.5
        for mark in (palette.plain, palette.helps, palette.control, palette.hurts, *palette.categories):
            assert contrast(mark, ground) >= 3


@pytest.mark.parametrize(("palette", "name"), THEMES)
def test_no_two_roles_share_a_colour(palette: Palette, name: str) -> None:
    roles = (palette.plain, palette.helps, palette.control, palette.hurts)
    assert len(set(roles)) == len(roles)
    assert len(set(palette.categories)) == len(palette.categories) == 10
