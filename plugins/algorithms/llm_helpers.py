"""What the operators that let an agent write have in common: the task in words, cases from rows, a safe exchange."""

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
CALLS_PER_ASK = 2
MAX_GROWTH_FACTOR = 4
ALWAYS_ALLOWED_WORDS = 80


async def gather_all(turns: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All turns side by side, results in order. Where one fails, the others are awaited first: a call in flight is
    paid for, and its answer has to reach the cache."""
    done = await asyncio.gather(*turns, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return [one for one in done if not isinstance(one, BaseException)]


def task_description(task: TaskBrief) -> str:
    """The task as agents are told it: its description and what counts as an answer."""
    return " ".join(part for part in (task.description.strip() or task.name, task.answer.hint) if part)


def main_instruction(request: Request) -> str:
    """What is to be reworded: the main prompt's instruction of the first parent."""
    return request.parents[0].program.main.instruction


def user_guidance(request: Request) -> tuple[str, ...]:
    """What people want, rules included."""
    return (*request.hints, *(f"Where {when}: {advice}" for when, advice in request.rules))


def sample_items(those: Sequence[T], most: int, rng: Random) -> tuple[T, ...]:
    """At most so many of them, drawn without repetition."""
    return tuple(rng.sample(those, min(most, len(those))))


def sample_cases(rows: Sequence[Example], count: int, rng: Random) -> tuple[Case, ...]:
    """Some labelled rows as cases, all different."""
    labelled = [row for row in rows if row.output is not None]
    return tuple(Case(input=r.text, expected=r.output or "") for r in sample_items(labelled, count, rng))


def with_instruction(request: Request, text: str, rationale: str = "") -> Proposal | None:
    """The first parent with another instruction; demos, format and everything else stay.

    None where the text is empty, says what the parent says, is over four times as long (short parents may grow to
    80 words), or asks for a field that no row brings. Placeholders that were lost are put back at the end.
    """
    program = request.parents[0].program
    old, new = program.main.instruction, text.strip()
    if not new or new.split() == old.split():
        return None
    if len(new.split()) > max(ALWAYS_ALLOWED_WORDS, MAX_GROWTH_FACTOR * len(old.split())):
        return None
    wanted = placeholders_in(old)
    new = _restore_placeholders(new, old, wanted, _available_fields(request))
    if not new or new.split() == old.split():
        return None
    return Proposal(program=program.replace(program.main.with_(instruction=new)), rationale=rationale.strip())


def replace_braces(text: str) -> str:
    """What an author wrote, with round braces in place of those that would ask for fields no row brings."""
    return text.replace("{", "(").replace("}", ")")


def with_system_prefix(request: Request, text: str, rationale: str) -> Proposal:
    """The first parent with a text in front of its system prompt."""
    program = request.parents[0].program
    system = "\n\n".join(part for part in (text, program.main.system) if part)
    return Proposal(program=program.replace(program.main.with_(system=system)), rationale=rationale)


async def rewrite_with_model(
    request: Request, team: Team, ask: Ask[PromptReply], rationale: str, *, count: int = 1
) -> list[Proposal]:
    """The first parent as `count` draws of one question reword it; what cannot be read or used is left out."""
    replies = await gather_all(team.act(ask) for _ in range(count))
    return deduplicate(with_instruction(request, reply.prompt, rationale) for reply in replies if reply is not None)


def deduplicate(proposals: Iterable[Proposal | None]) -> list[Proposal]:
    """Without the unusable and the repeated; the first stays."""
    kept: dict[str, Proposal] = {}
    for proposal in proposals:
        if proposal is not None:
            kept.setdefault(proposal.program.id, proposal)
    return list(kept.values())


def _available_fields(request: Request) -> frozenset[str]:
    return frozenset(template_values(request.train[0])) if request.train else frozenset({"input"})


def _restore_placeholders(new: str, old: str, wanted: tuple[str, ...], known: frozenset[str]) -> str:
    """The text with exactly the fields it needs; empty where that cannot be had.

    A model that invents one name for the one missing field meant that field. Otherwise an invented name would turn
    the prompt into a template that no row can fill.
    """
    strange = [name for name in placeholders_in(new) if name not in known and name not in wanted]
    missing = [name for name in wanted if name not in placeholders_in(new)]
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
    """The last lines of a prompt, from the first missing field on, if other lines stand above them."""
    lines = old.splitlines()
    first = min((at for at, line in enumerate(lines) if set(placeholders_in(line)) & set(missing)), default=0)
    tail = "\n".join(lines[first:]).strip()
    return tail if first > 0 and "\n".join(lines[:first]).strip() else None
