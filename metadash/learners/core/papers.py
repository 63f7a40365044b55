"""The papers' recipes, one a learner, named by their authors; an entry of the registry hands out its own. Imports no torch.

All train end to end from random weights, with uniform tasks of training classes, without an early stop, and keep the last weights. Lengths
are what one core does in ten minutes or so on 28 × 28 pixels; ``published`` says what the paper did, where that is known.
"""

from typing import Any

from metadash.learners.core.recipe import Recipe

FROM_SCRATCH: dict[str, Any] = {
    "mode": "full",
    "start": "random",
    "train_strategy": "uniform",
    "weight_decay": 0.0,
    "patience": 0,
    "keep": "last",
    "schedule": "cosine",
}
CONV4 = {"conv4": 64}

SHOTS = "shots are drawn at each step from those of the tests, where the paper trains at one number"
ANNEALED = "the rate falls by half a cosine to zero"

SNELL = Recipe(
    "paper",
    "Snell, Swersky & Zemel 2017",
    {**FROM_SCRATCH, "train_ways": 60, "train_queries": 5, "learning_rate": 2e-3, "meta_batch": 1, "steps": 1500},
    widths=CONV4,
    published={None: (10_000, 1)},
    deviations=(
        f"{ANNEALED} from 0.002, where the paper halves 0.001 every 2,000 episodes until nothing is gained",
        "the distance has a learned scale",
        "the final model is not trained on validation classes too",
        SHOTS,
    ),
)
VINYALS = Recipe(
    "paper",
    "Vinyals, Blundell, Lillicrap, Kavukcuoglu & Wierstra 2016",
    {**FROM_SCRATCH, "train_ways": 20, "train_queries": 5, "learning_rate": 2e-3, "meta_batch": 1, "steps": 4000},
    widths=CONV4,
    deviations=(
        "the paper's rate, length and number of training ways are not known",
        ANNEALED,
        "the similarity has a learned scale",
        "no full context embeddings (the option fce has them)",
        SHOTS,
    ),
)
SUNG = Recipe(
    "paper",
    "Sung, Yang, Zhang, Xiang, Torr & Hospedales 2018",
    {**FROM_SCRATCH, "learning_rate": 1e-3, "meta_batch": 1, "steps": 4000},
    by_ways={5: {"train_queries": 19}, 20: {"train_queries": 10}},
    widths=CONV4,
    published={None: (1_000_000, 1)},
    deviations=(
        f"{ANNEALED}, where the authors halve it every 100,000 episodes",
        "cross-entropy, where the paper has squared errors",
        "the relation module compares flat embeddings, where the paper's compares feature maps",
        SHOTS,
    ),
)
BERTINETTO = Recipe(
    "paper",
    "Bertinetto, Henriques, Torr & Vedaldi 2019",
    {**FROM_SCRATCH, "train_ways": 60, "train_queries": 5, "learning_rate": 5e-3, "meta_batch": 1, "steps": 1500},
    options={"ridge_lambda": 10.0},
    widths=CONV4,
    published={None: (120_000, 1)},
    deviations=(
        f"{ANNEALED}, where the authors halve it every 2,000 episodes, until 30,000 have brought nothing",
        "no column of ones and no 1/√(NK) before rows and labels, by which their fixed λ of 50 is one of 50·NK here; λ starts at 10 and is learned",
        "fewer queries; Conv-4, where theirs has four blocks of 96 to 512 filters (their small variant: 64)",
        SHOTS,
    ),
)
FINN = Recipe(
    "paper",
    "Finn, Abbeel & Levine 2017",
    {**FROM_SCRATCH, "train_queries": 1, "learning_rate": 1e-3, "steps": 1000},
    by_ways={5: {"meta_batch": 32}, 20: {"meta_batch": 16}},
    options_by_ways={
        5: {"inner_steps": 1, "eval_steps": 3, "inner_lr": 0.4},
        20: {"inner_steps": 5, "eval_steps": 5, "inner_lr": 0.1},
    },
    widths=CONV4,
    published={5: (60_000, 32), 20: (60_000, 16)},
    deviations=(
        ANNEALED,
        "max-pooling, where the paper strides",
        "one query a class in training, where the paper has as many as shots",
        SHOTS,
    ),
)
RAGHU = Recipe(
    "paper",
    "Raghu, Raghu, Bengio & Vinyals 2020",
    {**FROM_SCRATCH, "train_queries": 5, "learning_rate": 1e-3, "meta_batch": 16, "steps": 1000},
    options={"inner_steps": 5, "inner_lr": 0.1},
    widths=CONV4,
    deviations=(ANNEALED, "more queries in training than shots", SHOTS),
)
NICHOL = Recipe(
    "paper",
    "Nichol, Achiam & Schulman 2018",
    {key: value for key, value in FROM_SCRATCH.items() if key not in ("schedule", "weight_decay")}
    | {"meta_batch": 5, "steps": 2000, "train_queries": 9},
    options_by_ways={
        5: {"inner_steps": 5, "inner_batch": 10, "inner_lr": 1e-3, "eval_steps": 50},
        20: {"inner_steps": 10, "inner_batch": 20, "inner_lr": 5e-4, "eval_steps": 50},
    },
    widths=CONV4,
    published={5: (100_000, 5), 20: (200_000, 5)},
    deviations=(
        "a training task has the shots of the tests and 9 more examples, where the paper has 10",
        "max-pooling, where the paper strides",
    ),
)
RAVI = Recipe(
    "paper",
    "Ravi & Larochelle 2017",
    {**FROM_SCRATCH, "train_queries": 15, "learning_rate": 1e-3, "meta_batch": 1, "steps": 1000},
    widths=CONV4,
    deviations=(
        ANNEALED,
        "as many inner steps at all shots (8), where the paper has 12 at one shot and 5 at five",
        "the paper has no Omniglot, and 32 filters",
        SHOTS,
    ),
)

PAPERS: dict[str, Recipe] = {
    "prototypical": SNELL,
    "matching": VINYALS,
    "relation": SUNG,
    "r2d2": BERTINETTO,
    "maml": FINN,
    "fomaml": FINN,
    "anil": RAGHU,
    "reptile": NICHOL,
    "meta-lstm": RAVI,
}
"""By the name of the learner; its entry hands it out."""
