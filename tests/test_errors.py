"""A word that there is not names the one that was meant, however it is written."""

import pytest

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput, closest, nearest
from metadash.learners.registry import ENTRIES, entry_of
from metadash.networks.encoders.registry import ENCODERS, encoder_entry
from metadash.networks.registry import BACKBONES, backbone_entry
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.builders import one_sentence


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_learner_is_found_by_its_name_in_capitals_and_by_its_title(entry) -> None:
    for said in (entry.name.upper(), entry.title):
        if said != entry.name:
            with pytest.raises(BadInput, match=f"did you mean '{entry.name}'"):
                entry_of(said)


@pytest.mark.parametrize(("known", "find"), [(BACKBONES, backbone_entry), (ENCODERS, encoder_entry)], ids=["backbone", "encoder"])
def test_so_are_backbones_and_encoders(known, find) -> None:
    for name in known:
        with pytest.raises(BadInput, match=f"did you mean '{name}'"):
            find(name.upper())


@pytest.mark.parametrize(
    ("sources", "choices", "meant"),
    [
        (("Place",), {}, "place"),
        (("place",), {"fusion": "FiLM"}, "film"),
        (("place",), {"fusion": "Pseudo_Shots"}, "pseudo-shots"),
        ((), {"strategy": "Siblings"}, "siblings"),
        ((), {"column": "FAMILY", "strategy": "siblings"}, "family"),
        ((), {"split": "Family_0"}, "family-0"),
        ((), {"distance": "Cosine"}, "cosine"),
        ((), {"mode": "Full"}, "full"),
        (("place",), {"control": "Shuffled"}, "shuffled"),
        ((), {"N-way": 5}, "n_way"),
    ],
)
def test_so_is_every_other_name_of_a_run(sources, choices, meant, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as found:
        run_for(tiny, sources, **choices)
    assert f"did you mean '{meant}'?" in one_sentence(found.value)


def test_so_are_data_sets_those_too_that_are_not_here_yet(tiny_workspace: Workspace) -> None:
    for said, meant in (("Tiny", "tiny"), ("GLYPHS", "glyphs"), ("Omniglot", "omniglot")):
        with pytest.raises(BadInput, match=f"did you mean '{meant}'"):
            open_dataset(tiny_workspace, said)


def test_of_words_as_near_the_first_is_meant_and_of_none_all_are_named() -> None:
    assert closest("base", ["base-0", "base-1"]) == "base-0"
    assert closest("xyz", ["name", "place"]) is None
    assert nearest("xyz", ["name", "place"]) == "; there are name, place."
    assert nearest("xyz", [], known="it has") == "; it has none."
