"""The lineage as a picture: SVG written here, PNG where a converter is installed."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ...core.errors import UsageError
from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import UNICODE
from .lineage import all_candidates, candidate_state, layout, short_id

_ROW, _INDENT, _LEFT, _TOP = 26, 22, 20, 64
_MAX_ROWS = 400


def lineage_svg(scene: RunSnapshot) -> str:
    """One row a candidate, elbows from parent to child, the interval on a ruler. At most `_MOST` rows are drawn."""
    people = all_candidates(scene.story)
    nodes = layout(people, UNICODE, frozenset())
    shown = nodes[:_MAX_ROWS]
    depth = {node.id: len(node.trunk) // 2 for node in shown}
    width = _LEFT + _INDENT * (max(depth.values(), default=0) + 1) + 620
    ruler = width - 430
    height = _TOP + _ROW * len(shown) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="ui-monospace, monospace" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#fbfaf7"/>',
        f'<text x="{_LEFT}" y="30" font-size="17" font-weight="bold" fill="#1d2127">'
        f"{escape(scene.record.task)} · {escape(scene.record.recipe)} · {escape(scene.record.id)}</text>",
        f'<text x="{ruler}" y="{_TOP - 12}" fill="#777">0</text>',
        f'<text x="{ruler + 200}" y="{_TOP - 12}" fill="#777" text-anchor="end">1</text>',
    ]
    rows = {node.id: at for at, node in enumerate(shown)}
    for at, node in enumerate(shown):
        one, y, x = people[node.id], _TOP + _ROW * at + 12, _LEFT + _INDENT * depth[node.id]
        parent = next((name for name in one.parents if name in rows), None)
        if parent is not None and rows[parent] < at:
            px, py = _LEFT + _INDENT * depth[parent] + 5, _TOP + _ROW * rows[parent] + 18
            out.append(f'<path d="M{px} {py} V{y - 4} H{x - 2}" fill="none" stroke="#b9b4a8"/>')
        sign, _, word = candidate_state(one, scene.best, UNICODE)
        colour = {"best": "#8a5a00", "dropped": "#888", "rejected": "#a8231a", "vetoed": "#a8231a"}.get(word, "#1d2127")
        out.append(f'<text x="{x}" y="{y}" fill="{colour}">{sign} {escape(short_id(one.id))}</text>')
        if tally := scene.standings.get(one.id):
            low, high = tally.interval
            a, b, m = (ruler + 200 * part for part in (low, high, tally.mean))
            out.append(f'<line x1="{a:.1f}" x2="{b:.1f}" y1="{y - 4}" y2="{y - 4}" stroke="#777" stroke-width="2"/>')
            out.append(f'<circle cx="{m:.1f}" cy="{y - 4}" r="4" fill="{colour}"/>')
            out.append(f'<text x="{ruler + 215}" y="{y}" fill="{colour}">{tally.mean:.2f}</text>')
        out.append(f'<text x="{ruler + 265}" y="{y}" fill="#555">{escape(one.operator)} · {word}</text>')
    if len(nodes) > len(shown):
        out.append(f'<text x="{_LEFT}" y="{height - 14}" fill="#777">… and {len(nodes) - len(shown)} more</text>')
    return "\n".join([*out, "</svg>"])


def write_png(svg: str, path: Path) -> None:
    """Raises UsageError where nothing is installed that can draw one."""
    try:
        from cairosvg import svg2png  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise UsageError("a PNG needs cairosvg: pip install cairosvg; an .svg needs nothing") from error
    svg2png(bytestring=svg.encode(), write_to=str(path), scale=2)
