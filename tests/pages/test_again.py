"""*Duplicate with changes*: the link to *Train* that a stored learner has opens on that very learner."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard.train.again import controls_of
from metadash.data.library import open_dataset
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.workspace import Workspace
from tests.pages.page import open_page

SMALL: dict[str, Any] = {"steps": 20, "n_episodes": 60, "n_query": 5, "n_way": 5, "shots": (1, 2)}
LEARNERS: dict[str, dict[str, Any]] = {
    "maml": {
        "learner": "maml",
        "backbone_episodes": 5,
        "width": 64,
        "options": (("inner_lr", 0.2),),
        "seed": 3,
        "meta_batch": 2,
        "learning_rate": 0.002,
    },
    "end to end": {
        "mode": "full",
        "start": "random",
        "schedule": "cosine",
        "patience": 0,
        "train_ways": 4,
        "train_shots": (1, 2),
    },
    "with metadata": {
        "sources": ["place"],
        "control": "shuffled",
        "fusion": "am3",
        "strategy": "uniform",
        "query_dirichlet": 2.0,
    },
    "of features of length one": {"distance": "cosine", "normalise": "centred-l2", "where": "class_id < 40"},
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_duplicate_opens_train_on_the_very_learner(name: str, untrained: Workspace, no_workers: None) -> None:
    data = open_dataset(untrained, "tiny")
    chosen = {**SMALL, **LEARNERS[name]}
    spec = run_for(data, chosen.pop("sources", ()), **chosen)
    controls, lost = controls_of(spec, data)
    page: AppTest = open_page("train", **controls)  # type: ignore[arg-type]
    assert not page.error and not lost, [error.value for error in page.error]
    page.button(key="tr_go").click().run()
    (asked,) = [job.spec for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    assert asked == spec and run_digest(asked, data) == run_digest(spec, data)


def test_what_train_has_no_control_of_is_named(untrained: Workspace) -> None:
    data = open_dataset(untrained, "tiny")
    spec = run_for(data, ["place"], source_dropout=0.5, query_dirichlet=3.0, **SMALL)
    _, lost = controls_of(spec, data)
    assert lost == ["how often sources were hidden", "just how uneven its queries are"]
