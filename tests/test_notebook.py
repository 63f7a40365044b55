"""The notebook in docs/ runs from top to bottom, and is kept without outputs of somebody's machine."""

from pathlib import Path

import nbclient
import nbformat

from metadash.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs" / "from_python.ipynb"


def test_the_notebook_runs_and_shows_a_sentence_a_curve_and_a_table(glyphs_workspace: Workspace, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("METADASH_WORKERS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "datasets").symlink_to(copied(glyphs_workspace, tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output["data"].get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    ]
    answers = [html for html in shown if "With one labelled example per class" in html]
    assert len(answers) == 3 and all("<svg" in html and "<table" in html for html in answers)
    of_both, compared, of_pitch = answers  # in the notebook's order: the answer, the comparison, the answer on own tables
    assert "the metadata “name, accents”" in of_both and "“pitch”" in of_pitch and "“accents”" in compared


def copied(workspace: Workspace, folder: Path) -> Path:
    """A folder of data sets of its own, with glyphs in it by a link."""
    own = folder / "datasets"
    own.mkdir()
    (own / "glyphs").symlink_to(workspace.datasets / "glyphs")
    return own


def test_the_notebook_is_kept_without_outputs() -> None:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
