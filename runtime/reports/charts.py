"""Charts as inline SVG. Horizontal places are percentages, so that a chart fills its page and its text keeps its size.

Colours are classes, which the page sets for light, dark and print. Every chart has its content as a label in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ...core.stats.tests import Difference
from .document import ScoreBar, SearchCurve

_LEFT, _RIGHT = 3.0, 97.0  # per cent of the width: space for half a tick's label on both sides
_ROW = 52  # pixels for a bar with its label
_REACHES = (0.1, 0.25, 0.5, 1.0)  # the fixed scales of a difference
_CURVE_HEIGHT, _CURVE_TOP, _CURVE_BOTTOM = 280, 16, 40  # pixels
_CALL_TICKS = 4


def score_chart(bars: Sequence[ScoreBar]) -> str:
    """Means with their 95 % intervals on an axis from 0 to 1."""
    parts, height = [], _ROW * len(bars) + 30
    base = height - 24
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts += _tick(tick, f"{tick:g}", base)
    for row, bar in enumerate(bars):
        parts += _interval_row(bar, _ROW * row + 16)
    label = "; ".join(_bar_text(bar) for bar in bars)
    return _svg(parts, height, f"From 0 to 1, with 95 % interval: {label}")


def difference_chart(gain: Difference, noise: float | None) -> str:
    """The paired difference around zero, on the smallest fixed scale that holds it, with what chance alone reaches."""
    largest = max(abs(gain.low), abs(gain.high), noise or 0.0)
    reach = next((reach for reach in _REACHES if largest <= reach), 1.0)

    def place(share: float) -> float:
        return _place((share / reach + 1) / 2)

    parts, height = [], 92
    for tick in (-1, -0.5, 0, 0.5, 1):
        parts += _tick((tick + 1) / 2, f"{100 * tick * reach:+g}" if tick else "0", height - 24)
    if noise:
        low, high = place(-noise), place(noise)
        parts.append(f'<rect class="noise" x="{low:.2f}%" y="8" width="{high - low:.2f}%" height="{height - 34}"/>')
    zero = place(0.0)
    parts.append(f'<line class="zero" x1="{zero:.2f}%" x2="{zero:.2f}%" y1="6" y2="{height - 24}"/>')
    parts += _interval(place(gain.low), place(gain.high), place(gain.value), 36)
    text = f"{100 * gain.value:+.1f} points ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
    chance = f"; chance alone reaches ±{100 * noise:.1f} points" if noise else ""
    return _svg(parts, height, f"Paired difference of best and start with 95 % interval: {text}{chance}")


def interval_bar(score: float, low: float, high: float) -> str:
    """A small bar from 0 to 1 for a table's row, which has the numbers beside it."""
    interval = _interval(_place(low), _place(high), _place(score), 9)
    parts = ['<line class="axis" x1="3%" x2="97%" y1="9" y2="9"/>', *interval]
    return f'<svg class="bar" width="100%" height="18" aria-hidden="true">{"".join(parts)}</svg>'


def curve_chart(curve: SearchCurve) -> str:
    """The leading candidate's score over the run's calls, with every measured candidate behind it."""
    calls, base = max(1, curve.calls), _CURVE_HEIGHT - _CURVE_BOTTOM
    parts = []
    for score in (0, 0.25, 0.5, 0.75, 1):
        y = _score_place(score)
        parts.append(f'<line class="grid" x1="{_LEFT}%" x2="{_RIGHT}%" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT}%" y="{y - 4:.1f}">{score:g}</text>')
    for tick in _call_ticks(calls):
        parts += _tick(tick / calls, f"{tick:,}", base)
    for point in curve.candidates:
        x, y, size = _place(point.calls / calls), _score_place(point.score), 2.5 + min(3.5, math.sqrt(point.n) / 2.5)
        title = f"{point.id}: {point.score:.2f} on {point.n} val examples"
        parts.append(
            f'<circle class="dot" cx="{x:.2f}%" cy="{y:.1f}" r="{size:.1f}"><title>{escape(title)}</title></circle>'
        )
    parts += _leader_lines(curve, calls)
    last = curve.leader[-1]
    label = (
        f"Score of the leading candidate on val examples over {calls:,} calls: from {curve.leader[0].score:.2f} "
        f"to {last.score:.2f}, with {len(curve.candidates)} measured candidates behind it"
    )
    return _svg(parts, _CURVE_HEIGHT, label)


def _leader_lines(curve: SearchCurve, calls: int) -> list[str]:
    parts = []
    ends = [*(step.calls for step in curve.leader[1:]), calls]
    for index, (step, end) in enumerate(zip(curve.leader, ends, strict=True)):
        x, y, right = _place(step.calls / calls), _score_place(step.score), _place(end / calls)
        if index:
            before = _score_place(curve.leader[index - 1].score)
            parts.append(f'<line class="lead" x1="{x:.2f}%" x2="{x:.2f}%" y1="{before:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<line class="lead" x1="{x:.2f}%" x2="{right:.2f}%" y1="{y:.1f}" y2="{y:.1f}"/>')
    return parts


def _score_place(score: float) -> float:
    """Pixels from the top of the curve."""
    return _CURVE_TOP + (1 - score) * (_CURVE_HEIGHT - _CURVE_BOTTOM - _CURVE_TOP)


def _call_ticks(calls: int) -> list[int]:
    """Round numbers of calls from 0 on, at most five."""
    magnitude = 10 ** max(0, len(str(calls)) - 2)
    step = next(
        (s for k in (1, 2, 5, 10, 20, 50) if (s := k * magnitude) * _CALL_TICKS >= calls),
        max(1, calls // _CALL_TICKS),
    )
    return list(range(0, calls + 1, step))


def _interval_row(bar: ScoreBar, y: int) -> list[str]:
    parts = [f'<text class="label" x="{_LEFT}%" y="{y}">{escape(_bar_text(bar))}</text>']
    if bar.score is not None and bar.low is not None and bar.high is not None:
        parts += _interval(_place(bar.low), _place(bar.high), _place(bar.score), y + 18)
    return parts


def _bar_text(bar: ScoreBar) -> str:
    if bar.score is None or bar.low is None or bar.high is None:
        return f"{bar.label}: not measured"
    return f"{bar.label} {bar.score:.2f} ({bar.low:.2f} to {bar.high:.2f})"


def _interval(low: float, high: float, value: float, y: int) -> list[str]:
    """low, high, value: per cent of the width. y: pixels."""
    return [
        f'<line class="interval" x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"/>',
        *(f'<line class="end" x1="{end:.2f}%" x2="{end:.2f}%" y1="{y - 6}" y2="{y + 6}"/>' for end in (low, high)),
        f'<circle class="mean" cx="{value:.2f}%" cy="{y}" r="5"/>',
    ]


def _tick(share: float, text: str, y: int) -> list[str]:
    x = _place(share)
    return [
        f'<line class="grid" x1="{x:.2f}%" x2="{x:.2f}%" y1="6" y2="{y}"/>',
        f'<text x="{x:.2f}%" y="{y + 16}" text-anchor="middle">{text}</text>',
    ]


def _place(share: float) -> float:
    """A share of the axis as per cent of the width."""
    return _LEFT + (_RIGHT - _LEFT) * share


def _svg(parts: Sequence[str], height: int, label: str) -> str:
    return f'<svg width="100%" height="{height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
