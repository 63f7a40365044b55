"""The words and pictures of a task on *Episodes*, and what of its data set the page opens with."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.episodes import handmade
from metadash.dashboard.episodes.task import (
    MISSING,
    SHOWN_INSTANCES,
    columns_of,
    facts_of_classes,
    in_short,
    instance_pictures,
    row_of_pictures,
    shared_value,
    telling_sources,
    titles_of_instances,
    usual_numbers,
)
from metadash.data.dataset import Dataset
from metadash.episodes.spec import EpisodeSpec, Pool

SPEC = EpisodeSpec(Pool("family-0"), n_way=3, n_shot=1, n_query=2, strategy="siblings", column="family", seed=1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, MISSING),
        (pd.NaT, MISSING),
        (pd.NA, MISSING),
        (float("nan"), MISSING),
        (pd.Timestamp("2003-04-05 06:07"), "2003-04-05"),
        (np.float64(12345.678), "1.235e+04"),
        (np.int64(12345), "12\u202f345"),
        ("as it is", "as it is"),
        (1.6308798987187638, "1.631"),
        (7, "7"),
        (True, "yes"),
        (np.False_, "no"),
    ],
)
def test_a_value_is_said_in_short(value: object, said: str) -> None:
    assert in_short(value) == said


def test_siblings_name_what_they_share_and_others_share_nothing(tiny: Dataset) -> None:
    task = handmade.drawn(tiny, SPEC)
    assert shared_value(task) == tiny.classes["family"][task.manifest.classes[0, 0]]
    assert shared_value(handmade.drawn(tiny, replace(SPEC, strategy="uniform", column=None))) == ""


def test_the_page_opens_with_five_queries_of_each_class_where_there_are_as_many(tiny: Dataset) -> None:
    assert usual_numbers(tiny, "siblings") == {"n_way": 5, "n_query": 5}
    assert usual_numbers(tiny, "uniform")["n_query"] == usual_numbers(tiny, "disjoint")["n_query"] == 5


def test_the_usual_column_comes_first_and_one_value_or_one_a_row_is_none(tiny: Dataset) -> None:
    assert columns_of(tiny, "siblings")[0] == "family" and columns_of(tiny, "disjoint")[0] == "site"
    assert {"class_id", "class_name", "remark", "description", "size"}.isdisjoint(columns_of(tiny, "siblings"))
    assert {"count", "is_round", "corner"} <= set(columns_of(tiny, "siblings"))
    assert "blank" not in columns_of(tiny, "disjoint") and "instance_id" not in columns_of(tiny, "disjoint")


def test_sources_whose_values_classes_share_are_shown_at_first_and_three_at_most(tiny: Dataset) -> None:
    found = telling_sources(tiny)
    assert found == telling_sources(tiny, 99)[:3] and len(found) == 3
    assert {"words", "age", "nothing"}.isdisjoint(telling_sources(tiny, 99)) and "place" in telling_sources(tiny, 99)


def test_a_class_has_its_facts_and_an_instance_its_lines(tiny: Dataset) -> None:
    manifest = handmade.drawn(tiny, SPEC).manifest
    c = int(manifest.classes[0, 0])
    told = facts_of_classes(tiny, manifest, [tiny.source("place"), tiny.source("nothing"), tiny.source("place")])
    assert told[c] == f"corner **{tiny.classes['corner'][c]}** · remark **missing**" and len(told) == 3
    assert facts_of_classes(tiny, manifest, []) == {}
    row = int(manifest.query[0, 0, 0])
    taken = tiny.instances["taken"][row].date().isoformat()
    assert titles_of_instances(tiny, [row]) == {row: f"site: {tiny.instances['site'][row]}\ntaken: {taken}"}


def test_pictures_stand_by_part_and_what_is_too_many_is_counted(tiny: Dataset) -> None:
    manifest = handmade.drawn(tiny, SPEC).manifest
    html = row_of_pictures(tiny, manifest, 0, {})
    assert html.count(">Support</div>") == html.count(">Query</div>") == 1 and html.count("<img") == 3
    assert html.index("Support") < html.index("Query")
    without = row_of_pictures(tiny, replace(manifest, support=manifest.support[:, :, :0]), 0, {})
    assert "Support" not in without and without.count("<img") == 2
    for n, more in ((SHOWN_INSTANCES, ""), (SHOWN_INSTANCES + 3, "and 3 more")):
        shown = instance_pictures(tiny, np.arange(n), "query", {0: "site: here"}, size=40)
        assert shown.count("<img") == SHOWN_INSTANCES and ("and " in shown) == bool(more) and more in shown
        assert "--md-size:40px" in shown and 'title="query 1, instance 0\nsite: here"' in shown
        assert re.findall(r"query (\d+), instance (\d+)", shown)[-1] == ("20", "19")
