"""Does the list of ``next_steps`` help? On test classes, which had no part in making it: accuracy after each step, in its order and in a random one.

Tasks begin with one or two examples a class and each source told or not, by chance. Each step is one label or one cell of the metadata. The list knows
what validation classes gain from each step in each state; the other order draws a step at random among those that are left.

    python -m benchmarks.next_steps --dataset glyphs --sources name,accents
"""

import argparse
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

import metadash as md
from metadash.episodes.sampler import draw
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.use import LABEL, StepsSpec
from metadash.stats.intervals import episode_interval
from metadash.training.restored import restored
from metadash.training.use.stepping import State, Stepper, stepped, steps_from

MOST_SHOTS = 6


def gains_of(run: md.TrainedRun, names: list[str], n_way: int) -> dict[tuple[State, str], float]:
    """What validation classes gain, in points, from each step in each state that tasks can come to."""
    told = [some for size in range(len(names) + 1) for some in itertools.combinations(names, size)]
    states = tuple((shots, *some) for shots in range(1, MOST_SHOTS) for some in told)
    spec = StepsSpec(run.spec, states, n_way, 5, n_episodes=1000)
    frame = train(spec, run.workspace).frame("steps")
    means = frame.groupby(["state", "step"])["gain"].mean()
    return {(spec.different[state], step): float(gain) for (state, step), gain in means.items()}


def followed(run: md.TrainedRun, n_way: int = 5, budget: int = 10, n_episodes: int = 300, seed: int = 0) -> pd.DataFrame:
    """A row a number of steps taken: the accuracy in % on test classes when they are ``listed`` and when they are ``random``, and the ``gain`` of the
    list over chance in points with its interval over tasks (``low``, ``high``)."""
    data = md.open(run.spec.dataset, run.workspace)
    store, names = RunStore(run.workspace), [name for name in run.spec.sources if data.source(name).level == "class"]
    gains = gains_of(run, names, n_way)
    spec = StepsSpec(run.spec, ((MOST_SHOTS,),), n_way, 5, n_episodes=n_episodes, role="test", seed=seed)
    stepper = Stepper(restored(run.spec, data, run.run, store), spec, draw(data, replace(spec.episodes, n_shot=MOST_SHOTS)))
    start = np.random.default_rng([seed, 6])
    begun = [
        [(int(start.integers(1, 3)), *[name for name in names if start.random() < 0.5]) for _ in range(n_way)]
        for _ in range(n_episodes)
    ]
    curves = {}
    for order in ("listed", "random"):
        chance, states = np.random.default_rng([seed, 7]), [list(row) for row in begun]
        curve = [stepper.answered(states).mean(axis=(1, 2))]
        for _ in range(budget):
            for row in states:
                steps = [(c, step) for c, state in enumerate(row) for step in steps_from(state, names) if allowed(state, step)]
                c, step = best(row, steps, gains) if order == "listed" else steps[chance.integers(len(steps))]
                row[c] = stepped(row[c], step)
            curve.append(stepper.answered(states).mean(axis=(1, 2)))
        curves[order] = 100 * np.stack(curve)
    apart = [episode_interval(a - b) for a, b in zip(curves["listed"], curves["random"], strict=True)]
    return pd.DataFrame(
        {
            "steps": range(budget + 1),
            **{order: curve.mean(axis=1) for order, curve in curves.items()},
            "gain": [one.estimate for one in apart],
            "low": [one.low for one in apart],
            "high": [one.high for one in apart],
        }
    )


def allowed(state: State, step: str) -> bool:
    return step != LABEL or state[0] < MOST_SHOTS - 1


def best(row: list[State], steps: list[tuple[int, str]], gains: dict[tuple[State, str], float]) -> tuple[int, str]:
    """The step of the highest expected gain; sources of a state stand in the order of the run."""
    return max(steps, key=lambda one: gains[canonical(row[one[0]], gains), one[1]])


def canonical(state: State, gains: dict[tuple[State, str], float]) -> State:
    return next(known for known, _ in gains if known[0] == state[0] and set(known[1:]) == set(state[1:]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dataset", default="glyphs")
    options.add_argument("--sources", default="name,accents")
    options.add_argument("--n-way", type=int, default=5)
    options.add_argument("--budget", type=int, default=10)
    options.add_argument("--n-episodes", type=int, default=1000)
    chosen = options.parse_args()
    run = md.train(md.open(chosen.dataset), sources=chosen.sources, source_dropout=0.3, progress=False)
    found = followed(run, chosen.n_way, chosen.budget, chosen.n_episodes)
    print(found.round(2).to_string(index=False))
    widest = max(found["gain"].abs().max(), 0.1)
    for row in found.itertuples():
        print(f"{row.steps:>3} {'█' * round(40 * max(row.gain, 0) / widest)} {row.gain:+.1f} [{row.low:.1f}, {row.high:.1f}]")


if __name__ == "__main__":
    main()
