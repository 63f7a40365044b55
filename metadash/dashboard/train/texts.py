"""How texts and names among the metadata are read, chosen on *Train*; closed where no source that is read has any."""

from collections.abc import Sequence
from typing import cast, get_args

from streamlit.delta_generator import DeltaGenerator

from metadash.data.dataset import Dataset
from metadash.networks.encoders.of_metadata import TextEncoder
from metadash.networks.encoders.registry import ENCODERS
from metadash.specs.check import has_prose

TITLES: dict[str, str] = {"words": "word by word", **{name: ENCODERS[name].title for name in get_args(TextEncoder)[1:]}}


def chosen_text_encoder(place: DeltaGenerator, data: Dataset, split: str, sources: Sequence[str]) -> TextEncoder:
    """*words* where there is nothing to read otherwise."""
    idle = not has_prose(data, split, sources)
    chosen = place.selectbox(
        "Texts and names among them are read",
        list(TITLES),
        format_func=TITLES.__getitem__,
        key="tr_texts",
        bind="query-params",
        disabled=idle,
        help="Word by word: each word that several training classes have is a feature. TF-IDF: counts of words and of groups of letters, of training "
        "classes. MiniLM-L6: a network that has read English sentences, so that a name that no training class has says something too. "
        + ("" if ENCODERS["minilm"].is_there else ENCODERS["minilm"].how_to_get),
    )
    return "words" if idle else cast(TextEncoder, chosen)
