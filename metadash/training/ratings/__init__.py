"""Ratings of new users, foreseen from a few: methods that share one interface, and what a user's task is worth by each metric."""
