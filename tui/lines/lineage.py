"""The lineage as rows of a tree: laid out once per change, drawn only where it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...runtime.monitor.leaderboard import Leaderboard, ScoreTally
from ...runtime.monitor.run_view import CandidateStatus, CandidateView
from ..format.text import Glyphs, Line, Span, Tone, cell_count, fit, score_text

_MAX_DEPTH = 14  # levels: a deeper row would leave no cells for its name on 80 columns
_RULER, _SHORT_RULER = 14, 10  # cells
_NAME = 10  # cells: sign, blank, `c-b9f45a`
_TONES: Mapping[CandidateStatus, Tone] = {
    "kept": "good",
    "dropped": "dim",
    "rejected": "bad",
    "pinned": "accent",
    "vetoed": "bad",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LineageNode:
    """One row: the candidate and the branches before it. hidden: descendants that are folded away."""

    id: str
    trunk: str
    hidden: int = 0


def layout(
    candidates: Mapping[str, CandidateView], glyphs: Glyphs, folded: frozenset[str], *, rejected: bool = False
) -> list[LineageNode]:
    """Depth first, children in the order they came, each under its first known parent."""
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for candidate in candidates.values():
        if candidate.status == "rejected" and not rejected:
            continue
        parent = next((name for name in candidate.parents if name in candidates and name != candidate.id), None)
        (children.setdefault(parent, []) if parent else roots).append(candidate.id)
    rows: list[LineageNode] = []
    stack = [(name, "", "") for name in reversed(roots)]
    visited: set[str] = set()
    while stack:
        name, trunk, below = stack.pop()
        if name in visited:
            continue
        visited.add(name)
        own = children.get(name, ())
        if name in folded and own:
            rows.append(LineageNode(id=name, trunk=trunk, hidden=_count_descendants(name, children)))
            continue
        rows.append(LineageNode(id=name, trunk=trunk))
        deep = len(below) >= 2 * _MAX_DEPTH
        for index, child in reversed(list(enumerate(own))):
            branch = glyphs.elbow if index == len(own) - 1 else glyphs.tee
            if deep:
                stack.append((child, glyphs.more + below[2:] + branch, below))
            else:
                stack.append((child, below + branch, below + ("  " if branch == glyphs.elbow else glyphs.pipe)))
    return rows


def _count_descendants(name: str, children: Mapping[str, Sequence[str]]) -> int:
    waiting, visited = [name], {name}
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in visited:
                visited.add(child)
                waiting.append(child)
    return len(visited) - 1


def lineage_extent(
    nodes: Sequence[LineageNode], candidates: Mapping[str, CandidateView], glyphs: Glyphs
) -> tuple[int, int]:
    """Cells of the longest name of an operator, and of the deepest row before and after its name."""
    longest = max((len(candidates[node.id].operator) for node in nodes), default=0)
    return longest, max((len(node.trunk) + len(_folded_label(node, glyphs)) for node in nodes), default=0)


def _folded_label(node: LineageNode, glyphs: Glyphs) -> str:
    return f" {glyphs.folded}{node.hidden}" if node.hidden else ""


@dataclass(frozen=True, kw_only=True)
class LineageLines(Sequence[Line]):
    """Rows that are drawn when they are looked at, so that five thousand of them cost what thirty do.

    extent: of the nodes; what the deepest row leaves goes to the names of operators.
    """

    nodes: Sequence[LineageNode]
    candidates: Mapping[str, CandidateView]
    leaderboard: Leaderboard
    best: str
    glyphs: Glyphs
    width: int
    extent: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]
        node = self.nodes[index]
        candidate = self.candidates[node.id]
        sign, tone, word = candidate_state(candidate, self.best, self.glyphs)
        columns = self._columns(candidate, self.leaderboard.get(candidate.id), word)
        name_width = max(4, self.width - cell_count(columns) - 1)
        limit = max(0, name_width - _NAME)
        trunk = node.trunk
        if len(trunk) > limit:  # a cut is shown as one
            trunk = (self.glyphs.more + trunk[len(trunk) - limit + len(self.glyphs.more) :])[:limit]
        label = short_id(candidate.id) + _folded_label(node, self.glyphs)
        name = fit(label, max(1, name_width - len(trunk) - 2), ellipsis=self.glyphs.ellipsis)
        name_tone: Tone = "best" if candidate.id == self.best else ""
        return ((trunk, "dim"), (f"{sign} ", tone), (name, name_tone), (" ", ""), *columns)

    def _columns(self, candidate: CandidateView, tally: ScoreTally | None, word: str) -> list[Span]:
        """Fixed columns after the name, the more of them the wider the tree."""
        spans: list[Span] = [(score_text(tally.mean if tally else None), "strong")]
        if self.width >= 42:
            spans += [(" ", ""), *interval_ruler(tally, self.glyphs, _RULER if self.width >= 62 else _SHORT_RULER)]
        if self.width >= 92:
            low, high = tally.interval if tally else (0.0, 0.0)
            interval = f"[{low:.2f},{high:.2f}]" if tally else ""
            spans.append((f" {interval:<11} {tally.n if tally else 0:>4}n", "dim"))
        spans.append((f" {fit(candidate.operator, self._operator_width, ellipsis=self.glyphs.ellipsis)}", "accent"))
        if self.width >= 54:
            spans.append((f" {word:<8}", "dim" if word in ("dropped", "rejected", "vetoed") else ""))
        return spans

    @cached_property
    def _operator_width(self) -> int:
        """What the longest name takes, as far as the deepest row has no use for it."""
        least, (longest, deepest) = 9 if self.width < 54 else 11, self.extent
        return min(max(longest, least), max(least, self.width - self._fixed_width - 1 - deepest - _NAME))

    @property
    def _fixed_width(self) -> int:
        """Cells of the columns without the operator."""
        ruler = 0 if self.width < 42 else 1 + (_RULER if self.width >= 62 else _SHORT_RULER)
        return 4 + ruler + (18 if self.width >= 92 else 0) + 1 + (9 if self.width >= 54 else 0)


def interval_ruler(tally: ScoreTally | None, glyphs: Glyphs, width: int = _RULER) -> list[Span]:
    """The 95 % interval on a ruler from 0 to 1, the mean marked on it."""
    if tally is None or not tally.n:
        return [(" " * width, "dim")]
    low, high = (round(end * (width - 1)) for end in tally.interval)
    middle = round(tally.mean * (width - 1))
    before, after = glyphs.line * (middle - low), glyphs.line * (high - middle)
    return [(" " * low + before, "dim"), (glyphs.dot, "accent"), (after + " " * (width - 1 - high), "dim")]


def candidate_state(candidate: CandidateView, best: str, glyphs: Glyphs) -> tuple[str, Tone, str]:
    """Sign, tone and word of a candidate's status."""
    if candidate.id == best and candidate.status != "vetoed":
        return glyphs.best, "best", "best"
    if candidate.operator == "start" and candidate.status == "kept":
        return glyphs.kept, "", "baseline"
    return getattr(glyphs, candidate.status), _TONES.get(candidate.status, ""), candidate.status


def short_id(name: str) -> str:
    """`c-b9f45a` of `c-b9f45ab52d9c`: unique within a run, and every command accepts it."""
    return name[:8]
