"""What a directive would do, in words, from what is seen of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..monitor.run_view import RunView
from .catalog import DirectiveSpec

_MAX_QUOTED = 60


def preview_text(action: DirectiveSpec, view: RunView, wanted: Mapping[str, Any]) -> str:
    """One or two sentences; the arguments are known to fit the action."""
    match action.name:
        case "pause":
            return "What is in flight finishes, then nothing is asked until you resume."
        case "resume":
            return "The run goes on where it paused."
        case "stop":
            return _stop(view, report=wanted.get("report", True))
        case "pin":
            return f"{_candidate_label(view, wanted['candidate'])} stays in the race, whatever the measurements say."
        case "veto":
            return _veto(view, wanted["candidate"], branch=wanted.get("branch", False))
        case "edit":
            words = len(str(wanted["text"]).split())
            return (
                f"A new candidate of {words} words enters the race beside "
                f"{_candidate_label(view, wanted['candidate'])}, "
                "made by a person. The guards may refuse it; the same gate decides as for any other."
            )
        case "hint":
            return f"Those who write prompts read from the next round on: {_quoted(wanted['text'])}"
        case "rule":
            return (
                "Those who write prompts read from the next round on: "
                f"where {_quoted(wanted['when'])}: {_quoted(wanted['advice'])}"
            )
        case "prefer":
            return _prefer(wanted)
        case "annotate":
            return (
                f"The wanted output of row {wanted['example']} becomes {_quoted(wanted['output'])}. "
                "All that was scored on it is scored anew from what was answered; no call is made."
            )
        case "add-example":
            return _add(view, wanted)
        case "approve":
            return _approve(view, rest=wanted.get("rest", False))
        case "budget":
            return _budget(view, wanted)
        case "roles":
            return f"The {wanted['role']} is played by {wanted['model']} from the next round on."
        case "weights" if wanted.get("of") == "evaluator":
            return "This will be refused: scores under other weights could not be compared with those there are."
        case "weights":
            return f"{wanted['name']} is drawn with the weight {wanted['weight']:g} from the next round on."
        case "replan":
            steps = f" in place of {len(view.plan)} steps" if view.plan else ""
            return f"The planner lays a new path{steps} at the beginning of the next round."
        case "fork":
            return _fork(view, wanted)
    still = " It was paused, and stays so until you resume it." if view.state == "paused" else ""
    return f"A new process takes the run up where it was; what was paid for is not paid again.{still}"


def descendants(view: RunView, candidate: str) -> list[str]:
    """All that come from a candidate, in the order in which they were proposed."""
    found = {candidate}
    for one in view.candidates.values():
        if found & set(one.parents):
            found.add(one.id)
    return [name for name in view.candidates if name in found and name != candidate]


def _stop(view: RunView, *, report: bool) -> str:
    if not report:
        return "The search ends without a report and the sealed test stays sealed; the run can be taken up again."
    best = f" {view.best.candidate}, {view.best.score:.2f} on val," if view.best else ""
    return f"The search ends; the best so far{best} meets the start prompt on the sealed test."


def _veto(view: RunView, candidate: str, *, branch: bool) -> str:
    below = descendants(view, candidate)
    if not branch or not below:
        left = f" Its {len(below)} descendants stay." if below else ""
        return f"{_candidate_label(view, candidate)} leaves the race for good.{left}"
    label, ids = _candidate_label(view, candidate), _joined_ids(below)
    return f"{label} and {len(below)} that descend from it leave the race: {ids}."


def _prefer(wanted: Mapping[str, Any]) -> str:
    margin, row = float(wanted.get("margin", 1.0)), wanted.get("example")
    where = f" on row {row}" if row else ""
    if margin == 0:
        return f"A tie between {wanted['a']} and {wanted['b']}{where} is kept."
    better, worse = (wanted["a"], wanted["b"]) if margin > 0 else (wanted["b"], wanted["a"])
    return f"{better} is preferred to {worse}{where}, by {abs(margin):g} of 1. Methods that learn from duels use it."


def _add(view: RunView, wanted: Mapping[str, Any]) -> str:
    if wanted.get("split", "val") == "train":
        return "The row joins train: authors may see how prompts fail on it. No call is made now."
    return (
        "The row joins val: each candidate in the race that was measured is run on it first, "
        f"at most {view.active_count + 1} calls of the target. It is refused where they do not fit into the budget."
    )


def _approve(view: RunView, *, rest: bool) -> str:
    what = "This round and all later ones" if rest else "The next round"
    return f"{what} may be paid for. {_cost_sentence(view)}".strip()


def _cost_sentence(view: RunView) -> str:
    target, authors = view.pending_approval.get("target"), view.pending_approval.get("optimizer")
    if not isinstance(target, int) or not isinstance(authors, int):
        return ""
    return f"It takes at most {target} calls of the target and {authors} of the authors."


def _budget(view: RunView, wanted: Mapping[str, Any]) -> str:
    spent = {"calls": view.spent.calls, "target_calls": view.spent.target_calls, "tokens": view.spent.tokens}
    spent |= {"usd": view.spent.usd, "minutes": round(view.seconds / 60, 1)}  # type: ignore[dict-item]
    changes = []
    for name, limit in wanted.items():
        used = spent[name]
        note = ", which ends the search at once" if used >= limit else ""
        changes.append(f"{name} from {view.budget.get(name) or 'no limit'} to {limit:g} ({used:g} used{note})")
    return f"The budget changes: {'; '.join(changes)}." if changes else "No limit was named."


def _fork(view: RunView, wanted: Mapping[str, Any]) -> str:
    parts = [f"the recipe {wanted['recipe']}"] if "recipe" in wanted else []
    parts += [f"{wanted['calls']:g} calls"] if "calls" in wanted else []
    how = f" with {' and '.join(parts)}" if parts else ""
    return (
        f"A new run{how} begins with {_candidate_label(view, wanted['candidate'])} beside the start prompt. "
        "What was answered in this folder before is not paid again."
    )


def _candidate_label(view: RunView, candidate: str) -> str:
    one = view.candidates.get(candidate)
    return f"{candidate} ({one.operator}, {one.status})" if one and one.operator else candidate


def _joined_ids(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _quoted(text: Any) -> str:
    said = " ".join(str(text).split())
    return repr(said if len(said) <= _MAX_QUOTED else f"{said[: _MAX_QUOTED - 1]}…")
