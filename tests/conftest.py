"""Hypothesis for all tests: the same examples every time, and no deadline that a busy machine could miss."""

from __future__ import annotations

from hypothesis import settings

collect_ignore = ["data"]  # what was released, tests of plugins included

settings.register_profile("maieutic", derandomize=True, deadline=None)
settings.load_profile("maieutic")
