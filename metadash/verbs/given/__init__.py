"""Verbs about tasks that are given."""
