"""MetaDash: which metadata helps a learner generalise to new classes, by how much, and how sure are you?

``metadash.api`` lists what ``import metadash as md`` gives; each name is loaded when it is first asked for. The packages, from the top of
the house to its ground; imports run downwards only (tests/test_architecture.py): ``verbs`` / ``api`` / ``front`` / ``dashboard`` /
``figures`` / ``ablation`` / ``answers`` / ``training`` / ``runs`` / ``specs`` / ``learners`` / ``networks`` / ``episodes`` and ``metadata`` / ``data`` / ``stats``.
"""

import importlib
from typing import Any

__version__ = "0.2.0"


NAMES = frozenset(
    [
        "AblationResult",
        "AnswerResult",
        "AuditResult",
        "BadInput",
        "CardResult",
        "ComparisonResult",
        "Dataset",
        "DoseResult",
        "Labelled",
        "LeftRun",
        "NextSteps",
        "Plan",
        "Preview",
        "ProposalResult",
        "Question",
        "RatingsResult",
        "Source",
        "TrainedRun",
        "WhatIfResult",
        "Workspace",
        "ablate",
        "answer",
        "audit",
        "card",
        "compare",
        "datasets",
        "doses",
        "draw_episodes",
        "export",
        "fetch",
        "from_files",
        "from_tables",
        "install",
        "label_files",
        "load",
        "open",
        "preview",
        "propose",
        "recommend",
        "train",
        "what_if",
    ]
)
"""Listed here too, so that to import a part of the package does not load all of it."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'metadash' has no attribute '{name}'")
    return getattr(importlib.import_module("metadash.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *NAMES})
