"""What every job needs, loaded by importing this module: once, by the process that worker processes are copied from (``cluster``)."""

import torch

import metadash.runs.queue.worker  # noqa: F401  (what the scheduler calls)
from metadash.runs.kinds import KINDS
from metadash.runs.version import code_version

for _kind in KINDS.values():
    _kind.function()
torch.optim.Adam([torch.zeros(1)])  # the first optimiser of a process loads another two seconds of torch
code_version()  # kept: a worker's version is that of the code which was loaded here
