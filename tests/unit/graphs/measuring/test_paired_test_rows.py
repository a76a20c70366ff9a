"""The sealed test is measured row by row for both prompts, and ends with the first rows that do not fit for both."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.graphs.nodes import report as verdict

START, BEST = (
    Candidate(id=name, program=Program.of(name), operator="start" if name == "s" else "edit") for name in "sb"
)
ROWS = [Example(id=f"t{n}", input=f"word {n}", outputs=("red",)) for n in range(30)]


@pytest.mark.parametrize(
    ("budget", "fitting", "asked"), [(Budget(tokens=9), 20, 32), (Budget(usd=1.0), 99, 60), (Budget(calls=9), 20, 60)]
)
async def test_nothing_is_asked_after_a_row_that_did_not_fit(
    monkeypatch: pytest.MonkeyPatch, budget: Budget, fitting: int, asked: int
) -> None:
    seen: list[tuple[str, str]] = []

    async def measure(session: Any, pairs: list[tuple[Candidate, Example]], **_: Any) -> list[Any]:
        seen.extend((one.id, row.id) for one, row in pairs)
        return [pair for place, pair in enumerate(pairs, len(seen) - len(pairs)) if place < fitting]

    monkeypatch.setattr(verdict, "measure", measure)
    session: Any = SimpleNamespace(ledger=SimpleNamespace(budget=budget))
    done = await verdict._measure_both(session, START, BEST, ROWS, 1)
    assert len(done) == min(fitting, 60)
    assert len(seen) == asked
    assert seen[:4] == [("s", "t0"), ("b", "t0"), ("s", "t1"), ("b", "t1")]
