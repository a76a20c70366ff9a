"""Pseudo-labels become outputs of examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.protocols import Need, Team
from ...core.search_types import NewExample, Request
from ..algorithms.pseudo_labels import LABELLED_BY_AGREEMENT


@dataclass(kw_only=True)
class Relabel:
    """Turns agreed answers into outputs; makes no model calls.

    The order's option `labels` maps example → [output, confidence, split]; the example moves to that split. Other
    examples stay.
    """

    name: str = field(default="relabel", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

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
