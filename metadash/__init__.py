"""MetaDash: which metadata helps a learner generalise to new classes, by how much, and how sure are you?

The packages, from the top of the house to its ground; imports run downwards only (tests/test_architecture.py):
``dashboard`` and ``cli`` / ``analysis`` / ``training`` / ``learners`` / ``networks`` / ``episodes`` and ``metadata`` / ``data``.
"""

__version__ = "0.1.0"
