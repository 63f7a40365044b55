"""*Bring your own* on the *Metadata* page: files in, guesses corrected, a data set out, and a first question asked of it."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from metadash.dashboard.bring import errand, recipe, upload
from metadash.dashboard.bring.staging import place_of
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.own_files import VERBS, ended, sentence_table, sign_photos, sign_table
from tests.pages.page import open_page, said

VIEW = "Bring your own"


@pytest.fixture
def workspace(untrained: Workspace) -> Iterator[Workspace]:
    """With *tiny* in it; what a test started is ended."""
    yield untrained
    for process in errand.STARTED:
        process.kill()


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return brought_to()


def brought_to(**query: str) -> AppTest:
    return open_page("metadata", dataset="tiny", md_view=VIEW, **query)


def bring(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    page.run()
    assert not page.exception
    return page


def table(page: AppTest):
    return page.data_editor[0].value.set_index("Column")


def correct(page: AppTest, row: int, **cells: object) -> AppTest:
    """As somebody types into the table of guesses."""
    key = page.data_editor[0].key
    had = dict(page.session_state[key]["edited_rows"]) if key in page.session_state else {}
    edited = {**had, row: {**had.get(row, {}), **cells}}
    page.session_state[key] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}
    page.run()
    assert not page.exception
    return page


def imported(page: AppTest, workspace: Workspace) -> Dataset:
    """Presses *Import* and waits for it."""
    page.button(key="bring_go").click().run()
    found = ended(max(place_of(workspace).iterdir(), key=lambda place: place.stat().st_mtime))
    assert found.state == "done", found
    page.run()
    return open_dataset(workspace, found.name)


def test_sentences_become_a_data_set_whose_question_can_be_asked(page: AppTest, workspace: Workspace) -> None:
    bring(page, ("intents.csv", sentence_table()))
    assert page.subheader[0].value == r"54 texts of 9 intents, 6 each; 1 source of metadata\."
    assert table(page)["Role"].to_dict() == {"text": "input", "intent": "class", "domain": "metadata"}
    assert said(page, "**Does the metadata")
    assert "python -m metadash datasets import intents.csv" in [code.value for code in page.code]
    data = imported(page, workspace)
    assert (data.name, len(data.classes), len(data.inputs)) == ("intents", 9, 54)
    assert "*intents* is here: 54 texts of 9 intents." in page.subheader[0].value
    assert not list(place_of(workspace).glob("*/files")), "what was uploaded is removed once it is imported"
    start = open_page("start", dataset="intents")
    assert data.description.questions[0].title in start.selectbox(key="q").options[0] and start.button(key="start_go")


def test_a_zip_of_photos_and_a_table_of_classes_belong_together(page: AppTest, workspace: Workspace) -> None:
    zipped = sign_photos(3, 12, 16, {"signs/red circle/broken.png": b"nothing"})
    bring(page, ("signs.zip", zipped), ("about.csv", sign_table()))
    assert page.subheader[0].value.startswith("36 images of 12 ")
    assert table(page)["Role"][["colour", "class", "owner"]].tolist() == ["metadata", "class", "ignored"]
    assert "all are dates but 1" in table(page)["What is wrong"]["first seen"]
    assert any("1 row cannot be read" in fold.label for fold in page.expander)
    page.text_input(key="bring_noun").set_value("road sign").run()
    data = imported(page, workspace)
    assert (data.name, data.description.class_noun, data.inputs.shape) == ("signs", "road sign", (36, 12, 16, 3))
    assert set(data.classes["colour"]) == {"red", "green", "blue"}


def test_what_is_corrected_is_looked_at_again_at_once_and_is_what_is_imported(page: AppTest, workspace: Workspace) -> None:
    bring(page, ("intents.csv", sentence_table(channel="mail")))
    assert (
        table(page).loc["channel", "What is wrong"] == "the same everywhere" and table(page).loc["channel", "Role"] == "ignored"
    )
    correct(page, 2, Source="topic", Sensitive=True)
    assert table(page).loc["domain", ["Source", "Sensitive"]].tolist() == ["topic", True]
    assert said(page, "“topic”"), "the questions follow"
    command = next(code.value for code in page.code if "datasets import" in code.value)
    assert command.endswith("--recipe intents.json"), "one --role cannot say both"
    (source,) = imported(page, workspace).sources
    assert (source.name, source.sensitive, source.columns) == ("topic", True, ("domain",))


def test_another_class_column_changes_what_is_counted_and_can_be_undone(page: AppTest) -> None:
    bring(page, ("intents.csv", sentence_table()))
    correct(page, 2, Role="class")
    assert page.subheader[0].value.startswith("54 texts of 3 domains")
    assert table(page)["Role"]["intent"] != "class"
    command = next(code.value for code in page.code if "datasets import" in code.value)
    assert "--class-column domain" in command
    page.button(key="bring_undo").click().run()
    assert page.subheader[0].value.startswith("54 texts of 9 intents")


def workbook() -> bytes:
    """The longest sheet is a log that names no class; the shorter one has the sentences, and a third what is known of the intents."""
    from openpyxl import Workbook

    book = Workbook()
    for name, rows in {
        "log": [["when", "what"], *([f"2024-01-{1 + i % 28:02}", f"line {i} was read"] for i in range(90))],
        "sentences": [line.split(",")[:2] for line in sentence_table().decode().splitlines()],
        "about": [["intent", "tone"], *([f"{verb}_it", ("kind", "curt")[i % 2]] for i, verb in enumerate(VERBS))],
    }.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_of_a_workbook_the_sheet_with_the_instances_can_be_chosen(page: AppTest, workspace: Workspace) -> None:
    bring(page, ("intents.xlsx", workbook()))
    assert page.error or not page.subheader[0].value.startswith("54"), "the longest sheet is taken first"
    sheets = next(box for box in page.selectbox if box.label == "Table with a row for each instance")
    assert (sheets.value, sheets.options) == ("log", ["log", "sentences", "about"])
    sheets.set_value("sentences").run()
    assert not page.error and page.subheader[0].value.startswith("54 texts of 9 intents")
    assert table(page)["Table"].to_dict()["tone"] == "classes", "another sheet tells about the classes"
    assert "python -m metadash datasets import intents.xlsx --table sentences" in [code.value for code in page.code]
    correct(page, 3, Role="ignored")
    page.button(key="bring_undo").click().run()
    assert next(box for box in page.selectbox if box.key.startswith("bring_table")).value == "log"
    next(box for box in page.selectbox if box.key.startswith("bring_table")).set_value("sentences").run()
    data = imported(page, workspace)
    assert (len(data.class_of), data.description.extra["recipe"]["table"]) == (54, "sentences") and "tone" in data.classes


def test_a_role_that_leaves_no_input_says_so_and_nothing_can_be_imported_until_it_is_mended(page: AppTest) -> None:
    bring(page, ("intents.csv", sentence_table()))
    correct(page, 0, Role="ignored")
    one_sentence(page.error[0].value)
    assert page.button(key="bring_go").disabled and page.data_editor, "the table stays to be mended"
    correct(page, 0, Role="input")
    assert not page.error and not page.button(key="bring_go").disabled


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "empty"),
        ("header.csv", b"text,intent\n", "no rows"),
        ("letter.docx", b"PK\x03\x04 no table", "can be imported"),
        ("photos.zip", b"not a zip at all", "zip"),
        ("one.csv", b"text,intent\n" + b"\n".join(b"sentence %d,only" % i for i in range(9)), "class"),
    ],
)
def test_a_file_that_is_none_is_one_sentence_beside_the_upload_and_what_was_typed_stays(
    page: AppTest, workspace: Workspace, name: str, content: bytes, told: str
) -> None:
    bring(page, ("intents.csv", sentence_table()))
    page.text_input(key="bring_title").set_value("What people want").run()
    page.button(key="bring_over").click().run()
    bring(page, (name, content))
    assert told in one_sentence(page.error[0].value)
    assert not [button for button in page.button if button.key == "bring_go" and not button.disabled]
    page.button(key="bring_over").click().run()
    bring(page, ("intents.csv", sentence_table()))
    assert not page.error and page.text_input(key="bring_title").value == "What people want"


@pytest.mark.parametrize("content", [sentence_table(), b"text,text\nhello,greet\n"], ids=["whole", "refused"])
def test_files_are_read_and_listed_once_however_often_the_page_is_touched(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    asked: list[str] = []
    for module, name in ((recipe, "read_files"), (upload, "listed")):
        own = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, own=own, name=name, **more: asked.append(name) or own(*args, **more))
    bring(page, ("intents.csv", content))
    told = [error.value for error in page.error]
    for _ in range(2):
        page.run()
    assert sorted(asked) == ["listed", "read_files"] and [error.value for error in page.error] == told
    assert len(told) == (content != sentence_table())


def test_a_zip_whose_names_lead_out_of_it_is_refused(page: AppTest, workspace: Workspace) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../out.png", b"x")
    bring(page, ("photos.zip", buffer.getvalue()))
    one_sentence(page.error[0].value)
    assert not list(workspace.root.rglob("out.png"))


def test_paths_in_an_uploaded_table_lead_to_no_other_file_of_the_server(page: AppTest, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    lines = [f"bird {c},{secret}?{i}" for c in range(4) for i in range(3)]
    bring(page, ("birds.csv", "\n".join(["species,photo", *lines]).encode()))
    assert (
        page.error
        and "None of the 12 rows" in page.error[0].value
        and not any("data:image" in shown.proto.body for shown in page.get("html"))
    )


def test_the_same_name_again_becomes_a_version_beside_the_old_one_and_the_page_says_so(
    page: AppTest, workspace: Workspace
) -> None:
    imported(bring(page, ("intents.csv", sentence_table())), workspace)
    page.button(key="bring_another").click().run()
    bring(page, ("intents.csv", sentence_table(channel="mail").replace(b"please", b"kindly")))
    assert said(page, "becomes a version beside it")
    assert imported(page, workspace).name == "intents-2"
    assert open_dataset(workspace, "intents").name == "intents"


def test_an_import_that_is_called_off_leaves_nothing_and_what_was_brought_stays(
    page: AppTest, workspace: Workspace, monkeypatch
) -> None:
    """The process takes longer to start than to be called off."""
    bring(page, ("intents.csv", sentence_table()))
    page.button(key="bring_go").click().run()
    (place,) = place_of(workspace).iterdir()
    page.button(key=f"bring_cancel_{place.name}").click().run()
    assert ended(place).state == "cancelled"
    page.run()
    assert "left nothing behind" in page.info[0].value and not page.button(key="bring_go").disabled
    assert not list(workspace.datasets.glob("*intents*"))
    assert imported(page, workspace).name == "intents", "and it can be begun again"


def test_a_folder_on_the_server_is_read_where_it_lies_once_a_setting_allows_it(
    workspace: Workspace, tmp_path, monkeypatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "intents.csv").write_bytes(sentence_table())
    assert "A path on the server" not in brought_to().get_by_key("bring_how").options
    monkeypatch.setenv("METADASH_IMPORT_FROM", str(tmp_path / "data"))
    page = brought_to(bring_how="A path on the server")
    page.text_input[0].set_value("../workspace").run()
    one_sentence(page.error[0].value)
    page.text_input[0].set_value("intents.csv").run()
    assert page.subheader[0].value.startswith("54 texts of 9 intents")
    assert len(imported(page, workspace).classes) == 9 and (tmp_path / "data" / "intents.csv").is_file()


def test_a_table_on_the_server_names_pictures_inside_the_allowed_folder_and_no_others(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "data"
    (allowed / "tables").mkdir(parents=True)
    for place in (allowed, tmp_path):
        for i in range(12):
            Image.new("L", (8, 8), 20 * i).save(place / f"{i}.png")
    for name, where in (("birds", ".."), ("spies", "../.."), ("liars", tmp_path)):
        lines = [f"bird {i // 3},{where}/{i}.png,{'red' if i < 6 else 'blue'}" for i in range(12)]
        (allowed / "tables" / f"{name}.csv").write_text("\n".join(["species,photo,colour", *lines]))
    monkeypatch.setenv("METADASH_IMPORT_FROM", str(allowed))
    page = brought_to(bring_how="A path on the server")
    page.text_input[0].set_value("tables/birds.csv").run()
    assert imported(page, workspace).inputs.shape == (12, 8, 8)
    for name in ("spies", "liars"):
        page = brought_to(bring_how="A path on the server")
        page.text_input[0].set_value(f"tables/{name}.csv").run()
        assert "None of the 12 rows" in page.error[0].value


def test_the_sidebar_leads_there_from_every_page(workspace: Workspace) -> None:
    page = open_page("start", dataset="tiny")
    assert any("md_view=Bring" in link.proto.query_string for link in page.get("page_link"))
