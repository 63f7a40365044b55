"""What a learner's paper varies, said once: names, defaults and ranges. Imports no torch: the web server reads it."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from metadash.errors import BadInput
from metadash.fields import Between, Checked

OF_NETWORKS = ("batch_norm", "per_step_norm")
"""Options of a whole network: over a frozen embedding nothing reads them."""

ONLY_WITH = {"fce_steps": "fce"}
"""Options that are read only where another is on."""


Rate = Annotated[float, Between(0.0, 1.0)]
"""A step along the gradient; below zero it would lead uphill from the start."""


@dataclass(frozen=True)
class LearnerOptions(Checked):
    """Every option of every learner, by the name its constructor gives it; which of them a learner reads is in the registry.

    Inner loop: ``inner_steps`` in training and ``eval_steps`` in evaluation (None: as many), ``inner_lr`` the step size,
    ``first_order``, ``batch_norm`` the statistics used in adaptation and at test ("batch" is transductive: queries see one
    another). MAML++: ``learned_rates`` (one a layer and step), ``per_step_norm``, ``multi_step_loss``. Meta-SGD: its rates start
    uniform in ``alpha``. Reptile: minibatches of ``inner_batch``, ``inner_optimiser``, and ``reptile_epsilon``, the outer step's
    start, which the trainer reads. ``hidden`` units of the relation module or the meta-LSTM. Matching Networks:
    ``matching_scale``, ``fce`` (full context embeddings) and the ``fce_steps`` of its reading LSTM. The cache: ``cache_sharpness``, its β. R2D2: λ starts at
    ``ridge_lambda``. MetaOptNet: ``svm_c``, its C, and the most ``svm_steps`` of its solver. FEAT: ``feat_heads`` of its attention, ``feat_dropout`` behind them, ``feat_contrast``, the weight of its contrastive loss, and
    whether ``feat_start`` is at the prototypes or at the paper's transformer. BD-CSPN and LaplacianShot: ``rectify_top`` queries join each prototype; ``laplacian_lambda`` weighs the labels of a
    query's ``neighbours``. TIM: ``tim_steps`` of size ``tim_lr``, and ``tim_alpha`` of its entropies (1: Shannon's). Baselines: ``finetune_epochs`` of batches of
    four, and ``finetune_lr``. Logistic regression: the inverse penalty ``logistic_c``.
    """

    inner_steps: Annotated[int, Between(0, 100)] = 5
    eval_steps: Annotated[int | None, Between(0, 1000)] = None
    inner_lr: Annotated[float, Between(1e-6, 10.0)] = 0.01
    first_order: bool = False
    batch_norm: Literal["batch", "support", "running"] = "batch"
    learned_rates: bool = False
    per_step_norm: bool = False
    multi_step_loss: bool = False
    alpha: tuple[Rate, Rate] = (0.005, 0.1)
    inner_batch: Annotated[int, Between(1, 1000)] = 10
    inner_optimiser: Literal["adam", "sgd"] = "adam"
    reptile_epsilon: Annotated[float, Between(1e-6, 1.0)] = 1.0
    hidden: Annotated[int, Between(1, 1024)] = 64
    matching_scale: Literal["learned", "fixed"] = "learned"
    fce: bool = False
    fce_steps: Annotated[int, Between(1, 50)] = 5
    cache_sharpness: Annotated[float, Between(0.01, 100.0)] = 5.5
    ridge_lambda: Annotated[float, Between(1e-6, 1e6)] = 0.1
    svm_c: Annotated[float, Between(1e-4, 1e4)] = 0.1
    svm_steps: Annotated[int, Between(1, 2000)] = 100
    feat_heads: Annotated[int, Between(1, 16)] = 1
    feat_dropout: Annotated[float, Between(0.0, 0.9)] = 0.5
    feat_contrast: Annotated[float, Between(0.0, 10.0)] = 0.1
    feat_start: Literal["prototypes", "paper"] = "prototypes"
    rectify_top: Annotated[int, Between(0, 1000)] = 8
    laplacian_lambda: Annotated[float, Between(0.0, 100.0)] = 0.7
    neighbours: Annotated[int, Between(0, 100)] = 3
    tim_alpha: Annotated[float, Between(1.0, 20.0)] = 1.0
    tim_steps: Annotated[int, Between(0, 2000)] = 50
    tim_lr: Annotated[float, Between(1e-6, 1.0)] = 0.01
    finetune_epochs: Annotated[int, Between(0, 1000)] = 100
    finetune_lr: Annotated[float, Between(1e-6, 10.0)] = 0.01
    logistic_c: Annotated[float, Between(1e-4, 1e4)] = 1.0

    def settle(self) -> None:
        if self.alpha[0] > self.alpha[1]:
            raise BadInput(f"alpha is {self.alpha}; it must be two numbers, the smaller first.")


OPTION_NAMES = tuple(field.name for field in dataclasses.fields(LearnerOptions))


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
