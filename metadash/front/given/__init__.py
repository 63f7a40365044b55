"""The front door to tasks that are given."""
