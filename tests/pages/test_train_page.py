"""The *Train* page: choose, see how long it takes, watch, cancel; what is wrong is said in one sentence before anything is queued."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard import server
from metadash.runs.kinds import run_digest
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder, all_jobs
from metadash.runs.train import train
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.views import AdaptationSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run, write_vectors
from tests.pages.page import ROOT, open_page, said, shared

SMALL = {"tr_episodes": "5", "tr_steps": "20", "tr_tests": "60", "tr_query": "5", "tr_way": "5", "tr_shots": ["1", "2"]}


@pytest.fixture
def page(untrained: Workspace) -> AppTest:
    return open_page("train", dataset="tiny", **SMALL)


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button if button.key}


def test_before_the_first_run_it_says_what_the_button_will_tell_and_how_long_it_takes(page: AppTest) -> None:
    assert page.title[0].value == "Who learns, and how fast?"
    assert said(
        page, "Pressing the button trains Prototypical Networks without metadata and scores it on 60 test tasks of 5 things"
    )
    assert said(page, "s on this machine with")
    assert said(page, "Nothing of it is stored yet.")
    assert said(page, "Loss and validation accuracy are drawn here")
    assert "tr_go" in keys(page)


def test_five_controls_are_in_view_and_the_rest_behind_more_options(page: AppTest) -> None:
    (more,) = [expander for expander in page.expander if expander.label.startswith("More options")]
    hidden = {widget.key for kind in ("selectbox", "multiselect", "number_input", "text_input") for widget in more.get(kind)}
    assert {"tr_fusion", "tr_control", "tr_split", "tr_way", "where", "tr_steps", "tr_episodes", "tr_distance"} <= hidden
    assert {"tr_learner", "tr_sources", "tr_seeds"}.isdisjoint(hidden)


def test_what_describes_instances_is_named_as_not_usable_here_and_why(page: AppTest) -> None:
    assert "site" not in page.multiselect(key="tr_sources").options
    assert said(page, "Not usable with this fusion: site. They describe single images, and only FiLM reads those.")


def test_with_film_chosen_what_describes_instances_can_be_read_and_with_another_fusion_no_longer(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    page.selectbox(key="tr_fusion").set_value("film").run()
    assert said(page, "FiLM: metadata of an example, or of the whole task, scale and shift")
    page.multiselect(key="tr_sources").set_value(["place", "site"]).run()
    assert not page.error and said(page, "with “place, site”")
    page.selectbox(key="tr_fusion").set_value("am3").run()
    assert not page.exception and not page.error
    assert page.multiselect(key="tr_sources").value == ["place"]
    page.selectbox(key="tr_fusion").set_value("film").run()
    page.multiselect(key="tr_sources").set_value(["site"]).run()
    page.button(key="tr_go").click().run()
    specs = [job.spec for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    assert {(spec.fusion, spec.sources) for spec in specs} == {("film", ("site",))} and len(specs) == 3


def test_a_link_with_film_and_an_instance_source_opens_with_both(page: AppTest) -> None:
    other = open_page("train", dataset="tiny", tr_fusion="film", tr_sources=["site"], **SMALL)
    assert other.multiselect(key="tr_sources").value == ["site"] and not other.error
    assert said(other, "with “site”")


def test_the_auxiliary_loss_asks_for_full_mode(page: AppTest) -> None:
    page.selectbox(key="tr_fusion").set_value("auxiliary").run()
    page.multiselect(key="tr_sources").set_value(["place"]).run()
    (error,) = page.error
    assert "use the mode full" in one_sentence(error.value)
    page.segmented_control(key="tr_mode").set_value("full").run()
    assert not page.error and said(page, "only in training")


def test_pressing_the_button_queues_one_run_a_seed_and_the_backbone_once(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    page.multiselect(key="tr_sources").set_value(["place", "traits"]).run()
    assert said(page, "That is 3 runs, one a seed.")
    page.button(key="tr_go").click().run()
    assert not page.exception and not page.error
    specs = [job.spec for job in all_jobs(untrained)]
    runs = [spec for spec in specs if isinstance(spec, RunSpec)]
    assert sorted(run.seed for run in runs) == [0, 1, 2] and len(specs) == 4
    assert {(run.sources, run.fusion, run.steps, run.evaluation.shots) for run in runs} == {
        (("place", "traits"), "pseudo-shots", 20, (1, 2))
    }
    assert "tr_cancel" in keys(page) and "tr_go" not in keys(page)
    assert sum(key.startswith("tr_cancel_") for key in keys(page)) == 4


def test_while_the_shared_backbone_trains_another_learner_can_be_queued_behind_it(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    page.button(key="tr_go").click().run()
    page.selectbox(key="tr_learner").set_value("maml").run()
    assert said(page, "Pressing the button trains MAML without metadata")
    page.multiselect(key="tr_seeds").set_value([0]).run()
    page.button(key="tr_go").click().run()
    learners = sorted(job.spec.learner for job in all_jobs(untrained) if isinstance(job.spec, RunSpec))
    assert learners == ["maml", "prototypical"] and len(all_jobs(untrained)) == 3


def test_the_backbone_is_a_choice_with_its_paper_and_its_price(page: AppTest, no_workers: None, untrained: Workspace) -> None:
    assert page.selectbox(key="tr_backbone").options[:3] == ["Conv-4", "ResNet-12", "MLP"]
    assert said(page, "It trains in")
    page.selectbox(key="tr_backbone").set_value("resnet12").run()
    assert said(page, "Lee et al. 2019") and said(page, "5.3 times what Conv-4 takes an image.")
    page.segmented_control(key="tr_resnet12_width").set_value(32).run()
    page.button(key="tr_go").click().run()
    assert not page.exception and not page.error
    (run,) = [job.spec for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    assert (run.backbone.backbone, run.backbone.width) == ("resnet12", 32)


def test_feature_vectors_get_an_mlp(served: None, no_workers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    write_vectors(workspace)
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    page = open_page("train", dataset="vectors", tr_tests="60")
    assert page.selectbox(key="tr_backbone").options == ["MLP", "No backbone"]
    page.button(key="tr_go").click().run()
    (run,) = [job.spec for job in all_jobs(workspace) if isinstance(job.spec, RunSpec)]
    assert (run.backbone.backbone, run.backbone.width) == ("mlp", 64)
    assert not open_page("start", dataset="vectors").error


def test_a_second_browser_sees_the_same_queue_and_may_cancel(page: AppTest, no_workers: None, untrained: Workspace) -> None:
    page.button(key="tr_go").click().run()
    other = open_page("train", dataset="tiny")
    (digest,) = [job.digest for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    other.button(key=f"tr_cancel_{digest}").click().run()
    assert JobFolder(untrained, digest).cancel_requested
    page.run()
    assert f"tr_again_{digest}" in keys(page)


def test_without_metadata_a_quick_learner_has_nothing_to_train_and_one_seed_serves_all(page: AppTest) -> None:
    assert said(page, "That is one run (over a frozen backbone there is nothing more to train, so one serves every seed).")
    page.segmented_control(key="tr_mode").set_value("full").run()
    assert said(page, "That is 3 runs, one a seed.")


def test_without_a_source_fusion_and_control_are_none_whatever_they_show(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    page.selectbox(key="tr_control").set_value("shuffled").run()
    page.button(key="tr_go").click().run()
    (run,) = [job.spec for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    assert (run.fusion, run.control, run.sources) == ("none", "none", ())


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("tr_way", 50, "n_way is 50"),
        ("tr_query", 50, "instances; this episode needs"),
        ("where", "nonsense ===", "Not SQL"),
        ("where", "size > 1e9", "No test class meets the condition"),
        ("tr_seeds", [], "Choose at least one training seed."),
        ("tr_shots", [], "Choose at least one number of shots."),
        ("tr_sources", ["place", "nothing"], "The source 'nothing' is empty for every"),
    ],
)
def test_a_choice_that_cannot_be_is_one_sentence_and_choosing_otherwise_mends_it(
    page: AppTest, key: str, value: object, says: str
) -> None:
    kind = "number_input" if isinstance(value, int) else "multiselect" if isinstance(value, list) else "text_input"
    widget = getattr(page, kind)(key=key)
    before = widget.value
    widget.set_value(value).run()
    assert not page.exception
    (error,) = page.error
    assert says in one_sentence(error.value)
    assert "tr_go" not in keys(page) and page.number_input(key="tr_steps").value == 20
    getattr(page, kind)(key=key).set_value(before).run()
    assert not page.error and "tr_go" in keys(page)


def test_a_failed_job_shows_its_reason_and_can_be_started_again(page: AppTest, no_workers: None, untrained: Workspace) -> None:
    page.button(key="tr_go").click().run()
    (digest,) = [job.digest for job in all_jobs(untrained) if isinstance(job.spec, RunSpec)]
    for job in all_jobs(untrained):
        JobFolder(untrained, job.digest).write_progress(
            state="failed", message="The loss is not a number at step 3.", fraction=0.1
        )
    page.run()
    assert any("The loss is not a number at step 3" in warning.value.replace("\\", "") for warning in page.warning)
    page.button(key=f"tr_again_{digest}").click().run()
    assert JobFolder(untrained, digest).read().state == "queued"


def test_a_running_job_shows_its_curves_and_how_far_it_is(page: AppTest, no_workers: None, untrained: Workspace) -> None:
    page.button(key="tr_go").click().run()
    (digest,) = [job.digest for job in all_jobs(untrained) if isinstance(job.spec, BackboneSpec)]
    folder = JobFolder(untrained, digest)
    for step in (10, 20, 30):
        folder.append_history({"step": step, "phase": "training the backbone", "seconds": 1.0, "loss": 3.0 - step / 20})
    folder.append_history({"step": 30, "phase": "training the backbone", "seconds": 1.0, "validation_accuracy": 41.0})
    folder.write_progress(state="running", started=time.time() - 10, phase="training the backbone", fraction=0.4, message="")
    page.run()
    assert len(page.get("plotly_chart")) == 2
    bars = [bar.proto.text for bar in page.get("progress")]
    assert any("40 %" in text and "training the backbone" in text and "left" in text for text in bars)


def test_a_run_made_on_the_command_line_can_be_looked_at_too(untrained: Workspace) -> None:
    run = train(tiny_run(("place",)), untrained)
    page = open_page("train", dataset="tiny", tr_show=run.digest)
    assert page.selectbox(key="tr_show").value == run.digest
    assert len(page.get("plotly_chart")) == 2


def test_a_run_that_the_link_names_and_that_is_gone_does_no_harm(page: AppTest) -> None:
    other = open_page("train", dataset="tiny", tr_show="0123456789", tr_seeds=["77"], tr_mode="sideways")
    assert not other.exception and other.segmented_control(key="tr_mode").value == "quick"


def test_a_damaged_job_record_does_not_take_the_page_down(page: AppTest, untrained: Workspace) -> None:
    (untrained.jobs / "broken").mkdir()
    (untrained.jobs / "broken" / "job.json").write_text("{half")
    page.run()
    assert not page.exception and "tr_go" in keys(page)


def test_a_full_disk_is_one_sentence(page: AppTest, no_workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from metadash.errors import BadInput

    def refuse(self: JobBoard, spec: RunSpec) -> str:
        raise BadInput("'job' could not be written: the disk is full. Free some space, then try again.")

    monkeypatch.setattr(JobBoard, "submit", refuse)
    page.button(key="tr_go").click().run()
    assert any("the disk is full" in one_sentence(error.value) for error in page.error) and not page.exception


def test_from_the_button_to_the_answer(page: AppTest, untrained: Workspace) -> None:
    page.multiselect(key="tr_sources").set_value(["place"]).run()
    page.multiselect(key="tr_seeds").set_value([0]).run()
    page.button(key="tr_go").click().run()
    end = time.monotonic() + 90
    while time.monotonic() < end and any(job.active for job in all_jobs(untrained)):
        time.sleep(0.5)
    assert [job.state for job in all_jobs(untrained)] == ["done", "done"], [job.message for job in all_jobs(untrained)]
    page.run()
    assert not page.exception and not page.error
    assert said(page, "With one labelled example per class, Prototypical Networks with “place” is right in ")
    assert said(page, "60 episodes · 1 seed") and said(page, "Guessing would be right in 20 %.")
    known = " ".join(line.value for line in page.markdown)
    assert re.search(r"right in \d+\.\d\u00a0% of queries", known) and re.search(
        r"It learned in (under )?\S+\u00a0s\.|learned in under\u00a01\u00a0s", known
    )
    spec = next(job.spec for job in all_jobs(untrained) if isinstance(job.spec, RunSpec))
    run = server.store().get(run_digest(spec, server.dataset("tiny")))
    section = shared(page)
    assert run is not None and run.digest in section.repeat[-1] and said(page, f"#### {section.told[0]}")
    assert list(section.numbers["Accuracy by labelled examples"].index) == ["1 shot", "2 shots"] and len(section.pictures) >= 2
    assert "metadash train --dataset tiny" in section.repeat[0] and "sources=['place']" in section.repeat[1]


def test_what_the_pages_are_made_of_loads_neither_torch_nor_scikit_learn() -> None:
    parts = ("train.controls", "train.queue", "parts.curves", "compare.learners", "prototypes.map_view", "links.pages")
    program = f"import sys; [__import__(f'metadash.dashboard.{{p}}') for p in {parts}]; print({{'torch', 'sklearn'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


def test_no_backbone_has_no_width_and_no_training_tasks_to_choose(
    served: None, no_workers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    write_vectors(workspace)
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    page = open_page("train", dataset="vectors", tr_tests="60", tr_backbone="none")
    assert not page.error and page.selectbox(key="tr_backbone").value == "none"
    assert page.number_input(key="tr_episodes").disabled
    assert not [one for one in page.get("button_group") if "Width" in one.label]
    assert any("not trained here; it has seen nothing of this data set" in one.value for one in page.caption)


def test_what_waits_before_it_on_another_data_set_is_said_beside_the_time(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    assert not said(page, "first) on this machine")
    write_vectors(untrained, "My-Vectors")
    open_page("train", dataset="My-Vectors", **SMALL).button(key="tr_go").click().run()
    page.run()
    assert said(page, "(2 runs on “My-Vectors” come first) on this machine")


def test_learners_of_another_data_set_name_it_and_their_curves_do_not_open_by_themselves(
    page: AppTest, no_workers: None, untrained: Workspace
) -> None:
    train(tiny_run(steps=5), untrained)
    write_vectors(untrained)
    page.button(key="tr_go").click().run()
    other = open_page("train", dataset="vectors", **SMALL)
    assert all(", on tiny · " in label or ", tiny · " in label for label in other.selectbox(key="tr_show").options[1:])
    assert said(other, "once something trains") and not other.get("plotly_chart")
    texts = [bar.proto.text for bar in other.get("progress")]
    assert len(texts) == 2 and all("tiny" in text for text in texts) and "seed 0**, on tiny · " in texts[1]
    page.run()
    assert not any(", on tiny" in label for label in page.selectbox(key="tr_show").options)


def test_the_curves_are_of_the_learner_that_is_chosen_and_the_list_below_is_of_trainings_alone(
    page: AppTest, no_workers: None, untrained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = train(tiny_run(("place",)), untrained)
    newest = train(tiny_run(("place",), steps=30), untrained)
    board = JobBoard(untrained)
    for spec in (AdaptationSpec(tiny_run(learner="maml"), 0, 1, 2), newest.spec):
        board.submit(spec)
    for job in all_jobs(untrained):
        JobFolder(untrained, job.digest).write_progress(state="failed", message="It ended early.", fraction=0.1)
    page.run()
    assert said(page, "The learner chosen above has no curve yet. This is of ") and said(page, newest.digest[:6])
    assert {button.key for button in page.button if button.key and button.key.startswith("tr_look_")} == {
        f"tr_look_{job.digest}" for job in all_jobs(untrained) if isinstance(job.spec, (RunSpec, BackboneSpec))
    }
    monkeypatch.setattr("metadash.dashboard.train.controls.run_for", lambda *_, **more: chosen.spec)
    page.run()
    assert not said(page, "has no curve yet") and said(page, chosen.digest[:6])
