"""The colours of the house by role, on light and on dark. Contrast is checked in tests/dashboard/test_theme.py."""

from dataclasses import dataclass

from metadash.stats.verdict import Verdict


@dataclass(frozen=True)
class Palette:
    """One role, one colour, on every page."""

    background: str
    panel: str
    text: str
    muted: str
    grid: str
    plain: str
    helps: str
    control: str
    hurts: str
    link: str
    categories: tuple[str, ...]
    steps: tuple[str, ...]
    """From little to much: lightness and hue rise together, so that they read without colour too."""


LIGHT = Palette(
    background="#ffffff",
    panel="#f5f6f8",
    text="#14181f",
    muted="#4a5361",
    grid="#e4e7ec",
    plain="#5b6675",
    helps="#0b7285",
    control="#b35900",
    hurts="#b3261e",
    link="#1c5fb0",
    categories=("#0072b2", "#d55e00", "#007a5a", "#a4508b", "#8a6d00", "#5b6675", "#b3261e", "#2f4b9b", "#3d7a1f", "#7a4a2b"),
    steps=("#b07d00", "#c2603c", "#a8417f", "#6c3fa5", "#23307a"),
)

DARK = Palette(
    background="#11151b",
    panel="#1a2029",
    text="#e8ebef",
    muted="#a9b3c0",
    grid="#2a323d",
    plain="#9aa6b5",
    helps="#3cc4d6",
    control="#f0a04b",
    hurts="#ff7b72",
    link="#7ab7ff",
    categories=("#56b4e9", "#ff9450", "#35c99a", "#e08fc4", "#f0d442", "#9aa6b5", "#ff7b72", "#8ea8ff", "#9bd36a", "#d3a27f"),
    steps=("#8583f5", "#b873e0", "#e07ab0", "#f5a06a", "#f4dd5a"),
)


def translucent(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def colour_of(verdict: Verdict, palette: Palette) -> str:
    """Amber is of controls alone: what cannot be told has the colour of no difference, and its mark says which."""
    return {Verdict.HELPS: palette.helps, Verdict.HURTS: palette.hurts}.get(verdict, palette.plain)
