"""Changes of metadata as a person writes them in a line: ``SOURCE:KIND:FRACTION``, ``CLASS:COLUMN=VALUE``, ``ID:COLUMN=VALUE``."""

from contextlib import suppress

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.changes import CHOICES, KINDS, Change, Edit, InstanceEdit, read_kind


def read_change(text: str) -> Change:
    """``SOURCE:KIND:FRACTION``, then the choice of classes, then years for what is stale or the rung for what is blurred; a source's name may hold colons.

    Raises BadInput for what does not read so.
    """
    parts = text.split(":")
    places = [place for place, part in enumerate(parts) if place and part in KINDS]
    if not places:
        raise BadInput(
            f"'{text}' is no change; write SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]], with one of {', '.join(KINDS)} and a fraction from 0 to 1."
        )
    place = places[-1]
    source, kind, rest = ":".join(parts[:place]), parts[place], parts[place + 1 :]
    fraction = read_number(rest[0], "fraction", text) if rest else 1.0
    choice = rest[1] if len(rest) > 1 else "random"
    if choice not in CHOICES:
        raise BadInput(f"What is hit cannot be chosen by '{choice}'; choose {', '.join(CHOICES)}.")
    last = rest[2] if len(rest) > 2 else ""
    years = read_number(last, "number of years", text) if last and kind != "blur" else 0.0
    if len(rest) > 3:
        raise BadInput(f"'{text}' says too much; a change is SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]].")
    return Change(source, read_kind(kind), fraction, choice, years, last if kind == "blur" else "")


def change_in_a_line(change: Change) -> str:
    """What ``read_change`` reads as this change."""
    last = change.to or (exactly(change.years) if change.years else "")
    parts = [change.source, change.kind, exactly(change.fraction), change.choice, last]
    while len(parts) > 3 and parts[-1] in ("", "random"):
        parts.pop()
    return ":".join(parts)


def exactly(number: float) -> str:
    """Every digit of it, and no point behind a whole one."""
    return repr(float(number)).removesuffix(".0")


def edit_in_a_line(edit: Edit, data: Dataset) -> str:
    """What ``read_edit`` reads as this edit: by the class's name, else by its id, which may be another class's name. Raises BadInput where
    neither is."""
    for name in (str(data.classes["class_name"][edit.class_id]), str(edit.class_id)):
        line = f"{name}:{edit.column}={edit.value}"
        with suppress(BadInput):
            if read_edit(line, data) == edit:
                return line
    raise BadInput(f"No line says what is edited in the column '{edit.column}'; ask it on the page, or in Python.")


def instance_edit_in_a_line(edit: InstanceEdit) -> str:
    """What ``read_instance_edit`` reads as this edit. Raises BadInput where the column's name holds an equals sign."""
    line = f"{edit.instance_id}:{edit.column}={edit.value}"
    if read_instance_edit(line) != edit:
        raise BadInput(f"No line says what is edited in the column '{edit.column}'; ask it on the page, or in Python.")
    return line


def read_number(text: str, what: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadInput(f"The {what} '{text}' in '{whole}' is no number.") from error


def read_edit(text: str, data: Dataset) -> Edit:
    """``CLASS:COLUMN=VALUE``; the class by its name or its id, an empty value for missing. Raises BadInput when there is no such class."""
    place, equals, value = text.partition("=")
    name, colon, column = place.rpartition(":")
    if not equals or not colon or not name or not column:
        raise BadInput(f"'{text}' is no edit; write CLASS:COLUMN=VALUE, with nothing after = to make it missing.")
    names = data.classes["class_name"].astype(str)
    named = data.classes.index[names == name].tolist()
    if len(named) > 1:
        raise BadInput(f"{len(named)} classes are called '{name}'; name one by its id: {', '.join(map(str, named[:5]))}.")
    if not named and not (name.isdecimal() and int(name) < len(names)):
        raise BadInput(f"There is no {data.description.class_noun} '{name}' in '{data.name}'.")
    return Edit(int(named[0] if named else name), column, value)


def read_instance_edit(text: str) -> InstanceEdit:
    """``ID:COLUMN=VALUE``, an empty value for missing. Raises BadInput for what does not read so."""
    place, equals, value = text.partition("=")
    number, colon, column = place.partition(":")
    if not equals or not colon or not number.strip().isdecimal() or not column:
        raise BadInput(
            f"'{text}' is no edit; write ID:COLUMN=VALUE, with the instance's id and nothing after = to make it missing."
        )
    return InstanceEdit(int(number), column, value)
