"""What ``import metadash`` gives: ten lines from a table to a sentence that can be defended.

>>> import metadash as md                                                                                # doctest: +SKIP
>>> data = md.open("glyphs")                                                                             # doctest: +SKIP
>>> md.answer(data, sources=["name", "accents"])                                                         # doctest: +SKIP
With one labelled example per class, the metadata “name, accents” helps tell sibling characters apart: ...

Each name is loaded when it is first asked for: ``import metadash`` by itself takes no time, and none of these loads torch before
something is computed.
"""

from metadash.data.dataset import Dataset, Question, Source
from metadash.data.importing.plan import Plan
from metadash.data.importing.preview import Preview
from metadash.errors import BadInput
from metadash.front.ablation import AblationResult, ablate
from metadash.front.answer import AnswerResult, answer
from metadash.front.audit import AuditResult, audit
from metadash.front.card import CardResult, card
from metadash.front.compare import ComparisonResult, compare
from metadash.front.data import datasets, export, from_tables, open
from metadash.front.draw import draw_episodes
from metadash.front.given.recommend import RatingsResult, recommend
from metadash.front.importing import from_files, preview
from metadash.front.obtain import fetch, install
from metadash.front.propose import ProposalResult, propose
from metadash.front.run import TrainedRun, load, train
from metadash.front.using.files import label_files
from metadash.front.using.labelled import Labelled
from metadash.front.using.leaving import LeftRun
from metadash.front.using.next_steps import NextSteps
from metadash.front.what_if import DoseResult, WhatIfResult, doses, what_if
from metadash.workspace import Workspace

__all__ = [
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
