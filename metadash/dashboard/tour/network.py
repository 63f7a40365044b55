"""The backbone that comes with glyphs, at work in NumPy: the web server loads no torch, and a demo has no other process."""

from functools import lru_cache

import numpy as np
from safetensors.numpy import load

from metadash.data.shipped import shipped_backbone, shipped_with
from metadash.errors import BadInput

EPSILON = 1e-5
"""What torch's BatchNorm2d adds to a variance."""
AT_ONCE = 64
"""Images whose maps fit into a processor's cache."""
Block = tuple[np.ndarray, np.ndarray]
"""A 3×3 convolution with its batch norm folded in: weights [3, 3, C, width], shift [width]."""


def embed(images: np.ndarray, split: str, dataset: str = "glyphs") -> np.ndarray:
    """Images uint8 [B, H, W] to features [B, D], as ``Conv4`` of ``metadash.networks.conv4`` gives them with the statistics that it learned.

    Raises BadInput where no backbone of that split comes with the data set, or its file is damaged.
    """
    blocks = blocks_of(dataset, split)
    parts = [features(images[start : start + AT_ONCE], blocks) for start in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts)


@lru_cache(maxsize=4)
def blocks_of(dataset: str, split: str) -> tuple[Block, ...]:
    start = next((one.start for one in shipped_with(dataset)[1] if one.spec["split"] == split), None)
    if start is None:
        raise BadInput(f"No backbone of the split '{split}' comes with '{dataset}'; install MetaDash anew.")
    weights = load(shipped_backbone(dataset, start).file.read_bytes())
    found = []
    for place in range(0, 16, 4):
        norm = f"blocks.{place + 1}"
        scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
        kernel = (weights[f"blocks.{place}.weight"] * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        found.append((np.ascontiguousarray(kernel), weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale))
    return tuple(found)


def features(images: np.ndarray, blocks: tuple[Block, ...]) -> np.ndarray:
    """Four times [convolution with its norm, the largest of 2×2, ReLU].

    The products are taken image by image: small enough that the library starts no threads for them, which on a busy machine cost more than
    they bring.
    """
    maps = images[..., None].astype(np.float32) / 255
    for kernel, shift in blocks:
        count, height, width, channels = len(maps), maps.shape[1] // 2 * 2, maps.shape[2] // 2 * 2, maps.shape[3]
        padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
        convolved = sum(
            padded[:, i : i + height, j : j + width].reshape(count, height * width, channels) @ kernel[i, j]
            for i in range(3)
            for j in range(3)
        )
        windows = (convolved + shift).reshape(count, height // 2, 2, width // 2, 2, -1)
        maps = np.maximum(windows.max(axis=(2, 4)), 0)
    return maps.reshape(count, -1)
