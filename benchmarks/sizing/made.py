"""Tables of any size with a few columns of every common kind, and sentences; the same ones each time."""

from pathlib import Path

import numpy as np
import pandas as pd

from metadash.data.dataset import Description, Source
from metadash.data.splits import split_by_group, table_of

N_CLASSES, PER_FAMILY, SITES, WIDTH = 1000, 10, 40, 4
NAME = "made"

SOURCES = (
    Source("looks", "class", ("colour", "parts", "weight"), "what it looks like"),
    Source("history", "class", ("found", "description"), "when it was found, and a sentence on it"),
    Source("place", "instance", ("site", "taken"), "where and when it was recorded"),
    Source("reading", "instance", ("reading", "checked"), "what the instrument showed"),
)


def description() -> Description:
    return Description(
        name=NAME,
        title="Made up",
        modality="vector",
        licence="none needed",
        provenance="benchmarks/sizing/made.py",
        class_noun="thing",
        group_noun="family",
        sibling_column="family",
        disjoint_column="site",
        sources=SOURCES,
        default_split="family-0",
    )


def classes() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    c = np.arange(N_CLASSES)
    weight = generator.normal(50, 10, N_CLASSES)
    weight[::4] = np.nan
    colours = np.array(["red", "green", "blue", "grey"])
    return pd.DataFrame(
        {
            "class_id": c,
            "class_name": [f"thing {i}" for i in c],
            "family": [f"family {i // PER_FAMILY}" for i in c],
            "colour": colours[generator.integers(0, 4, N_CLASSES)],
            "parts": generator.integers(1, 9, N_CLASSES),
            "weight": weight,
            "found": pd.Timestamp("2001-01-01") + pd.to_timedelta(generator.integers(0, 7000, N_CLASSES), unit="D"),
            "description": [f"a {colours[i % 4]} thing of the family {i // PER_FAMILY}" for i in c],
        }
    )


def instances(rows: int) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    reading = generator.gamma(2, 3, rows).astype(np.float32)
    reading[generator.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "instance_id": np.arange(rows),
            "class_id": np.sort(generator.integers(0, N_CLASSES, rows)),
            "site": pd.array(np.array([f"site {s}" for s in range(SITES)])[generator.integers(0, SITES, rows)], dtype="str"),
            "taken": np.datetime64("2020-01-01", "s") + generator.integers(0, 10**8, rows).astype("timedelta64[s]"),
            "reading": reading,
            "checked": generator.random(rows) < 0.8,
        }
    )


def splits() -> pd.DataFrame:
    return table_of({"family-0": split_by_group(classes()["family"], 0)})


def save(rows: int, folder: Path) -> None:
    """The tables and the inputs as files, so that whoever reads them has no memory of their making."""
    folder.mkdir(parents=True)
    instances(rows).to_parquet(folder / "instances.parquet", index=False)
    np.save(folder / "inputs.npy", np.random.default_rng(2).normal(size=(rows, WIDTH)).astype(np.float32))


def utterances(n: int) -> list[str]:
    """Sentences of 4 to 12 words out of 6,000, frequent ones more often, as those of CLINC150 are."""
    generator = np.random.default_rng(3)
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    lengths = generator.integers(2, 9, 6000)
    known = np.array(["".join(letters[np.minimum(generator.geometric(0.12, size), 26) - 1]) for size in lengths])
    share = 1 / np.arange(1, 6001)
    drawn = generator.choice(known, (n, 12), p=share / share.sum())
    return [" ".join(row[: generator.integers(4, 13)]) for row in drawn]
