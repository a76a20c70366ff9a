"""Who leads where outputs are compared and never scored."""

from __future__ import annotations

from ...core.search_types import Search


def duel_margin(search: Search, one: str, other: str) -> float | None:
    """How far `one` was preferred to `other` over all their duels; None where they never met."""
    met = [duel for duel in search.duels if {duel.first, duel.second} == {one, other}]
    return sum(duel.margin if duel.first == one else -duel.margin for duel in met) if met else None


def current_champion(search: Search) -> str:
    """The start prompt, then in the order in which they came each that beat the champion of its time and stood against
    the start.

    Wins against one champion after the other do not add up to a win against the start: who has not met it leads
    nothing yet, as where the budget ended between the two duels, and who lost to it never will. Whom a person
    preferred as a whole leads without that duel. A tie changes nothing. Who was taken out never led.
    """
    start = standing = search.archive.baseline.id
    for one in search.archive.alive:
        beaten, against_start = duel_margin(search, one.id, standing), duel_margin(search, one.id, start)
        if against_start is None and _human_preferred(search, one.id, standing):
            against_start = 0.0
        if one.id != start and beaten is not None and beaten > 0 and against_start is not None and against_start >= 0:
            standing = one.id
    return standing


def _human_preferred(search: Search, one: str, other: str) -> bool:
    """Whether a person preferred it, looking at both prompts and at no row."""
    said = [duel for duel in search.duels if {duel.first, duel.second} == {one, other} and not duel.example]
    return sum(duel.margin if duel.first == one else -duel.margin for duel in said) > 0
