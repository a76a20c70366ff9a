"""The scoreboard and the talk, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..runtime.standing import Tally
from ..runtime.story import Line as Told
from ..runtime.story import Turn
from ..runtime.view import Born
from .feed import Scene
from .tree import family, ruler, short, state_of
from .words import Line, Signs, Span, Tone, fit, moment, one_line, role, wrap

BOARD = 99  # so that a rank has two digits
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


def ranking(scene: Scene) -> list[tuple[Born, Tally]]:
    """The measured candidates, at most BOARD: the leader, then by the lower end of their intervals, so that four rows
    do not outrank forty; vetoed ones stand last."""
    people = family(scene.story)
    rows = [(people[name], tally) for name, tally in scene.standings.ranked if name in people]
    rows.sort(key=lambda row: (row[0].fate == "vetoed", row[0].id != scene.best, -row[1].interval[0]))
    return rows[:BOARD]


def board_table(scene: Scene, rows: Sequence[tuple[Born, Tally]], signs: Signs, width: int) -> tuple[Line, list[Line]]:
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
        sign, tone, _ = state_of(one, scene.best, signs)
        gain = f"{100 * (tally.mean - base.mean):+.0f}" if base and start and one.id != start.candidate else ""
        spans: list[Span] = [(f"{place:>2} ", "dim"), (f"{sign} ", tone), (f"{short(one.id):<9} ", "")]
        spans.append((f"{tally.mean:.2f}  ", "strong"))
        if size:
            spans += [*ruler(tally, signs, size), (" ", "")]
        spans.append((f"{tally.n:>4} {gain:>4} ", ""))
        if unread:
            spans.append((f"{tally.unreadable or '':>6} ", "warn"))
        spans.append((fit(one.operator, room), "accent"))
        lines.append(tuple(spans))
    return ((fit(head, width), "head"),), lines


def talk_lines(turns: Sequence[Turn], width: int, known: dict[tuple[int, int], list[Line]]) -> list[Line]:
    """What was said, by role; a turn is wrapped once for each width."""
    lines: list[Line] = []
    for turn in turns:
        key = (turn.number, width)
        if key not in known:
            known[key] = _turn(turn, width)
        lines += known[key]
    _forget(known, width, turns[0].number if turns else 0)
    return lines


def _turn(turn: Turn, width: int) -> list[Line]:
    note = "" if turn.readable else "  unreadable"
    head: Line = (
        (turn.role or "agent", role(turn.role)),
        (f" · {turn.skill}" if turn.skill else "", "dim"),
        (f"  {moment(turn.at)}", "dim"),
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
                ((f"{moment(one.at):<8} ", "dim"), (first, tone)),
                *(((" " * 9, ""), (t, tone)) for t in rest),
            ]
        lines += known[key]
    _forget(known, width, told[0].number if told else 0)
    return lines


def _forget(known: dict[tuple[int, int], list[Line]], width: int, oldest: int) -> None:
    for old in [key for key in known if key[1] != width or key[0] < oldest]:
        known.pop(old)
