"""The learner itself, to take along: one folder in a zip file, which ``predict`` runs without this workspace."""

import io
import zipfile

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.watching import offer
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.using.leaving import files_of, leaving_spec
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec


def leaving(data: Dataset, spec: RunSpec) -> None:
    """Folded away below everything else; what cannot leave says why."""
    with st.expander("Take the learner along", icon=":material/luggage:", key="us_leave", on_change="rerun") as opened:
        if not opened.open:
            return
        try:
            asked = leaving_spec(spec, data)
        except BadInput as problem:
            st.caption(plain(problem))
            return
        packed = server.store().find(asked, data)
        if packed is None:
            st.markdown("It leaves as one folder that runs elsewhere: tensors, tables and a card in JSON, no programs.")
            offer([asked], data, "us_pack", "Pack it", icon="luggage", primary=False)
            return
        store, folder = server.store(), f"learner-{run_digest(spec, data)}"
        download(
            "Learner (zip)", lambda: zipped(packed, data, store, folder), f"{folder}.zip", "application/zip", ":material/luggage:"
        )
        told = "" if not any(data.source(name).sensitive for name in spec.sources) else " Some of it is marked sensitive."
        st.caption(
            "Its card says what it was trained on and how good it is. It holds what its sources say of the classes that it was trained on; whoever gets the "
            f"folder can read that.{told} Unpack it, then wherever MetaDash is installed:"
        )
        parts = [f"metadash predict --run {folder}/", "--examples examples.csv", "--inputs inputs.csv", "--out labels.csv"]
        st.code(" \\\n  ".join(parts), language=None)


def zipped(packed: Run, data: Dataset, store: RunStore, folder: str) -> bytes:
    """The folder that ``save`` writes, in a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files_of(packed, data, store).items():
            file.writestr(f"{folder}/{name}", content)
    return buffer.getvalue()
