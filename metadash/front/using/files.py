"""``metadash.label_files``: examples in a folder or a table, inputs in another, labels out; what the verb ``predict`` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.computing import compute_one
from metadash.front.run import TrainedRun, load
from metadash.front.using.asked import columns_of_inputs, use_spec
from metadash.front.using.best import best_run
from metadash.front.using.given import give
from metadash.front.using.labelled import FIXED, FORMATS, Labelled, labelled
from metadash.front.using.leaving import LeftRun
from metadash.front.using.reading import Read, read_examples, read_inputs, read_metadata, read_of_inputs, records
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.workspace import Workspace

BEST = "best"


def label_files(
    run: str | Path | TrainedRun | LeftRun,
    examples: str | Path,
    inputs: str | Path,
    *,
    metadata: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
    zero_shot: Sequence[str] = (),
    false_alarm: float = 0.05,
    data: Dataset | None = None,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
) -> Labelled:
    """Label files by a trained learner, from a few examples of each class.

    Parameters
    ----------
    run : a learner, its digest, the folder that it left in, or ``"best"``: of those trained on ``data`` the cheapest that no other is shown to
        beat.
    examples : a folder (or zip file) with a folder of pictures for each class, or a table with a column ``label`` (and a column of files,
        of texts, or as many columns of numbers as an input is).
    inputs : what to label: a folder (or zip file) of pictures, one picture, a table, or a file of texts with one on each line.
    metadata : a table with a row a class, a column of which names the classes; or one with a row an input, a column of which names its file,
        for a learner that reads what is known of single inputs; or both. Such columns may also stand in the tables of examples and inputs.
    out : the file to write, ending in ``.csv`` or ``.parquet``; columns ``input``, ``label``, ``probability``, ``second``, ``none_of_these``.
    zero_shot : classes without an example, of which only ``metadata`` tell.
    false_alarm : the share of true members that *none of these* may reject.
    data : the data set whose learners ``"best"`` chooses among.
    workspace : where a digest is looked up (default: as in :func:`metadash.open`).
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: for what cannot be read, and for what does not fit the learner.

    Examples
    --------
    >>> import pandas as pd, metadash as md
    >>> run = md.train(data, width=4, backbone_episodes=10, n_episodes=40, shots=(1, 2), progress=False)
    >>> rows = pd.DataFrame({"file": [f"{i}.png" for i in range(4)], "label": ["a", "a", "b", "b"]})
    >>> rows.to_csv(folder / "examples.csv", index=False)
    >>> from PIL import Image
    >>> for i in range(4):
    ...     Image.fromarray(data.inputs[40 * i]).save(folder / f"{i}.png")
    >>> found = md.label_files(run, folder / "examples.csv", folder / "3.png", progress=False)
    >>> found.frame()["label"].tolist()
    ['b']
    """
    if out is not None and Path(out).suffix.lower() not in FORMATS:
        raise BadInput(f"'{Path(out).name}' must end in .csv or .parquet.")
    learner = learner_of(run, data, workspace)
    like: Any = open_dataset(learner.workspace, learner.spec.dataset) if isinstance(learner, TrainedRun) else learner.parts[1]
    shown, asked = read_examples(examples, like), read_inputs(inputs, like)
    classes = [*dict.fromkeys(shown.labels), *zero_shot]
    told, of_each = read_told(metadata, classes, shown, asked, learner.spec, like)
    notes = [*filter(None, [shown.note("examples", like), asked.note("inputs", like)])]
    if isinstance(learner, LeftRun):  # which reads nothing of single inputs
        pair = (shown.inputs, shown.labels)
        found = learner.label(
            pair, asked.inputs, told, names=asked.names, zero_shot=zero_shot, false_alarm=false_alarm, notes=notes
        )
    else:
        given = give(
            like,
            shown.inputs,
            shown.labels,
            asked.inputs,
            told,
            asked.names,
            example_names=shown.names,
            zero_shot=zero_shot,
            notes=notes,
            support_metadata=of_each[0],
            query_metadata=of_each[1],
        )
        store = RunStore(learner.workspace)
        found = labelled(compute_one(use_spec(learner.run, given, false_alarm), learner.workspace, progress), store)
    if out is not None:
        found.write(out, FIXED)
    return found


Rows = list[dict[str, Any]] | None


def read_told(
    metadata: str | Path | Sequence[str | Path] | None, classes: Sequence[str], shown: Read, asked: Read, spec: RunSpec, like: Any
) -> tuple[pd.DataFrame | None, tuple[Rows, Rows]]:
    """What is said of classes, a row each, and of single examples and inputs: by tables of ``metadata``, and by the columns beside the inputs.
    Raises BadInput for a table that names neither, and for one that the learner cannot be told."""
    of_classes: pd.DataFrame | None = None
    columns = [[column for own in columns_of_inputs(spec, like, queries).values() for column in own] for queries in (False, True)]
    found: list[Rows] = [read.known(own) for read, own in zip((shown, asked), columns, strict=True)]
    for path in [metadata] if isinstance(metadata, str | Path) else metadata or ():
        tables = [read_of_inputs(path, read.names) for read in (shown, asked)]
        if of_classes is None and (not columns[0] or all(table is None for table in tables)):
            of_classes = read_metadata(path, classes)
            continue
        for place, (table, own) in enumerate(zip(tables, columns, strict=True)):
            if table is None:
                continue
            if not set(table.columns) & set(columns[0]):
                raise BadInput(
                    f"'{Path(path).name}' has none of the columns that the learner reads of single inputs: {', '.join(columns[0])}."
                )
            rows = records(table[[column for column in own if column in table]])
            found[place] = [{**before, **row} for before, row in zip(found[place] or [{}] * len(rows), rows, strict=True)]
        if all(table is None for table in tables):
            raise BadInput(
                f"No column of '{Path(path).name}' names an example or an input; write their names into a column file."
            )
    return of_classes, (found[0], found[1])


def learner_of(
    run: str | Path | TrainedRun | LeftRun, data: Dataset | None, workspace: Workspace | str | Path | None
) -> TrainedRun | LeftRun:
    """Raises BadInput where there is none, and for the best of no data set."""
    if isinstance(run, TrainedRun | LeftRun):
        return run
    if run != BEST:
        return load(run, workspace)
    if data is None:
        raise BadInput("The best learner is that of a data set; say which (data, or --dataset).")
    return TrainedRun(best_run(data).run, data.workspace)
