"""Where changed metadata take prototypes on a pinned map, from a map made by hand."""

import base64

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.what_if.moving import MOST_WAYS, moved_message, moved_points
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT

POINTS = pd.DataFrame(
    {
        "kind": ["instance", "instance", "support", "query", "prototype"],
        "row": [200, 201, 0, 1, -1],
        "class_id": [7, 7, 0, 1, 0],
        "predicted": [-1, -1, -1, 1, -1],
        "plainly_predicted": [-1, -1, -1, 1, -1],
        "x": [0.0, 4.0, 2.0, 6.0, 9.0],
        "y": 1.0,
    }
)
VECTORS = np.array([[0.0, 0], [4, 0], [2, 0], [6, 0], [9, 9]], dtype=np.float32)
QUERIES = pd.DataFrame({"row": [1], "predicted_before": [1], "predicted_after": [0]})


def classes(*after: list[float]) -> pd.DataFrame:
    before = [[2.0, 0.0], [6.0, 0.0]]
    return pd.DataFrame({"class_id": [0, 1], "prototype_before": before, "prototype_after": list(after) or before})


def places(points: pd.DataFrame, kind: str) -> np.ndarray:
    return points.loc[points["kind"] == kind, ["x", "y"]].to_numpy()


def test_prototypes_go_where_the_changed_metadata_put_them_and_the_others_stay(tiny: Dataset) -> None:
    still = moved_points(POINTS, VECTORS, classes(), QUERIES).points
    np.testing.assert_array_equal(places(still, "plain prototype"), places(still, "prototype"))
    pane = moved_points(POINTS, VECTORS, classes([4.0, 0.0], [6.0, 0.0]), QUERIES)
    before, after = places(pane.points, "plain prototype"), places(pane.points, "prototype")
    assert after[0, 0] > before[0, 0] + 0.5 and (after[1] == before[1]).all() and not pane.ways
    assert pane.points["kind"].tolist() == [
        "instance",
        "instance",
        "support",
        "query",
        *["plain prototype"] * 2,
        *["prototype"] * 2,
    ]
    np.testing.assert_array_equal(pane.points[["x", "y"]].to_numpy()[:4], POINTS[["x", "y"]].to_numpy()[:4])


def test_a_query_says_its_answer_after_the_change_and_the_one_before(tiny: Dataset) -> None:
    (query,) = moved_points(POINTS, VECTORS, classes(), QUERIES).points.query("kind == 'query'").to_dict("records")
    assert (query["predicted"], query["plainly_predicted"]) == (0, 1)


def test_of_the_instances_that_moved_the_farthest_go_and_say_where_they_came_from(tiny: Dataset) -> None:
    n = MOST_WAYS + 1
    points = pd.concat(
        [
            POINTS,
            pd.DataFrame(
                {
                    "kind": "query",
                    "row": np.arange(10, 10 + n),
                    "class_id": 1,
                    "predicted": 1,
                    "plainly_predicted": 1,
                    "x": 6.0,
                    "y": 1.0,
                }
            ),
        ]
    )
    vectors = np.concatenate([VECTORS, np.tile([[6.0, 0.0]], (n, 1))])
    moved = pd.DataFrame(
        {
            "kind": "query",
            "row": np.arange(10, 10 + n),
            "class_id": 1,
            "before": [[6.0, 0.0]] * n,
            "after": [[5.99, 0.0]] + [[0.0, 0.0]] * MOST_WAYS,
        }
    )
    pane = moved_points(points, vectors, classes(), QUERIES, moved)
    assert len(pane.ways) == MOST_WAYS and {way[1:] for way in pane.ways} == {(6.0, 1.0)}
    went = pane.points.loc[[at for at, *_ in pane.ways]]
    assert set(went["row"]) == set(range(11, 10 + n)) and (went["x"] < 5).all()


def test_the_canvas_hears_of_one_map_in_another_state_with_the_ways_in_its_own_coordinates(tiny: Dataset) -> None:
    pane = moved_points(POINTS, VECTORS, classes(), QUERIES)
    first, second = (moved_message("map", state, pane, tiny, LIGHT) for state in ("a", "b"))
    assert first["id"] == second["id"] and first["drawn"] != second["drawn"]
    assert first["told"]["way"] == "where it was before the change"
    told = moved_message("map", "a", type(pane)("", pane.points, [(3, 6.0, 1.0)]), tiny, LIGHT)["panes"][0]
    x, y = (np.frombuffer(base64.b64decode(told[axis]), "<f4") for axis in "xy")
    assert told["ways"] == [[3, pytest.approx(x[3]), pytest.approx(y[3])]]
