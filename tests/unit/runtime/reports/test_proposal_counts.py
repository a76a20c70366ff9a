"""What became of the proposals of a run, as its report counts them."""

from typing import Any

from maieutic.core.events import Event
from maieutic.core.report import ProposalCounts, RefusalCount
from maieutic.runtime.reports.proposal_counts import count_proposals


def event(kind: Any, **data: Any) -> Event:
    return Event(run="r", kind=kind, key="k", data=data)


def test_refusals_are_counted_by_what_their_reasons_begin_with() -> None:
    events = [
        event("candidate_proposed", candidate="c-1"),
        event("candidate_rejected", reason="it is too long: about 5000 tokens, more than 4000"),
        event("candidate_rejected", reason="it is too long: about 6000 tokens, more than 4000"),
        event("candidate_rejected", reason="it equals its parent"),
        event("answer_unreadable", reason="it was cut at its limit of 640 tokens"),
        event("run_finished"),
    ]
    assert count_proposals(events) == ProposalCounts(
        written=4,
        entered=1,
        refused=(RefusalCount(reason="it is too long", count=2), RefusalCount(reason="it equals its parent", count=1)),
        unreadable=1,
    )
    assert count_proposals([]) == ProposalCounts()
