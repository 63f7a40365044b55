"""Makes the backbones that come with a data set: ``python -m metadash.training.shipping glyphs``; each is an ordinary run.

What is written is beside the data set's module, under ``backbones/``: one safetensors file a split, and ``backbones.json``.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import torch

from metadash.canonical import plain
from metadash.data.folds import fold_name
from metadash.data.library import open_dataset
from metadash.data.shipped import FOLDERS
from metadash.runs.machine import environment
from metadash.runs.train import train
from metadash.specs.run import BackboneSpec
from metadash.workspace import Workspace

FIRST_STEPS = 20
"""How many losses are written down: what a retraining is compared with."""


def ship(name: str, folds: int, folder: Path) -> None:
    """Train the usual backbone of a data set on its usual split and on each fold, and write the weights to ``folder``."""
    from safetensors.torch import save

    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        workspace = Workspace(Path(room))
        data = open_dataset(workspace, name)
        found = []
        for split in [data.description.default_split, *(fold_name(fold + 1, folds) for fold in range(folds))]:
            spec = BackboneSpec(name, split)
            run = train(spec, workspace)
            content = save({key: value.contiguous() for key, value in run.weights().items()})
            file = folder / f"{split}.safetensors"
            file.write_bytes(content)
            history = run.history()
            measured = history.loc[history["loss"].notna() & (history["step"] <= FIRST_STEPS), ["step", "loss"]]
            made = {key: run.summary[key] for key in ("validation_accuracy", "best_step", "dim")}
            losses = {str(step): round(loss, 6) for step, loss in measured.to_numpy().tolist()}
            found.append(
                {
                    "file": file.name,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "spec": plain(spec),
                    "made": {**made, "losses": losses},
                }
            )
            print(f"{split}: {made['validation_accuracy']:.1f} % on validation classes")
    about = {
        "fingerprint": data.fingerprint,
        "command": f"python -m metadash.training.shipping {name} --folds {folds}",
        "environment": environment(),
        "backbones": found,
    }
    (folder / "backbones.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=list(FOLDERS))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to write them (default: beside the data set's module)")
    options = parser.parse_args()
    ship(options.dataset, options.folds, options.out or FOLDERS[options.dataset])


if __name__ == "__main__":
    main()
