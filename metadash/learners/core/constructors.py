"""What learners are made from, said once: each one's constructor names what is its own, and hands the rest on. Imports no torch."""

import inspect
import typing
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from metadash.learners.core.base import Learner
    from metadash.networks.task_norm import BatchNorm


class Start(TypedDict, total=False):
    """Of every learner that adapts a network: whether tasks run ``vectorised`` (None: where that is quicker), the widths of the metadata
    sources that move the start, and the dropout of the network that reads them."""

    vectorised: bool | None
    source_dims: list[int] | None
    dropout: float


class Inner(Start, total=False):
    """``Start``, and what most inner loops leave to choice: whether inner gradients are constants, what batch norm sees, and how many
    steps are taken in evaluation (None: as many as in training)."""

    first_order: bool
    batch_norm: "BatchNorm"
    eval_steps: int | None


def parameters_of(cls: "type[Learner]") -> dict[str, inspect.Parameter]:
    """Everything that a learner can be made from, by name: what its constructor and its ``prepare`` take, what they hand on to those of
    the classes it derives from, and what stands behind ``**inner``."""
    found: dict[str, inspect.Parameter] = {}
    for one in reversed(cls.__mro__):
        for method in ("__init__", "prepare"):
            if method in vars(one):
                handed_on, own = split(inspect.signature(vars(one)[method]))
                found = {**handed_on, **found, **own}
    return found


def split(signature: inspect.Signature) -> tuple[dict[str, inspect.Parameter], dict[str, inspect.Parameter]]:
    """What stands behind ``**inner``, whose defaults are another's to know; and what is named."""
    handed_on, own = {}, {}
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD and typing.get_origin(parameter.annotation) is typing.Unpack:
            (behind,) = typing.get_args(parameter.annotation)
            handed_on = {key: inspect.Parameter(key, parameter.KEYWORD_ONLY) for key in behind.__annotations__}
        elif name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            own[name] = parameter
    return handed_on, own
