"""Typed questions that several operators ask, and their typed replies."""
