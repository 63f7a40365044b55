"""The map of *What if*: the task as it was, and where changed metadata take its prototypes, and what FiLM moves."""

from typing import Any

import numpy as np
import pandas as pd

from metadash.answers.placement import placed
from metadash.dashboard.prototypes.canvas.message import Pane, map_message
from metadash.dashboard.prototypes.map_figure import colouring
from metadash.data.dataset import Dataset
from metadash.figures.palette import Palette

INSTANCES = ("instance", "support", "query")
MOST_WAYS = 12
"""Instances that are shown going elsewhere: more would hide the map."""
TOLD = {
    "plain": "prototype before the change",
    "fused": "prototype after the change",
    "way": "where it was before the change",
    "otherwise": "before the change",
}
NOTE = (
    "The map of the task as it was. Numbered rings: prototypes after the change; small rings: before, where they moved; each lies among its "
    "neighbours in the full space."
)
ALT = "Map of the task with the way of each prototype from before the change to after it. n and p go through the points of the task."


def moved_message(digest: str, state: str, moved: Pane, data: Dataset, palette: Palette) -> dict[str, Any]:
    """What the canvas is sent: of the pinned map ``digest``, as the answer ``state`` leaves it."""
    note = f"{NOTE} Arrows from hollow dots: the instances that moved most." if moved.ways else NOTE
    colours = colouring(moved.points, data, None, palette)
    return map_message(digest, [moved], colours, "", data, palette, note=note, alt=ALT, told=TOLD, state=state)


def moved_points(
    points: pd.DataFrame, vectors: np.ndarray, classes: pd.DataFrame, queries: pd.DataFrame, moved: pd.DataFrame | None = None
) -> Pane:
    """The instances of a stored map (``points`` with their ``vectors`` [P, D]), each prototype before (*plain prototype*) and after
    (*prototype*), and queries with the answer after and, as the plain one, that before. Of the instances that ``moved`` under FiLM the
    farthest stand where they went, with their ways."""
    own = points["kind"].isin(INSTANCES).to_numpy()
    known, layout = vectors[own], points.loc[own, ["x", "y"]].to_numpy(dtype=np.float64)
    found = points.loc[own, ["kind", "row", "class_id", "predicted", "plainly_predicted", "x", "y"]].reset_index(drop=True)
    found = found.astype({"x": float, "y": float})
    of_query = found["kind"] == "query"
    answers = queries.drop_duplicates("row").set_index("row")
    for column, when in (("predicted", "after"), ("plainly_predicted", "before")):
        found.loc[of_query, column] = answers[f"predicted_{when}"].reindex(found.loc[of_query, "row"]).to_numpy()
    ways = []
    if moved is not None and len(moved):
        before, after = (np.stack(moved[when].tolist()) for when in ("before", "after"))
        farthest = np.argsort(-np.linalg.norm(after - before, axis=1), kind="stable")[:MOST_WAYS]
        for (_, one), (x, y) in zip(moved.iloc[farthest].iterrows(), placed(after[farthest], known, layout), strict=True):
            for at in np.flatnonzero((found["kind"] == one["kind"]) & (found["row"] == one["row"])):
                ways.append((int(at), float(layout[at, 0]), float(layout[at, 1])))
                found.loc[at, ["x", "y"]] = x, y
    parts = [found.assign(kappa=np.nan)]
    for kind, when in (("plain prototype", "before"), ("prototype", "after")):
        place = placed(np.stack(classes[f"prototype_{when}"].tolist()), known, layout)
        kappa = classes["kappa_after"] if when == "after" and "kappa_after" in classes else np.nan
        parts.append(
            pd.DataFrame(
                {"kind": kind, "row": -1, "class_id": classes["class_id"], "predicted": -1, "plainly_predicted": -1}
            ).assign(x=place[:, 0], y=place[:, 1], kappa=kappa)
        )
    return Pane("", pd.concat(parts, ignore_index=True), ways)
