"""What became of a run's proposals, counted from its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...core.events import Event
from ...core.report import ProposalCounts, RefusalCount


def count_proposals(events: Iterable[Event]) -> ProposalCounts:
    """Count proposals that entered, and those that were refused, by what their reasons begin with."""
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for event in events:
        kinds[event.kind] += 1
        if event.kind == "candidate_rejected":
            # The details after a colon differ from proposal to proposal.
            reasons[str(event.data.get("reason", "")).partition(":")[0]] += 1
    return ProposalCounts(
        written=kinds["candidate_proposed"] + kinds["candidate_rejected"],
        entered=kinds["candidate_proposed"],
        refused=tuple(
            RefusalCount(reason=reason, count=count)
            for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ),
        unreadable=kinds["answer_unreadable"],
    )
