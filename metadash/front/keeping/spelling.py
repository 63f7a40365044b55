"""A stored learner as the line that trains it in a terminal, and as the lines that do in Python: found by asking the one builder of runs, so both
give the run itself, or are not given at all."""

import shlex
from collections.abc import Mapping
from typing import Any

from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.run import options_in, run_asked
from metadash.learners.registry import USUAL
from metadash.specs.run import RunSpec
from metadash.specs.training import CHOICES

MORE = 3
"""Rounds over the choices: some mean something only beside another."""


def choices_of(spec: RunSpec, data: Dataset) -> dict[str, Any]:
    """The fewest choices of ``metadash.train`` that give this very run on these data. Raises BadInput where no choices do: it was made by another
    version, or of something that ablations alone ask for."""
    chosen: dict[str, Any] = {}
    nearest = distance(asked(chosen, data), spec)
    for _ in range(MORE):
        for name, value in said_of(spec).items():
            if nearest and name not in chosen:
                tried = distance(asked({**chosen, name: value}, data), spec)
                if tried < nearest:
                    chosen[name], nearest = value, tried
    if nearest:
        raise BadInput(
            "No options give this very run: it was made of something that only an ablation, or another version of MetaDash, asks for."
        )
    for name in [*chosen]:  # what another choice made needless
        fewer = {other: value for other, value in chosen.items() if other != name}
        if not distance(asked(fewer, data), spec):
            chosen = fewer
    return chosen


def said_of(spec: RunSpec) -> dict[str, Any]:
    """Every choice that could tell it from the usual run, those first that decide what others mean."""
    tests = spec.evaluation
    return {
        "learner": spec.learner,
        "mode": spec.mode,
        "sources": spec.sources,
        "fusion": spec.fusion,
        "split": spec.split,
        **spec.backbone.choices,
        **{choice: getattr(spec.training, name) for name, choice in CHOICES.items()},
        "options": dict(spec.options),
        "n_way": tests.n_way,
        "strategy": tests.strategy,
        "column": tests.column,
        "shots": tests.shots,
        "n_query": tests.n_query,
        "query_dirichlet": tests.query_dirichlet,
        "ways": tests.ways,
        "n_episodes": tests.n_episodes,
        "where": tests.where,
        **{name: getattr(spec, name) for name in OF_SPEC},
    }


OF_SPEC = (
    "auxiliary_weight",
    "control",
    "distance",
    "source_dropout",
    "seed",
    "normalise",
    "text_encoder",
    "steps",
    "meta_batch",
    "learning_rate",
    "weight_decay",
    "patience",
    "tune",
)


def asked(choices: Mapping[str, Any], data: Dataset) -> RunSpec | None:
    """The run that ``metadash.train`` would make of them; None where it refuses them."""
    given = dict(choices)
    try:
        return run_asked(
            data,
            given.pop("sources", ()),
            given.pop("fusion", None),
            options=options_in(given.pop("options", None)),
            **given,
        )
    except BadInput:
        return None


def distance(found: RunSpec | None, spec: RunSpec) -> int:
    """In how many values two specs differ; very far where there is none."""
    if found is None:
        return 10_000
    one, other = values_of(plain(found)), values_of(plain(spec))
    return sum(one.get(key, other) != other.get(key, one) for key in one.keys() | other.keys())


def values_of(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= values_of(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return found


def as_command(spec: RunSpec, data: Dataset) -> str:
    """The line for a terminal. Raises BadInput where there is none."""
    words = ["python", "-m", "metadash", "train", "--dataset", data.name]
    for name, value in choices_of(spec, data).items():
        if name == "options":
            words += [word for option, said in value.items() for word in ("--option", f"{option}={of_option(said)}")]
        elif value is True:
            words.append(flag(name))
        else:
            said = "none" if name == "patience" and not value else of_option(value)
            words += [f"{flag(name)}={said}"] if said[:1] in ("-", "") else [flag(name), said]
    return shlex.join(words)


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def of_option(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def as_python(spec: RunSpec, data: Dataset) -> str:
    """The same in Python. Raises BadInput where there is none."""
    choices = choices_of(spec, data)
    first = [repr(choices.pop("learner"))] if choices.get("learner", USUAL) != USUAL else []
    said = ", ".join([*first, *(f"{name}={listed(value)!r}" for name, value in choices.items())])
    return f"import metadash as md\n\ndata = md.open({data.name!r})\nrun = md.train(data{', ' if said else ''}{said})"


def call(function: str, first: str, choices: Mapping[str, Any], data: str = "") -> str:
    """Lines of Python that call a function of ``metadash``: ``first`` as it is written, then choices by name; over the data set ``data``."""
    said = ", ".join([first, *(f"{name}={listed(value)!r}" for name, value in choices.items())])
    opened = f"data = md.open({data!r})\n" if data else ""
    return f"import metadash as md\n\n{opened}found = md.{function}({said})"


def listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
