"""The scoreboard and the talk, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..runtime.standing import Tally
from ..runtime.story import Turn
from ..runtime.view import Born
from .feed import Scene
from .tree import family, ruler, short, state_of
from .words import Line, Signs, Span, Tone, fit, moment, role, wrap

BOARD = 100


def ranking(scene: Scene) -> list[tuple[Born, Tally]]:
    """The best measured candidates, at most BOARD; vetoed ones stand last."""
    people = family(scene.story)
    rows = [(people[name], tally) for name, tally in scene.standings.ranked if name in people]
    rows.sort(key=lambda row: row[0].fate == "vetoed")
    return rows[:BOARD]


def board_head(width: int) -> Line:
    wide = f"{'interval':<{14}} " if width >= 46 else ""
    head = f"{'#':>3}   {'candidate':<9}{'score':<6}{wide}{'rows':>4} {'gain':>5} {'unread':>6} by"
    return ((fit(head, width), "head"),)


def board_lines(scene: Scene, rows: Sequence[tuple[Born, Tally]], signs: Signs, width: int) -> list[Line]:
    """Rank, sign, score, ruler, rows, gain over the start, unreadable answers, operator."""
    start = scene.story.view.start
    base = scene.standings.get(start.candidate) if start else None
    lines: list[Line] = []
    for place, (one, tally) in enumerate(rows, 1):
        sign, tone, _ = state_of(one, scene.best, signs)
        gain = f"{100 * (tally.mean - base.mean):+.0f}" if base and start and one.id != start.candidate else ""
        spans: list[Span] = [(f"{place:>3} ", "dim"), (f"{sign} ", tone), (f"{short(one.id):<9}", "")]
        spans.append((f"{tally.mean:.2f}  ", "strong"))
        if width >= 46:
            spans += [*ruler(tally, signs), (" ", "")]
        spans += [(f"{tally.n:>4} {gain:>5} ", ""), (f"{tally.unreadable or '':>6} ", "warn")]
        spans.append((one.operator, "accent"))
        lines.append(tuple(spans))
    return lines


def talk_lines(turns: Sequence[Turn], width: int, known: dict[tuple[int, int], list[Line]]) -> list[Line]:
    """What was said, by role; a turn is wrapped once for each width."""
    lines: list[Line] = []
    for turn in turns:
        key = (turn.number, width)
        if key not in known:
            known[key] = _turn(turn, width)
        lines += known[key]
    for old in [key for key in known if key[1] != width or not turns or key[0] < turns[0].number]:
        known.pop(old)
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


def tones_of_log() -> Mapping[str, Tone]:
    """Which facts of the log stand out."""
    return {
        "best_changed": "best",
        "candidate_rejected": "dim",
        "directive_applied": "accent",
        "directive_refused": "warn",
        "run_failed": "bad",
        "answer_unreadable": "warn",
        "round_started": "head",
        "report_written": "good",
    }
