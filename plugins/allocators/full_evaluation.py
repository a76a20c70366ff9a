"""The same examples for all candidates: val, or train for a log and then val."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.identity import seeded_random
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Decision
from ...core.search_types import Measurement, Search
from .common import affordable_measurements, missing_measurements, no_decisions, row_order

# A large budget pays for four times the candidates that a schedule has, and for more examples of each beyond that.
_GROWTH, _USUAL_CANDIDATES = 4, 25


@dataclass(kw_only=True)
class FullEvaluation:
    """Every candidate on the same val examples; all get fewer where the budget is short.

    Args:
        rows: Examples at most; more where a quarter of the budget pays for them, or in a later pass all of it.
        candidates: If set, the budget should last for so many candidates, so a small one has fewer examples.
        least: Examples at least, if `candidates` is set.
    """

    name = "full"
    needs = NEEDS_NOTHING

    rows: int | None = None
    candidates: int | None = None
    least: int = 8

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        candidates = self.candidates or _USUAL_CANDIDATES
        order, share = row_order(search), 1 if search.rounds_before else _GROWTH
        rows = order[: max(self.rows or len(order), search.total_runs // (share * candidates))]
        if self.candidates is not None:
            rows = rows[: max(self.least, search.total_runs // self.candidates)]
        return affordable_measurements(search, pool, rows)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)


@dataclass(kw_only=True)
class LogThenValidate:
    """Measures a log on train, then val.

    Args:
        train: Train examples at most.
        val: Val examples at most.
        share: Share of the budget for the log while there are prompts to log. Programs of several prompts are not
            logged; they choose among those that are.
        least: Examples of the log at least.
    """

    name = "logged"
    needs = NEEDS_TRAIN

    train: int = 60
    val: int = 60
    share: float = 0.5
    least: int = 6

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        plain = [name for name in pool if len(search.archive[name].program.prompts) == 1]
        labelled = [row for row in search.train if row not in search.examples or search.examples[row].outputs]
        shuffled = seeded_random(search.seed, "log").sample(labelled, len(labelled))
        logged = [row for row in shuffled if any(search.archive.scores.get(name, row) is not None for name in plain)]
        each = max(self.least, int(search.remaining_runs * self.share) // max(1, len(plain)))
        rows = logged or shuffled[: min(self.train, each)]
        if pairs := missing_measurements(search, plain, rows)[: search.remaining_runs]:
            return pairs
        return FullEvaluation(rows=self.val, candidates=len(pool) * 2 + 2, least=self.least).ask(search, pool)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)
