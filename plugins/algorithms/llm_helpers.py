"""Helpers of operators that call a model: task description, sampling of cases, safe use of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from random import Random
from typing import Any, TypeVar

from ...agents.asks.replies import PromptReply
from ...core.asks import Ask, Case
from ...core.dataset import Example
from ...core.prompt import placeholders_in
from ...core.protocols import Team
from ...core.render import template_values
from ...core.search_types import Proposal, Request, TaskBrief

T = TypeVar("T")
# A longer rewrite has usually absorbed examples or explanations.
MAX_GROWTH_FACTOR = 4
# Short prompts may grow to a full instruction.
ALWAYS_ALLOWED_WORDS = 80


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
    return " ".join(part for part in (task.description.strip() or task.name, task.answer.hint) if part)


def main_instruction(request: Request) -> str:
    """The instruction of the first parent's main prompt."""
    return request.parents[0].program.main.instruction


def user_guidance(request: Request) -> tuple[str, ...]:
    """Hints of people, rules included."""
    return (*request.hints, *(f"Where {when}: {advice}" for when, advice in request.rules))


def sample_items(those: Sequence[T], most: int, rng: Random) -> tuple[T, ...]:
    """At most so many of the items, sampled without replacement."""
    return tuple(rng.sample(those, min(most, len(those))))


def sample_cases(rows: Sequence[Example], count: int, rng: Random) -> tuple[Case, ...]:
    """Some distinct labeled examples as cases."""
    labelled = [row for row in rows if row.output is not None]
    return tuple(Case(input=r.text, expected=r.output or "") for r in sample_items(labelled, count, rng))


def with_instruction(request: Request, text: str, rationale: str = "") -> Proposal | None:
    """The first parent with another instruction; demos, format and everything else stay.

    None where the text is empty, equals the parent's, is over four times as long (short parents may grow to 80 words),
    or asks for a field that no example has. Lost placeholders are restored at the end.
    """
    program = request.parents[0].program
    old, new = program.main.instruction, text.strip()
    if not new or new.split() == old.split():
        return None
    if len(new.split()) > max(ALWAYS_ALLOWED_WORDS, MAX_GROWTH_FACTOR * len(old.split())):
        return None
    fields = placeholders_in(old)
    new = _restore_placeholders(new, old, fields, _available_fields(request))
    if not new or new.split() == old.split():
        return None
    return Proposal(program=program.replace(program.main.with_(instruction=new)), rationale=rationale.strip())


def replace_braces(text: str) -> str:
    """Generated text with round brackets for braces, which would ask for fields that no example has."""
    return text.replace("{", "(").replace("}", ")")


def with_system_prefix(request: Request, text: str, rationale: str) -> Proposal:
    """The first parent with a text in front of its system prompt."""
    program = request.parents[0].program
    system = "\n\n".join(part for part in (text, program.main.system) if part)
    return Proposal(program=program.replace(program.main.with_(system=system)), rationale=rationale)


async def rewrite_with_model(
    request: Request, team: Team, ask: Ask[PromptReply], rationale: str, *, count: int = 1
) -> list[Proposal]:
    """`count` rewrites of the first parent from one question; unusable replies are left out."""
    replies = await gather_all(team.act(ask) for _ in range(count))
    return deduplicate(with_instruction(request, reply.prompt, rationale) for reply in replies if reply is not None)


def deduplicate(proposals: Iterable[Proposal | None]) -> list[Proposal]:
    """The proposals without None and without repeated programs; the first one stays."""
    by_program: dict[str, Proposal] = {}
    for proposal in proposals:
        if proposal is not None:
            by_program.setdefault(proposal.program.id, proposal)
    return list(by_program.values())


def _available_fields(request: Request) -> frozenset[str]:
    return frozenset(template_values(request.train[0])) if request.train else frozenset({"input"})


def _restore_placeholders(new: str, old: str, required: tuple[str, ...], available: frozenset[str]) -> str:
    """The text with exactly the fields it needs; empty if that cannot be had.

    A model that invents one name for the one missing field meant that field. Any other invented name would turn the
    prompt into a template that no example can fill.
    """
    strange = [name for name in placeholders_in(new) if name not in available and name not in required]
    missing = [name for name in required if name not in placeholders_in(new)]
    if strange:
        meant = missing or ([] if placeholders_in(new) != tuple(strange) else ["input"])
        if len(strange) > 1 or len(meant) != 1:
            return ""
        new = new.replace(f"{{{strange[0]}}}", f"{{{meant[0]}}}")
        missing = []
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
