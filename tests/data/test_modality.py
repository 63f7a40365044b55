"""Each kind of inputs says what it takes, shows a row as it is, and reads it as the networks do; another kind is one entry."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from metadash.data.modality import LARGEST_SIDE, MODALITIES, Modality, modality_of
from metadash.data.thumbnails import SHARP, picture_of
from metadash.errors import BadInput
from metadash.networks.images import as_floats
from metadash.networks.registry import BACKBONES, backbones_for
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.builders import N_CLASSES, PER_CLASS, one_sentence, tiny_description, tiny_images, tiny_vectors, write_tiny

ROOT = Path(__file__).resolve().parents[2]
RED = (250, 10, 20)


def seen(uri: str) -> np.ndarray:
    """The picture behind a data URI, as a browser reads it."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def images(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.zeros((1, *shape), dtype=dtype)


@pytest.mark.parametrize("shape", [(20, 30), (100, 250)], ids=["as it is", "scaled down"])
def test_a_red_picture_is_shown_red_and_upright(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), RED, dtype=np.uint8)
    image[: shape[0] // 4] = (10, 20, 250)  # blue on top
    picture = seen(picture_of(image, 56))
    assert abs(picture[-3, 5].astype(int) - RED).max() < 12 and abs(picture[1, 5].astype(int) - (10, 20, 250)).max() < 12
    assert picture.shape[1] / picture.shape[0] == pytest.approx(shape[1] / shape[0], rel=0.03)


def test_a_small_picture_is_shown_to_the_bit() -> None:
    for image in (tiny_images()[0], np.random.default_rng(0).integers(0, 255, (30, 17, 3), dtype=np.uint8)):
        assert np.array_equal(seen(picture_of(image, 34)), image)


def test_a_large_picture_is_scaled_to_its_place_so_that_a_message_stays_small() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (256, 192, 3), dtype=np.uint8)  # the worst there is to pack
    uri = picture_of(noise, 56)
    assert max(seen(uri).shape) == SHARP * 56 and len(uri) < 30_000 < len(picture_of(noise, 256)) / 5


def test_a_picture_s_text_and_hover_are_escaped() -> None:
    shown = MODALITIES["image"].html(tiny_images()[0], 40, 'a "b" <i>', "x\n<script>")
    assert 'alt="a &quot;b&quot; &lt;i&gt;"' in shown and "<script>" not in shown and "&lt;script&gt;" in shown


def test_a_vector_is_shown_by_bars_and_alike_ones_look_alike() -> None:
    kind, (one, other) = MODALITIES["vector"], tiny_vectors()[[0, 600]]
    assert kind.html(one, 52) == kind.html(one.copy(), 52) != kind.html(other, 52)
    drawn = base64.b64decode(re.findall(r"base64,([\w+/=]+)", kind.html(one, 52))[0]).decode()
    assert drawn.count("<rect") == len(one)
    assert f'title="{kind.words(one)}"' in kind.html(one, 52) and 'title="query 3"' in kind.html(one, 52, "", "query 3")
    assert kind.words(np.array([1.0, -2.5, 3.0])) == "1, −2.5, 3" and "(768 numbers)" in kind.words(np.zeros(768))
    assert kind.html(np.zeros(3), 52)  # nothing to scale by


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (images(257, 100, 3), f"has 257 × 100 pixels, and the most are {LARGEST_SIDE} a side"),
        (images(100, 257), "has 100 × 257 pixels"),
        (images(20, 20, dtype=np.float32), "are of the type float32; store them as bytes"),
        (images(20, 20, 4), "colours last"),
        (images(0, 20), "it must be .height, width."),
    ],
)
def test_an_image_that_cannot_be_read_or_shown_is_refused_in_one_sentence(found: np.ndarray, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refusal:
        MODALITIES["image"].check("photos", found)
    assert "'photos'" in one_sentence(refusal.value)


def test_the_largest_images_are_taken_square_or_not_grey_or_in_colour() -> None:
    for shape in [(LARGEST_SIDE, LARGEST_SIDE, 3), (LARGEST_SIDE, 17), (3, 3, 3)]:
        MODALITIES["image"].check("photos", images(*shape))


def test_what_a_page_says_that_a_learner_reads_is_what_networks_read() -> None:
    for name, rows in (("image", tiny_images()[:9]), ("vector", tiny_vectors()[:9])):
        numbers = MODALITIES[name].numbers
        assert numbers is not None and np.allclose(numbers(rows), as_floats(torch.from_numpy(rows)).numpy())


def test_kinds_and_backbones_name_each_other() -> None:
    named = [backbone for kind in MODALITIES.values() for backbone in kind.backbones]
    assert set(named) == set(BACKBONES)


def test_nobody_compares_the_name_of_a_kind() -> None:
    """What depends on the kind of inputs stands at its entry, so that another kind is an entry and no search for branches."""
    branch = re.compile(r"modality(\.name)?\s*(==|!=|in|not in)\s*[\"'(\[{]")
    for file in [*(ROOT / "metadash").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert not branch.search(file.read_text(encoding="utf-8")), file.name


def test_an_unknown_kind_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no kind of inputs 'imige'; did you mean 'image'") as refusal:
        write_tiny(Workspace(tmp_path), description=tiny_description(modality="imige"))
    one_sentence(refusal.value)


def test_another_kind_is_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sounds, read by the MLP and shown in words: written, checked, shown and learned from, with nothing else changed."""

    def loud(name: str, sounds: np.ndarray) -> None:
        if not sounds.any():
            raise BadInput(f"The sounds of '{name}' are silent; record them again.")

    entry = Modality("sound", "sound", loud, words=lambda sound: f"<{len(sound)} samples>", backbones=("mlp",))
    monkeypatch.setitem(MODALITIES, "sound", entry)
    workspace, about = Workspace(tmp_path), tiny_description("sounds", modality="sound")
    with pytest.raises(BadInput, match="sounds of 'sounds' are silent"):
        write_tiny(workspace, "sounds", description=about, inputs=np.zeros((N_CLASSES * PER_CLASS, 12), np.float32))
    data = write_tiny(workspace, "sounds", description=about, inputs=tiny_vectors())
    assert data.modality is entry is modality_of("sound") and list(backbones_for("sound")) == ["mlp"]
    assert data.modality.html(data.inputs[0], 50) == '<span class="md-words">&lt;12 samples&gt;</span>'
    spec = run_for(data, width=4, backbone_episodes=5, steps=10, n_episodes=30, shots=(1, 2))
    assert spec.backbone.backbone == "mlp" and train(spec, workspace).summary
