"""Text that came with data is shown as it is written, on every page: no Markdown, LaTeX, icon, HTML or picture is read out of it."""

from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from metadash.ablation.plan import AblationSpec, ablation_run
from metadash.ablation.result import ablation
from metadash.answers.answer import answer_spec
from metadash.dashboard.parts.escape import plain
from metadash.data.library import open_dataset
from metadash.figures.report import report_html
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.workspace import Workspace
from tests.ablations import additive, made_up
from tests.builders import copy_workspace, store_scores
from tests.pages.hostile import HOSTILE, READ, hostile, interpreted, write_hostile
from tests.pages.page import open_page

PAGES = ("start", "metadata", "episodes", "train", "prototypes", "adaptation", "compare", "ablation", "what_if", "use", "runs")
VIEWS = (*PAGES, "metadata: Bring your own", "metadata: Card and export", "use: 2 · To label")
"""Pages as they open, and the views of them that are one click further."""
SMALL: dict[str, Any] = {"width": 4, "backbone_episodes": 5, "steps": 10, "n_episodes": 30, "shots": (1, 2)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, dict[str, Any]]]:
    """Learners, a map, a look inside, an answer and an ablation; and the links that lead to these."""
    workspace = Workspace(tmp_path_factory.mktemp("hostile"))
    data = write_hostile(workspace)
    sources = (hostile("place"), hostile("age"))
    informed, adapting = run_for(data, sources[:1], **SMALL), run_for(data, learner="maml", **SMALL)
    digest = train(informed, workspace).digest
    for spec in (run_for(data, **SMALL), adapting, MapSpec(informed, background=60, perplexity=8.0), AdaptationSpec(adapting)):
        train(spec, workspace)
    asked = answer_spec(data, data.description.questions[0])
    for run in asked.runs:
        scores = np.random.default_rng(5).normal(0.6, 0.05, (len(asked.shots), run.evaluation.n_episodes))
        store_scores(RunStore(workspace), run, data, scores + 0.05 * bool(run.sources and run.control == "none"))
    made_up(
        AblationSpec(ablation_run(data, sources, **{**SMALL, "n_episodes": 60}), "screen", (0, 1, 2)),
        data,
        RunStore(workspace),
        additive(3, 1),
    )
    picked = [
        str(row) for c in data.split(data.description.default_split)["test"][:2] for row in np.flatnonzero(data.class_of == c)[:2]
    ]
    links: dict[str, dict[str, Any]] = {
        "use": {"us_rows": picked},
        "use: 2 · To label": {"us_rows": picked, "us_step": "2 · To label"},
        "metadata: Bring your own": {"md_view": "Bring your own"},
        "metadata: Card and export": {"md_view": "Card and export"},
        "prototypes": {"pr_run": digest, "pr_background": "60", "pr_perplexity": "8"},
        "metadata": {"md_classes": "thing", "md_audit_fold": "true"},
        "ablation": {
            "ab_tier": "screen", "ab_folds": "no: the split as it is", "ab_episodes": "5", "ab_steps": "10", "ab_tests": "60",
            "ab_shots": ["1", "2"], "ab_sources": list(sources),
        },
    }  # fmt: skip
    return workspace, links


@pytest.mark.parametrize("title", VIEWS)
def test_no_page_reads_anything_out_of_the_data(
    title: str,
    whole: tuple[Workspace, dict[str, dict[str, Any]]],
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    served: None,
    no_workers: None,
) -> None:
    workspace, links = whole
    own = copy_workspace(workspace, tmp_path / "own", "datasets", "runs", "episodes")
    monkeypatch.setenv("METADASH_WORKSPACE", str(own.root))
    page = open_page(title.partition(":")[0], dataset="hostile", **links.get(title, {}))
    assert not page.error, [error.value for error in page.error]
    assert interpreted(page) == []


def test_a_report_on_such_data_fetches_nothing_and_reads_no_markup(whole: tuple[Workspace, dict[str, dict[str, Any]]]) -> None:
    workspace, links = whole
    data = open_dataset(workspace, "hostile")
    sources = tuple(links["ablation"]["ab_sources"])
    spec = AblationSpec(ablation_run(data, sources, **{**SMALL, "n_episodes": 60}), "screen", (0, 1, 2))
    found = ablation(spec, data, RunStore(workspace))
    assert found is not None
    tags: list[str] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: tags.append(f"{tag} {dict(attrs)}")  # type: ignore[method-assign]
    reader.feed(report_html(found, data))
    assert hostile("place") in unescape(report_html(found, data)), "the names are in it, as they are written"
    assert not [tag for tag in tags if tag.startswith(("img", "a ")) or "onerror" in tag or "127.0.0.1" in tag]


def test_what_is_plain_holds_nothing_that_a_page_would_read() -> None:
    assert not any(mark in plain(HOSTILE) for mark in READ)


@pytest.mark.parametrize("sentence", ["The class '*b*' is not there.", "A column <img src=x> twice."])
def test_a_sentence_about_bad_input_is_plain(sentence: str) -> None:
    assert not any(mark in plain(sentence) for mark in READ)
