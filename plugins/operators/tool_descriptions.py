"""Descriptions of tools and arguments, rewritten by how the tools were used where the application failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...agents.asks.replies import PromptReply
from ...agents.evidence import clip
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import TextKind
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, sample_items, task_description, user_guidance

_PREFIX = "tool:"
# Enough to find a run among those that are shown with it, where its input stands whole.
_INPUT_CHARACTERS = 120


class DescribeTool(Ask[PromptReply]):
    """A new description of a tool or argument, from the runs that went wrong and how they used the tool."""

    role = "student"
    skill = "describe-tool"
    reply = PromptReply
    reads = {"usage": "errors", "cases": "errors", "hints": "hints"}
    task: str
    tool: str
    prompt: str
    usage: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class ToolDescriptions:
    """Rewrites the description of a tool or argument that an order names; the application's prompts stay.

    Failed runs in which the tool failed are shown first, then those in which it was not called, then the others.
    Without failures there is no proposal.

    Args:
        cases: Runs shown at most, failures first; successes show what must stay.
    """

    name = "tool-text"
    needs = NEEDS_TRAIN
    kinds: ClassVar[frozenset[TextKind]] = frozenset({"schema"})
    calls = CALLS_PER_ASK

    cases: int = 6

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        text_name = request.order.slot.removeprefix(_PREFIX)
        tool = text_name.partition(".")[0].partition("/")[0]
        ranked = sorted(
            sample_items(request.failures, len(request.failures), request.rng), key=lambda case: _rank(case, tool)
        )
        failed = ranked[: self.cases]
        right = sample_items(request.successes, self.cases - len(failed), request.rng)
        ask = DescribeTool(
            task=task_description(request.task),
            tool=_subject(text_name),
            prompt=main_instruction(request),
            usage=tuple(usage_of(case, tool) for case in failed),
            cases=(*failed, *right),
            hints=user_guidance(request),
        )
        errors = sum(_rank(case, tool) == 0 for case in failed)
        why = f"from {len(failed)} failed runs: {tool} failed in {errors}"
        return await rewrite_with_model(request, team, ask, why)


def usage_of(case: Case, tool: str) -> str:
    """How a run used a tool: its calls with their errors, or that there was none."""
    calls = re.findall(rf"^\d+\. tool {re.escape(tool)}(\(.*)$", case.trace, re.MULTILINE)
    run = clip(case.input, _INPUT_CHARACTERS)
    if calls:
        return f"{run}: " + "; ".join(f"{tool}{call}" for call in calls)
    others = sorted(set(re.findall(r"^\d+\. tool ([\w-]+)\(", case.trace, re.MULTILINE)))
    return f"{run}: {tool} was not called" + (f", but {', '.join(others)}" if others else "")


def _rank(case: Case, tool: str) -> int:
    """0 where the tool failed, 1 where it was not called, 2 where it answered."""
    calls = re.findall(rf"^\d+\. tool {re.escape(tool)}\(.*$", case.trace, re.MULTILINE)
    if any(re.search(r"\) failed: ", call) for call in calls):
        return 0
    return 2 if calls else 1


def _subject(text_name: str) -> str:
    if text_name.endswith("/name"):
        return f"the name of the tool {text_name.removesuffix('/name')}: letters, digits, _ and - alone"
    tool, dot, argument = text_name.partition(".")
    return f"the argument {argument} of the tool {tool}" if dot else f"the tool {tool}"
