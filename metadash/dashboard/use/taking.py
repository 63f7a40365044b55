"""What somebody takes home: the labels as a file, and everything that was given as a folder with the command that labels it anew."""

import io
import zipfile
from shlex import quote

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts.downloads import download
from metadash.data.dataset import Dataset
from metadash.front.use import Labelled
from metadash.front.using.lists import as_list


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
        st.code(command(digest, result), language=None)


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def command(digest: str, result: Labelled) -> str:
    """The verb that labels the same."""
    told = ["--metadata metadata.csv"] if result.given.metadata is not None else []
    if bare := [name for name, shots in result.given.shots.items() if not shots]:
        told.append(f"--zero-shot {quote(as_list(bare))}")
    parts = ["metadash predict", f"--run {digest}", "--examples examples.csv", *told, "--inputs inputs.csv", "--out labels.csv"]
    return " \\\n  ".join(parts)


def bundle(data: Dataset, result: Labelled) -> bytes:
    """``examples.csv`` (its column ``label`` holds the classes), ``inputs.csv``, the pictures that they name, and ``metadata.csv`` where
    something was told: as ``predict`` reads them."""
    buffer, given = io.BytesIO(), result.given
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, values, more in (
            ("examples", given.support, {"label": given.said.labels}),
            ("inputs", given.queries, {}),
        ):
            table = in_columns(data, values, name)
            if data.modality.parts == "pixels":
                for path, value in zip(table["file"], values, strict=True):
                    file.writestr(path, png(value))
            single = given.said.of_examples if name == "examples" else given.said.of_queries
            beside = pd.DataFrame.from_records([dict(row) for row in single or ()], index=range(len(single or ())))
            table = pd.concat([table.assign(**{key: list(own) for key, own in more.items()}), beside], axis=1)
            file.writestr(f"{name}.csv", table.to_csv(index=False))
        if given.metadata is not None:
            file.writestr("metadata.csv", given.metadata.rename_axis("class_name").to_csv())
        file.writestr("labels.csv", result.frame().to_csv(index=False))
    return buffer.getvalue()


def in_columns(data: Dataset, values: np.ndarray, folder: str) -> pd.DataFrame:
    """The inputs as columns of a table: names of files to be, texts, or numbers."""
    if data.modality.parts == "pixels":
        return pd.DataFrame({"file": [f"{folder}/{place:05d}.png" for place in range(1, len(values) + 1)]})
    return pd.DataFrame({"text": list(values)}) if values.dtype == object else pd.DataFrame(values).add_prefix("x")


def png(image: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG")
    return buffer.getvalue()
