"""What is wrong with a value that a plugin returned, by what the run knows: candidates, examples, operators.

A wrong value that nobody checks ends later as a bare KeyError, or measures nothing and says so to nobody. Each check
returns a `Problem`, or None; it gets the arguments of the call, in which the run has written what is possible.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ...core.measures import DeclaredCalls, ExampleVariant, PromptVariant, Reading
from ...core.models import Output
from ...core.protocols import Decision
from ...core.score import Preference, Score
from ...core.search_types import ALL_PROMPTS, Duel, Measurement, NewExample, Proposal, Request, Search, WorkOrder

DECISIONS: tuple[str, ...] = get_args(Decision)
# As many ids as an error can show; the rest is counted.
_SHOWN = 8


@dataclass(frozen=True)
class Problem:
    """One sentence that begins with "it", and what would have been possible."""

    text: str
    possible: tuple[str, ...] = ()


Check = Callable[[Sequence[Any], Any], Problem | None]


def _of_search(check: Callable[[Search, Any], Problem | None]) -> Check:
    """The check of a decision from a search; of a call without one there is nothing to compare with."""

    def check_arguments(arguments: Sequence[Any], value: Any) -> Problem | None:
        search = arguments[0] if arguments else None
        return check(search, value) if isinstance(search, Search) else None

    return check_arguments


@_of_search
def orders_problem(search: Search, orders: Any) -> Problem | None:
    """Of `Strategy.ask(search)`."""
    for order in orders:
        if not isinstance(order, WorkOrder):
            return _wrong_item(order, "an order", ("WorkOrder",))
        if problem := invalid_model(order) or _unknown(order.operator, search.operators, "operator", "an order"):
            return problem
        for parent in order.parents:
            if problem := _unknown(parent, search.archive.candidates, "candidate", "an order's parents"):
                return problem
        for row in (*order.rows, *order.within):
            if problem := _unknown(row, search.examples, "example", "an order's examples"):
                return problem
        if order.count < 1 or order.cases < 0 or (order.allowance or 0) < 0:
            counts = f"count={order.count}, cases={order.cases}, allowance={order.allowance}"
            return Problem(f"it returned an order with {counts}", ("count of 1 or more", "no negative number"))
        prompts = search.archive[order.parents[0]].program.prompts if order.parents else ()
        if order.slot not in ("", ALL_PROMPTS, *prompts):
            return Problem(f"it returned an order for the prompt {order.slot!r}", _listed([ALL_PROMPTS, *prompts]))
    return _memory_problem(search)


@_of_search
def pool_problem(search: Search, pool: Any) -> Problem | None:
    """Of `Strategy.pool(search, new)`."""
    problems = (_unknown(name, search.archive.candidates, "candidate", "the pool") for name in pool)
    return next((problem for problem in problems if problem), None) or _memory_problem(search)


@_of_search
def decisions_problem(search: Search, decisions: Any) -> Problem | None:
    """Of `Strategy.tell` and `Allocator.tell`."""
    for name, decision in decisions.items():
        if problem := _unknown(name, search.archive.candidates, "candidate", "its decisions"):
            return problem
        if not isinstance(decision, str) or decision not in DECISIONS:
            return Problem(f"it decided {decision!r:.100} on {name}, which is no decision", DECISIONS)
    return _memory_problem(search)


@_of_search
def winner_problem(search: Search, winner: Any) -> Problem | None:
    """Of `Strategy.final(search)`."""
    return _unknown(winner, search.archive.candidates, "candidate", "the winner")


@_of_search
def batch_problem(search: Search, batch: Any) -> Problem | None:
    """Of `Allocator.ask(search, pool)`."""
    for item in batch:
        if isinstance(item, Measurement):
            names = [item.candidate]
        elif isinstance(item, Duel):
            names = [item.first, item.second]
        else:
            return _wrong_item(item, "a batch", ("Measurement(candidate, example)", "Duel(first, second, example)"))
        for name in names:
            if problem := _unknown(name, search.archive.candidates, "candidate", "its batch"):
                return problem
        if problem := _unknown(item.example, search.examples, "example", "its batch"):
            return problem
    return _memory_problem(search)


def proposals_problem(arguments: Sequence[Any], proposals: Any) -> Problem | None:
    """Of `Operator.propose(request, team)`."""
    request = arguments[0] if arguments else None
    for proposal in proposals:
        if problem := invalid_model(proposal):
            return problem
        if isinstance(proposal, Proposal) and not proposal.program.prompts:
            return Problem("it proposed a program without prompts", ("Program.of(prompt)",))
        if isinstance(request, Request) and (problem := _proposal_problem(request, proposal)):
            return problem
    return None


def _proposal_problem(request: Request, proposal: Proposal | NewExample) -> Problem | None:
    if isinstance(proposal, NewExample):
        if proposal.split == "test":
            return Problem("it returned an example for the held-out test", ("train", "val", "target"))
        return _unknown(proposal.row, request.examples, "example", "a new label") if proposal.row else None
    candidates = (*request.parents, *request.ancestors, *request.peers)
    known = {*request.order.parents, *(candidate.id for candidate in candidates), *request.scores}
    problems = (_unknown(parent, known, "candidate", "a proposal's parents") for parent in proposal.parents or ())
    return next((problem for problem in problems if problem), None)


def score_problem(arguments: Sequence[Any], score: Any) -> Problem | None:
    """Of evaluators: also of a Score that was made without validation."""
    if problem := invalid_model(score):
        return problem
    failed_with_value = isinstance(score, Score) and score.failure is not None and score.value != 0
    return (
        Problem(f"it returned a failure ({score.failure}) with the value {score.value}", ("value 0 with a failure",))
        if failed_with_value
        else None
    )


def preference_problem(arguments: Sequence[Any], preference: Preference) -> Problem | None:
    return invalid_model(preference)


def loss_problem(arguments: Sequence[Any], loss: Any) -> Problem | None:
    """Of `LossEvaluator.loss`."""
    valid = not isinstance(loss, bool) and math.isfinite(loss) and loss >= 0
    return None if valid else Problem(f"it returned the loss {loss!r}", ("a finite number, 0 or more",))


def output_problem(arguments: Sequence[Any], output: Output) -> Problem | None:
    return invalid_model(output)


def calls_problem(arguments: Sequence[Any], calls: Any) -> Problem | None:
    """Of `Target.calls(program)`: the budget is divided by it."""
    valid = not isinstance(calls, bool) and calls >= 1
    return None if valid else Problem(f"it returned {calls!r} calls for one run", ("a whole number, 1 or more",))


def reply_problem(arguments: Sequence[Any], reply: Any) -> Problem | None:
    """Of `Agent.act(ask, team)`."""
    reply_type = getattr(arguments[0], "reply", None) if arguments else None
    if reply is None or not isinstance(reply_type, type) or isinstance(reply, reply_type):
        return None
    return _wrong_item(reply, "the answer to an ask", (reply_type.__name__, "None"))


def declared_calls_problem(arguments: Sequence[Any], declared: DeclaredCalls) -> Problem | None:
    """Of `Measure.calls(subject)`."""
    counts = (declared.runs, declared.asks, declared.losses)
    valid = all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts)
    return None if valid else Problem(f"it declared {declared}", ("whole numbers, 0 or more",))


def reading_problem(arguments: Sequence[Any], reading: Reading) -> Problem | None:
    """Of `Measure.measure(subject, bench)`: figures that can be shown, and a table whose rows fit its columns."""
    if problem := invalid_model(reading):
        return problem
    if not reading.figures or not reading.verdict.strip():
        return Problem("it returned a reading without figures or verdict", ("one figure or more, and a sentence",))
    for figure in reading.figures:
        if not all(math.isfinite(number) for number in (figure.value, figure.low, figure.high) if number is not None):
            return Problem(f"it returned the figure {figure!r}", ("finite numbers",))
    wrong = next((row for row in reading.rows if len(row) != len(reading.columns)), None)
    return None if wrong is None else Problem(f"it returned the row {wrong!r:.100}", (f"{len(reading.columns)} cells",))


def variants_problem(arguments: Sequence[Any], variants: Sequence[PromptVariant | ExampleVariant]) -> Problem | None:
    """Of perturbers, called with what is varied and how many are wanted."""
    subject, count = (*arguments, None, None)[:2]
    if isinstance(count, int) and len(variants) > count:
        return Problem(f"it returned {len(variants)} variants", (f"{count} at most",))
    for variant in variants:
        value = variant.prompt if isinstance(variant, PromptVariant) else variant.example
        if problem := invalid_model(value):
            return problem
        if value == subject:
            return Problem(f"it returned what it was given, as {variant.change!r:.60}", ("another text",))
    return None


def invalid_model(value: BaseModel) -> Problem | None:
    """What a value holds that its type does not allow, as by `model_construct`, whose fields nobody has looked at."""
    try:
        type(value).model_validate(value.model_dump(warnings=False))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return Problem(f"it returned {type(value).__name__} with {place} = {first['input']!r:.100}: {first['msg']}")
    except Exception as error:  # noqa: BLE001 - what cannot even be written down is not valid
        return Problem(f"it returned a {type(value).__name__} that cannot be read: {type(error).__name__}: {error}")
    return None


def _unknown(name: Any, known: Iterable[str], what: str, where: str) -> Problem | None:
    if isinstance(name, str) and name in known:
        return None
    return Problem(f"it named an unknown {what} {name!r:.100} in {where}", _listed(known))


def _wrong_item(item: Any, where: str, possible: tuple[str, ...]) -> Problem:
    return Problem(f"it returned {item!r:.100} ({type(item).__name__}) for {where}", possible)


def _listed(names: Iterable[str]) -> tuple[str, ...]:
    known = list(names)
    more = len(known) - _SHOWN
    return (*known[:_SHOWN], *([f"{more} more"] if more > 0 else [])) or ("none",)


def _memory_problem(search: Search) -> Problem | None:
    """A plugin's memory is stored with the run's checkpoints, and a resumed run reads it from there."""
    for name, value in (("memory", search.memory), ("remarks", search.remarks)):
        try:
            plain = isinstance(value, Mapping) and bool(json.dumps(value))
        except (TypeError, ValueError, RecursionError):
            plain = False
        if not plain:
            return Problem(f"it left a {name} that is not plain JSON: {value!r:.100}", ("a dict of texts and numbers",))
    return None
