"""The *Start* page, on made-up scores: an answer is there as soon as its last run is."""

import numpy as np
import pytest

from metadash.analysis.answer import answer_spec
from metadash.data.dataset import Dataset
from metadash.training.store import RunStore
from metadash.workspace import Workspace
from tests.builders import store_scores
from tests.pages.page import ends_just_after_it_was_read, open_page, said


def test_a_run_that_ends_while_the_page_reads_completes_the_answer(
    untrained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = answer_spec(tiny, tiny.description.questions[0])
    for run in spec.runs:
        difficulty = np.random.default_rng(5).normal(0.6, 0.05, (len(spec.shots), spec.n_episodes))
        store_scores(RunStore(untrained), run, tiny, difficulty + 0.05 * bool(run.sources))
    page = open_page("start", dataset="tiny")
    ends_just_after_it_was_read(spec.runs[-1], untrained, monkeypatch)
    page.run()
    assert said(page, "points [") and "start_go" not in [button.key for button in page.button]
