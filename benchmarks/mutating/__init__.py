"""Slips made in the code one at a time, and whether the tests notice: the parts of ``benchmarks.mutation``."""
