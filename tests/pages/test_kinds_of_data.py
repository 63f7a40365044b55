"""Every page opens, with results on it, on each kind of data set there is: grey images, colour images, larger ones that are not square, vectors,
texts, mentions in sentences."""

import re
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.front.use import use_spec
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.workspace import Workspace
from tests.builders import WRITERS, copy_workspace
from tests.pages.page import brought, open_page, said

PAGES = ("start", "metadata", "episodes", "train", "prototypes", "adaptation", "compare", "ablation", "what_if", "use")
WITH_PICTURES = ("start", "episodes", "prototypes")
SHOWN_AS = {
    "tiny": "data:image/png;base64,",
    "colours": "data:image/png;base64,",
    "photos": "data:image/(jpeg|png);base64,",
    "vectors": "data:image/svg[+]xml;base64,",
    "sentences": "md-words",
    "mentions": "md-words[^>]*>[^<]*<mark",
}


def small(data: Dataset, *sources: str, **choices: object) -> RunSpec:
    budget: dict[str, Any] = {"width": 4, "backbone_episodes": 5, "steps": 10, "n_episodes": 30, "shots": (1, 2)}
    if data.modality.stored == "texts":
        del budget["backbone_episodes"]  # its features of a chosen width have nothing to train
    return run_for(data, sources, **budget, **choices)


@pytest.fixture(scope="module", params=list(WRITERS))
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, str, dict[str, dict[str, str]]]:
    """Three learners, a map, a look inside and some labels; and the links that lead to these."""
    workspace = Workspace(tmp_path_factory.mktemp(request.param))
    data = WRITERS[request.param](workspace)
    plain, informed, adapting = small(data), small(data, "place"), small(data, learner="maml")
    train(plain, workspace)
    links = {"prototypes": {"pr_run": train(informed, workspace).digest, "pr_background": "60", "pr_perplexity": "8"}}
    for spec in (adapting, MapSpec(informed, background=60, perplexity=8.0), AdaptationSpec(adapting)):
        train(spec, workspace)
    asked = RunStore(workspace).find(informed, data)
    assert asked is not None
    given = brought(workspace, informed, queries=2)
    train(use_spec(asked, given), workspace)
    links["use"] = {"us_run": asked.digest, "us_given": given.digest, "us_step": "3 · Review"}
    return workspace, data.name, links


def test_every_page_opens_with_results_and_shows_inputs_as_their_kind_is_shown(
    results: tuple[Workspace, str, dict[str, dict[str, str]]],
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    served: None,
    no_workers: None,
) -> None:
    whole, name, links = results
    workspace = copy_workspace(whole, tmp_path / "own", "datasets", "runs", "episodes", "given")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    for title in PAGES:
        page = open_page(title, dataset=name, **links.get(title, {}))
        assert not page.error, (title, [error.value for error in page.error])
        if title == "use":
            assert said(page, "one of the 3 things") or said(page, "like none of these"), "the labels are there"
        if title in WITH_PICTURES:
            assert any(re.search(SHOWN_AS[name], element.proto.body or "") for element in page.get("html")), title
