"""Helpers of operators that call a model: task description, sampling of cases, safe use of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from random import Random
from typing import Any, TypeVar

from ...agents.asks.replies import PromptReply
from ...core.asks import Ask, Case
from ...core.dataset import Example
from ...core.prompt import EXACT_KINDS, placeholders_in
from ...core.protocols import Team
from ...core.render import template_values
from ...core.search_types import Proposal, Request, TaskBrief
from .instruction_placement import placed_once

T = TypeVar("T")
# So many runs show rare kinds of failures beside frequent ones; what they take is bounded by the budget of tokens.
CAPABLE_CASES = 32
UNCHANGED = "it equals its parent"
REPEATED = "it repeats another proposal of its order"


async def gather_all(turns: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines concurrently and return their results in order.

    If one fails, the others are awaited first: calls in flight are paid for, and their answers must reach the cache.
    """
    done = await asyncio.gather(*turns, return_exceptions=True)
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return [result for result in done if not isinstance(result, BaseException)]


def task_description(task: TaskBrief) -> str:
    """The task as agents see it: its description and the required answer."""
    return " ".join(part for part in (task.description.strip() or task.name, task.answer_hint) if part)


def main_instruction(request: Request) -> str:
    """The instruction of the first parent's main prompt."""
    return request.parents[0].program.main.instruction


def user_guidance(request: Request) -> tuple[str, ...]:
    """Hints of people, rules included."""
    return (*request.hints, *(f"Where {when}: {advice}" for when, advice in request.rules))


def case_count(request: Request, own: int | None, small: int) -> int:
    """How many cases a question shows: the operator's option, else by what the authors can read."""
    if own is not None:
        return own
    return CAPABLE_CASES if request.capable else small


def sample_items(those: Sequence[T], most: int, rng: Random) -> tuple[T, ...]:
    """At most so many of the items, sampled without replacement."""
    return tuple(rng.sample(those, min(most, len(those))))


def sample_cases(rows: Sequence[Example], count: int, rng: Random) -> tuple[Case, ...]:
    """Some distinct labeled examples as cases."""
    labelled = [row for row in rows if row.output is not None]
    return tuple(Case(input=r.text, expected=r.output or "") for r in sample_items(labelled, count, rng))


def with_instruction(request: Request, text: str, rationale: str = "") -> Proposal:
    """The first parent with another instruction; demos, format and everything else stay, but a long instruction is not
    repeated before each demo.

    Lost placeholders are restored at the end; other names in braces are literal text. A text that is empty or equals
    the parent's is a refused proposal.
    """
    program = request.parents[0].program
    if program.main.kind in EXACT_KINDS:
        return _with_exact_text(request, text, rationale)
    old, new = program.main.instruction, text.strip()
    if not new:
        return refused(request, "it is empty", text, rationale)
    if program.main.kind == "prose":
        literals = program.main.literals
        new = _restore_placeholders(new, old, [name for name in placeholders_in(old) if name not in literals])
    if new.split() == old.split():
        return refused(request, UNCHANGED, text, rationale)
    prompt = placed_once(program.main.with_(instruction=new))
    return Proposal(program=program.replace(prompt), rationale=rationale.strip())


def _with_exact_text(request: Request, text: str, rationale: str) -> Proposal:
    """The first parent with another file or schema, of which every character counts."""
    program, new = request.parents[0].program, text.strip("\n")
    if not new.strip():
        return refused(request, "it is empty", text, rationale)
    if new == program.main.instruction.strip("\n"):
        return refused(request, UNCHANGED, text, rationale)
    return Proposal(program=program.replace(program.main.with_(instruction=new)), rationale=rationale.strip())


def refused(request: Request, reason: str, text: str = "", rationale: str = "") -> Proposal:
    """A proposal that does not become a candidate: the first parent as it is, with the reason."""
    program = request.parents[0].program
    return Proposal(program=program, rationale=rationale.strip(), refusal=reason, text=text.strip())


def field_refusal(request: Request, text: str, part: str) -> str:
    """Why a text cannot stand in a part that no field is filled into; empty if it can."""
    fields = [f"{{{name}}}" for name in placeholders_in(text) if name in available_fields(request)]
    return f"{part} cannot ask for a field of the example: {', '.join(fields)}" if fields else ""


def with_literal_fields(request: Request, text: str) -> str:
    """Generated text in which names of the example's fields in braces ask for nothing; other braces stay."""
    for name in sorted(available_fields(request)):
        text = text.replace(f"{{{name}}}", f"({name})")
    return text


def with_system_prefix(request: Request, text: str, rationale: str) -> Proposal:
    """The first parent with a text in front of its system prompt."""
    program = request.parents[0].program
    system = "\n\n".join(part for part in (text, program.main.system) if part)
    return Proposal(program=program.replace(program.main.with_(system=system)), rationale=rationale)


async def rewrite_with_model(
    request: Request, team: Team, ask: Ask[PromptReply], rationale: str, *, count: int = 1
) -> list[Proposal]:
    """`count` rewrites of the first parent from one question. Unreadable replies are left out: they are events."""
    replies = await gather_all(team.act(ask) for _ in range(count))
    return deduplicate(with_instruction(request, reply.prompt, rationale) for reply in replies if reply is not None)


def deduplicate(proposals: Iterable[Proposal | None]) -> list[Proposal]:
    """The proposals without None. Of equal programs the first may enter; the others, and refused ones, are refused."""
    programs: set[str] = set()
    entering: list[Proposal] = []
    refused_proposals: list[Proposal] = []
    for proposal in proposals:
        if proposal is None:
            continue
        if proposal.refusal:
            refused_proposals.append(proposal)
        elif proposal.program.id in programs:
            refused_proposals.append(proposal.model_copy(update={"refusal": REPEATED}))
        else:
            programs.add(proposal.program.id)
            entering.append(proposal)
    return [*entering, *refused_proposals]


def available_fields(request: Request) -> frozenset[str]:
    """The names that are filled in: `input`, the fields of an example that is a mapping, the prompt's placeholders."""
    fields = template_values(request.train[0]) if request.train else ("input",)
    return frozenset(fields) | frozenset(request.parents[0].program.main.placeholders)


def _restore_placeholders(new: str, old: str, required: Sequence[str]) -> str:
    """The text with all the fields it needs; those that were lost stand at its end."""
    missing = [name for name in required if name not in placeholders_in(new)]
    if not missing:
        return new
    tail = _trailing_lines(old, missing)
    if tail is not None and not set(placeholders_in(tail)) & set(placeholders_in(new)):
        return f"{new}\n\n{tail}"
    if len(missing) == 1:
        return f"{new}\n\n{{{missing[0]}}}"
    return f"{new}\n\n" + "\n".join(f"{name}: {{{name}}}" for name in missing)


def _trailing_lines(old: str, missing: Sequence[str]) -> str | None:
    """The last lines of a prompt, from the first missing field on, if other lines precede them."""
    lines = old.splitlines()
    first = min((at for at, line in enumerate(lines) if set(placeholders_in(line)) & set(missing)), default=0)
    tail = "\n".join(lines[first:]).strip()
    return tail if first > 0 and "\n".join(lines[:first]).strip() else None
