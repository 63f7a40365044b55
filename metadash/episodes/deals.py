"""What classes have on either side when the values of a column are dealt to support and query, as tasks of the strategy disjoint are."""

import numpy as np

DEALS = 200
"""Ways to deal a column's values that are looked at."""
OFTEN = 0.25
"""In this share of the deals even the classes with least choice must be served: fifty redraws then fail once in two million."""


class Deals:
    """``support`` and ``query`` [DEALS, C]: how many instances each class has on either side. ``place`` [R] is the class 0..C-1 of an
    instance and ``value`` [R] the code of its value in the column."""

    def __init__(self, place: np.ndarray, value: np.ndarray, n_classes: int, n_way: int):
        n_values = int(value.max(initial=-1)) + 1
        held = np.bincount(place * n_values + value, minlength=n_classes * n_values).reshape(n_classes, n_values)
        to_support = np.random.default_rng(0).random((DEALS, n_values)) < 0.5
        self.support = to_support @ held.T.astype(np.float32)
        self.query = (~to_support) @ held.T.astype(np.float32)
        self.n_way = n_way

    def serve(self, n_shot: int, n_query: int) -> bool:
        """Whether the ``n_way`` classes that have the least choice are all served by deals enough."""
        enough = (self.support >= n_shot) & (self.query >= n_query)
        hardest = np.argsort(enough.mean(axis=0), kind="stable")[: self.n_way]
        return bool(enough[:, hardest].all(axis=1).mean() >= OFTEN)

    def most(self, n_shot: int, n_query: int) -> tuple[int, int]:
        """The most shots and queries that are served, fewer queries before fewer shots; zeros where nothing is."""
        for shots in range(n_shot, 0, -1):
            for queries in range(n_query, 0, -1):
                if self.serve(shots, queries):
                    return shots, queries
        return 0, 0
