"""What a learner's paper varies, said once: names, defaults and ranges. Imports no torch: the web server reads it."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any, Literal

from metadash.errors import BadInput

RANGES: dict[str, tuple[float, float]] = {
    "inner_steps": (0, 100),
    "eval_steps": (0, 1000),
    "inner_lr": (1e-6, 10.0),
    "inner_batch": (1, 1000),
    "reptile_epsilon": (1e-6, 1.0),
    "hidden": (1, 1024),
    "fce_steps": (1, 50),
    "ridge_lambda": (1e-6, 1e6),
    "finetune_steps": (0, 1000),
    "finetune_lr": (1e-6, 10.0),
    "logistic_c": (1e-4, 1e4),
}


OF_NETWORKS = ("batch_norm", "per_step_norm")
"""Options of a whole network: over a frozen embedding nothing reads them."""

ONLY_WITH = {"fce_steps": "fce"}
"""Options that are read only where another is on."""


@dataclass(frozen=True)
class LearnerOptions:
    """Every option of every learner, by the name its constructor gives it; which of them a learner reads is in the registry.

    Inner loop: ``inner_steps`` in training and ``eval_steps`` in evaluation (None: as many), ``inner_lr`` the step size,
    ``first_order``, ``batch_norm`` the statistics used in adaptation and at test ("batch" is transductive: queries see one
    another). MAML++: ``learned_rates`` (one a layer and step), ``per_step_norm``, ``multi_step_loss``. Meta-SGD: its rates start
    uniform in ``alpha``. Reptile: minibatches of ``inner_batch``, ``inner_optimiser``, and ``reptile_epsilon``, the outer step's
    start, which the trainer reads. ``hidden`` units of the relation module or the meta-LSTM. Matching Networks:
    ``matching_scale``, ``fce`` (full context embeddings) and the ``fce_steps`` of its reading LSTM. R2D2: λ starts at
    ``ridge_lambda``. Baselines: ``finetune_steps`` and ``finetune_lr``. Logistic regression: the inverse penalty ``logistic_c``.
    """

    inner_steps: int = 5
    eval_steps: int | None = None
    inner_lr: float = 0.01
    first_order: bool = False
    batch_norm: Literal["batch", "support", "running"] = "batch"
    learned_rates: bool = False
    per_step_norm: bool = False
    multi_step_loss: bool = False
    alpha: tuple[float, float] = (0.005, 0.1)
    inner_batch: int = 10
    inner_optimiser: Literal["adam", "sgd"] = "adam"
    reptile_epsilon: float = 1.0
    hidden: int = 64
    matching_scale: Literal["learned", "fixed"] = "learned"
    fce: bool = False
    fce_steps: int = 5
    ridge_lambda: float = 0.1
    finetune_steps: int = 100
    finetune_lr: float = 0.01
    logistic_c: float = 1.0

    def __post_init__(self) -> None:
        for name, hint in typing.get_type_hints(type(self)).items():
            check(name, getattr(self, name), hint)


OPTION_NAMES = tuple(field.name for field in dataclasses.fields(LearnerOptions))


def check(name: str, value: Any, hint: Any) -> None:
    """Raises BadInput unless ``value`` is of the hinted kind and in its range."""
    kinds = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        if value not in kinds:
            raise BadInput(f"{name} is '{value}'; it must be one of {', '.join(kinds)}.")
    elif name == "alpha":
        numbers = isinstance(value, tuple) and len(value) == 2 and all(is_number(v) for v in value)
        if not numbers or not -1 <= value[0] <= value[1] <= 1:
            raise BadInput(f"alpha is {value}; it must be two numbers from -1 to 1, the smaller first.")
    elif hint is bool:
        if not isinstance(value, bool):
            raise BadInput(f"{name} is {value!r}; it must be true or false.")
    elif value is not None or type(None) not in kinds:
        whole = hint is int or int in kinds
        if not is_number(value) or (whole and not isinstance(value, int)):
            raise BadInput(f"{name} is {value!r}; it must be a {'whole ' if whole else ''}number.")
        low, high = RANGES[name]
        if not low <= value <= high:
            raise BadInput(f"{name} is {value}; it must be from {low:g} to {high:g}.")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def literal(value: str) -> Any:
    """A number, true, false or none where the text is one; two numbers as ``0.005:0.1``; else the text."""
    words = {"true": True, "false": False, "none": None}
    if value.lower() in words:
        return words[value.lower()]
    if ":" in value:
        return tuple(literal(part) for part in value.split(":"))
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return value


def read_options(text: str) -> tuple[tuple[str, Any], ...]:
    """``"inner_steps=3, first_order=true"`` as pairs of name and value. Raises BadInput for a part without a value and a name given twice."""
    found: list[tuple[str, Any]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not name or not equals or not value:
            raise BadInput(f"'{part}' is no option; write name=value, several separated by commas.")
        if name in dict(found):
            raise BadInput(f"The option {name} is given twice; give it one value.")
        found.append((name, literal(value)))
    return tuple(found)
