"""Verbs about what is stored."""
