"""The scoreboard, the dialogue and the log of a run, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...runtime.monitor.leaderboard import ScoreTally
from ...runtime.monitor.run_timeline import DialogueEntry, LogLine
from ...runtime.monitor.run_view import CandidateView
from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, Tone, fit, one_line, role_tone, time_of_day, wrap
from .lineage import candidate_state, interval_ruler, short_id

MAX_ROWS = 99  # so that a rank has two digits
_FIXED_CELLS = 31  # rank, sign, candidate, score, examples, gain, with the blanks between
_UNREADABLE_CELLS = 7
_TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "best_changed": "best",
        "candidate_rejected": "dim",
        "directive_applied": "accent",
        "directive_refused": "warn",
        "run_failed": "bad",
        "answer_unreadable": "warn",
        "round_started": "head",
        "report_written": "good",
    }
)
LineCache = dict[tuple[int, int], list[Line]]
"""Wrapped lines by number of the event and width."""


def rank_candidates(snapshot: RunSnapshot) -> list[tuple[CandidateView, ScoreTally]]:
    """The measured candidates, at most MAX_ROWS: the best, then by the lower end of their intervals, so that four
    examples do not outrank forty; vetoed ones last."""
    candidates = snapshot.timeline.candidates
    rows = [(candidates[name], tally) for name, tally in snapshot.leaderboard.ranked if name in candidates]
    rows.sort(key=lambda row: (row[0].status == "vetoed", row[0].id != snapshot.best, -row[1].interval[0]))
    return rows[:MAX_ROWS]


def scoreboard_table(
    snapshot: RunSnapshot, rows: Sequence[tuple[CandidateView, ScoreTally]], glyphs: Glyphs, width: int
) -> tuple[Line, list[Line]]:
    """Head and lines: rank, sign, score, interval, examples, gain over the baseline in points, unreadable answers
    where there are any, operator."""
    start = snapshot.timeline.view.start
    baseline = snapshot.leaderboard.get(start.candidate) if start else None
    ruler_width = 0 if width < 46 else 14 if width >= 66 else 8
    has_unreadable = any(tally.unreadable for _, tally in rows)
    operator_width = width - _FIXED_CELLS - (ruler_width + 1 if ruler_width else 0) - _UNREADABLE_CELLS * has_unreadable
    ruler_head = f"{'interval':<{ruler_width}} " if ruler_width else ""
    head = f"{'#':>2}   {'candidate':<9} score {ruler_head}   n gain {'unread ' if has_unreadable else ''}by"
    lines: list[Line] = []
    for rank, (candidate, tally) in enumerate(rows, 1):
        sign, tone, _ = candidate_state(candidate, snapshot.best, glyphs)
        is_baseline = start is not None and candidate.id == start.candidate
        gain = f"{100 * (tally.mean - baseline.mean):+.0f}" if baseline and not is_baseline else ""
        spans: list[Span] = [(f"{rank:>2} ", "dim"), (f"{sign} ", tone), (f"{short_id(candidate.id):<9} ", "")]
        spans.append((f"{tally.mean:.2f}  ", "strong"))
        if ruler_width:
            spans += [*interval_ruler(tally, glyphs, ruler_width), (" ", "")]
        spans.append((f"{tally.n:>4} {gain:>4} ", ""))
        if has_unreadable:
            spans.append((f"{tally.unreadable or '':>6} ", "warn"))
        spans.append((fit(candidate.operator, max(0, operator_width)), "accent"))
        lines.append(tuple(spans))
    return ((fit(head, width), "head"),), lines


def dialogue_lines(entries: Sequence[DialogueEntry], width: int, cache: LineCache) -> list[Line]:
    """What the optimizer models said, by role; an entry is wrapped once for each width."""
    lines: list[Line] = []
    for entry in entries:
        key = (entry.number, width)
        if key not in cache:
            cache[key] = _entry_lines(entry, width)
        lines += cache[key]
    _drop_stale(cache, width, entries[0].number if entries else 0)
    return lines


def _entry_lines(entry: DialogueEntry, width: int) -> list[Line]:
    head: Line = (
        (entry.role or "agent", role_tone(entry.role)),
        (f" · {entry.skill}" if entry.skill else "", "dim"),
        (f"  {time_of_day(entry.at)}", "dim"),
        ("" if entry.readable else "  unreadable", "warn"),
    )
    return [head, *((("  ", ""), (text, "")) for text in wrap(entry.text.strip(), width - 3) if text.strip()), ()]


def log_lines(events: Sequence[LogLine], width: int, cache: LineCache) -> list[Line]:
    """The events in words, the important ones in a tone of their own; each is wrapped once for each width."""
    lines: list[Line] = []
    for event in events:
        key = (event.number, width)
        if key not in cache:
            first, *rest = wrap(one_line(event.text), max(16, width - 9))
            tone = _TONES.get(event.kind, "")
            cache[key] = [
                ((f"{time_of_day(event.at):<8} ", "dim"), (first, tone)),
                *(((" " * 9, ""), (text, tone)) for text in rest),
            ]
        lines += cache[key]
    _drop_stale(cache, width, events[0].number if events else 0)
    return lines


def _drop_stale(cache: LineCache, width: int, oldest: int) -> None:
    for stale in [key for key in cache if key[1] != width or key[0] < oldest]:
        cache.pop(stale)
