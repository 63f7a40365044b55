"""``metadash.propose``: which features, what is done to them and which light head validation classes like best."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from metadash.answers.choosing.proposal import Proposal, read_proposal
from metadash.data.dataset import Dataset
from metadash.front.choices import numbers_in, opened
from metadash.front.computing import compute_one
from metadash.runs.store import RunStore
from metadash.specs.builder import as_options
from metadash.specs.choosing.arrangements import proposal_for
from metadash.stats.caveats import winners_curse


@dataclass(frozen=True)
class ProposalResult:
    """What is proposed, and why; ``choices`` are arguments of :func:`metadash.train`, and ``tasks`` those of them that were asked for."""

    found: Proposal
    dataset: str
    digest: str
    tasks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def choices(self) -> dict[str, Any]:
        """The proposed arrangement, on tasks like those that it was chosen by: ``md.train(data, **found.choices)``."""
        return {**self.found.choices, **self.tasks}

    @property
    def command(self) -> str:
        """What trains it in a terminal."""
        typed = {name: ",".join(map(str, value)) if isinstance(value, tuple) else value for name, value in self.choices.items()}
        return shlex.join(["metadash", "train", "--dataset", self.dataset, *as_options(typed)])

    def __str__(self) -> str:
        told = winners_curse(len(self.found.runs))
        return f"{self.found.sentence}\n{told}\n\n{self.frame().to_string(index=False)}\n\nTrain it: {self.command}"

    def __repr__(self) -> str:
        return self.found.sentence

    def frame(self) -> pd.DataFrame:
        """A row an arrangement, the best first: its mean in % at each number of shots, with its 95 % interval over tasks of validation classes."""
        return self.found.frame()

    def values(self) -> dict[str, Any]:
        """All of it, as the verb ``propose --json`` prints it."""
        return {
            "sentence": self.found.sentence,
            "choices": self.choices,
            "command": self.command,
            "arrangements": self.frame().to_dict(orient="records"),
            "digest": self.digest,
        }


def propose(
    data: Dataset,
    *,
    n_way: int | None = None,
    strategy: str | None = None,
    column: str | None = None,
    shots: int | Sequence[int] | None = None,
    n_query: int | None = None,
    split: str | None = None,
    width: int | None = None,
    backbone_episodes: int | None = None,
    own_backbone: bool | None = None,
    n_tasks: int | None = None,
    progress: bool = True,
) -> ProposalResult:
    """Which arrangement do validation classes like best? No test class is looked at.

    Features as they are (vectors), counted words (texts) and a network trained here, centred, at length one or left as they are, under light
    heads with nothing to train (prototypes, by distance and by cosine, and logistic regression), all on the same validation tasks.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    n_way, strategy, column, n_query, split : as in :func:`metadash.answer`; shots : default 1 and 5.
    width, backbone_episodes, own_backbone : of the network that is trained here.
    n_tasks : validation tasks, 20 to 400 (default 200).
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: for tasks that do not fit the data.

    Examples
    --------
    >>> import metadash as md
    >>> found = md.propose(data, width=4, backbone_episodes=10, shots=(1, 2), n_tasks=20, progress=False)
    >>> "learner" in found.choices, found.found.sentence.startswith("On validation classes")
    (True, True)
    """
    of_tasks = {
        "n_way": n_way,
        "strategy": strategy,
        "column": column,
        "shots": numbers_in(shots),
        "n_query": n_query,
        "split": split,
    }
    of_network = {"width": width, "backbone_episodes": backbone_episodes, "own_backbone": own_backbone}
    spec = proposal_for(opened(data), n_tasks, **of_tasks, **of_network)
    run = compute_one(spec, data.workspace, progress)
    asked = {name: value for name, value in of_tasks.items() if value is not None}
    return ProposalResult(read_proposal(run, RunStore(data.workspace)), data.name, run.digest, asked)
