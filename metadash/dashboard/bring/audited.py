"""The audit of a data set that is not there yet: its tables are written where nobody looks, without its inputs."""

import tempfile
from dataclasses import replace

import numpy as np

from metadash.data.dataset import write_dataset
from metadash.data.importing.arranged import arranged
from metadash.data.importing.inputs import inputs_of
from metadash.data.importing.landing import description_of
from metadash.data.importing.preview import Preview
from metadash.data.splits import table_of
from metadash.data.tables import numbered
from metadash.errors import BadInput
from metadash.metadata.audit.audit import Audit, audit
from metadash.workspace import Workspace

MOST_ROWS = 200_000
"""Beyond this the audit would take longer than anybody waits for a preview; it stands on the page of the data set afterwards."""


def audited(seen: Preview) -> Audit | None:
    """What the tables say; what would need the inputs (metadata computed from them) is said after the import."""
    if seen.rows > MOST_ROWS or not seen.plan.sources or seen.found is None:
        return None
    try:
        made = arranged(seen.found, seen.plan, dict(seen.faults))
        classes, instances = numbered(made.classes, made.instances)
        description = replace(description_of(seen.found, seen.plan, made, inputs_of(seen.found, seen.plan)), modality="vector")
        splits = table_of({made.split: made.roles})
        splits = splits[splits["role"] != ""].reset_index(drop=True)
        with tempfile.TemporaryDirectory(prefix="metadash-audit-") as folder:
            nothing = np.arange(len(instances), dtype=np.float32)[:, None]
            data = write_dataset(Workspace(folder), replace(description, name="audited"), classes, instances, nothing, splits)
            return audit(data)
    except BadInput:
        return None  # what stands in the way is the preview's own problem
