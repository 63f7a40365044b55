"""How much is trained and tested, and how texts are read, as controls: the same on every page that trains, with the usual values of the specs."""

from collections.abc import Sequence
from typing import Any, cast, get_args

from metadash.dashboard.parts.reads import any_prose
from metadash.data.dataset import Dataset
from metadash.networks.encoders.of_metadata import TextEncoder
from metadash.networks.encoders.registry import ENCODERS
from metadash.specs.run import BackboneSpec, Evaluation, RunSpec, TrainedOn

MOST = 100_000


def training_steps(place: Any, key: str, label: str, more: str = "", usual: int | None = None) -> int:
    """Steps of a learner, at most; ``usual`` as many as its recipe has, which does not end early."""
    said = "Training ends after so many steps" if usual else "Training stops earlier when validation accuracy rises no more"
    return int(
        place.number_input(label, 10, MOST, usual or RunSpec.steps, step=100, key=key, bind="query-params", help=f"{said}{more}.")
    )


def backbone_episodes(place: Any, key: str, trained: bool = True) -> int:
    """Training tasks of the backbone, or batches as large; closed where nothing of it is ``trained``."""
    usual, closed = BackboneSpec.episodes, not trained
    return int(
        place.number_input("Backbone: training tasks", 5, MOST, usual, step=100, key=key, bind="query-params", disabled=closed)
    )


def backbone_training(place: Any, key: str, idle: bool) -> TrainedOn:
    """What a backbone learns from; closed where nobody reads what it gives."""
    chosen: TrainedOn = place.segmented_control(
        "What the backbone learns from",
        get_args(TrainedOn),
        default=BackboneSpec.trained_on,
        required=True,
        key=key,
        bind="query-params",
        disabled=idle,
        help="Episodes: small tasks, as Prototypical Networks (Snell et al. 2017). Classes: all training classes at once by cross-entropy, without "
        "meta-learning, as the Baselines of Chen et al. (2019) are trained; images are shifted at random. Every learner can start from either.",
    )
    return BackboneSpec.trained_on if idle else chosen


def test_tasks(place: Any, key: str, least: int, step: int) -> int:
    """Test tasks; of each fold, where there are some."""
    usual = Evaluation.n_episodes
    return int(place.number_input("Test tasks", least, 20_000, usual, step=step, key=key, bind="query-params"))


TEXTS_READ: dict[str, str] = {"words": "word by word", **{name: ENCODERS[name].title for name in get_args(TextEncoder)[1:]}}


def chosen_text_encoder(
    place: Any, data: Dataset, sources: Sequence[str], key: str, split: str | None = None, closed: bool = False
) -> TextEncoder:
    """*words* where no source holds texts or names, by the training classes of ``split`` (None: the usual one); the control is ``closed``
    then, or is not there."""
    idle = not any_prose(data, split or data.description.default_split or data.split_names[0], sources)
    if idle and not closed:
        return "words"
    chosen = place.selectbox(
        "Texts and names in the metadata are read",
        list(TEXTS_READ),
        format_func=TEXTS_READ.__getitem__,
        key=key,
        bind="query-params",
        disabled=idle,
        help="Word by word: each word that several training classes have is a feature. TF-IDF: counts of words and of groups of letters, of training "
        "classes. MiniLM-L6: a network that has read English sentences, so that a name that no training class has says something too. "
        + ("" if ENCODERS["minilm"].is_there else ENCODERS["minilm"].how_to_get),
    )
    return "words" if idle else cast(TextEncoder, chosen)
