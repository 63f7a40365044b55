"""MetaDash: which metadata helps a learner generalise to new classes, by how much, and how sure are you?

The packages, from the top of the house to its ground; imports run downwards only (tests/test_architecture.py): ``verbs`` / ``dashboard`` /
``figures`` / ``ablation`` / ``answers`` / ``training`` / ``runs`` / ``specs`` / ``learners`` / ``networks`` / ``episodes`` and ``metadata`` /
``data`` / ``stats``.
"""

__version__ = "0.1.0"
