"""The time as it is written down."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """UTC, ISO 8601, to the millisecond; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
