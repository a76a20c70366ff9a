"""The run's account in lines: budget, rate, time left, plan, and who is at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, Tone, count_noun, duration_text, fit, one_line
from .lineage import short_id

_PILLS: Mapping[str, tuple[str, Tone]] = {
    "running": ("running", "good"),
    "paused": ("paused", "warn"),
    "stopped": ("stopped", "warn"),
    "finished": ("finished", "good"),
    "failed": ("failed", "bad"),
    "dead": ("process gone", "bad"),
    "replay": ("replay", "accent"),
}
_ENDED = ("finished", "stopped", "failed")
_PHASE_LABELS: Mapping[str, str] = {
    "proposing": "measuring candidates",  # all that was asked for has come, and the first batch is on its way
    "measuring": "measuring candidates",
    "testing": "measuring the sealed rows",
}


def status_pill(scene: RunSnapshot, signs: Glyphs) -> Span:
    """The one state that is always in sight: a sign and a word, so that colour is not needed."""
    word, tone = _PILLS[scene.state]
    sign = getattr(signs, scene.state, signs.arrow)
    if scene.playing is not None:
        move = signs.arrow if scene.playing.moving else signs.paused
        return f" {move} replay {scene.playing.at}/{scene.playing.of} ×{scene.playing.speed:g} ", tone
    return f" {sign} {word} ", tone


def phase_text(scene: RunSnapshot) -> str:
    view = scene.story.view
    if scene.state not in ("running", "paused", "replay"):
        return ""
    said = f"round {view.round} · {view.phase}" if view.round else view.phase
    return f"reading the log, event {view.number:,}" if scene.behind else said


def status_lines(scene: RunSnapshot, signs: Glyphs, width: int) -> list[Line]:
    """Budget, pace, and what is worked on, or what the run waits for."""
    last = _waiting_line(scene) or plan_line(scene, signs, width)
    return [((" ", ""), *line) for line in (budget_line(scene, signs, width), pace_line(scene, width), last)]


def _waiting_line(scene: RunSnapshot) -> Line:
    """The key that goes on from here; empty where nobody is waited for."""
    if scene.state == "dead":
        again: Line = (("g", "accent"), (" takes the run up again", ""))
        return (("its process is gone", "bad"), (": nothing is lost. ", ""), *again)
    if scene.state == "failed":
        why = one_line(scene.story.view.failure.split("\n")[0]) or "it failed"
        return (("g", "accent"), (" takes the run up again; it failed: ", ""), (why, "bad"))
    if scene.pending:
        many = Counter(scene.pending)
        said = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in many.items())
        told: Line = (("told: ", "accent"), (said, "strong"))
        if scene.state == "paused" and "resume" not in scene.pending:
            return (*told, ("; heard when it goes on: ", "dim"), ("r", "accent"))
        return (*told, ("; heard when this step is done", "dim"))
    if scene.story.view.pending_approval:
        return (("it waits for you: ", "warn"), ("y", "accent"), (" approves the next round", ""))
    if scene.state == "paused":
        return (("it is paused: ", "warn"), ("r", "accent"), (" goes on", ""))
    return ()


def budget_line(scene: RunSnapshot, signs: Glyphs, width: int) -> Line:
    """How far the tightest limit is used up, with all that was spent."""
    view, spent = scene.story.view, scene.spent
    used = {
        "calls": float(spent.calls),
        "target_calls": float(spent.target_calls),
        "tokens": float(spent.tokens),
        "usd": spent.usd,
        "minutes": scene.seconds / 60,
    }
    limits = {name: float(limit) for name, limit in view.budget.items() if name in used and _is_limit(limit)}
    share, name = max(((used[one] / limit, one) for one, limit in limits.items()), default=(0.0, ""))
    shown = min(1.0, share)
    bar_width = 10 if width < 100 else 20
    full = round(shown * bar_width)
    parts: list[Span] = [("budget ", "dim")]
    if name:
        tone: Tone = "good" if share < 0.75 else "warn"
        word = name.replace("target_calls", "target calls")
        parts += [(signs.full * full, tone), (signs.empty * (bar_width - full), "dim")]
        parts += [(f" {100 * shown:.0f} % of {_limit_text(limits[name], name)} {word}", "")]
    else:
        parts.append(("no limit known yet", "dim"))
    parts.append((f"  {spent.calls:,} calls", "strong"))
    if width >= 100:
        parts.append((f" ({spent.target_calls:,} target, {spent.optimizer_calls:,} authors)", "dim"))
    parts.append((f"  {spent.tokens:,} tokens", ""))
    if spent.usd or "usd" in limits:
        parts.append((f"  ${spent.usd:.4f}", ""))
    return tuple(parts)


def pace_line(scene: RunSnapshot, width: int) -> Line:
    view = scene.story.view
    rate = scene.story.rate or (scene.spent.calls / scene.seconds if scene.seconds else 0.0)
    left = view.eta if scene.state in ("running", "replay") else None
    parts: list[Span] = [("pace   ", "dim"), (f"{rate:.1f} calls/s", "")]
    parts += [("  time ", "dim"), (duration_text(scene.seconds), "")]
    if scene.state not in _ENDED:
        parts += [("  left ", "dim"), (duration_text(left), "")]
    parts += [
        ("  candidates " if width >= 100 else "  ", "dim"),
        (f"{view.candidate_count} tried, {view.active_count} alive", ""),
    ]
    if view.unreadable:
        said = count_noun(view.unreadable, "unreadable answer") + " of authors"
        parts.append((f"  {said if width >= 100 else f'{view.unreadable} unreadable'}", "warn"))
    return tuple(parts)


def plan_line(scene: RunSnapshot, signs: Glyphs, width: int) -> Line:
    """The plan with the step that is worked on; where there is none, who is at work."""
    story = scene.story
    plan, goal = story.view.plan, story.plan_index
    work = ", ".join(dict.fromkeys(one.operator for one in story.active_operators.values()))
    verdict = story.view.report.get("verdict")
    if scene.state == "finished" and isinstance(verdict, str):
        return (("verdict ", "dim"), (verdict, "strong"), ("  R shows the report", "dim"))
    if not plan:
        on = ", ".join(dict.fromkeys(short_id(p) for one in story.active_operators.values() for p in one.parents[:1]))
        idle = _PHASE_LABELS.get(story.view.phase, "") if scene.state == "running" else ""
        said = f"{work} on {on}" if work else idle or "nobody just now"
        return (("at work ", "dim"), (said, "accent" if work else "dim"))
    place = goal if goal is not None else 0
    head = f"plan {place + 1}/{len(plan)} "
    tail = f"  {signs.arrow} {work}" if work else ""
    room = max(8, width - len(head) - len(tail) - 2)
    return ((head, "dim"), (fit(one_line(plan[place]), room, ellipsis=signs.ellipsis), ""), (tail, "accent"))


def plan_lines(scene: RunSnapshot, signs: Glyphs) -> list[Line]:
    """The whole plan, a step a line, the current one marked by a sign."""
    story = scene.story
    lines: list[Line] = []
    for place, step in enumerate(story.view.plan):
        here = place == story.plan_index
        sign = signs.arrow if here else " "
        head: Span = (f"{sign} {place + 1}. ", "accent" if here else "dim")
        lines.append((head, (one_line(step), "strong" if here else "")))
    return lines


def _is_limit(limit: object) -> bool:
    return isinstance(limit, int | float) and not isinstance(limit, bool) and limit > 0


def _limit_text(limit: float, name: str) -> str:
    return f"${limit:g}" if name == "usd" else f"{limit:,.0f}" if limit == int(limit) else f"{limit:g}"
