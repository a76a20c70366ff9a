"""The champion of duels: wins that do not reach back to the start prompt lead nothing."""

from __future__ import annotations

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.search_types import Duel, DuelOutcome, Search
from maieutic.plugins.algorithms.champion import current_champion
from maieutic.plugins.allocators.duels import ChampionDuels

Told = tuple[str, str, str, float]
FIRST: Told = ("start", "c1", "v0", -1.0)
SECOND: Told = ("c1", "c2", "v0", -1.0)


def search(*told: Told) -> Search:
    """Three prompts; of each duel who met whom on which row, and the margin of the first."""
    archive = Archive()
    for name in ("start", "c1", "c2"):
        archive.add(Candidate(id=name, program=Program.of(name), operator="start", status="kept"))
    duels = tuple(DuelOutcome(first=a, second=b, example=row, margin=margin) for a, b, row, margin in told)
    return Search(
        archive=archive,
        train=(),
        val=("v0",),
        seed=0,
        round=2,
        step=2,
        remaining_runs=9,
        total_runs=9,
        duels=duels,
        examples={},
    )


@pytest.mark.parametrize(
    ("told", "leading"),
    [
        ([], "start"),
        ([FIRST], "c1"),
        ([FIRST, SECOND], "c1"),
        ([FIRST, SECOND, ("start", "c2", "v0", -1.0)], "c2"),
        ([FIRST, SECOND, ("start", "c2", "v0", 0.0)], "c2"),
        ([FIRST, SECOND, ("start", "c2", "v0", 0.5)], "c1"),
        ([FIRST, ("c2", "c1", "", 1.0)], "c2"),
        ([FIRST, SECOND, ("c1", "c2", "", 0.5)], "c1"),
        ([FIRST, ("c2", "c1", "", 1.0), ("start", "c2", "v0", 0.5)], "c1"),
    ],
    ids=[
        "nobody met",
        "the start is beaten",
        "the budget ended before the start was met",
        "the start is beaten too",
        "the start is held",
        "the start wins",
        "a person prefers it as a whole",
        "a person prefers the champion as a whole",
        "a person prefers it and the start wins",
    ],
)
def test_who_leads_beat_the_champion_and_stood_against_the_start(told: list[Told], leading: str) -> None:
    assert current_champion(search(*told)) == leading


def test_a_winner_of_a_round_meets_the_start_next() -> None:
    found = search(FIRST)
    duels = ChampionDuels()
    assert list(duels.ask(found, ["c1", "c2"])) == [Duel("c1", "c2", "v0")]
    found.duels = search(FIRST, SECOND).duels
    assert list(duels.ask(found, ["c1", "c2"])) == [Duel("start", "c2", "v0")]
