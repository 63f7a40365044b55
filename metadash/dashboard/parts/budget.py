"""How much is trained and tested, as controls: the same on every page that trains, with the usual numbers of the specs and with no others."""

from typing import Any

from metadash.specs.run import BackboneSpec, Evaluation, RunSpec

MOST = 100_000


def training_steps(place: Any, key: str, label: str, more: str = "") -> int:
    """Steps of a learner, at most."""
    usual, said = RunSpec.steps, "Training stops earlier when validation accuracy rises no more"
    return int(place.number_input(label, 10, MOST, usual, step=100, key=key, bind="query-params", help=f"{said}{more}."))


def backbone_episodes(place: Any, key: str) -> int:
    """Training tasks of the backbone."""
    usual = BackboneSpec.episodes
    return int(place.number_input("Backbone: training tasks", 5, MOST, usual, step=100, key=key, bind="query-params"))


def test_tasks(place: Any, key: str, least: int, step: int) -> int:
    """Test tasks; of each fold, where there are some."""
    usual = Evaluation.n_episodes
    return int(place.number_input("Test tasks", least, 20_000, usual, step=step, key=key, bind="query-params"))
