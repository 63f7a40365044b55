"""*Train* proposes an arrangement for feature vectors, says why with numbers, and one press chooses it."""

from pathlib import Path

import pytest

from metadash.dashboard.parts.escape import plain
from metadash.dashboard.train.proposal import tasks_of
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.choosing.arrangements import proposal_for
from metadash.workspace import Workspace
from tests.builders import write_vectors
from tests.pages.page import open_page, said


def test_a_press_on_use_it_chooses_what_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(tmp_path))
    workspace = Workspace(tmp_path)
    data = write_vectors(workspace)
    link = {"dataset": "vectors", "tr_query": "2", "tr_way": "5", "tr_episodes": "5", "tr_strategy": "uniform"}
    page = open_page("train", **link)
    assert any(button.label == "Propose an arrangement" for button in page.button)
    asked = run_for(data, strategy="uniform", n_way=5, n_query=2)
    train(proposal_for(data, **tasks_of([asked])), workspace)
    page.run()
    assert said(page, plain("On validation classes, 5-way 5-shot: ")) and said(page, plain("n = 200 tasks of"))
    page.selectbox(key="tr_learner").set_value("r2d2").run()
    page.segmented_control(key="tr_mode").set_value("full").run()
    page.text_input(key="tr_options").set_value("ridge_lambda=3").run()
    page.button(key="tr_use").click().run()
    assert page.segmented_control(key="tr_mode").value == "quick" and not page.text_input(key="tr_options").value
    assert not page.exception and page.selectbox(key="tr_backbone").value == "none"
