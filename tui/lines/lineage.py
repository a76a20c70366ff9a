"""The lineage as rows of a tree: layout once per change, drawing only of what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...runtime.monitor.leaderboard import Leaderboard, ScoreTally
from ...runtime.monitor.run_timeline import RunTimeline
from ...runtime.monitor.run_view import CandidateStatus, CandidateView
from ..format.text import Glyphs, Line, Span, Tone, cell_count, fit, score_text

_MAX_DEPTH = 14
_RULER, _SHORT_RULER = 14, 10
_NAME = 10  # sign, blank, `c-b9f45a`
_TONES: Mapping[CandidateStatus, Tone] = {
    "kept": "good",
    "dropped": "dim",
    "rejected": "bad",
    "pinned": "accent",
    "vetoed": "bad",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LineageNode:
    """One row: who, how deep, and the shape before it. hidden: descendants folded away."""

    id: str
    trunk: str
    hidden: int = 0


def all_candidates(story: RunTimeline) -> dict[str, CandidateView]:
    """All candidates with the start prompt first, which nobody proposed; it is known from what stems from it."""
    known = dict(story.view.candidates)
    start = story.view.start.candidate if story.view.start else ""
    if not start:
        start = next((parent for one in known.values() for parent in one.parents if parent not in known), "")
    if not start and story.active_operators:
        start = next((one.parents[0] for one in story.active_operators.values() if one.parents), "")
    if start and start not in known:
        return {start: CandidateView(id=start, operator="start", status="kept"), **known}
    return known


def layout(
    people: Mapping[str, CandidateView], signs: Glyphs, folded: frozenset[str], *, rejected: bool = False
) -> list[LineageNode]:
    """Depth first, children in the order they came, each under its first known parent."""
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for one in people.values():
        if one.status == "rejected" and not rejected:
            continue
        parent = next((name for name in one.parents if name in people and name != one.id), None)
        (children.setdefault(parent, []) if parent else roots).append(one.id)
    rows: list[LineageNode] = []
    stack = [(name, "", "") for name in reversed(roots)]
    seen: set[str] = set()
    while stack:
        name, trunk, below = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        own = children.get(name, ())
        if name in folded and own:
            rows.append(LineageNode(id=name, trunk=trunk, hidden=_count_descendants(name, children)))
            continue
        rows.append(LineageNode(id=name, trunk=trunk))
        deep = len(below) >= 2 * _MAX_DEPTH
        for place, child in reversed(list(enumerate(own))):
            last = place == len(own) - 1
            if deep:
                stack.append((child, signs.more + below[2:] + (signs.elbow if last else signs.tee), below))
            else:
                shape = signs.elbow if last else signs.tee
                stack.append((child, below + shape, below + ("  " if last else signs.pipe)))
    return rows


def _count_descendants(name: str, children: Mapping[str, Sequence[str]]) -> int:
    waiting, seen = [name], {name}
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return len(seen) - 1


def lineage_extent(nodes: Sequence[LineageNode], people: Mapping[str, CandidateView], signs: Glyphs) -> tuple[int, int]:
    """Cells of the longest name of an operator, and of the deepest row before and after its name."""
    longest = max((len(people[node.id].operator) for node in nodes), default=0)
    return longest, max((len(node.trunk) + len(_folded_label(node, signs)) for node in nodes), default=0)


def _folded_label(node: LineageNode, signs: Glyphs) -> str:
    return f" {signs.folded}{node.hidden}" if node.hidden else ""


@dataclass(frozen=True, kw_only=True)
class LineageLines(Sequence[Line]):
    """Rows that are drawn when they are looked at, so that five thousand of them cost what thirty do.

    extent: of the nodes; what the deepest row leaves goes to the names of operators.
    """

    nodes: Sequence[LineageNode]
    people: Mapping[str, CandidateView]
    standings: Leaderboard
    best: str
    signs: Glyphs
    width: int
    extent: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, at: int) -> Line:  # type: ignore[override]
        node = self.nodes[at]
        one = self.people[node.id]
        sign, tone, word = candidate_state(one, self.best, self.signs)
        tally = self.standings.get(one.id)
        tail = self._tail(one, tally, word)
        more = _folded_label(node, self.signs)
        room = max(4, self.width - cell_count(tail) - 1)
        limit = max(0, room - _NAME)
        trunk = node.trunk
        if len(trunk) > limit:  # what is cut off is cut off visibly
            trunk = (self.signs.more + trunk[len(trunk) - limit + len(self.signs.more) :])[:limit]
        name = fit(short_id(one.id) + more, max(1, room - len(trunk) - 2), ellipsis=self.signs.ellipsis)
        return ((trunk, "dim"), (f"{sign} ", tone), (name, "best" if one.id == self.best else ""), (" ", ""), *tail)

    def _tail(self, one: CandidateView, tally: ScoreTally | None, word: str) -> list[Span]:
        """Fixed columns, the more of them the wider the tree."""
        spans: list[Span] = [(score_text(tally.mean if tally else None), "strong")]
        if self.width >= 42:
            spans += [(" ", ""), *interval_ruler(tally, self.signs, _RULER if self.width >= 62 else _SHORT_RULER)]
        if self.width >= 92:
            low, high = tally.interval if tally else (0.0, 0.0)
            told = f"[{low:.2f},{high:.2f}]" if tally else ""
            spans.append((f" {told:<11} {tally.n if tally else 0:>4}r", "dim"))
        spans.append((f" {fit(one.operator, self._operators, ellipsis=self.signs.ellipsis)}", "accent"))
        if self.width >= 54:
            spans.append((f" {word:<8}", "dim" if word in ("dropped", "rejected", "vetoed") else ""))
        return spans

    @cached_property
    def _operators(self) -> int:
        """Cells for who made it: what the longest name takes, as far as the deepest row has no use for them."""
        least, (longest, deepest) = 9 if self.width < 54 else 11, self.extent
        return min(max(longest, least), max(least, self.width - self._fixed - 1 - deepest - _NAME))

    @property
    def _fixed(self) -> int:
        """Cells of the tail without the operator."""
        wide = 0 if self.width < 42 else 1 + (_RULER if self.width >= 62 else _SHORT_RULER)
        return 4 + wide + (18 if self.width >= 92 else 0) + 1 + (9 if self.width >= 54 else 0)


def interval_ruler(tally: ScoreTally | None, signs: Glyphs, width: int = _RULER) -> list[Span]:
    """The interval on a ruler from 0 to 1, the mean marked on it."""
    if tally is None or not tally.n:
        return [(" " * width, "dim")]
    low, high = (round(end * (width - 1)) for end in tally.interval)
    middle = round(tally.mean * (width - 1))
    before, after = signs.line * (middle - low), signs.line * (high - middle)
    return [(" " * low + before, "dim"), (signs.dot, "accent"), (after + " " * (width - 1 - high), "dim")]


def candidate_state(one: CandidateView, best: str, signs: Glyphs) -> tuple[str, Tone, str]:
    """Sign, tone and word of what became of a candidate."""
    if one.id == best and one.status != "vetoed":
        return signs.best, "best", "best"
    if one.operator == "start" and one.status == "kept":
        return signs.kept, "", "start"
    return getattr(signs, one.status), _TONES.get(one.status, ""), one.status


def short_id(name: str) -> str:
    """`c-b9f45a` of `c-b9f45ab52d9c`: enough to tell candidates of one run apart, and accepted by every command."""
    return name[:8]
