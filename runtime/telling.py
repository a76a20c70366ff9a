"""Facts in words: one line for an event that a person wants to hear of, an empty one for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.events import Event

_SHORT = 100


def tell(event: Event) -> str:
    """Never raises, whatever the data holds."""
    data = event.data
    match event.kind:
        case "run_started":
            return f"run {event.run}: {_of(data, 'task')} with the recipe {_of(data, 'recipe')}"
        case "run_resumed":
            return f"run {event.run} resumed"
        case "baseline_measured":
            return f"the start prompt scores {score(data)}"
        case "plan_made":
            return f"plan: {_listed(data, 'steps')}"
        case "round_started":
            return f"round {_of(data, 'round')}: {_operators(data)}"
        case "candidate_proposed":
            return f"{_of(data, 'candidate')} proposed by {_of(data, 'operator')}"
        case "candidate_rejected":
            return f"{_of(data, 'candidate')} rejected: {_of(data, 'reason')}"
        case "best_changed":
            guess = _decimal(data.get("expected"))
            said = f"best is now {_of(data, 'candidate')}: {score(data)}"
            return f"{said}, {guess} expected of all val rows" if guess else said
        case "round_finished":
            said = remarks.get("said", "") if isinstance(remarks := data.get("remarks"), Mapping) else ""
            kept = f"round {_of(data, 'round')} kept {_size(data, 'kept')}, dropped {_size(data, 'dropped')}"
            return f"{kept}: {said}" if said else kept
        case "agent_spoke":
            return f"{_of(data, 'role')}: {_of(data, 'text')}"
        case "answer_unreadable":
            return f"the {_of(data, 'role')}'s answer could not be read"
        case "directive_applied":
            return f"directive applied: {_directive(data)}"
        case "directive_refused":
            return f"directive refused: {_directive(data)}: {_of(data, 'reason')}"
        case "run_paused":
            return f"paused; maieutic steer {event.run} resume goes on"
        case "approval_asked":
            most = f"at most {_of(data, 'target')} calls of the target and {_of(data, 'optimizer')} of the authors"
            return f"round {_of(data, 'round')} waits for an approval: {most}; maieutic steer {event.run} approve"
        case "rows_asked":
            return f"the task has no rows: {_of(data, 'rows')} are drafted and labelled by models first"
        case "rows_added":
            return f"{_size(data, 'rows')} rows were added"
        case "duel_asked":
            return f"a duel waits for a person's verdict: maieutic duel {event.run}"
        case "test_opened":
            return f"the sealed test split was opened: {_of(data, 'rows')} rows"
        case "report_written":
            return f"verdict: {_of(data, 'verdict')}"
        case "run_stopped":
            return f"run {event.run} stopped"
        case "run_failed":
            return f"run {event.run} failed: {' '.join(str(data.get('reason', '')).split())}"
        case "run_finished":
            return f"run {event.run} finished"
    return ""


def score(data: Mapping[str, Any]) -> str:
    """`0.71 [0.62, 0.79] on 50 rows`, as far as the data tells."""
    said = _decimal(data.get("score")) or "?"
    low, high = _decimal(data.get("low")), _decimal(data.get("high"))
    if low and high:
        said += f" [{low}, {high}]"
    return f"{said} on {data['n']} rows" if data.get("n") else said


def _decimal(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _of(data: Mapping[str, Any], key: str) -> str:
    text = " ".join(str(data.get(key, "")).split())
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def _listed(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "; ".join(str(one) for one in value) if isinstance(value, list | tuple) else _of(data, key)


def _size(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list | tuple) else 0


def _directive(data: Mapping[str, Any]) -> str:
    inner = data.get("directive")
    if not isinstance(inner, Mapping):
        return _of(data, "kind")
    said = " ".join([str(inner.get("kind", "?")), *(_of(inner, key) for key in ("candidate", "text") if key in inner)])
    below = _size(data, "candidates") - 1 if inner.get("kind") == "veto" else 0
    return f"{said} and {below} that descend from it" if below > 0 else said


def _operators(data: Mapping[str, Any]) -> str:
    orders = data.get("orders")
    if not isinstance(orders, list | tuple):
        return "orders"
    names = [str(one.get("operator", "?")) for one in orders if isinstance(one, Mapping)]
    return ", ".join(dict.fromkeys(names)) or "nothing to propose"
