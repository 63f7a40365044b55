"""How much is trained and tested, as controls: the same on every page that trains, with the usual numbers of the specs and with no others."""

from typing import Any

from metadash.specs.run import BackboneSpec, Evaluation, RunSpec

MOST = 100_000


def training_steps(place: Any, key: str, label: str, more: str = "", usual: int | None = None) -> int:
    """Steps of a learner, at most; ``usual`` as many as its recipe has, which does not end early."""
    said = "Training ends after so many steps" if usual else "Training stops earlier when validation accuracy rises no more"
    return int(
        place.number_input(label, 10, MOST, usual or RunSpec.steps, step=100, key=key, bind="query-params", help=f"{said}{more}.")
    )


def backbone_episodes(place: Any, key: str, trained: bool = True) -> int:
    """Training tasks of the backbone; closed where nothing of it is ``trained``."""
    usual, closed = BackboneSpec.episodes, not trained
    return int(
        place.number_input("Backbone: training tasks", 5, MOST, usual, step=100, key=key, bind="query-params", disabled=closed)
    )


def test_tasks(place: Any, key: str, least: int, step: int) -> int:
    """Test tasks; of each fold, where there are some."""
    usual = Evaluation.n_episodes
    return int(place.number_input("Test tasks", least, 20_000, usual, step=step, key=key, bind="query-params"))
