"""Ratings: users who rated items, each user a task of their own."""
