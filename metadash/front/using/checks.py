"""What inputs and classes must be like for a learner to be asked about them. Reads no torch."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from metadash.data.finite import check_finite
from metadash.data.modality import Modality
from metadash.errors import BadInput
from metadash.learners.registry import entry_of
from metadash.specs.run import RunSpec
from metadash.stats.words import plural_of

LABEL = "label"


class TakesInputs(Protocol):
    """A data set, or what a learner took with it of one: its name, and what its inputs are like."""

    @property
    def name(self) -> str: ...

    @property
    def modality(self) -> Modality: ...

    @property
    def inputs(self) -> Any: ...


Support = Mapping[Any, Any] | tuple[Any, Sequence[Any]]
"""What a learner is shown of new classes: inputs [K, ...] by label, or (inputs [n, ...], labels [n])."""


def check_classes(spec: RunSpec, classes: list[Any]) -> None:
    """Raises BadInput for a number of classes that the learner cannot tell apart."""
    if len(classes) < 2:
        raise BadInput(f"The support shows {plural_of(len(classes), 'class')}; a learner tells two or more apart.")
    if LABEL in classes:
        raise BadInput(f"A class is called '{LABEL}', as the column of the answers is; call it something else.")
    fixed = spec.evaluation.n_way
    if entry_of(spec.learner).fixed_way and len(classes) != fixed:
        raise BadInput(
            f"The learner '{spec.learner}' has one row for each of {fixed} classes, and the support has {len(classes)}; show it {fixed}."
        )


def rows_like(rows: Any, dataset: "TakesInputs", name: str) -> np.ndarray:
    """[n, ...] in the type and the shape of the data set's own inputs. Raises BadInput where they are shaped otherwise, or none."""
    own = dataset.inputs
    if dataset.modality.stored == "texts":
        texts = [] if rows is None or isinstance(rows, str) or np.ndim(rows) == 0 else list(rows)
        if not texts:
            raise BadInput(f"The {name} must be a list of one or more texts, as the inputs of '{dataset.name}' are.")
        dataset.modality.check(name, texts)
        return np.array(texts, dtype=object)
    try:
        found = np.asarray(rows)
    except ValueError as error:
        raise BadInput(f"The {name} are rows of different lengths; each needs the shape {own.shape[1:]}.") from error
    if not found.ndim or not len(found) or found.shape[1:] != own.shape[1:]:
        raise BadInput(
            f"The {name} have the shape {found.shape}; they need one or more rows of {own.shape[1:]}, as the inputs of '{dataset.name}'."
        )
    if own.dtype == np.uint8 and found.dtype != np.uint8:
        raise BadInput(f"The {name} are {found.dtype}; the inputs of '{dataset.name}' are bytes (uint8, 0 to 255).")
    check_finite(found, f"The {name}")
    return np.ascontiguousarray(found, dtype=own.dtype)


def shown(support: Support) -> tuple[list[Any], list[Any]]:
    """Inputs one by one with their labels. Raises BadInput where there are not as many of the one as of the other."""
    if isinstance(support, Mapping):
        if bare := [label for label, inputs in support.items() if not np.size(inputs)]:
            raise BadInput(f"The class '{bare[0]}' has no labelled example; give it one, or leave it out.")
        if alone := [label for label, inputs in support.items() if not np.ndim(inputs)]:
            raise BadInput(
                f"The examples of the class '{alone[0]}' are {support[alone[0]]!r:.40}; they must be a list of inputs."
            )
        return several(
            [one for inputs in support.values() for one in inputs],
            [label for label, inputs in support.items() for _ in range(len(inputs))],
        )
    if not isinstance(support, tuple) or len(support) != 2 or not all(map(np.ndim, support)):
        raise BadInput("The support must be inputs by label, or a pair of inputs and labels.")
    return several(list(support[0]), list(support[1]))


def several(inputs: list[Any], labels: list[Any]) -> tuple[list[Any], list[Any]]:
    """Both as they are. Raises BadInput for a label that names no class, and where there are not as many of the one as of the other."""
    if len(inputs) != len(labels):
        raise BadInput(f"The support has {len(inputs)} inputs and {len(labels)} labels; give each input its label.")
    for place, label in enumerate(labels):
        if not isinstance(label, Hashable) or label is None or label != label:
            raise BadInput(f"Label {place} of the support is {label!r:.40}; it must be the name of a class.")
    return inputs, labels
