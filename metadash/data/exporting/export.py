"""A data set as a folder that stands alone: any Parquet reader, any Croissant reader, and MetaDash itself read it."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from metadash.checksums import hashed, sealed
from metadash.data.dataset import Dataset
from metadash.data.exporting.croissant import croissant
from metadash.data.exporting.tables import TABLES, write_table
from metadash.errors import BadInput
from metadash.workspace import new_folder

FORMAT = "metadash-export-1"
RECORD, CROISSANT = "dataset.json", "croissant.json"


def export(data: Dataset, folder: str | Path) -> Path:
    """Write ``data`` into a new ``folder``: whole, or nothing.

    ``classes.parquet``, ``instances.parquet`` and ``splits.parquet`` hold the tables, ``inputs.npy`` ([I, ...], row i of instance i) or
    ``inputs.parquet`` (texts) the inputs, ``dataset.json`` everything else with the SHA-256 of each file, ``croissant.json`` the same for
    other tools. The same content gives the same bytes. Raises BadInput for a place that is taken or cannot be written, and for damaged data.
    """
    target = Path(folder).expanduser().absolute()
    refuse_taken(target, data)
    inputs = data.whole("inputs")
    with new_folder(target) as part:
        shutil.copyfile(inputs, part / inputs.name)
        with data.connect() as connection:
            types = {table: write_table(connection, table, part / f"{table}.parquet") for table in TABLES}
            sums = {path.name: hashed(path) for path in sorted(part.iterdir())}
            card = croissant(data, types, sums)
        record = {"format": FORMAT, "fingerprint": data.fingerprint, "files": sums, "types": types, **asdict(data.description)}
        for name, content in ((RECORD, sealed(record)), (CROISSANT, card)):
            (part / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    if not (target / RECORD).is_file():
        raise BadInput(f"Something was put into '{target.name}' meanwhile, and nothing was exported; choose another folder.")
    return target


def refuse_taken(target: Path, data: Dataset) -> None:
    """Raises BadInput where a file or a folder that holds something has the place, and inside the workspace's own folder of data sets."""
    if target.resolve().is_relative_to(data.workspace.datasets):
        raise BadInput(f"The workspace keeps its data sets where '{target.name}' would be; export into a folder outside of it.")
    try:
        if target.is_dir():
            if any(target.iterdir()):
                raise BadInput(f"The folder '{target.name}' is not empty; export into a new one, or empty it first.")
        elif target.exists():
            raise BadInput(f"'{target.name}' is a file; export into a new folder.")
    except OSError as error:
        raise BadInput(f"'{target.name}' cannot be looked into; export into another folder.") from error
