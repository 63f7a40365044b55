"""What has fields of its own, or is no readable value: shown and counted, but not learned from."""

import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import Prepared, ShownByExamples
from metadash.errors import BadInput


class Record(ShownByExamples):
    """Refused by the encoder in a sentence that says what to do."""

    name, plural = "record", "values with fields of their own"
    typed = False

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "record"

    def prepared(self, column: pd.Series) -> Prepared:
        raise BadInput(
            f"'{column.name}' holds values with fields of their own, which cannot be learned from as they are; make a column of each field."
        )
