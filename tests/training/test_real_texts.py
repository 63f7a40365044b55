"""Real sentences: intents that no training text has are told apart by counted words, far above chance."""

from pathlib import Path

from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.clinc import clinc, needs_clinc


@needs_clinc
def test_intents_of_unseen_domains_are_told_apart_by_their_counted_words(tmp_path: Path) -> None:
    data = clinc(Workspace(tmp_path), 30, "text", "domain")
    scores = train(run_for(data, strategy="uniform", shots=(1, 5), ways=(), n_episodes=200), Workspace(tmp_path)).scores()
    found = scores.groupby("shot")[["correct", "queries"]].sum()
    accuracy = 100 * found["correct"] / found["queries"]
    assert accuracy[1] > 45 and accuracy[5] > 65  # chance is 20
