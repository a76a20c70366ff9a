"""The scoreboard and the talk, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...runtime.monitor.leaderboard import ScoreTally
from ...runtime.monitor.run_timeline import DialogueEntry
from ...runtime.monitor.run_timeline import LogLine as Told
from ...runtime.monitor.run_view import CandidateView
from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, Tone, fit, one_line, role_tone, time_of_day, wrap
from .lineage import all_candidates, candidate_state, interval_ruler, short_id

MAX_ROWS = 99  # so that a rank has two digits
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


def rank_candidates(scene: RunSnapshot) -> list[tuple[CandidateView, ScoreTally]]:
    """The measured candidates, at most BOARD: the leader, then by the lower end of their intervals, so that four rows
    do not outrank forty; vetoed ones stand last."""
    people = all_candidates(scene.story)
    rows = [(people[name], tally) for name, tally in scene.standings.ranked if name in people]
    rows.sort(key=lambda row: (row[0].status == "vetoed", row[0].id != scene.best, -row[1].interval[0]))
    return rows[:MAX_ROWS]


def scoreboard_table(
    scene: RunSnapshot, rows: Sequence[tuple[CandidateView, ScoreTally]], signs: Glyphs, width: int
) -> tuple[Line, list[Line]]:
    """Head and lines: rank, sign, score, ruler, rows, gain over the start in points, answers that could not be read
    where there are any, operator."""
    start = scene.story.view.start
    base = scene.standings.get(start.candidate) if start else None
    size = 0 if width < 46 else 14 if width >= 66 else 8
    unread = any(tally.unreadable for _, tally in rows)
    room = max(0, width - 31 - (size + 1 if size else 0) - 7 * unread)
    ruled = f"{'interval':<{size}} " if size else ""
    head = f"{'#':>2}   {'candidate':<9} score {ruled}rows gain {'unread ' if unread else ''}by"
    lines: list[Line] = []
    for place, (one, tally) in enumerate(rows, 1):
        sign, tone, _ = candidate_state(one, scene.best, signs)
        gain = f"{100 * (tally.mean - base.mean):+.0f}" if base and start and one.id != start.candidate else ""
        spans: list[Span] = [(f"{place:>2} ", "dim"), (f"{sign} ", tone), (f"{short_id(one.id):<9} ", "")]
        spans.append((f"{tally.mean:.2f}  ", "strong"))
        if size:
            spans += [*interval_ruler(tally, signs, size), (" ", "")]
        spans.append((f"{tally.n:>4} {gain:>4} ", ""))
        if unread:
            spans.append((f"{tally.unreadable or '':>6} ", "warn"))
        spans.append((fit(one.operator, room), "accent"))
        lines.append(tuple(spans))
    return ((fit(head, width), "head"),), lines


def dialogue_lines(turns: Sequence[DialogueEntry], width: int, known: dict[tuple[int, int], list[Line]]) -> list[Line]:
    """What was said, by role; a turn is wrapped once for each width."""
    lines: list[Line] = []
    for turn in turns:
        key = (turn.number, width)
        if key not in known:
            known[key] = _turn_lines(turn, width)
        lines += known[key]
    _drop_stale(known, width, turns[0].number if turns else 0)
    return lines


def _turn_lines(turn: DialogueEntry, width: int) -> list[Line]:
    note = "" if turn.readable else "  unreadable"
    head: Line = (
        (turn.role or "agent", role_tone(turn.role)),
        (f" · {turn.skill}" if turn.skill else "", "dim"),
        (f"  {time_of_day(turn.at)}", "dim"),
        (note, "warn"),
    )
    return [head, *((("  ", ""), (text, "")) for text in wrap(turn.text.strip(), width - 3) if text.strip()), ()]


def log_lines(told: Sequence[Told], width: int, known: dict[tuple[int, int], list[Line]]) -> list[Line]:
    """The facts in words, those that matter most in a tone of their own; a fact is wrapped once for each width."""
    lines: list[Line] = []
    for one in told:
        key = (one.number, width)
        if key not in known:
            first, *rest = wrap(one_line(one.text), max(16, width - 9))
            tone = _TONES.get(one.kind, "")
            known[key] = [
                ((f"{time_of_day(one.at):<8} ", "dim"), (first, tone)),
                *(((" " * 9, ""), (t, tone)) for t in rest),
            ]
        lines += known[key]
    _drop_stale(known, width, told[0].number if told else 0)
    return lines


def _drop_stale(known: dict[tuple[int, int], list[Line]], width: int, oldest: int) -> None:
    for old in [key for key in known if key[1] != width or key[0] < oldest]:
        known.pop(old)
