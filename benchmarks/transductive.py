"""What balanced queries are worth to learners that classify them together: gains over prototypes on glyph embeddings, on each draw.

    nice python -m benchmarks.transductive

5-way uniform tasks, 75 queries in all, of the test classes of the default split: 2,000 balanced ones and as many by Dirichlet draws of 2
and 0.5, over the backbone that comes with glyphs. Prints a Markdown table: gains over prototypes on the same tasks in points with 95 %
intervals over these tasks, then (new) for new classes, and the processor seconds that 2,000 tasks take. A few processor minutes.
"""

import time

import numpy as np

from benchmarks.document import markdown_table
from metadash.data.library import open_dataset
from metadash.episodes.sampler import draw
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.stats.scored import Scores, gain_intervals
from metadash.training.trainer import Arm
from metadash.workspace import Workspace

SHOTS, TASKS = (1, 5), 2000
DRAWS = {"as many of each class": None, "Dirichlet 2": 2.0, "Dirichlet 0.5": 0.5}
LEARNERS = (
    ("bd-cspn", ()),
    ("laplacian-shot", ()),
    ("tim", ()),
    ("tim", (("tim_alpha", 2.0),)),
    ("tim", (("tim_alpha", 5.0),)),
)


def rows(workspace: Workspace) -> list[list[str]]:
    """One a draw and learner."""
    data, found = open_dataset(workspace, "glyphs"), []
    for drawn, alpha in DRAWS.items():
        tasks = {"strategy": "uniform", "n_way": 5, "shots": SHOTS, "n_query": 15, "n_episodes": TASKS, "query_dirichlet": alpha}
        plain = run_for(data, **tasks)
        backbone = train(plain.backbone, workspace)
        manifest = draw(data, plain.evaluation.episodes(plain.split, "test"))
        reference = Arm(plain, data, backbone).evaluate(manifest) / manifest.queries
        scores = Scores(SHOTS, reference[:, None], manifest, (), (0,))
        found.append([drawn, "prototypical", *(f"{100 * row.mean():.1f} %" for row in reference), ""])
        for name, options in LEARNERS:
            arm = Arm(run_for(data, learner=name, options=options, **tasks), data, backbone)
            before = time.process_time()
            gains = arm.evaluate(manifest) / manifest.queries - reference
            seconds = (time.process_time() - before) / len(SHOTS)
            told = ", ".join(f"{option}={value:g}" for option, value in options)
            found.append(
                [drawn, name + (f" ({told})" if told else ""), *(words(gain, scores) for gain in gains), f"{seconds:.1f} s"]
            )
    return found


def words(gain: np.ndarray, scores: Scores) -> str:
    """``+2.0 [1.8, 2.2], new [1.5, 2.5]``"""
    inside, new = gain_intervals(scores.metric.scale * gain, scores)
    return f"{inside.estimate:+.1f} [{inside.low:.1f}, {inside.high:.1f}], new [{new.low:.1f}, {new.high:.1f}]"


def main() -> None:
    head = ["queries", "learner", *(f"{shot} shot{'s' * (shot > 1)}" for shot in SHOTS), "2,000 tasks"]
    print(markdown_table(head, rows(Workspace())))


if __name__ == "__main__":
    main()
