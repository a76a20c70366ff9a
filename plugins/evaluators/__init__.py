"""Evaluators: turn an output into a score."""
