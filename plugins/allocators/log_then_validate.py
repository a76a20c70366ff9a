"""Train rows for a log, then val rows to choose by: both the same for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.identity import seeded_random
from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions
from .full_evaluation import FullEvaluation


@dataclass(kw_only=True)
class LogThenValidate:
    """train, val: rows at most. share: of the room that goes into the log while there are prompts to log; programs of
    several prompts are not logged, and choose among those that are. least: rows of the log at least.
    """

    name: str = field(default="logged", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    train: int = 60
    val: int = 60
    share: float = 0.5
    least: int = 6

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        plain = [name for name in pool if len(search.archive[name].program.prompts) == 1]
        labelled = [row for row in search.train if row not in search.examples or search.examples[row].outputs]
        drawn = seeded_random(search.seed, "log").sample(labelled, len(labelled))
        known = [row for row in drawn if any(search.archive.scores.get(name, row) is not None for name in plain)]
        each = max(self.least, int(search.remaining_runs * self.share) // max(1, len(plain)))
        rows = known or drawn[: min(self.train, each)]
        if wanted := missing_measurements(search, plain, rows)[: search.remaining_runs]:
            return wanted
        return FullEvaluation(rows=self.val, candidates=len(pool) * 2 + 2, least=self.least).ask(search, pool)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)
