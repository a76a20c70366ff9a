"""The leader where outputs are compared and never scored."""

from __future__ import annotations

from ...core.search_types import Search


def duel_margin(search: Search, first: str, second: str) -> float | None:
    """Mean preference for the first candidate over the second, summed over their duels; None without a duel."""
    duels = [duel for duel in search.duels if {duel.first, duel.second} == {first, second}]
    return sum(duel.margin if duel.first == first else -duel.margin for duel in duels) if duels else None


def current_champion(search: Search) -> str:
    """The most recent candidate that beat the then champion and did not lose to the baseline.

    Wins against one champion after the other do not add up to a win against the baseline: a candidate without that duel
    does not lead yet, and one that lost it never will. A whole-prompt human preference replaces the duel against the
    baseline. Ties keep the champion. Vetoed candidates are skipped.
    """
    start = standing = search.archive.baseline.id
    for candidate in search.archive.alive:
        beaten, against_start = duel_margin(search, candidate.id, standing), duel_margin(search, candidate.id, start)
        if against_start is None and _human_preferred(search, candidate.id, standing):
            against_start = 0.0
        if (
            candidate.id != start
            and beaten is not None
            and beaten > 0
            and against_start is not None
            and against_start >= 0
        ):
            standing = candidate.id
    return standing


def _human_preferred(search: Search, first: str, second: str) -> bool:
    """Whether a person preferred the whole prompt, without looking at an example."""
    duels = [duel for duel in search.duels if {duel.first, duel.second} == {first, second} and not duel.example]
    return sum(duel.margin if duel.first == first else -duel.margin for duel in duels) > 0
