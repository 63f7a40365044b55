"""All that a paper sets when it trains its learner, as choices that can be made one by one too. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RECIPES = ("quick", "paper")


@dataclass(frozen=True)
class Recipe:
    """``settings`` are choices of ``run_for`` by their names, ``by_ways`` those that a paper has for so many ways and more, ``options`` and
    ``options_by_ways`` the learner's own; ``widths`` how wide a backbone is, where it is of that name. What a person chooses goes before.

    ``published``: training steps and tasks a step, by ways (None: any), where they are known; ``settings`` are shorter where a core would
    take days. ``deviations``: where what is trained here is not what the paper trains, a clause each.
    """

    name: str
    paper: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_ways: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    options_by_ways: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    published: Mapping[int | None, tuple[int, int]] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()

    def settings_for(self, n_way: int, backbone: str) -> dict[str, Any]:
        """The choices for tests of ``n_way`` with a backbone of that name; the learner's options are among them, as ``options``."""
        found = {**self.settings, **nearest(self.by_ways, n_way)}
        options = {**self.options, **nearest(self.options_by_ways, n_way)}
        found |= {"options": tuple(options.items())} if options else {}
        return found | ({"width": self.widths[backbone]} if backbone in self.widths else {})

    def length(self, n_way: int) -> tuple[int, int] | None:
        """Steps, and tasks a step, as published; None where they are not known."""
        return self.published.get(n_way, self.published.get(None))

    def share(self, n_way: int, steps: int, meta_batch: int) -> float | None:
        """Of the published training tasks; None where their number is not known."""
        known = self.length(n_way)
        return None if known is None else steps * meta_batch / (known[0] * known[1])


def settings_words(recipe: Recipe, n_way: int, backbone: str = "conv4") -> str:
    """What it sets for tests of so many ways, as ``name value``; the learner's options among them."""
    settings = recipe.settings_for(n_way, backbone)
    options = settings.pop("options", ())
    return ", ".join(f"{name} {value}" for name, value in [*settings.items(), *options])


def nearest(by_ways: Mapping[int, Mapping[str, Any]], n_way: int) -> Mapping[str, Any]:
    """Of the largest number of ways that is no more than ``n_way``, else of the smallest."""
    if not by_ways:
        return {}
    fewer = [ways for ways in by_ways if ways <= n_way]
    return by_ways[max(fewer) if fewer else min(by_ways)]


QUICK = Recipe("quick", "")
"""What is usual here, for small data and a minute: nothing is set."""
