"""What a directive would do, in one or two sentences; the arguments are checked already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.candidate import descendants
from ...core.words import length_in_words
from ..monitor.run_view import RunView

Arguments = Mapping[str, Any]

_MAX_QUOTED = 60  # characters: the sentence around a quote still fits into the prompt bar


def stop(view: RunView, arguments: Arguments) -> str:
    if not arguments.get("report", True):
        return "The search ends without a report. The held-out test stays unopened; the run can be resumed."
    best = f" ({view.best.candidate}, {view.best.score:.2f} on val)" if view.best else ""
    return f"The search ends. The best candidate so far{best} is compared with the baseline on the held-out test."


def pin(view: RunView, arguments: Arguments) -> str:
    return f"{candidate_label(view, arguments['candidate'])} stays active, whatever its scores."


def veto(view: RunView, arguments: Arguments) -> str:
    candidate = arguments["candidate"]
    below = descendants({name: other.parents for name, other in view.candidates.items()}, candidate)
    label = candidate_label(view, candidate)
    if not arguments.get("branch", False) or not below:
        stay = f" Its {len(below)} descendants stay." if below else ""
        return f"{label} is excluded for good.{stay}"
    return f"{label} and its {len(below)} descendants are excluded: {_joined_ids(below)}."


def edit(view: RunView, arguments: Arguments) -> str:
    words = length_in_words(str(arguments["text"]))
    return (
        f"A new candidate of {words} words joins {candidate_label(view, arguments['candidate'])}, marked as made by a "
        "person. Guards may reject it; it is compared like any other candidate."
    )


def hint(view: RunView, arguments: Arguments) -> str:
    return f"From the next round, optimizer models will see: {_quoted(arguments['text'])}"


def rule(view: RunView, arguments: Arguments) -> str:
    advice = f"where {_quoted(arguments['when'])}: {_quoted(arguments['advice'])}"
    return f"From the next round, optimizer models will see: {advice}"


def prefer(view: RunView, arguments: Arguments) -> str:
    margin, example = float(arguments.get("margin", 1.0)), arguments.get("example")
    where = f" on example {example}" if example else ""
    if margin == 0:
        return f"A tie between {arguments['a']} and {arguments['b']}{where} is recorded."
    better, worse = (arguments["a"], arguments["b"]) if margin > 0 else (arguments["b"], arguments["a"])
    return f"{better} is preferred to {worse}{where}, by {abs(margin):g} of 1. Strategies that learn from duels use it."


def annotate(view: RunView, arguments: Arguments) -> str:
    return (
        f"The reference answer of example {arguments['example']} becomes {_quoted(arguments['output'])}. Outputs on it "
        "are scored again; no model call is made."
    )


def add_example(view: RunView, arguments: Arguments) -> str:
    if arguments.get("split", "val") == "train":
        return "The example joins train: optimizer models may see failures on it. No model call is made now."
    most = view.active_count + 1  # the baseline is measured on it too
    return (
        f"The example joins val. Every active candidate that was measured runs on it first: at most {most} target "
        "calls. It is refused if they exceed the budget."
    )


def approve(view: RunView, arguments: Arguments) -> str:
    rounds = "This round and all later rounds are" if arguments.get("rest", False) else "The next round is"
    return f"{rounds} approved. {_cost_sentence(view)}".strip()


def budget(view: RunView, arguments: Arguments) -> str:
    used: dict[str, float] = {
        "calls": view.spent.calls,
        "target_calls": view.spent.target_calls,
        "tokens": view.spent.tokens,
        "usd": view.spent.usd,
        "minutes": round(view.seconds / 60, 1),
    }
    changes = [
        f"{name} from {view.budget.get(name) or 'no limit'} to {limit:g} "
        f"({used[name]:g} used{', which ends the search now' if used[name] >= limit else ''})"
        for name, limit in arguments.items()
    ]
    return f"The budget changes: {'; '.join(changes)}." if changes else "No limit was given."


def roles(view: RunView, arguments: Arguments) -> str:
    return f"From the next round, the {arguments['role']} is {arguments['model']}."


def weights(view: RunView, arguments: Arguments) -> str:
    if arguments.get("of") == "evaluator":
        return "This will be refused: scores under other weights cannot be compared with earlier scores."
    return f"From the next round, {arguments['name']} is sampled with weight {arguments['weight']:g}."


def replan(view: RunView, arguments: Arguments) -> str:
    steps = f" in place of the current {len(view.plan)} steps" if view.plan else ""
    return f"The planner makes a new plan{steps} at the start of the next round."


def fork(view: RunView, arguments: Arguments) -> str:
    settings = [f"recipe {arguments['recipe']}"] if "recipe" in arguments else []
    settings += [f"{arguments['calls']:g} calls"] if "calls" in arguments else []
    with_settings = f" with {' and '.join(settings)}" if settings else ""
    return (
        f"A new run{with_settings} starts from {candidate_label(view, arguments['candidate'])} and the baseline. "
        "Cached answers are free."
    )


def revive(view: RunView, arguments: Arguments) -> str:
    still = " The run was paused and stays paused until you resume it." if view.state == "paused" else ""
    return f"A new process continues the run. Completed calls are reused.{still}"


def candidate_label(view: RunView, candidate: str) -> str:
    """`c-1a2b (gradient, kept)`."""
    entry = view.candidates.get(candidate)
    return f"{candidate} ({entry.operator}, {entry.status})" if entry and entry.operator else candidate


def _cost_sentence(view: RunView) -> str:
    target, optimizer = view.pending_approval.get("target"), view.pending_approval.get("optimizer")
    if not isinstance(target, int) or not isinstance(optimizer, int):
        return ""
    return f"It takes at most {target} target calls and {optimizer} optimizer calls."


def _joined_ids(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _quoted(text: Any) -> str:
    line = " ".join(str(text).split())
    return repr(line if len(line) <= _MAX_QUOTED else f"{line[: _MAX_QUOTED - 1]}…")
