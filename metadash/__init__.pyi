# For type checkers and editors: what __init__.py loads when it is asked for (tests/test_api.py compares the two).
from metadash.api import AblationResult as AblationResult
from metadash.api import AnswerResult as AnswerResult
from metadash.api import AuditResult as AuditResult
from metadash.api import BadInput as BadInput
from metadash.api import CardResult as CardResult
from metadash.api import ComparisonResult as ComparisonResult
from metadash.api import Dataset as Dataset
from metadash.api import DoseResult as DoseResult
from metadash.api import Plan as Plan
from metadash.api import Preview as Preview
from metadash.api import ProposalResult as ProposalResult
from metadash.api import Question as Question
from metadash.api import Source as Source
from metadash.api import TrainedRun as TrainedRun
from metadash.api import WhatIfResult as WhatIfResult
from metadash.api import Workspace as Workspace
from metadash.api import ablate as ablate
from metadash.api import answer as answer
from metadash.api import audit as audit
from metadash.api import card as card
from metadash.api import compare as compare
from metadash.api import datasets as datasets
from metadash.api import doses as doses
from metadash.api import draw_episodes as draw_episodes
from metadash.api import export as export
from metadash.api import fetch as fetch
from metadash.api import from_files as from_files
from metadash.api import from_tables as from_tables
from metadash.api import install as install
from metadash.api import load as load
from metadash.api import open as open
from metadash.api import preview as preview
from metadash.api import propose as propose
from metadash.api import train as train
from metadash.api import what_if as what_if

__version__: str
