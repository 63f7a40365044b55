"""``import metadash``: what it gives, that it is light, and that its arguments are the verbs' options."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import metadash as md
from metadash import api
from metadash.verbs import cli
from tests.verbs.test_options import options_of

OTHERWISE: dict[str, tuple[str, set[str]]] = {
    "answer": ("answer", set()),
    "ablate": ("ablate", {"plan"}),
    "train": ("train", {"option"}),
    "compare": ("compare", set()),
    "whatif": ("what_if", {"asked", "dose"}),
    "predict": ("label_files", {"asked", "next_steps"}),
    "audit": ("audit", {"probed"}),
    "episodes": ("draw_episodes", {"out"}),
    "datasets fetch": ("fetch", set()),
    "datasets import": ("from_files", {"source", "no_rotations", "preview"}),
    "datasets export": ("export", {"name"}),
    "datasets card": ("card", {"name", "out"}),
}
"""The function of each verb, and options that are no arguments under their own name: ``plan`` prints what would be computed, ``option`` is
the mapping ``options``, ``asked`` and ``probed`` are ``run``, ``dose`` is ``doses``, and ``out`` is what the manifest's ``save`` does. Of ``datasets import``, ``preview`` is another function, and ``source`` is
``install``'s."""


def test_what_is_listed_is_what_is_given() -> None:
    assert set(api.__all__) == set(md.NAMES) <= set(dir(md))
    stub = (Path(md.__file__).with_suffix(".pyi")).read_text(encoding="utf-8")
    assert {line.split()[-1] for line in stub.splitlines() if line.startswith("from metadash.api")} == set(api.__all__)
    for name in api.__all__:
        assert getattr(md, name) is getattr(api, name)


def test_what_there_is_not_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        md.opne  # noqa: B018


def test_importing_it_and_opening_data_loads_neither_torch_nor_streamlit() -> None:
    program = "import sys, metadash as md; few = len(sys.modules); md.open, md.answer, md.train; print(few, [m for m in ('torch', 'sklearn', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    few, loaded = done.stdout.strip().split(" ", 1)
    assert loaded == "[]"
    assert int(few) < 120, "import metadash alone loads no more than Python itself"


@pytest.mark.parametrize("verb", list(OTHERWISE))
def test_arguments_are_the_options_of_the_verb(verb: str) -> None:
    """A new option of a verb is a new argument, with the same default."""
    function, otherwise = OTHERWISE[verb]
    options = {action.dest: action for name, action in options_of(cli.parser()) if name == verb}
    arguments = inspect.signature(getattr(md, function)).parameters
    known = set(arguments) - {"data", "progress", "options", "run"}
    assert known - {"workspace"} == set(options) - {"dataset", "json", "workspace"} - otherwise
    for name in known - {"learners", "workspace", "name", "source", "path", "out", "examples", "inputs"}:
        default, said = arguments[name].default, options[name].default
        assert default == said or (not default and not said), name


def test_a_choice_that_there_is_not_is_refused_as_python_refuses_any() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_wy'"):
        md.answer(None, n_wy=5)


@pytest.mark.parametrize("name", [name for name in api.__all__ if inspect.isfunction(getattr(api, name))])
def test_every_function_says_what_it_takes_and_raises_and_shows_it(name: str) -> None:
    function = getattr(api, name)
    text = inspect.getdoc(function) or ""
    assert ">>> " in text, "a runnable example"
    assert "BadInput" in text or name == "datasets"
    for argument in inspect.signature(function).parameters:
        assert re.search(rf"\b{argument}\b", text), f"{argument} is not documented"
