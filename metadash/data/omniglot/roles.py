"""Splits of Omniglot's classes. Whatever the split, a character and its three turned copies have one role."""

import numpy as np
import pandas as pd

from metadash.data.splits import split_by_group, table_of
from metadash.errors import BadInput

ALPHABET_SEEDS = range(5)
VALIDATION_SEED = 0
ROLE_OF = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


def splits_of(classes: pd.DataFrame, vinyals: pd.DataFrame) -> pd.DataFrame:
    """Rows (split, class_id, role) of ``authors``, ``vinyals`` and ``alphabet-0`` to ``alphabet-4``.

    Raises BadInput when a list gives a character two roles.
    """
    named = {
        "authors": by_halves(classes),
        "vinyals": by_list(classes, vinyals),
        **{f"alphabet-{seed}": split_by_group(classes["alphabet"], seed) for seed in ALPHABET_SEEDS},
    }
    table = table_of({name: roles for name, roles in named.items() if {"train", "validation", "test"} <= set(roles)}).dropna()
    check_disjoint(classes, table)
    return table.reset_index(drop=True)


def by_halves(classes: pd.DataFrame) -> np.ndarray:
    """The authors' evaluation set tests; a sixth of the background alphabets, whole, validates."""
    background = np.sort(classes.loc[classes["authors_split"] == "background", "alphabet"].unique())
    drawn = np.random.default_rng(VALIDATION_SEED).permutation(background.astype(object))
    validating = set(drawn[: max(1, round(len(drawn) / 6))])
    inside = np.where(classes["alphabet"].isin(validating), "validation", "train")
    return np.where(classes["authors_split"] == "background", inside, "test").astype(object)


def by_list(classes: pd.DataFrame, listed: pd.DataFrame) -> np.ndarray:
    """The role that a published list gives to each character; None for characters that it does not name."""
    if listed.duplicated(["alphabet", "character"]).any():
        twice = listed[listed.duplicated(["alphabet", "character"])].iloc[0]
        raise BadInput(
            f"vinyals_split.csv names {twice['alphabet']}, character {twice['character']} twice; it can have one role only."
        )
    unknown = set(listed["split"]) - set(ROLE_OF)
    if unknown:
        raise BadInput(f"vinyals_split.csv names the split '{sorted(map(str, unknown))[0]}'; it is train, val or test.")
    found = classes[["alphabet", "character"]].merge(listed, on=["alphabet", "character"], how="left")["split"].map(ROLE_OF)
    return found.astype(object).where(found.notna(), None).to_numpy()


def check_disjoint(classes: pd.DataFrame, table: pd.DataFrame) -> None:
    """No character has two roles in one split, be it through a turned copy. Raises BadInput."""
    roles = table.merge(classes[["class_id", "alphabet", "character"]], on="class_id")
    one_role = roles.drop_duplicates(["split", "alphabet", "character", "role"])
    again = one_role[one_role.duplicated(["split", "alphabet", "character"])]
    if len(again):
        split, alphabet, character = again[["split", "alphabet", "character"]].to_numpy()[0]
        raise BadInput(
            f"In the split '{split}', {alphabet}, character {character} has two roles; train and test must not share it."
        )
