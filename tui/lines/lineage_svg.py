"""The lineage as a picture: SVG written here, PNG where cairosvg is installed."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from ...core.errors import UsageError
from ...runtime.monitor.run_view import CandidateView
from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import UNICODE
from .lineage import LineageNode, candidate_state, layout, short_id

_ROW, _INDENT, _LEFT, _TOP = 26, 22, 20, 64  # pixels
_RULER_WIDTH, _TEXT_WIDTH = 200, 430  # pixels: a score of 1, and the space from its ruler to the right edge
_MAX_ROWS = 400  # a taller picture is scaled down by viewers until nobody can read it
_COLOURS: Mapping[str, str] = {"best": "#8a5a00", "dropped": "#888", "rejected": "#a8231a", "vetoed": "#a8231a"}


def lineage_svg(snapshot: RunSnapshot) -> str:
    """One row a candidate, elbows from parent to child, the 95 % interval on a ruler. At most `_MAX_ROWS` rows."""
    candidates, record = snapshot.timeline.candidates, snapshot.record
    nodes = layout(candidates, UNICODE, frozenset())
    visible_nodes = nodes[:_MAX_ROWS]
    deepest = max((_depth(node) for node in visible_nodes), default=0)
    width = _LEFT + _INDENT * (deepest + 1) + 620
    ruler = width - _TEXT_WIDTH
    height = _TOP + _ROW * len(visible_nodes) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="ui-monospace, monospace" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#fbfaf7"/>',
        f'<text x="{_LEFT}" y="30" font-size="17" font-weight="bold" fill="#1d2127">'
        f"{escape(record.task)} · {escape(record.recipe)} · {escape(record.id)}</text>",
        f'<text x="{ruler}" y="{_TOP - 12}" fill="#777">0</text>',
        f'<text x="{ruler + _RULER_WIDTH}" y="{_TOP - 12}" fill="#777" text-anchor="end">1</text>',
    ]
    position = {node.id: (_depth(node), row) for row, node in enumerate(visible_nodes)}
    for row, node in enumerate(visible_nodes):
        candidate = candidates[node.id]
        lines += _elbow(candidate, position)
        lines += _row(snapshot, candidate, _LEFT + _INDENT * _depth(node), _TOP + _ROW * row + 12, ruler)
    if len(nodes) > len(visible_nodes):
        more = f"… and {len(nodes) - len(visible_nodes)} more"
        lines.append(f'<text x="{_LEFT}" y="{height - 14}" fill="#777">{more}</text>')
    return "\n".join([*lines, "</svg>"])


def _depth(node: LineageNode) -> int:
    return len(node.trunk) // 2


def _elbow(candidate: CandidateView, position: Mapping[str, tuple[int, int]]) -> list[str]:
    """From the first parent in the picture; none where the parent stands below."""
    parent = next((name for name in candidate.parents if name in position), None)
    depth, row = position[candidate.id]
    if parent is None or position[parent][1] >= row:
        return []
    parent_depth, parent_row = position[parent]
    x, y = _LEFT + _INDENT * depth - 2, _TOP + _ROW * row + 8
    parent_x, parent_y = _LEFT + _INDENT * parent_depth + 5, _TOP + _ROW * parent_row + 18
    return [f'<path d="M{parent_x} {parent_y} V{y} H{x}" fill="none" stroke="#b9b4a8"/>']


def _row(snapshot: RunSnapshot, candidate: CandidateView, x: int, y: int, ruler: int) -> list[str]:
    sign, _, word = candidate_state(candidate, snapshot.best, UNICODE)
    colour = _COLOURS.get(word, "#1d2127")
    lines = [f'<text x="{x}" y="{y}" fill="{colour}">{sign} {escape(short_id(candidate.id))}</text>']
    if tally := snapshot.leaderboard.get(candidate.id):
        low, high, mean = (ruler + _RULER_WIDTH * score for score in (*tally.interval, tally.mean))
        level = y - 4
        lines += [
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{level}" y2="{level}" stroke="#777" stroke-width="2"/>',
            f'<circle cx="{mean:.1f}" cy="{level}" r="4" fill="{colour}"/>',
            f'<text x="{ruler + 215}" y="{y}" fill="{colour}">{tally.mean:.2f}</text>',
        ]
    label = f"{escape(candidate.operator)} · {word}"
    return [*lines, f'<text x="{ruler + 265}" y="{y}" fill="#555">{label}</text>']


def write_png(svg: str, path: Path) -> None:
    """Raises UsageError where cairosvg is not installed."""
    try:
        from cairosvg import svg2png  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise UsageError("a PNG needs cairosvg: pip install cairosvg; an .svg needs nothing") from error
    svg2png(bytestring=svg.encode(), write_to=str(path), scale=2)
