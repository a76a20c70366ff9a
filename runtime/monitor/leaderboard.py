"""Val scores of all candidates, as sums that grow with the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ...core.stats.intervals import interval_from_sums
from ..store import StepTally


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreTally:
    """One candidate: val examples measured, sums of their scores and of the scores squared, unreadable answers."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    unreadable: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean, the same as on the scoreboard and in the report."""
        return interval_from_sums(self.n, self.total, self.squares)


@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """`extend` returns a new leaderboard. cursor: where to read on."""

    tallies: Mapping[str, ScoreTally] = field(default_factory=lambda: MappingProxyType({}))
    cursor: int = 0

    def extend(self, rows: Iterable[StepTally]) -> Leaderboard:
        """Rows before the cursor are in it already and change nothing."""
        new = [row for row in rows if row.cursor > self.cursor]
        if not new:
            return self
        sums = dict(self.tallies)
        for row in new:
            old = sums.get(row.candidate, ScoreTally())
            sums[row.candidate] = ScoreTally(
                n=old.n + row.n,
                total=old.total + row.total,
                squares=old.squares + row.squares,
                unreadable=old.unreadable + row.unreadable,
            )
        return Leaderboard(tallies=sums, cursor=max(row.cursor for row in new))

    def get(self, candidate: str) -> ScoreTally | None:
        return self.tallies.get(candidate)

    @property
    def ranked(self) -> list[tuple[str, ScoreTally]]:
        """By mean, the best first; more examples first among equals."""
        return sorted(self.tallies.items(), key=lambda item: (-item[1].mean, -item[1].n, item[0]))
