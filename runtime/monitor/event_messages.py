"""One line of text per event for people to read; empty for events without interest to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.events import Event
from .budget_left import has_room_left, room_text

_MAX_TEXT = 100


def message_for(event: Event) -> str:
    """The line for an event. Never raises, whatever the data holds."""
    data = event.data
    match event.kind:
        case "run_started":
            return f"run {event.run}: {_short_text(data, 'task')} with the recipe {_short_text(data, 'recipe')}"
        case "run_resumed":
            return f"run {event.run} resumed"
        case "baseline_measured":
            return f"the baseline scores {score_text(data)}"
        case "plan_made":
            return f"plan: {_joined_list(data, 'steps')}"
        case "round_started":
            return f"round {_short_text(data, 'round')}: {_operator_names(data)}"
        case "candidate_proposed":
            return f"{_short_text(data, 'candidate')} proposed by {_short_text(data, 'operator')}"
        case "candidate_rejected":
            name = _short_text(data, "candidate") or f"a proposal of {_short_text(data, 'operator')}"
            return f"{name} rejected: {_short_text(data, 'reason')}"
        case "best_changed":
            guess = _two_decimals(data.get("expected"))
            text = f"best is now {_short_text(data, 'candidate')}: {score_text(data)}"
            return f"{text}, {guess} expected on all val examples" if guess else text
        case "round_finished":
            text = remarks.get("said", "") if isinstance(remarks := data.get("remarks"), Mapping) else ""
            counts = f"kept {_item_count(data, 'kept')}, dropped {_item_count(data, 'dropped')}"
            outcome = f"round {_short_text(data, 'round')} {counts}"
            return f"{outcome}: {text}" if text else outcome
        case "agent_spoke":
            return f"{_short_text(data, 'role')}: {_short_text(data, 'text')}"
        case "answer_unreadable":
            reason = _short_text(data, "reason")
            return f"the {_short_text(data, 'role')}'s answer could not be read{f': {reason}' if reason else ''}"
        case "example_failed":
            place = f"example {_short_text(data, 'example')} failed with {_short_text(data, 'candidate')}"
            return f"{place}: {_short_text(data, 'reason')}"
        case "directive_applied":
            return f"directive applied: {_directive_summary(data)}"
        case "directive_refused":
            return f"directive refused: {_directive_summary(data)}: {_short_text(data, 'reason')}"
        case "run_paused":
            return f"paused; continue with maieutic steer {event.run} resume"
        case "approval_asked":
            target, optimizer = _short_text(data, "target"), _short_text(data, "optimizer")
            most = f"at most {target} target calls and {optimizer} optimizer calls"
            return f"round {_short_text(data, 'round')} waits for approval: {most}; maieutic steer {event.run} approve"
        case "rows_asked":
            return f"the task has no examples: models draft and label {_short_text(data, 'rows')} first"
        case "rows_added":
            return f"{_item_count(data, 'rows')} examples were added"
        case "duel_asked":
            return f"a comparison waits for a person: maieutic duel {event.run}"
        case "test_opened":
            return f"the held-out test starts: {_short_text(data, 'rows')} examples"
        case "limit_passed":
            return _short_text(data, "reason")
        case "report_written":
            return f"verdict: {_short_text(data, 'verdict')}"
        case "run_stopped":
            return f"run {event.run} stopped"
        case "run_failed":
            return f"run {event.run} failed: {' '.join(str(data.get('reason', '')).split())}"
        case "run_finished":
            return f"run {event.run} finished{_early_end(data)}"
    return ""


def _early_end(data: Mapping[str, Any]) -> str:
    """Why a search ended that left a part of its budget."""
    share, left, calls = (data.get(key) for key in ("share", "left", "calls"))
    if isinstance(share, bool) or not isinstance(share, int | float) or not has_room_left(share):
        return ""
    counted = isinstance(left, int) and isinstance(calls, int)
    room = room_text(share, left, calls) if counted else room_text(share, None, None)
    return f": {' '.join(str(data.get('reason', '')).split())}; {room}"


def score_text(data: Mapping[str, Any]) -> str:
    """`0.71 [0.62, 0.79] on 50 examples`, as far as the data has it."""
    text = _two_decimals(data.get("score")) or "?"
    low, high = _two_decimals(data.get("low")), _two_decimals(data.get("high"))
    if low and high:
        text += f" [{low}, {high}]"
    return f"{text} on {data['n']} examples" if data.get("n") else text


def _two_decimals(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _short_text(data: Mapping[str, Any], key: str) -> str:
    text = " ".join(str(data.get(key, "")).split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _joined_list(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "; ".join(str(item) for item in value) if isinstance(value, list | tuple) else _short_text(data, key)


def _item_count(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list | tuple) else 0


def _directive_summary(data: Mapping[str, Any]) -> str:
    inner = data.get("directive")
    if not isinstance(inner, Mapping):
        return _short_text(data, "kind")
    summary = " ".join(
        [str(inner.get("kind", "?")), *(_short_text(inner, key) for key in ("candidate", "text") if key in inner)]
    )
    below = _item_count(data, "candidates") - 1 if inner.get("kind") == "veto" else 0
    return f"{summary} and {below} descendants" if below > 0 else summary


def _operator_names(data: Mapping[str, Any]) -> str:
    orders = data.get("orders")
    if not isinstance(orders, list | tuple):
        return "orders"
    names = [str(order.get("operator", "?")) for order in orders if isinstance(order, Mapping)]
    return ", ".join(dict.fromkeys(names)) or "nothing to propose"
