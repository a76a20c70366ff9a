"""How a search went, from a run's candidates, scores and log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...core.candidate import Candidate
from ...core.events import Event
from ..monitor.event_fields import count_field, float_field
from ..monitor.leaderboard import Leaderboard
from ..store import StepTally
from .document import CandidatePoint, LeaderStep, LineageRow, OperatorCredit, SearchCurve, SearchHistory

_MAX_LINEAGE_ROWS = 300
_MAX_POINTS = 1500
# In the order in which candidates leave a tree that is too long.
_LEAVING = ("rejected", "dropped", "vetoed")


def search_history(
    candidates: Sequence[Candidate], tallies: Sequence[StepTally], events: Sequence[Event], best: str
) -> SearchHistory:
    """Build the curve, the tree and the operators' credit.

    Args:
        candidates: All candidates, parents before children.
        tallies: Val scores by candidate and step.
        events: The run's log.
        best: The winner's id.
    """
    line = _line_of(candidates, best)
    board = Leaderboard().extend(tallies)
    rows = _lineage_rows(candidates, board, line)
    return SearchHistory(
        curve=_curve(tallies, events),
        lineage=rows,
        hidden=len(candidates) - len(rows),
        operators=_operators(candidates, board, line),
    )


def _line_of(candidates: Sequence[Candidate], best: str) -> frozenset[str]:
    """The winner and all that it descends from, by any parent."""
    parents = {candidate.id: candidate.parents for candidate in candidates}
    waiting, line = [best], set[str]()
    while waiting:
        name = waiting.pop()
        if name in parents and name not in line:
            line.add(name)
            waiting += parents[name]
    return frozenset(line)


def _curve(tallies: Sequence[StepTally], events: Sequence[Event]) -> SearchCurve | None:
    leader = _leader_steps(events)
    if not leader:
        return None
    calls = _calls_by_step(events)
    first: dict[str, int] = {}
    for tally in tallies:
        first.setdefault(tally.candidate, tally.step)
    points = [
        CandidatePoint(id=name, calls=calls.get(first[name], 0), score=tally.mean, n=tally.n)
        for name, tally in Leaderboard().extend(tallies).tallies.items()
    ]
    points.sort(key=lambda point: -point.score)
    return SearchCurve(
        leader=leader,
        candidates=tuple(sorted(points[:_MAX_POINTS], key=lambda point: (point.calls, point.id))),
        calls=max([leader[-1].calls, *calls.values()]),
    )


def _leader_steps(events: Sequence[Event]) -> tuple[LeaderStep, ...]:
    """The scores as they were announced, the baseline's first. An unmeasured leader has none."""
    steps, calls = [], 0
    for event in events:
        calls = max(calls, _ledger_calls(event))
        score = float_field(event.data, "score")
        if event.kind in ("baseline_measured", "best_changed") and score is not None:
            steps.append(LeaderStep(calls=calls, score=score))
    return tuple(steps)


def _ledger_calls(event: Event) -> int:
    """The run's calls as an event has them; 0 for an event without a ledger."""
    ledger = event.data.get("ledger")
    if not isinstance(ledger, Mapping):
        return 0
    return count_field(ledger, "target_calls", 0) + count_field(ledger, "optimizer_calls", 0)


def _calls_by_step(events: Sequence[Event]) -> dict[int, int]:
    """The calls that the run had made by the end of each step."""
    calls: dict[int, int] = {}
    highest = 0
    for event in events:
        highest = max(highest, _ledger_calls(event))
        calls[event.step] = highest
    return calls


def _lineage_rows(candidates: Sequence[Candidate], board: Leaderboard, line: frozenset[str]) -> tuple[LineageRow, ...]:
    """Depth first, each candidate under its first parent that is in the tree, children in the order they came."""
    visible = _visible(candidates, board, line)
    children: dict[str, list[Candidate]] = {}
    roots: list[Candidate] = []
    for candidate in candidates:
        if candidate.id in visible:
            parent = next((name for name in candidate.parents if name in visible and name != candidate.id), None)
            (children.setdefault(parent, []) if parent is not None else roots).append(candidate)
    rows, stack, visited = [], [(candidate, 0) for candidate in reversed(roots)], set[str]()
    while stack:
        candidate, depth = stack.pop()
        if candidate.id in visited:
            continue
        visited.add(candidate.id)
        rows.append(_lineage_row(candidate, depth, board, candidate.id in line))
        stack += [(child, depth + 1) for child in reversed(children.get(candidate.id, []))]
    return tuple(rows)


def _visible(candidates: Sequence[Candidate], board: Leaderboard, line: frozenset[str]) -> frozenset[str]:
    """All candidates, or so many as a reader can follow: the winner's line first, then those of the most examples."""

    def rank(candidate: Candidate) -> tuple[bool, int, int]:
        tally = board.get(candidate.id)
        return candidate.id not in line, _LEAVING.count(candidate.status), -(tally.n if tally else 0)

    first = sorted(candidates, key=rank)
    return frozenset(candidate.id for candidate in first[:_MAX_LINEAGE_ROWS])


def _lineage_row(candidate: Candidate, depth: int, board: Leaderboard, in_line: bool) -> LineageRow:
    tally = board.get(candidate.id)
    low, high = tally.interval if tally else (None, None)
    return LineageRow(
        id=candidate.id,
        depth=depth,
        operator=candidate.operator,
        status=candidate.status,
        reason=candidate.reason,
        round=candidate.round,
        score=tally.mean if tally else None,
        low=low,
        high=high,
        n=tally.n if tally else 0,
        in_line=in_line,
    )


def _operators(candidates: Sequence[Candidate], board: Leaderboard, line: frozenset[str]) -> tuple[OperatorCredit, ...]:
    """The baseline's maker is no operator."""
    proposals = candidates[1:]
    counts: Counter[tuple[str, str]] = Counter()
    for candidate in proposals:
        counts[candidate.operator, "proposed"] += 1
        counts[candidate.operator, "refused"] += candidate.status == "rejected"
        counts[candidate.operator, "kept"] += candidate.status in ("kept", "pinned")
        counts[candidate.operator, "measured"] += board.get(candidate.id) is not None
        counts[candidate.operator, "in_line"] += candidate.id in line
    names = dict.fromkeys(candidate.operator for candidate in proposals)
    credit = [
        OperatorCredit(
            operator=name,
            proposed=counts[name, "proposed"],
            refused=counts[name, "refused"],
            measured=counts[name, "measured"] if board.tallies else None,
            kept=counts[name, "kept"],
            in_line=counts[name, "in_line"],
        )
        for name in names
    ]
    return tuple(sorted(credit, key=lambda row: (-row.in_line, -row.kept, -row.proposed, row.operator)))
