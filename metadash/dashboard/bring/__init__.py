"""*Bring your own*: from files to a data set of one's own, on the page *Metadata*."""

BRING = "Bring your own"
"""The view of that page, as its link names it."""
