"""The report: one file that opens offline, with every source, effect and interval, and no claim that was not confirmed."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from metadash.ablation.companions import with_findings
from metadash.ablation.effects_table import effects_table
from metadash.ablation.methods import command
from metadash.ablation.result import Ablation
from metadash.ablation.words import headline
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.fields import build
from metadash.figures.ablation import worth_chart
from metadash.figures.palette import LIGHT
from metadash.figures.report import figure_page, report_html
from metadash.metadata.audit.audit import audit
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.verbs.ablate import spec_of
from metadash.verbs.cli import parser
from metadash.workspace import Workspace
from tests.ablations import SOURCES, additive, asked, made_up
from tests.builders import one_sentence

VOID = ("meta", "br", "hr", "img", "link")
LOADS = ("src", "href", "srcset", "data", "action")


class Reader(HTMLParser):
    """Keeps the text outside scripts, the scripts, what would be loaded, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.scripts: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.loaded += [f"{tag} {name}={value}" for name, value in attrs if name in LOADS]
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


@pytest.fixture
def tiny(wide: Dataset) -> Dataset:
    """With enough test families for certain verdicts."""
    return wide


@pytest.fixture
def confirmed(tiny: Dataset, tmp_path: Path) -> Ablation:
    return made_up(asked(), tiny, RunStore(Workspace(tmp_path)), additive(4, 2, -1), noise=3)


def test_it_is_one_whole_page_that_loads_nothing(confirmed: Ablation, tiny: Dataset) -> None:
    page = read(report_html(confirmed, tiny))
    assert page.loaded == []
    bundles = [script for script in page.scripts if len(script) > 1_000_000]
    assert len(bundles) == 1, "plotly.js stands in it once"
    rest = page.text + "".join(script for script in page.scripts if script not in bundles)
    assert "http:" not in rest and "https:" not in rest and "@import" not in rest and "url(" not in rest
    assert sum("Plotly.newPlot" in script for script in page.scripts if script not in bundles) == 5


def test_it_holds_every_source_and_every_interval_by_name(confirmed: Ablation, tiny: Dataset) -> None:
    text = read(report_html(confirmed, tiny)).text
    assert headline(confirmed) in text
    for card in confirmed.cards:
        assert f"{card.verdict.value} {card.source}" in text
        for one in (card.delta[0], card.phi[0], card.credit[0], card.alone[0], *card.delta):
            assert one.seeds is not None
            for interval in (one.episodes, one.new_classes, one.seeds):
                assert interval.bracket in text
    table = effects_table(confirmed)
    assert len(table) == 3 * (3 * 5 + 1 + 1 + 3), "at each of 3 numbers of shots: 5 effects a source, 2 of all, 3 pairs"
    for name in ("these_test_classes", "new_classes", "seeds"):
        for end in ("low", "high"):
            assert all(f"{value:.3f}" in text for value in table[f"{name}_{end}"].dropna())
    for named in (
        "Student's t over episodes",
        "delete-one-group jackknife",
        "matched seeds",
        "Holm",
        "± 0.5 points",
        "bootstrap",
    ):
        assert named in text
    assert confirmed.values.manifest.hash in text and tiny.fingerprint in text


def test_its_configuration_and_its_command_make_the_same_ablation(confirmed: Ablation, tiny: Dataset) -> None:
    page = report_html(confirmed, tiny)
    blocks = [unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", page, re.S)]
    assert blocks[0] == command(confirmed.spec)
    values = json.loads(blocks[1])
    assert build(RunSpec, values["ablation"]["run"]) == confirmed.spec.run and values["runs"] == list(confirmed.values.digests)
    options = parser().parse_args(command(confirmed.spec).split()[3:])
    again = spec_of(options, tiny)
    assert (again.sources, again.tier, again.seeds, again.controls, again.rope) == (
        confirmed.spec.sources,
        "confirm",
        confirmed.spec.seeds,
        confirmed.spec.controls,
        confirmed.spec.rope,
    )
    assert again.run.evaluation.shots == confirmed.spec.run.evaluation.shots and again.run.steps == confirmed.spec.run.steps


def test_a_claim_says_for_which_sources_it_holds(confirmed: Ablation, tiny: Dataset) -> None:
    text = read(report_html(confirmed, tiny, claim=True)).text
    quotable = [card.source for card in confirmed.cards if card.claim]
    assert quotable and all(f"“{source}”" in text for source in quotable)
    assert "Not marked as a claim" in read(report_html(confirmed, tiny)).text


def test_a_claim_is_refused_from_a_screen_and_from_missing_seeds(tiny: Dataset, tmp_path: Path) -> None:
    store = RunStore(Workspace(tmp_path))
    screen = made_up(asked(tier="screen", seeds=(0, 1, 2)), tiny, store, additive(4, 2, -1))
    partial = made_up(asked(), tiny, store, additive(4, 2, -1), seeds=3)
    for found, why in ((screen, "needs the tier confirm"), (partial, "needs every seed")):
        with pytest.raises(BadInput, match=why) as refused:
            report_html(found, tiny, claim=True)
        one_sentence(refused.value)
        assert "Not marked as a claim" in report_html(found, tiny)


def test_what_the_audit_found_stands_on_the_card_and_what_blocks_forbids_the_claim(tiny: Dataset, confirmed: Ablation) -> None:
    looked = audit(tiny, "family-0", SOURCES)
    found = with_findings(confirmed, looked)
    text = read(report_html(found, tiny)).text
    for finding in looked.findings:
        if finding.source in SOURCES:
            assert finding.sentence in text
            assert finding.severity != "block" or not found.card(finding.source).claim


def test_markup_in_the_data_stays_text(confirmed: Ablation, tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(tiny), "name", "<script>alert(1)</script>")
    assert "<script>alert(1)" not in report_html(confirmed, tiny)


def test_a_figure_alone_is_a_page_too(confirmed: Ablation) -> None:
    page = read(figure_page(worth_chart(confirmed, "left out", LIGHT)))
    assert page.loaded == [] and any("Plotly.newPlot" in script for script in page.scripts)
