"""Asks the first question of a fresh installation and writes its answer into the README: ``python -m benchmarks.quote``.

A test compares the two with what the code of today would be asked and with how it speaks, so that the README never quotes an answer
of yesterday. An answer that another machine may word otherwise is not quoted: the script refuses one that is not far from every edge.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT, circumstances
from metadash import settings
from metadash.answers.answer import Answer, answer, answer_spec
from metadash.answers.export import simple
from metadash.answers.sentence import sentences
from metadash.canonical import digest
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.runs.queue.batch import train_all
from metadash.runs.store import RunStore
from metadash.runs.version import code_version
from metadash.workspace import Workspace

README, RECORD = ROOT / "README.md", ROOT / "benchmarks" / "results" / "quote.json"
BEGIN, END = "<!-- quoted by python -m benchmarks.quote -->", "<!-- end of the quote -->"
FAR = 0.99
"""The chance that the quoted claim must have."""
WIDTH = 140


def asked(data: Dataset) -> str:
    """Names the question as it stands: all that decides its numbers but the code."""
    return digest(answer_spec(data, data.description.questions[0]), data.fingerprint)


def compute(folder: Path) -> tuple[Answer, dict[str, Any]]:
    """The answer, with all workers of this machine, and how long it took from an empty workspace."""
    workspace = Workspace(folder)
    data, store = open_dataset(workspace, "glyphs"), RunStore(Workspace(folder))
    started = time.monotonic()
    spec = answer_spec(data, data.description.questions[0])
    train_all(spec.jobs(data, store), workspace, settings.worker_count(), lambda step, metrics: False)
    found = answer(spec, data, store)
    assert found is not None
    decision = found.gain[0].decision
    if not decision.certain or (decision.chance or 0) < FAR:
        raise SystemExit(f"This answer is too near an edge to be quoted: {' '.join(sentences(found))}")
    about = {
        "asked": asked(data),
        "code": code_version(),
        "sentences": sentences(found),
        "decision": simple(decision),
        "n_episodes": found.n_episodes,
        "n_classes": found.n_classes,
        "n_groups": found.n_groups,
        "seeds": len(spec.seeds),
        "folds": spec.folds,
        "seconds": round(time.monotonic() - started, 1),
        "workers": settings.worker_count(),
        "circumstances": circumstances(),
    }
    return found, about


def quoted(record: dict[str, Any]) -> str:
    """The block of the README."""
    text = " ".join(record["sentences"])
    lines, line = [], ""
    for word in f"*{text}*".split(" "):
        if len(line) + len(word) + 1 > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([BEGIN, *(f"> {one}" for one in [*lines, line]), END])


def replaced(readme: str, record: dict[str, Any]) -> str:
    before, rest = readme.split(BEGIN)
    return before + quoted(record) + rest.split(END)[1]


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _, record = compute(Path(folder))
    RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    README.write_text(replaced(README.read_text(encoding="utf-8"), record), encoding="utf-8")
    print(" ".join(record["sentences"]), f"\n{record['seconds']} s with {record['workers']} workers")


if __name__ == "__main__":
    main()
