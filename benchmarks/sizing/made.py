"""Tables of any size with a few columns of every common kind, and sentences; the same ones each time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metadash.data.dataset import Description, Source
from metadash.data.splits import split_by_group, table_of

N_CLASSES, PER_FAMILY, WIDTH = 1000, 10, 4
NAME = "made"
NARROW = ["instance_id", "class_id", "site", "taken", "reading", "checked"]
"""Columns of instances that a caller may well hold in memory, ten million times."""
AT_ONCE = 2**17
SITES = pa.array([f"site {s}" for s in range(40)])
LABELS = pa.array(["sharp", "blurred", "sharp; dark", "blurred; dark", "dark; cut", "sharp; cut; dark"])
WORDS = pa.array([f"word{w}" for w in range(500)])

SOURCES = (
    Source("looks", "class", ("colour", "parts", "weight"), "what it looks like"),
    Source("history", "class", ("found", "description"), "when it was found, and a sentence on it"),
    Source("place", "instance", ("site", "taken"), "where and when it was recorded"),
    Source("note", "instance", ("note", "serial"), "what was written beside it"),
    Source("reading", "instance", ("reading", "checked", "labels"), "what the instrument showed"),
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


def pieces(rows: int) -> Iterator[pd.DataFrame]:
    """The instances in their order, some at a time."""
    for start in range(0, rows, AT_ONCE):
        n, generator = min(AT_ONCE, rows - start), np.random.default_rng([1, start])
        i = np.arange(start, start + n)
        reading = generator.gamma(2, 3, n).astype(np.float32)
        reading[generator.random(n) < 0.1] = np.nan
        words = (pc.take(WORDS, pa.array(generator.integers(0, len(WORDS), n))) for _ in range(4))
        yield pd.DataFrame(
            {
                "instance_id": i,
                "class_id": i * N_CLASSES // rows,
                "site": texts(pc.take(SITES, pa.array(generator.integers(0, len(SITES), n)))),
                "taken": np.datetime64("2020-01-01", "s") + generator.integers(0, 10**8, n).astype("timedelta64[s]"),
                "reading": reading,
                "checked": generator.random(n) < 0.8,
                "serial": (i * 2_654_435_761) % 2**32,
                "labels": texts(pc.take(LABELS, pa.array(generator.integers(0, len(LABELS), n)))),
                "note": texts(pc.binary_join_element_wise(*words, " ")),
            }
        )


def texts(column: pa.Array) -> pd.Series:
    return pd.Series(column.cast(pa.large_string()).to_pandas(), dtype="str")


def splits() -> pd.DataFrame:
    return table_of({"family-0": split_by_group(classes()["family"], 0)})


def save(rows: int, folder: Path) -> None:
    """The tables and the inputs as files, so that whoever reads them has no memory of their making."""
    folder.mkdir(parents=True)
    writer = None
    for piece in pieces(rows):
        table = pa.Table.from_pandas(piece, preserve_index=False)
        writer = writer or pq.ParquetWriter(folder / "instances.parquet", table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    np.save(folder / "inputs.npy", np.random.default_rng(2).normal(size=(rows, WIDTH)).astype(np.float32))


def save_csv(rows: int, file: Path) -> None:
    """The same instances as somebody has them who has never heard of MetaDash: a class by its name, the inputs in columns."""
    inputs = np.random.default_rng(2).normal(size=(rows, WIDTH)).round(4)
    for start, piece in zip(range(0, rows, AT_ONCE), pieces(rows), strict=True):
        piece["thing"] = [f"thing {c}" for c in piece["class_id"]]
        piece[[f"f{place}" for place in range(WIDTH)]] = inputs[start : start + len(piece)]
        told = piece.drop(columns=["instance_id", "class_id"])
        told.to_csv(file, mode="a" if start else "w", header=not start, index=False)


def utterances(n: int) -> list[str]:
    """Sentences of 4 to 12 words out of 6,000, frequent ones more often, as those of CLINC150 are."""
    generator = np.random.default_rng(3)
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    lengths = generator.integers(2, 9, 6000)
    known = np.array(["".join(letters[np.minimum(generator.geometric(0.12, size), 26) - 1]) for size in lengths])
    share = 1 / np.arange(1, 6001)
    drawn = generator.choice(known, (n, 12), p=share / share.sum())
    return [" ".join(row[: generator.integers(4, 13)]) for row in drawn]
