"""What the list of learners says of each: what it is, what it costs, what it reads, how it trains. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from metadash.errors import BadInput
from metadash.learners.core.fusions import USUAL_FUSIONS
from metadash.learners.core.papers import PAPERS
from metadash.learners.core.recipe import QUICK, RECIPES, Recipe

Mode = Literal["quick", "full"]
"""Over the frozen embeddings of a backbone, or end to end."""

Family = Literal["metric", "closed form", "transductive", "optimisation", "recurrent", "reference"]


@dataclass(frozen=True)
class LearnerEntry:
    """``options`` names the LearnerOptions it reads, ``defaults`` those whose paper differs from LearnerOptions' own, ``quick`` those
    that differ over a frozen embedding: there the papers' steps, meant for a whole network, barely move the linear head that is
    left to adapt. They, and ``quick_learning_rate``, were chosen on validation classes of glyphs.

    ``idea`` is two sentences: the idea, and what to expect. ``fixed_way``: it can only be used with the number of ways it was
    trained for. ``learns``: over a frozen embedding and without metadata there is still something to train. ``reads_inputs``: it
    reads the data set's own inputs, not embeddings of them. ``fusions`` are the ways in which it can take metadata in.
    ``through``: unless ``first_order``, its meta-gradient goes through the inner steps. ``gates``: an LSTM decides how far each
    parameter moves. ``makes_head``: the head of a task is made of its support, before any step. ``stacks``: its heads over frozen
    embeddings train and count side by side, many sets of sources at once. ``transductive``: it classifies the queries of a task
    together, so that an answer depends on what else is asked; ``balance`` says what it gains where classes are asked evenly and where
    not. ``centres``: over frozen embeddings it is given them less their mean over meta-train. ``make`` is "module:Class".

    ``least``: options whose least value is larger than in LearnerOptions, since with less the learner would learn nothing.

    How it trains: ``optimiser`` *adamw* starts at ``learning_rate``; *descent* goes along a gradient that is the learner's own, by the
    option named ``annealed``, which falls linearly to zero. ``clip``: the norm at which its paper clips the gradient.

    ``blind``: it looks at no input. ``compares_directions``: how long an embedding is changes none of its answers.
    ``compares_differences``: where zero is changes none (of distances, the Euclidean).
    """

    name: str
    title: str
    family: Family
    paper: str
    idea: str
    cost: str
    make: str
    options: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    fusions: tuple[str, ...] = USUAL_FUSIONS
    distances: tuple[str, ...] = ()
    needs_metadata: bool = False
    fixed_way: bool = False
    learns: bool = True
    reads_inputs: bool = False
    through: bool = False
    gates: bool = False
    makes_head: bool = False
    stacks: bool = False
    blind: bool = False
    compares_directions: bool = False
    compares_differences: bool = False
    transductive: bool = False
    balance: str = ""
    centres: bool = False
    optimiser: Literal["adamw", "descent"] = "adamw"
    annealed: str = ""
    clip: float | None = None
    learning_rate: float = 1e-2
    quick: Mapping[str, Any] = field(default_factory=dict)
    quick_learning_rate: float = 1e-2

    @property
    def adapts_backbone(self) -> bool:
        """End to end, each task adapts the whole network to itself, so that nothing can be embedded once for all tasks."""
        return "batch_norm" in self.options

    @property
    def reads_embeddings(self) -> bool:
        """Over a frozen backbone it looks at what that gives."""
        return not (self.blind or self.reads_inputs)

    @property
    def normalise(self) -> Literal["none", "centred"]:
        """What is usually done to frozen embeddings for it: gradient steps of a linear head go astray along a common offset."""
        return "centred" if self.centres or "inner_steps" in self.options else "none"

    @property
    def paper_recipe(self) -> Recipe | None:
        """All that its paper sets of the training as a whole; None where there is none to follow."""
        return PAPERS.get(self.name)

    def recipe(self, name: str) -> Recipe:
        """Its recipe of that name. Raises BadInput where there is none."""
        if name not in RECIPES:
            raise BadInput(f"There is no recipe '{name}'; there are {' and '.join(RECIPES)}.")
        if name == QUICK.name:
            return QUICK
        if self.paper_recipe is None:
            raise BadInput(
                f"The learner '{self.name}' has no recipe '{name}': {self.why_no_recipe}; leave the recipe out, or choose quick."
            )
        return self.paper_recipe

    @property
    def why_no_recipe(self) -> str:
        if not self.learns and self.family in ("reference", "transductive"):
            return "nothing of it is trained from task to task"
        return f"its source ({self.paper}) trains in a way that is not to be had here"

    def outer_rate(self, mode: Mode) -> float:
        return self.quick_learning_rate if mode == "quick" else self.learning_rate
