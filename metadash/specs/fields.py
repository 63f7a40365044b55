"""Specs are frozen dataclasses of plain values: what every one of them checks of its fields, and how it is built from JSON."""

import dataclasses
import difflib
import numbers
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from metadash.errors import BadInput


def build(cls: type, values: Mapping[str, Any]) -> Any:
    """A spec dataclass from plain values, refusing fields it does not have and naming the nearest one."""
    if not isinstance(values, Mapping):
        raise BadInput(f"A spec is {values!r}; it must be a set of options.")
    hints = hints_of(cls)
    arguments = {}
    for name, value in values.items():
        if name not in hints:
            near = difflib.get_close_matches(name, hints, 1)
            raise BadInput(f"There is no option '{name}'" + (f"; did you mean '{near[0]}'?" if near else "."))
        nested = nested_in(hints[name], value) if isinstance(value, Mapping) else None
        arguments[name] = build(nested, value) if nested else value
    required = [field.name for field in dataclasses.fields(cls) if field.default is field.default_factory is dataclasses.MISSING]
    if missing := [name for name in required if name not in arguments]:
        raise BadInput(f"A spec misses its {missing[0]}; it must be said.")
    return cls(**arguments)


def nested_in(hint: Any, values: Mapping[str, Any]) -> type | None:
    """The spec dataclass that plain values are of: of several, the first that has all their fields, else the first; None where the type is none."""
    specs = [one for one in (typing.get_args(hint) or (hint,)) if dataclasses.is_dataclass(one) and isinstance(one, type)]
    return next((one for one in specs if values.keys() <= hints_of(one).keys()), next(iter(specs), None))


def check_fields(spec: Any) -> None:
    """Every field of a spec dataclass holds what its type says. What only is another spelling of that (a whole number for a fraction,
    a list for a tuple, NumPy's numbers) is put into the one spelling, so that equal meanings stay one run."""
    for name, hint in hints_of(spec.__class__).items():
        object.__setattr__(spec, name, checked(name, hint, getattr(spec, name)))


def checked(name: str, hint: Any, value: Any) -> Any:
    options = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        if value in options:
            return value
        near = difflib.get_close_matches(str(value), [str(option) for option in options], 1)
        choices = ", ".join(str(option) for option in options)
        raise BadInput(f"{name} is '{value}'; it must be one of {choices}" + (f"; did you mean '{near[0]}'?" if near else "."))
    if hint is Any:
        return value
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise BadInput(f"{name} is {value!r}; it must be a list.")
        return tuple(checked(f"An entry of {name}", options[0], item) for item in value)
    if type(None) in options:
        return None if value is None else checked(name, options[0], value)
    if isinstance(value, Mapping) and (nested := nested_in(hint, value)):
        return build(nested, value)
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if hint is int and number and isinstance(value, numbers.Integral):
        return int(value)
    if hint is float and number:
        return float(value)
    if hint not in (int, float) and isinstance(value, hint):
        return value
    kind = {int: "a whole number", float: "a number", str: "a text"}.get(hint, "a set of options")
    raise BadInput(f"{name} is {value!r}; it must be {kind}.")


@cache
def hints_of(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def check_range(spec: Any, name: str, low: float, high: float) -> None:
    if not low <= getattr(spec, name) <= high:
        raise BadInput(f"{name} is {getattr(spec, name)}; it must be from {low:g} to {high:g}.")
