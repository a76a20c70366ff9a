"""Room: how many calls still fit a budget."""

from __future__ import annotations

from ..core.budget import Cost, Ledger, LedgerView


def remaining_calls(ledger: Ledger, view: LedgerView, *, begun: bool = False) -> dict[str, int]:
    """Calls that still fit by the account of a step's end, so that a step that is run again decides the same.

    begun: those that fitted when nothing was spent yet, whoever has made them since. Limits on tokens and money are
    told in calls of the mean size so far, once there is one: a search that closes by its room needs to know that it
    runs out. Minutes are not: an author may take as long as fifty answers of the target, and a race that was told so
    would starve.
    """
    frozen = Ledger(
        budget=ledger.budget,
        used=dict(view.used),
        reserved_for_test=ledger.reserved_for_test,
        test_opened=ledger.test_opened,
    )
    if not begun and not frozen.fits("target", Cost(tokens=1, usd=1e-9)):
        return {"target": 0, "optimizer": 0}
    most = min(
        (
            int((limit - (0 if begun else spent)) * view.total.calls / spent)
            for limit, spent in (
                (frozen.limit_left("tokens"), view.total.tokens),
                (frozen.limit_left("usd"), view.total.usd),
            )
            if limit is not None and spent
        ),
        default=2**31,
    )
    if begun:
        frozen.used = {}
    return {"target": min(max(1, most), frozen.calls_left("target")), "optimizer": frozen.calls_left("optimizer")}
