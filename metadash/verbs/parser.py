"""How options are read: each once, a wrong word with the one that was perhaps meant."""

import argparse
from typing import Any

from metadash.errors import nearest

GIVEN = "_given"
"""In what was parsed of one verb: which of its options were there."""


def once(kind: Any) -> Any:
    """An action of argparse that refuses an option given twice, of which it would silently keep the last."""

    class Once(kind):
        def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: Any = None) -> None:
            given = vars(namespace).setdefault(GIVEN, set())
            if self.option_strings and self.dest in given:
                parser.error(f"{self.option_strings[0]} is given twice; give it once")
            given.add(self.dest)
            super().__call__(parser, namespace, values, flag)

    return Once


class Parser(argparse.ArgumentParser):
    """Of the command line, and of each verb."""

    def __init__(self, *arguments: Any, **more: Any):
        super().__init__(*arguments, **more)
        for name in (None, "store", "store_true", argparse.BooleanOptionalAction):
            self.register("action", name, once(self._registry_get("action", name, name)))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"there is no '{value}'{nearest(str(value), map(str, action.choices))}")
