"""How texts and names among the metadata are read: one control for every page that trains."""

from collections.abc import Sequence
from typing import Any, cast, get_args

from metadash.data.dataset import Dataset
from metadash.networks.encoders.of_metadata import TextEncoder
from metadash.networks.encoders.registry import ENCODERS
from metadash.specs.check import has_prose

TITLES: dict[str, str] = {"words": "word by word", **{name: ENCODERS[name].title for name in get_args(TextEncoder)[1:]}}


def chosen_text_encoder(
    place: Any, data: Dataset, sources: Sequence[str], key: str, split: str | None = None, closed: bool = False
) -> TextEncoder:
    """*words* where no source holds texts or names, by the training classes of ``split`` (None: the usual one); the control is ``closed``
    then, or is not there."""
    idle = not has_prose(data, split or data.description.default_split or data.split_names[0], sources)
    if idle and not closed:
        return "words"
    chosen = place.selectbox(
        "Texts and names among them are read",
        list(TITLES),
        format_func=TITLES.__getitem__,
        key=key,
        bind="query-params",
        disabled=idle,
        help="Word by word: each word that several training classes have is a feature. TF-IDF: counts of words and of groups of letters, of training "
        "classes. MiniLM-L6: a network that has read English sentences, so that a name that no training class has says something too. "
        + ("" if ENCODERS["minilm"].is_there else ENCODERS["minilm"].how_to_get),
    )
    return "words" if idle else cast(TextEncoder, chosen)
