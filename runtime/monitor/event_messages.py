"""Facts in words: one line for an event that a person wants to hear of, an empty one for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.events import Event

_MAX_TEXT = 100


def message_for(event: Event) -> str:
    """Never raises, whatever the data holds."""
    data = event.data
    match event.kind:
        case "run_started":
            return f"run {event.run}: {_short_text(data, 'task')} with the recipe {_short_text(data, 'recipe')}"
        case "run_resumed":
            return f"run {event.run} resumed"
        case "baseline_measured":
            return f"the start prompt scores {score_text(data)}"
        case "plan_made":
            return f"plan: {_joined_list(data, 'steps')}"
        case "round_started":
            return f"round {_short_text(data, 'round')}: {_operator_names(data)}"
        case "candidate_proposed":
            return f"{_short_text(data, 'candidate')} proposed by {_short_text(data, 'operator')}"
        case "candidate_rejected":
            return f"{_short_text(data, 'candidate')} rejected: {_short_text(data, 'reason')}"
        case "best_changed":
            guess = _two_decimals(data.get("expected"))
            said = f"best is now {_short_text(data, 'candidate')}: {score_text(data)}"
            return f"{said}, {guess} expected of all val rows" if guess else said
        case "round_finished":
            said = remarks.get("said", "") if isinstance(remarks := data.get("remarks"), Mapping) else ""
            counts = f"kept {_item_count(data, 'kept')}, dropped {_item_count(data, 'dropped')}"
            kept = f"round {_short_text(data, 'round')} {counts}"
            return f"{kept}: {said}" if said else kept
        case "agent_spoke":
            return f"{_short_text(data, 'role')}: {_short_text(data, 'text')}"
        case "answer_unreadable":
            return f"the {_short_text(data, 'role')}'s answer could not be read"
        case "directive_applied":
            return f"directive applied: {_directive_summary(data)}"
        case "directive_refused":
            return f"directive refused: {_directive_summary(data)}: {_short_text(data, 'reason')}"
        case "run_paused":
            return f"paused; maieutic steer {event.run} resume goes on"
        case "approval_asked":
            target, optimizer = _short_text(data, "target"), _short_text(data, "optimizer")
            most = f"at most {target} calls of the target and {optimizer} of the authors"
            return (
                f"round {_short_text(data, 'round')} waits for an approval: {most}; maieutic steer {event.run} approve"
            )
        case "rows_asked":
            return f"the task has no rows: {_short_text(data, 'rows')} are drafted and labelled by models first"
        case "rows_added":
            return f"{_item_count(data, 'rows')} rows were added"
        case "duel_asked":
            return f"a duel waits for a person's verdict: maieutic duel {event.run}"
        case "test_opened":
            return f"the sealed test split was opened: {_short_text(data, 'rows')} rows"
        case "report_written":
            return f"verdict: {_short_text(data, 'verdict')}"
        case "run_stopped":
            return f"run {event.run} stopped"
        case "run_failed":
            return f"run {event.run} failed: {' '.join(str(data.get('reason', '')).split())}"
        case "run_finished":
            return f"run {event.run} finished"
    return ""


def score_text(data: Mapping[str, Any]) -> str:
    """`0.71 [0.62, 0.79] on 50 rows`, as far as the data tells."""
    said = _two_decimals(data.get("score")) or "?"
    low, high = _two_decimals(data.get("low")), _two_decimals(data.get("high"))
    if low and high:
        said += f" [{low}, {high}]"
    return f"{said} on {data['n']} rows" if data.get("n") else said


def _two_decimals(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _short_text(data: Mapping[str, Any], key: str) -> str:
    text = " ".join(str(data.get(key, "")).split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _joined_list(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "; ".join(str(one) for one in value) if isinstance(value, list | tuple) else _short_text(data, key)


def _item_count(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list | tuple) else 0


def _directive_summary(data: Mapping[str, Any]) -> str:
    inner = data.get("directive")
    if not isinstance(inner, Mapping):
        return _short_text(data, "kind")
    said = " ".join(
        [str(inner.get("kind", "?")), *(_short_text(inner, key) for key in ("candidate", "text") if key in inner)]
    )
    below = _item_count(data, "candidates") - 1 if inner.get("kind") == "veto" else 0
    return f"{said} and {below} that descend from it" if below > 0 else said


def _operator_names(data: Mapping[str, Any]) -> str:
    orders = data.get("orders")
    if not isinstance(orders, list | tuple):
        return "orders"
    names = [str(one.get("operator", "?")) for one in orders if isinstance(one, Mapping)]
    return ", ".join(dict.fromkeys(names)) or "nothing to propose"
