"""Pseudo-labels become outputs of examples."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import NewExample, Request
from ..algorithms.pseudo_labels import LABELLED_BY_AGREEMENT


class Relabel:
    """Turns agreed answers into outputs; makes no model calls.

    The order's option `labels` maps example → [output, confidence, split]; the example moves to that split. Other
    examples stay.
    """

    name = "relabel"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[NewExample]:
        labels = request.order.options.get("labels", {})
        return [
            NewExample(
                split=split,
                input=request.examples[row].input,
                output=output,
                row=row,
                by=LABELLED_BY_AGREEMENT,
                confidence=confidence,
            )
            for row, (output, confidence, split) in labels.items()
        ]
