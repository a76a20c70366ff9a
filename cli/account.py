"""A run's account as the store has it; the log speaks of it at the end of batches only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.budget import Cost
from ..runtime.monitor.run_view import RunView, Spending

if TYPE_CHECKING:
    from ..runtime.store import Store


def with_spending(view: RunView, store: Store) -> RunView:
    used = store.ledger_sums(view.run).used
    target, optimizer = used.get("target", Cost()), used.get("optimizer", Cost())
    spent = Spending(
        target_calls=target.calls,
        optimizer_calls=optimizer.calls,
        tokens=target.tokens + optimizer.tokens,
        usd=target.usd + optimizer.usd,
    )
    return replace(view, spent=spent)
