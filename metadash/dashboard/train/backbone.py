"""What embeds the inputs, chosen on *Train*: with its paper, what it costs here, what it has seen, and how to get one that is not installed."""

from collections.abc import Mapping

from streamlit.delta_generator import DeltaGenerator

from metadash.dashboard.links.pages import from_link, to_link
from metadash.data.dataset import Dataset
from metadash.networks.encoders.registry import EncoderEntry, Entry, features_for, features_note, is_there, usual_features
from metadash.runs.estimate import from_scratch
from metadash.specs.builder import run_for
from metadash.stats import words


def chosen_backbone(data: Dataset, place: DeltaGenerator, beside: DeltaGenerator, priced: bool) -> Entry:
    """The control of what embeds the inputs, with its paper and, where it is trained before the learner, what that costs here."""
    first = usual_features(data).name
    known = dict(sorted(features_for(data.modality.name).items(), key=lambda one: one[0] != first))
    titles = {name: entry.title + ("" if is_there(name) else ", not installed") for name, entry in known.items()}
    from_link("tr_backbone", titles, name="Backbone")
    name = place.selectbox("Backbone", list(titles), format_func=titles.__getitem__, key="tr_backbone")
    to_link("tr_backbone")
    entry = known[name]
    told = price(entry, known, data) if priced and is_there(name) else ""
    if not is_there(name) or not isinstance(entry, EncoderEntry):
        told = f"{told} {features_note(data, name)}"
    beside.caption(f"{entry.idea}{f' ({entry.paper}.)' if entry.paper else ''} {told}")
    return entry


def price(entry: Entry, known: Mapping[str, Entry], data: Dataset) -> str:
    """What the usual training of it takes, and how that compares with the usual backbone of such inputs; of an encoder, what it has seen."""
    shape = data.inputs.shape[1:]
    usual = next(iter(known.values()))
    if isinstance(entry, EncoderEntry):
        return f"It is not trained here; it has seen {entry.seen}."
    if isinstance(usual, EncoderEntry):
        return f"It trains in {words.duration(from_scratch(run_for(data, backbone=entry.name).backbone, *data.inputs.shape))}, over {usual.title}."
    times = entry.seconds_per_input(entry.width, shape) / usual.seconds_per_input(usual.width, shape)
    alone = words.duration(from_scratch(run_for(data, backbone=entry.name, own_backbone=True).backbone, *data.inputs.shape))
    return f"It trains in {alone}" + (
        "." if entry is usual else f", {times:.2g} times what {usual.title} takes {words.with_article(data.modality.noun)}."
    )
