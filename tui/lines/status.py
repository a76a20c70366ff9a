"""The status lines of a run: state, budget, pace, and the plan or what the run waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, Tone, count_noun, duration_text, fit, one_line
from .lineage import short_id

_WIDE = 100  # cells: from there on words instead of abbreviations
_NEARLY_SPENT = 0.75  # share of the budget from which the bar warns
_PILLS: Mapping[str, tuple[str, Tone]] = {
    "running": ("running", "good"),
    "paused": ("paused", "warn"),
    "asking": ("waiting for you", "warn"),
    "stopped": ("stopped", "warn"),
    "finished": ("finished", "good"),
    "failed": ("failed", "bad"),
    "dead": ("process gone", "bad"),
    "replay": ("replay", "accent"),
}
_ENDED = ("finished", "stopped", "failed")
_PHASE_LABELS: Mapping[str, str] = {
    "proposing": "evaluating candidates",  # all proposals have come, and the first batch is on its way
    "measuring": "evaluating candidates",
    "testing": "running the held-out test",
}


def status_pill(snapshot: RunSnapshot, glyphs: Glyphs) -> Span:
    """The state, always on screen: a sign and a word, so that it needs no colour."""
    word, tone = _PILLS[snapshot.state]
    sign = getattr(glyphs, snapshot.state, glyphs.arrow)
    if (replay := snapshot.replay) is not None:
        sign = glyphs.arrow if replay.playing else glyphs.paused
        return f" {sign} replay {replay.position}/{replay.total} ×{replay.speed:g} ", tone
    return f" {sign} {word} ", tone


def phase_text(snapshot: RunSnapshot) -> str:
    view = snapshot.timeline.view
    if snapshot.state not in ("running", "paused", "asking", "replay"):
        return ""
    if snapshot.catching_up:
        return f"reading the log, event {view.number:,}"
    return f"round {view.round} · {view.phase}" if view.round else view.phase


def status_lines(snapshot: RunSnapshot, glyphs: Glyphs, width: int) -> list[Line]:
    """Budget, pace, and the plan or what the run waits for."""
    last = _waiting_line(snapshot) or plan_line(snapshot, glyphs, width)
    return [((" ", ""), *line) for line in (budget_line(snapshot, glyphs, width), pace_line(snapshot, width), last)]


def _waiting_line(snapshot: RunSnapshot) -> Line:
    """What the run waits for, with the key that continues it; empty where it waits for nobody."""
    if snapshot.state == "dead":
        resume: Line = (("g", "accent"), (" resumes the run", ""))
        return (("the process is gone", "bad"), ("; completed calls are kept. ", ""), *resume)
    if snapshot.state == "failed":
        reason = one_line(snapshot.timeline.view.failure.split("\n")[0]) or "it failed"
        return (("g", "accent"), (" resumes the run; it failed: ", ""), (reason, "bad"))
    if snapshot.pending:
        counts = Counter(snapshot.pending)
        kinds = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in counts.items())
        pending: Line = (("pending: ", "accent"), (kinds, "strong"))
        if snapshot.state == "paused" and "resume" not in snapshot.pending:
            return (*pending, (" (applied when the run resumes: ", "dim"), ("r", "accent"), (")", "dim"))
        return (*pending, (" (applied after the current step)", "dim"))
    view = snapshot.timeline.view
    if snapshot.state == "paused":
        question = view.pending_approval or view.pending_duel
        resumes = " resumes; then it waits for your answer" if question else " resumes"
        return (("paused: ", "warn"), ("r", "accent"), (resumes, ""))
    if view.pending_approval:
        number = view.pending_approval.get("round", view.round + 1)
        return ((f"waiting for you: approval of round {number}: ", "warn"), ("y", "accent"), (" approves it", ""))
    if view.pending_duel:
        return (("waiting for you: a blind duel: ", "warn"), (":duel", "accent"), (" shows both outputs", ""))
    return ()


def budget_line(snapshot: RunSnapshot, glyphs: Glyphs, width: int) -> Line:
    """How far the tightest limit is used up, with all that was spent."""
    view, spent = snapshot.timeline.view, snapshot.spent
    used = {
        "calls": float(spent.calls),
        "target_calls": float(spent.target_calls),
        "tokens": float(spent.tokens),
        "usd": spent.usd,
        "minutes": snapshot.seconds / 60,
    }
    limits = {name: float(limit) for name, limit in view.budget.items() if name in used and _is_limit(limit)}
    share, name = max(
        ((used[limit_name] / limit, limit_name) for limit_name, limit in limits.items()), default=(0.0, "")
    )
    visible_share = min(1.0, share)
    bar_width = 10 if width < _WIDE else 20
    full = round(visible_share * bar_width)
    parts: list[Span] = [("budget ", "dim")]
    if name:
        tone: Tone = "good" if share < _NEARLY_SPENT else "warn"
        word = name.replace("target_calls", "target calls")
        parts += [(glyphs.full * full, tone), (glyphs.empty * (bar_width - full), "dim")]
        parts += [(f" {100 * visible_share:.0f} % of {_limit_text(limits[name], name)} {word}", "")]
    else:
        parts.append(("no limit known yet", "dim"))
    parts.append((f"  {spent.calls:,} calls", "strong"))
    if width >= _WIDE:
        parts.append((f" ({spent.target_calls:,} target, {spent.optimizer_calls:,} optimizer)", "dim"))
    parts.append((f"  {spent.tokens:,} tokens", ""))
    if spent.usd or "usd" in limits:
        parts.append((f"  ${spent.usd:.4f}", ""))
    return tuple(parts)


def pace_line(snapshot: RunSnapshot, width: int) -> Line:
    view = snapshot.timeline.view
    rate = snapshot.timeline.rate or (snapshot.spent.calls / snapshot.seconds if snapshot.seconds else 0.0)
    remaining = view.eta if snapshot.state in ("running", "replay") else None
    parts: list[Span] = [("pace   ", "dim"), (f"{rate:.1f} calls/s", "")]
    parts += [("  time ", "dim"), (duration_text(snapshot.seconds), "")]
    if snapshot.state not in _ENDED:
        parts += [("  left ", "dim"), (duration_text(remaining), "")]
    label = "  candidates " if width >= _WIDE else "  "
    parts += [(label, "dim"), (f"{view.candidate_count} tried, {view.active_count} active", "")]
    if view.unreadable:
        long = count_noun(view.unreadable, "unreadable optimizer answer")
        parts.append((f"  {long if width >= _WIDE else f'{view.unreadable} unreadable'}", "warn"))
    return tuple(parts)


def plan_line(snapshot: RunSnapshot, glyphs: Glyphs, width: int) -> Line:
    """The step of the plan that is worked on; without a plan, the operators at work."""
    timeline = snapshot.timeline
    active = timeline.active_operators.values()
    operators = ", ".join(dict.fromkeys(operator.operator for operator in active))
    verdict = timeline.view.report.get("verdict")
    if snapshot.state == "finished" and isinstance(verdict, str):
        return (("verdict ", "dim"), (verdict, "strong"), ("  R shows the report", "dim"))
    plan = timeline.view.plan
    if not plan:
        parents = ", ".join(dict.fromkeys(short_id(parent) for operator in active for parent in operator.parents[:1]))
        label = _PHASE_LABELS.get(timeline.view.phase, "") if snapshot.state == "running" else ""
        work = f"{operators} on {parents}" if operators else label or "idle"
        return (("active ", "dim"), (work, "accent" if operators else "dim"))
    index = timeline.plan_index or 0
    head = f"plan {index + 1}/{len(plan)} "
    tail = f"  {glyphs.arrow} {operators}" if operators else ""
    step_width = max(8, width - len(head) - len(tail) - 2)
    return ((head, "dim"), (fit(one_line(plan[index]), step_width, ellipsis=glyphs.ellipsis), ""), (tail, "accent"))


def plan_lines(snapshot: RunSnapshot, glyphs: Glyphs) -> list[Line]:
    """The whole plan, a step a line, a sign before the current one."""
    lines: list[Line] = []
    for index, step in enumerate(snapshot.timeline.view.plan):
        current = index == snapshot.timeline.plan_index
        sign = glyphs.arrow if current else " "
        head: Span = (f"{sign} {index + 1}. ", "accent" if current else "dim")
        lines.append((head, (one_line(step), "strong" if current else "")))
    return lines


def _is_limit(limit: object) -> bool:
    return isinstance(limit, int | float) and not isinstance(limit, bool) and limit > 0


def _limit_text(limit: float, name: str) -> str:
    if name == "usd":
        return f"${limit:g}"
    return f"{limit:,.0f}" if limit == int(limit) else f"{limit:g}"
