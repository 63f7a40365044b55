"""The ways in which metadata enter a learner, by name. Imports nothing, so that specs and pages may."""

BOTH = "pseudo-shots+film"
"""Sources that describe classes place them by pseudo-shots, sources that describe instances modulate these by FiLM."""

HOOKS = ("film", "auxiliary")
"""Fusions that are the same for every learner, and added to one made without metadata."""

PLACING, MODULATING = ("pseudo-shots", "am3", BOTH), ("film", BOTH)
"""Fusions that give every class an anchor, and those that have a FiLM network."""

USUAL_FUSIONS = ("none", "pseudo-shots", "film", BOTH, "auxiliary")
PROTOTYPE_FUSIONS = ("none", "pseudo-shots", "am3", "film", BOTH, "auxiliary")
REFERENCE_FUSIONS = ("none", "pseudo-shots")
"""A reference has no embedding of its own to modulate or to teach."""
