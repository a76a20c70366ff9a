"""Runs programs on examples and scores the outputs."""
