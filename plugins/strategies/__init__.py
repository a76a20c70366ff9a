"""Strategies: which parents, which operators, what to keep."""
