"""What a search left of its budget, in words."""

from __future__ import annotations

# Less is what a round could not use up evenly.
_LEAST_SHARE = 0.1


def has_room_left(share: float | None) -> bool:
    """Whether so much was left that a reader wants to know why."""
    return share is not None and share >= _LEAST_SHARE


def room_text(share: float | None, left: int | None, calls: int | None) -> str:
    """`2,574 of 3,000 target calls were left`, or the share of a budget that does not count calls."""
    if left is not None and calls is not None:
        return f"{left:,} of {calls:,} target calls were left"
    return f"about {100 * (share or 0.0):.0f} % of the budget was left"
