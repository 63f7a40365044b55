"""Any spec: what a run may be asked for, of whatever kind."""

from collections.abc import Sequence
from typing import Protocol


class Spec(Protocol):
    """A frozen dataclass of plain values that says completely what is to be computed; ``metadash.runs.kinds`` lists the kinds."""

    @property
    def dataset(self) -> str:
        """The name of its data set."""

    @property
    def needs(self) -> "Sequence[Spec]":
        """The specs of the runs that it starts from."""
