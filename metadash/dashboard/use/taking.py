"""What somebody takes home: the labels as a file, and everything that was given as a folder with the command that labels it anew."""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts.downloads import download
from metadash.data.dataset import Dataset
from metadash.front.use import Labelled

UNSAFE = re.compile(r"[^\w\-. ]", re.UNICODE)


def take_away(data: Dataset, digest: str, result: Labelled, frame: pd.DataFrame) -> None:
    """``digest``: of the learner."""
    with st.container(horizontal=True):
        download("Labels (CSV)", lambda: frame.to_csv(index=False), f"labels-{result.digest}.csv")
        download("Labels (Parquet)", lambda: parquet(frame), f"labels-{result.digest}.parquet", "application/vnd.apache.parquet")
        download(
            "Everything given (zip)",
            lambda: bundle(data, result),
            f"given-{result.given.digest}.zip",
            "application/zip",
            ":material/folder_zip:",
        )
    with st.expander("As a command", icon=":material/terminal:"):
        st.caption("Unpack “Everything given”, then in its folder:")
        st.code(command(data, digest, result), language=None)


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def command(data: Dataset, digest: str, result: Labelled) -> str:
    """The verb that labels the same."""
    texts = data.modality.picture is None
    parts = [
        "metadash predict",
        f"--run {digest}",
        f"--examples {'examples.csv' if texts else 'examples'}",
        *(["--metadata metadata.csv"] if result.given.metadata is not None else []),
        f"--inputs {'inputs.csv' if texts else 'inputs'}",
        "--out labels.csv",
    ]
    return " \\\n  ".join(parts)


def bundle(data: Dataset, result: Labelled) -> bytes:
    """``examples/CLASS/…png`` and ``inputs/…png`` (tables of other kinds of inputs), and ``metadata.csv`` where something was told."""
    buffer, given = io.BytesIO(), result.given
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        if data.modality.parts == "pixels":
            for place, (value, label) in enumerate(zip(given.support, given.said.labels, strict=True), start=1):
                file.writestr(f"examples/{safe(label)}/{place:04d}.png", png(value))
            for place, value in enumerate(given.queries, start=1):
                file.writestr(f"inputs/{place:05d}.png", png(value))
        else:
            examples = as_table(given.support).assign(label=given.said.labels)
            file.writestr("examples.csv", examples.to_csv(index=False))
            file.writestr("inputs.csv", as_table(given.queries).to_csv(index=False))
        if given.metadata is not None:
            file.writestr("metadata.csv", given.metadata.rename_axis("class_name").to_csv())
        file.writestr("labels.csv", result.frame().to_csv(index=False))
    return buffer.getvalue()


def safe(name: str) -> str:
    """A folder's name, on every system."""
    return UNSAFE.sub("_", name).strip(" .") or "_"


def png(image: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG")
    return buffer.getvalue()


def as_table(values: np.ndarray) -> pd.DataFrame:
    """A text a row, or the numbers of a vector."""
    return pd.DataFrame({"text": list(values)}) if values.dtype == object else pd.DataFrame(values).add_prefix("x")
