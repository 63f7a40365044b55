"""Answers about tasks that are given: users, and what is foreseen of them."""
