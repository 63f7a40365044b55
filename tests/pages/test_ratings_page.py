"""*Start* on ratings: users are the tasks; before the run it says what the button will tell, after it the sentence and the chart."""

import pytest

from metadash.front.given.recommend import recommend_asked
from metadash.runs.train import train
from metadash.specs.given.ratings import RatingsSpec
from metadash.workspace import Workspace
from tests.pages.page import open_page, said
from tests.ratings import write_made_up

OTHERS = ("metadata", "train", "compare", "prototypes", "adaptation", "ablation", "what_if", "use")


@pytest.fixture
def things(tmp_path, monkeypatch: pytest.MonkeyPatch, served: None, no_workers: None) -> Workspace:
    workspace = Workspace(tmp_path / "own")
    write_made_up(workspace)
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


def test_the_page_promises_then_tells_and_every_control_changes_what_is_asked(things: Workspace) -> None:
    page = open_page("start", dataset="things")
    assert page.title[0].value == "Which metadata helps with new users?" and not page.error
    assert said(page, "Pressing the button foresees ratings of every user once, from 3 and 15 known ones")
    page = open_page("start", dataset="things", rt_sources="kind", rt_known="1, 3 and 7", rt_order="the earliest", rt_seed="2")
    spec = RatingsSpec("things", ("kind",), (1, 3, 7), draws=1, order="time", seed=2)
    train(spec, things)
    page.run()
    assert page.subheader[0].value.startswith("With 7 ratings of a new user, knowing kind")
    assert len(page.get("plotly_chart")) == 2 and len(page.dataframe) == 2
    ranked = open_page(
        "start",
        dataset="things",
        rt_sources="kind",
        rt_known="1, 3 and 7",
        rt_order="the earliest",
        rt_seed="2",
        rt_metric="nDCG@5",
    )
    assert said(ranked, "cannot change the order") and "put the others in order" in ranked.subheader[0].value


def test_no_source_chosen_shows_the_baselines(things: Workspace) -> None:
    from metadash.data.dataset import Dataset

    data = Dataset.open(things, "things")
    train(recommend_asked(data, ()), things)
    page = open_page("start", dataset="things")
    page.multiselect(key="rt_sources").set_value([]).run()
    assert page.subheader[0].value.startswith("Best of all 6 methods")


def test_other_pages_say_that_users_are_the_tasks_and_where_to_go(things: Workspace) -> None:
    for name in OTHERS:
        page = open_page(name, dataset="things")
        assert not page.error and said(page, "are its users") == (name != "metadata"), name
        assert not page.get("selectbox")[1:] or name == "metadata", "nothing to choose where nothing comes of it"


def test_episodes_shows_one_user_with_what_is_known_and_what_is_to_be_foreseen(things: Workspace) -> None:
    page = open_page("episodes", dataset="things", ep_known="7", ep_order="the earliest")
    assert not page.error and [title.value for title in page.subheader] == ["Known: 7 ratings", "To be foreseen: 10 ratings"]
    known, asked = (frame.value for frame in page.dataframe)
    assert list(known.columns) == ["thing", "rating", "kind", "weight"] and (len(known), len(asked)) == (7, 10)
    assert not set(known["thing"]) & set(asked["thing"])
    other = page.selectbox(key="ep_user").options[1]
    page.selectbox(key="ep_user").select(other).run()
    assert page.dataframe[0].value["thing"].tolist() != known["thing"].tolist()
