"""The one way in which a spec is checked: every field against its type and its range, then what its fields say together.

A spec is a frozen dataclass of plain values derived from ``Checked``. A field says beside its type what it may hold:
``n_way: Annotated[int, Between(2, 200)]``. What only is another spelling is put into the one spelling, so that equal meanings stay one
run. What a person got wrong is one sentence of BadInput.
"""

import dataclasses
import numbers
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from metadash.errors import BadInput, closest

SEED = 2**31
"""The largest seed."""


@dataclass(frozen=True)
class Between:
    """A number from ``low`` to ``high``, both included."""

    low: float
    high: float

    def check(self, name: str, value: Any) -> None:
        if value is not None and not self.low <= value <= self.high:
            raise BadInput(f"{name} is {value}; it must be from {plainly(self.low)} to {plainly(self.high)}.")


def plainly(number: float) -> str:
    """Whole numbers with all their digits, others as they are short."""
    return str(int(number)) if float(number).is_integer() else f"{number:g}"


@dataclass(frozen=True, eq=False)
class OneOf:
    """One of some texts; ``says`` is the sentence for any other, with {value} and {choices} in it, where the usual one would not do."""

    choices: Collection[str]
    says: str = ""

    def check(self, name: str, value: Any) -> None:
        if value not in [*self.choices]:
            choices = ", ".join(map(str, self.choices))
            if self.says:
                raise BadInput(self.says.format(value=value, choices=choices))
            near = closest(str(value), [str(choice) for choice in self.choices])
            raise BadInput(f"{name} is '{value}'; it must be one of {choices}" + (f"; did you mean '{near}'?" if near else "."))


class Checked:
    """What every spec is: its fields hold what their types say, and ``settle`` has had its say."""

    def __post_init__(self) -> None:
        cls: Any = self.__class__
        values = self.__dict__
        for name, kind in kinds_of(cls).items():
            value = values[name]
            if (kept := kind.read(name, value)) is not value:
                object.__setattr__(self, name, kept)
        self.settle()

    def settle(self) -> None:
        """What the fields must be together: raises BadInput, and puts equal meanings into one spelling by ``set``."""

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def build(cls: type, values: Any) -> Any:
    """A spec from plain values, refusing fields it does not have and naming the nearest one."""
    if not isinstance(values, Mapping):
        raise BadInput(f"A spec is {values!r}; it must be a set of options.")
    hints = hints_of(cls)
    for name in values:
        if name not in hints:
            near = closest(name, hints)
            raise BadInput(f"There is no option '{name}'" + (f"; did you mean '{near}'?" if near else "."))
    required = [field.name for field in dataclasses.fields(cls) if field.default is field.default_factory is dataclasses.MISSING]
    if missing := [name for name in required if name not in values]:
        raise BadInput(f"A spec misses its {missing[0]}; it must be said.")
    return cls(**values)


KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Kind:
    """A hint, read once for all values: thousands of specs are made where one is drawn after another."""

    hint: Any
    plain: frozenset[type]
    """Values of these types are in the one spelling as they are."""
    marks: tuple[Any, ...]

    def read(self, name: str, value: Any) -> Any:
        """The value in the one spelling of its kind. Raises BadInput where it is of another kind, or not among what may be."""
        if type(value) not in self.plain:
            for mark in self.marks:
                if isinstance(mark, OneOf):  # its sentence comes before that of the type
                    mark.check(name, value)
            value = of_kind(name, self.hint, value)
        for mark in self.marks:
            mark.check(name, value)
        return value


@cache
def kind_of(hint: Any) -> Kind:
    """A hint's types, and what else it says of the value."""
    marks = getattr(hint, "__metadata__", ())
    hint = hint.__origin__ if marks else hint
    options = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return Kind(str, frozenset([str]), (OneOf(options), *marks))
    if type(None) in options and not kind_of(options[0]).marks:
        return Kind(hint, kind_of(options[0]).plain | {type(None)}, marks)
    return Kind(hint, frozenset([hint] if isinstance(hint, type) else []), marks)


def checked(name: str, hint: Any, value: Any) -> Any:
    """As ``Kind.read``, of a hint."""
    return kind_of(hint).read(name, value)


def of_kind(name: str, hint: Any, value: Any) -> Any:
    options = typing.get_args(hint)
    if hint is Any:
        return value
    if typing.get_origin(hint) is tuple:
        return of_entries(name, options, value)
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
    raise BadInput(f"{name} is {value!r}; it must be {KINDS.get(hint, 'a set of options')}.")


def nested_in(hint: Any, values: Mapping[str, Any]) -> type | None:
    """The spec that plain values are of: of several, the first that has all their fields, else the first; None where the type is none."""
    specs = [one for one in (typing.get_args(hint) or (hint,)) if dataclasses.is_dataclass(one) and isinstance(one, type)]
    return next((one for one in specs if values.keys() <= hints_of(one).keys()), next(iter(specs), None))


def of_entries(name: str, hints: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """A tuple of any length (``tuple[int, ...]``), or of numbers as many as there are hints."""
    if not isinstance(value, (list, tuple)):
        raise BadInput(f"{name} is {value!r}; it must be a list.")
    if hints[-1] is Ellipsis:
        return tuple(checked(f"An entry of {name}", hints[0], item) for item in value)
    if len(value) != len(hints):
        raise BadInput(f"{name} is {value!r}; it must be {len(hints)} numbers.")
    return tuple(checked(name, hint, item) for hint, item in zip(hints, value, strict=True))


@cache
def kinds_of(cls: Any) -> dict[str, Kind]:
    return {name: kind_of(hint) for name, hint in hints_of(cls).items()}


@cache
def hints_of(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def ranges_of(cls: type) -> dict[str, tuple[float, float]]:
    """The ranges of its fields that have one, by name."""
    marks = {name: getattr(hint, "__metadata__", ()) for name, hint in hints_of(cls).items()}
    return {name: (mark.low, mark.high) for name, found in marks.items() for mark in found if isinstance(mark, Between)}
