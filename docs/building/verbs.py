"""The reference of the command line, read off the parser that reads it: ``<!-- every verb -->`` in a page becomes all verbs with all options."""

import argparse
from collections.abc import Iterator

from metadash.verbs import cli

EVERYWHERE = ("help", "workspace", "json")
"""Options of all verbs, told once above them."""


def every_verb() -> str:
    return "\n".join(line for name, verb, said in verbs_of(cli.parser()) for line in told(name, verb, said))


def verbs_of(parser: argparse.ArgumentParser, above: str = "") -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Each verb below ``parser``, and each verb of a verb, with what its help says of it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, verb in action.choices.items():
                yield f"{above}{name}", verb, said[name]
                yield from verbs_of(verb, f"{above}{name} ")


def told(name: str, verb: argparse.ArgumentParser, said: str) -> Iterator[str]:
    yield f"{'#' * (2 + name.count(' '))} {name}\n"
    yield f"{cell(said[:1].upper() + said[1:])}.\n"
    own = [
        action for action in verb._actions if action.dest not in EVERYWHERE and not isinstance(action, argparse._SubParsersAction)
    ]
    if own:
        yield "| option | |\n|---|---|"
        yield from (f"| {spelled(action)} | {meaning(action)} |" for action in own)
    yield ""


def spelled(action: argparse.Action) -> str:
    """``--rope ROPE``: what is written, without the values that it chooses among."""
    value = "" if action.nargs == 0 else str(action.metavar or ("" if action.choices else action.dest.upper()))
    return ", ".join(f"`{f'{flag} {value}'.strip()}`" for flag in action.option_strings) or f"`{value or action.dest}`"


def meaning(action: argparse.Action) -> str:
    among = [f"`{choice}`" for choice in action.choices or ()]
    chosen = " or ".join([", ".join(among[:-1]), among[-1]]) if len(among) > 1 else "".join(among)
    said = ": ".join(part for part in (chosen, cell(action.help or "")) if part)
    return f"{said} (required)" if action.required and action.option_strings else said


def cell(text: str) -> str:
    """As it stands in a table of Markdown; ``|`` would end the cell, and ``$`` begin a formula."""
    return " ".join(text.replace("%%", "%").replace("|", "\\|").replace("$", "\\$").replace("<", "&lt;").split())
