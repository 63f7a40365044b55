"""Where networks are computed: the one place that decides between processor and graphics card.

What is decided goes into every digest, since the two round differently: a run of one never passes for the other's. Everything small (heads
over frozen embeddings, scoring under other metadata, maps) stays on the processor, where it is faster; backbones, learners that train their
network, and embedding go to the device. Everything is in full single precision: neither TF32 nor mixed precision, whose accuracy nobody
has tested here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from metadash.errors import BadInput
from metadash.settings import DEVICE

if TYPE_CHECKING:
    import torch
    from torch import nn

CPU, CUDA, AUTO = "cpu", "cuda", "auto"
CARD = Path("/dev/nvidia0")
"""Stands there where the system has a driver and a first card."""


def chosen() -> str:
    """``cpu`` or ``cuda``, by METADASH_DEVICE. Imports no torch: the web server names runs too. Raises BadInput for another value."""
    if DEVICE.value not in (AUTO, CPU, CUDA):
        raise BadInput(f"{DEVICE.name} is '{DEVICE.value}'; it must be {AUTO}, {CPU} or {CUDA}.")
    return found() if DEVICE.value == AUTO else DEVICE.value


@cache
def found() -> str:
    """What *auto* means here: a card, where there is one and this torch was built for it."""
    try:
        built_for_cpu = version("torch").endswith("+cpu")
    except PackageNotFoundError:
        built_for_cpu = True
    return CUDA if CARD.exists() and not built_for_cpu else CPU


def marked(code: str) -> str:
    """The version of the code that computes a run, with the device where that is no processor: what a digest and a record hold."""
    return code if chosen() == CPU else f"{code}-{chosen()}"


def torch_device() -> "torch.device":
    """The device, in full single precision. Raises BadInput where torch does not see it."""
    import torch

    if chosen() == CUDA:
        if not torch.cuda.is_available():
            raise BadInput(
                f"torch sees no GPU in this process; set {DEVICE.name}={CPU}, or install a torch that is built for the card."
            )
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return torch.device(chosen())


def device_name() -> str:
    """As a run's environment says it: ``cpu``, or the card's own name."""
    if chosen() == CPU:
        return CPU
    import torch

    return torch.cuda.get_device_name(torch_device())


@contextmanager
def on_the_device(module: "nn.Module") -> Iterator["nn.Module"]:
    """Within it the module's parameters and buffers lie on the device; afterwards where all else expects them."""
    module.to(torch_device())
    try:
        yield module
    finally:
        module.to(CPU)


def place_of(module: "nn.Module") -> "torch.device":
    """Where what the module is given has to lie; a module without parameters computes on the processor."""
    import torch

    return next((parameter.device for parameter in module.parameters()), torch.device(CPU))
