"""Which learners classify the queries of a task together (transductive), said by one function to whoever shows a score.

Such an answer depends on what else is asked: what it reaches holds for queries that come in such batches, with classes asked as
evenly as there. A method can be so by itself, and any can be by the batch norm that it uses at test.
"""

from metadash.learners.registry import check_options, entry_of
from metadash.specs.run import RunSpec

MARK = "†"
"""Behind the name of such a learner, where there is room for no more."""


def statistics_of(spec: RunSpec) -> str:
    """Which batch-norm statistics the queries are scored with: "batch" lets queries see one another, the others do not."""
    return check_options(spec.learner, dict(spec.options), spec.mode).batch_norm if spec.adapts_network else "running"


def transductive(spec: RunSpec) -> bool:
    return bool(how_together(spec))


def how_together(spec: RunSpec) -> str:
    """By what the queries of a task see one another; empty where each is answered by itself."""
    if entry_of(spec.learner).transductive:
        return "classifies all queries of a task together"
    return "normalises all queries of a task together (batch norm by the batch)" if statistics_of(spec) == "batch" else ""


def queries_seen(spec: RunSpec) -> str:
    """For a column of a table."""
    return "together (transductive)" if transductive(spec) else "each by itself"


def announcement(spec: RunSpec) -> str:
    """What must stand beside its score, as the end of a sentence that begins with its name; empty where there is nothing."""
    how = how_together(spec)
    if not how:
        return ""
    if spec.evaluation.query_dirichlet is None:
        asked = "that are as many of each class, as here; unevenly dealt queries (query_dirichlet) show what that is worth"
    else:
        asked = f"dealt to their classes as unevenly as here (Dirichlet {spec.evaluation.query_dirichlet:g})"
    return f"is transductive: it {how}, so its score holds for batches of queries {asked}"


def sentence(spec: RunSpec) -> str:
    """The same by itself: ``BD-CSPN is transductive: …``; empty where there is nothing."""
    found = announcement(spec)
    return f"{entry_of(spec.learner).title} {found}." if found else ""
