"""The reference of Python, read off ``metadash/api.py``: ``<!-- every name -->`` in a page becomes all its names with signature and docstring."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from metadash import api

ENTRY = re.compile(r"^([\w, ;:*]+?) : (.*)")
"""A line that begins what a docstring says of one or several arguments."""


def every_name() -> str:
    named = {name: getattr(api, name) for name in api.__all__}
    functions = {name: given for name, given in named.items() if inspect.isfunction(given)}
    classes = {name: given for name, given in named.items() if inspect.isclass(given)}
    lines = ["## Functions\n", *(line for name in functions for line in of_function(name, functions[name]))]
    lines += ["## What they give and take\n", *(line for name in classes for line in of_class(name, classes[name]))]
    return "\n".join(lines)


def of_function(name: str, function: Any) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"```python\n{signature(f'metadash.{name}', function)}\n```\n"
    yield from docstring(function)


def of_class(name: str, kind: type) -> Iterator[str]:
    yield f"### {name}\n"
    yield from docstring(kind)
    for own, given in members(kind):
        if not isinstance(given, property) and callable(given):
            yield f"**`{signature('.' + own, given)}`**\n"
        else:
            yield f"**`.{own}`**\n"
        yield from docstring(given)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """What the class and those of ours that it rests on give, as far as it says what that is."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("metadash.")]
    names = dict.fromkeys(name for base in ours for name in vars(base) if not name.startswith("_"))
    for name in names:
        given = inspect.getattr_static(kind, name)
        given = given.__func__ if isinstance(given, classmethod | staticmethod) else given
        told = inspect.isfunction(given) or type(given).__name__ in ("property", "cached_property")
        if told and inspect.getdoc(given):
            yield name, getattr(given, "func", given) if type(given).__name__ == "property" else given


def signature(name: str, function: Any) -> str:
    """As one would write it, a line where it fits, with names of types as ``metadash`` gives them."""
    whole = inspect.signature(function)
    arguments = [argument for argument in whole.parameters.values() if argument.name not in ("self", "cls")]
    stars = []
    for i, argument in enumerate(arguments):
        if argument.kind is argument.KEYWORD_ONLY and (not i or arguments[i - 1].kind is argument.POSITIONAL_OR_KEYWORD):
            stars.append("*")
        stars.append(short(str(argument)))
    back = (
        ""
        if whole.return_annotation is inspect.Signature.empty
        else f" -> {short(inspect.formatannotation(whole.return_annotation))}"
    )
    line = f"{name}({', '.join(stars)}){back}"
    return (
        line
        if len(line) <= 110 or name.startswith(".")
        else f"{name}(\n" + "".join(f"    {part},\n" for part in stars) + f"){back}"
    )


def short(text: str) -> str:
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", text).replace("'", '"')


def docstring(given: Any) -> Iterator[str]:
    """A docstring in NumPy's form as Markdown: paragraphs, a list of arguments, an example as it is."""
    for title, lines in parts(inspect.getdoc(given) or ""):
        if title:
            yield f"*{title}*\n"
        if title == "Parameters":
            yield from arguments(lines)
        else:
            yield from blocks(lines)


def parts(text: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = [("", [])]
    lines = text.splitlines()
    for i, line in enumerate(lines):
        below = lines[i + 1] if i + 1 < len(lines) else ""
        if line and below and not below.strip("-"):
            found.append((line, []))
        elif not (line and not line.strip("-")):
            found[-1][1].append(line)
    return found


def arguments(lines: list[str]) -> Iterator[str]:
    """``name : what it is`` as a point of a list; a line that begins no argument goes on with the one before."""
    whole = re.sub(r"^([\w, ]+,)\n(?=[\w, ]+ : )", r"\1 ", "\n".join(lines), flags=re.M)
    for line in whole.splitlines():
        if begun := ENTRY.match(line):
            names = ", ".join(f"`{name}`" for name in re.findall(r"\w+", begun[1]))
            yield f"- {names}: {inline(begun[2])}"
        elif line.strip():
            yield f"  {inline(line.strip())}"
    yield ""


def blocks(lines: list[str]) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        if block.lstrip().startswith(">>>"):
            yield f"```pycon\n{re.sub(r' +# doctest:.*', '', block)}\n```\n"
        elif block.strip():
            yield f"{inline(' '.join(block.split()))}\n"


def inline(text: str) -> str:
    """The little reStructuredText that docstrings hold, as Markdown."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    return "".join(
        piece if i % 2 else piece.replace("$", "\\$").replace("<", "&lt;").replace("_", "\\_")
        for i, piece in enumerate(re.split(r"(`[^`]*`)", text))
    )
