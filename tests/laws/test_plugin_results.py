"""L8: what a plugin returns is checked by what the run knows, before the run acts on it.

The error names distribution, version, stage, method and value, and says what was possible."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import PluginError
from maieutic.core.identity import seeded_random
from maieutic.core.models import ModelRef, Output
from maieutic.core.program import Program
from maieutic.core.score import Preference, Score
from maieutic.core.search_types import (
    Duel,
    Measurement,
    NewExample,
    Proposal,
    Request,
    Search,
    TaskBrief,
    WorkOrder,
)
from maieutic.plugins.system.discovery import Plugin
from maieutic.plugins.system.hookspecs import Kind
from maieutic.plugins.system.sandbox import PluginThread, proxy_for

PLUGIN = Plugin(name="p", module="p", distribution="odd-parts", version="4.2", state="loaded")
PROGRAM, OUTPUT = Program.of("Say a colour."), Output(text="red")
EXAMPLE = Example(id="v", input="rose", outputs=("red",))
PARENT = Candidate(id="c", program=PROGRAM, operator="start")
MODEL = ModelRef.parse("openai/kit")


def search() -> Search:
    return Search(
        archive=Archive([PARENT]).read_only,
        train=("t",),
        val=("v",),
        seed=0,
        round=1,
        step=3,
        remaining_runs=10,
        total_runs=20,
        operators={"rewrite": 1.0},
        examples={"v": EXAMPLE, "t": EXAMPLE},
    )


def request() -> Request:
    brief = TaskBrief(name="kit", description="colours", answer=AnswerContract())
    order = WorkOrder(operator="rewrite", parents=("c",))
    return Request(order=order, task=brief, parents=(PARENT,), train=(), rng=seeded_random(0, "kit"))


def guarded(kind: Kind, **methods: Callable[..., Any]) -> Any:
    """A plugin of one kind whose methods are these; whatever else its contract asks for is there."""
    fields = {"name": "mine", "needs": frozenset(), "calls": 2, "runs": 0, "instruction": ""}
    return proxy_for(kind, "mine", SimpleNamespace(**{**fields, **methods}), PLUGIN, PluginThread("odd", 60))


def order(**fields: Any) -> WorkOrder:
    return WorkOrder(**{"operator": "rewrite", "parents": ("c",), **fields})


# Kind, method, what it returns, what the error says of the value, what it says was possible.
DECIDING: list[tuple[Kind, str, Any, str, str]] = [
    ("strategy", "ask", [("rewrite", ("c",))], "('rewrite', ('c',)) (tuple) for an order", "WorkOrder"),
    ("strategy", "ask", [order(operator="magic")], "unknown operator 'magic'", "rewrite"),
    ("strategy", "ask", [order(parents=("x",))], "unknown candidate 'x' in an order's parents", "c"),
    ("strategy", "ask", [order(rows=("held-out",))], "unknown example 'held-out'", "v, t"),
    ("strategy", "ask", [order(count=0)], "count=0", "count of 1 or more"),
    ("strategy", "ask", [order(slot="second")], "the prompt 'second'", "prompt"),
    ("strategy", "ask", None, "it returned None, not a list of WorkOrder", "a list of WorkOrder"),
    ("strategy", "pool", ["c", "x"], "unknown candidate 'x' in the pool", "c"),
    ("strategy", "pool", [PARENT], "unknown candidate Candidate(", "c"),
    ("strategy", "tell", {"x": "keep"}, "unknown candidate 'x' in its decisions", "c"),
    ("strategy", "tell", {"c": "kept"}, "decided 'kept' on c, which is no decision", "keep, drop, undecided"),
    ("strategy", "tell", {"c": None}, "decided None on c", "keep, drop, undecided"),
    ("strategy", "final", "x", "unknown candidate 'x' in the winner", "c"),
    ("allocator", "ask", [("c", "v")], "('c', 'v') (tuple) for a batch", "Measurement(candidate, example)"),
    ("allocator", "ask", [Measurement("x", "v")], "unknown candidate 'x' in its batch", "c"),
    ("allocator", "ask", [Measurement("c", "held-out")], "unknown example 'held-out'", "v, t"),
    ("allocator", "ask", [Duel("c", "x", "v")], "unknown candidate 'x'", "c"),
    ("allocator", "tell", {"c": True}, "decided True on c", "keep, drop, undecided"),
]
WORKING: list[tuple[Kind, str, Any, str, str]] = [
    ("operator", "propose", ["a better prompt"], "['a better prompt'], not a list of Proposal", "a list of Proposal"),
    ("operator", "propose", [Proposal(program=PROGRAM, parents=("x",))], "unknown candidate 'x'", "c"),
    ("operator", "propose", [Proposal(program=Program(prompts={}))], "a program without prompts", "Program.of"),
    ("operator", "propose", [Proposal.model_construct(program="text")], "program = 'text'", ""),
    ("operator", "propose", [NewExample(split="test", input="a")], "for the held-out test", "train, val, target"),
    ("target", "run", "red", "it returned 'red', not Output", "Output"),
    ("target", "run", Output.model_construct(text=None), "text = None", ""),
    ("evaluator", "evaluate", Score.model_construct(value=7.0), "value = 7.0", ""),
    ("evaluator", "evaluate", Score.model_construct(value=float("nan")), "value = nan", ""),
    ("evaluator", "evaluate", Score(value=0.5, failure="format"), "a failure (format) with the value 0.5", "value 0"),
    ("evaluator", "rate", Score.model_construct(value=-1), "value = -1", ""),
    ("evaluator", "prefer", Preference.model_construct(margin=2.0), "margin = 2.0", ""),
    ("evaluator", "loss", -0.5, "the loss -0.5", "a finite number, 0 or more"),
    ("evaluator", "loss", float("nan"), "the loss nan", "a finite number, 0 or more"),
    ("agent", "act", "an answer", "'an answer' (str) for the answer to an ask", "AnyReply"),
]
ARGUMENTS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "propose": lambda: (request(), SimpleNamespace()),
    "run": lambda: (PROGRAM, EXAMPLE, MODEL, SimpleNamespace()),
    "evaluate": lambda: (EXAMPLE, OUTPUT, "red"),
    "rate": lambda: (EXAMPLE, OUTPUT, "red"),
    "prefer": lambda: (EXAMPLE, OUTPUT, OUTPUT),
    "loss": lambda: (PROGRAM, EXAMPLE, MODEL, SimpleNamespace()),
    "act": lambda: (SimpleNamespace(reply=type("AnyReply", (), {})), SimpleNamespace()),
}


def check_error(error: PluginError, method: str, said: str, possible: str) -> None:
    assert f"'mine' failed in {method}" in error.what
    assert said in error.what
    assert possible in ", ".join(error.possible)
    assert error.where == "odd-parts 4.2, stage call"


@pytest.mark.parametrize(("kind", "method", "value", "said", "possible"), DECIDING)
def test_a_decision_that_cannot_be_carried_out_is_named(
    kind: Kind, method: str, value: Any, said: str, possible: str
) -> None:
    others = dict.fromkeys({"ask", "pool", "tell", "final"}, lambda *arguments: None)
    part = guarded(kind, **{**others, method: lambda *arguments: value})
    more = {"pool": (["c"],), "tell": (["c"], {}) if kind == "strategy" else (["c"],)}.get(method, ())
    more = (["c"],) if (kind, method) == ("allocator", "ask") else more
    with pytest.raises(PluginError) as caught:
        getattr(part, method)(search(), *more)
    check_error(caught.value, method, said, possible)


@pytest.mark.parametrize(("kind", "method", "value", "said", "possible"), WORKING)
async def test_a_result_that_cannot_be_used_is_named(
    kind: Kind, method: str, value: Any, said: str, possible: str
) -> None:
    async def result(*arguments: Any, **named: Any) -> Any:
        return value

    named = {"rate": {"bench": None}, "prefer": {"task": None, "team": None}}.get(method, {})
    with pytest.raises(PluginError) as caught:
        await getattr(guarded(kind, **{method: result}), method)(*ARGUMENTS[method](), **named)
    check_error(caught.value, method, said, possible)


@pytest.mark.parametrize("calls", [0, -3, True])
def test_a_target_that_says_it_makes_no_calls_is_named(calls: int) -> None:
    async def run(*arguments: Any) -> Output:
        return OUTPUT

    with pytest.raises(PluginError) as caught:
        guarded("target", run=run, calls=lambda program: calls).calls(PROGRAM)
    check_error(caught.value, "calls", f"{calls!r} calls for one run", "1 or more")


def test_a_memory_that_cannot_be_stored_is_named() -> None:
    def ask(given: Search) -> list[WorkOrder]:
        given.memory["seen"] = {1, 2}
        return []

    with pytest.raises(PluginError) as caught:
        guarded("strategy", ask=ask).ask(search())
    check_error(caught.value, "ask", "a memory that is not plain JSON: {'seen': {1, 2}}", "a dict")


CHANGES: dict[str, Callable[[Search], Any]] = {
    "the baseline's prompt": lambda given: given.archive.baseline.program.prompts.update(prompt="mine"),  # type: ignore[attr-defined]
    "a candidate": lambda given: given.archive.add(PARENT.model_copy(update={"id": "mine"})),
    "the candidates": lambda given: given.archive.candidates.clear(),  # type: ignore[attr-defined]
    "a score": lambda given: given.archive.scores.add(None),  # type: ignore[arg-type]
    "an example": lambda given: given.examples.clear(),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plugin_that_changes_what_it_was_given_is_named_and_has_changed_nothing(change: str) -> None:
    given = search()
    with pytest.raises(PluginError, match=r"failed in ask: (TypeError|AttributeError)"):
        guarded("strategy", ask=CHANGES[change]).ask(given)
    assert (list(given.archive.candidates), list(given.examples)) == (["c"], ["v", "t"])
    assert given.archive.baseline.program == PROGRAM


async def test_an_operator_that_changes_its_request_is_named_and_has_changed_nothing() -> None:
    given = request()

    async def propose(received: Request, team: Any) -> list[Proposal]:
        received.parents[0].program.prompts["prompt"] = None  # type: ignore[index]
        return []

    with pytest.raises(PluginError, match="failed in propose: TypeError: this value belongs to the run"):
        await guarded("operator", propose=propose).propose(given, SimpleNamespace())
    assert given.parents[0].program == PROGRAM
