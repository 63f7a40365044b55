"""What a person says of classes that are in no data set, as a table with a row a class. Reads no torch and no scikit-learn."""

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

from metadash.data.columns.kind import ColumnKind
from metadash.data.dataset import Source
from metadash.errors import BadInput, nearest

Metadata = pd.DataFrame | Mapping[Any, Mapping[str, Any]]


def rows_of(
    metadata: Metadata | None, classes: list[Any], sources: Sequence[Source], of_instances: Collection[str] = ()
) -> pd.DataFrame:
    """A row a class with every column of the sources. Raises BadInput for a class or a column that there is not."""
    given = pd.DataFrame() if metadata is None else metadata
    if not isinstance(given, pd.DataFrame):
        if not isinstance(given, Mapping) or not all(isinstance(row, Mapping | pd.Series) for row in given.values()):
            raise BadInput(
                "The metadata must be a table with a row a class, or values by column by class: {'a': {'colour': 'red'}}."
            )
        given = pd.DataFrame.from_dict({label: dict(row) for label, row in given.items()}, orient="index")
    if "class_name" in given and not any(label in given.index for label in classes):
        given = given.set_index("class_name")
    known = list(dict.fromkeys(column for source in sources for column in source.columns))
    for label in given.index:
        if label not in classes:
            raise BadInput(
                f"The metadata speak of '{label}', which the support does not show{nearest(str(label), map(str, classes))}"
            )
    if given.index.has_duplicates:
        raise BadInput(f"The metadata have two rows of '{given.index[given.index.duplicated()][0]}'; each class has one.")
    for column in given.columns:
        if column in of_instances:
            raise BadInput(f"The column '{column}' describes instances, of which nothing can be told here; leave it out.")
        if column not in known:
            raise BadInput(f"This learner reads no column '{column}' of classes{nearest(str(column), known)}")
    return given.reindex(index=classes, columns=known).reset_index(drop=True)


def as_written(kind: ColumnKind, value: Any) -> Any:
    """A value of a kind that has a unit; a number or a text is what a person would have typed."""
    return kind.read(str(value)) if isinstance(value, str | Real) and value == value else value
