"""What lies before the learner: taken once, taken away again, drawn by seed, and never an example among what is to be labelled."""

import numpy as np

from metadash.dashboard.use.known import metadata_of, told_of
from metadash.dashboard.use.tray import Shown, Tray, class_labels, drawn_rows, of_rows, rest_of
from metadash.data.dataset import Dataset

SPLIT = "family-0"


def picked(tiny: Dataset, n_classes: int = 3, each: int = 2) -> Tray:
    tray = Tray()
    for identity in tiny.split(SPLIT)["test"][:n_classes].tolist():
        tray = tray.with_examples(class_labels(tiny)[identity], of_rows(tiny, drawn_rows(tiny, identity, each, 0)))
    return tray


def test_an_instance_is_an_example_once_and_a_class_goes_with_its_last(tiny: Dataset) -> None:
    tray = Tray().with_examples("a", of_rows(tiny, [3, 4])).with_examples("a", of_rows(tiny, [4, 5]))
    assert tray.rows == {3: "a", 4: "a", 5: "a"}
    tray = tray.told("a", "size", "3").without_example("a", 1)
    assert list(tray.rows) == [3, 5] and tray.known["a"] == {"size": "3"}
    assert not tray.without_example("a", 0).without_example("a", 0).examples
    assert not tray.without_class("a").known


def test_two_drawings_of_one_name_stay_two() -> None:
    image = np.zeros((28, 28), np.uint8)
    tray = Tray().with_asked("draw", [Shown("drawing", image)]).with_asked("draw", [Shown("drawing", image)])
    assert [one.name for one in tray.asked["draw"]] == ["drawing", "drawing (2)"]
    assert [one.name for one in tray.without_asked("draw", 0).asked["draw"]] == ["drawing (2)"]
    assert not tray.without_asked("draw").asked["draw"]


def test_the_rest_of_the_data_set_holds_no_example_and_strangers_of_other_classes(tiny: Dataset) -> None:
    tray = picked(tiny)
    found = [one.row for one in rest_of(tiny, tray, SPLIT, each=4, others=7, seed=0)]
    own = set(tiny.class_of[list(tray.rows)].tolist())
    classes = tiny.class_of[found]
    assert not set(found) & set(tray.rows) and len(set(found)) == len(found)
    assert [int((classes == c).sum()) for c in own] == [4, 4, 4]
    strangers = [int(c) for c in classes if c not in own]
    assert len(strangers) == 7 and set(strangers) <= set(tiny.split(SPLIT)["test"].tolist()), "nothing that trained the learner"
    assert found == [one.row for one in rest_of(tiny, tray, SPLIT, each=4, others=7, seed=0)]
    assert found != [one.row for one in rest_of(tiny, tray, SPLIT, each=4, others=7, seed=3)]


def test_classes_of_one_name_are_told_apart(tiny: Dataset) -> None:
    class Twins:
        classes = tiny.classes.assign(class_name=["twin", "twin", *tiny.classes["class_name"][2:]])

    assert class_labels(Twins())[:3] == ["twin (0)", "twin (1)", "thing 2"]  # type: ignore[arg-type]


def test_a_picked_class_brings_its_own_metadata_and_what_is_typed_goes_before_it(tiny: Dataset) -> None:
    tray = picked(tiny, 2)
    first, second = tray.classes
    identity = int(tiny.class_of[next(iter(tray.rows))])
    tray = tray.with_examples("mine", [Shown("drawing", np.zeros((28, 28), np.uint8))]).told("mine", "corner", " middle ")
    tray = tray.told(second, "corner", "").told(second, "size", "2.5")
    found = metadata_of(tiny, tray, ["corner", "size"])
    assert found is not None and found[first] == {
        "corner": tiny.classes["corner"][identity],
        "size": tiny.classes["size"][identity],
    }
    assert found[second] == {"size": 2.5}, "an emptied value is missing"
    assert found["mine"] == {"corner": "middle"} and told_of(tiny, tray, first, "corner") == tiny.classes["corner"][identity]
    assert metadata_of(tiny, Tray({"a": (), "b": ()}), ["corner"]) is None, "nothing is known of any"
