"""The prompting technique that fits the task, then the prompt in it (Promptomatix, arXiv 2507.14241)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request, TaskBrief
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    main_instruction,
    sample_cases,
    task_description,
    user_guidance,
    with_instruction,
)


class NameTechnique(Ask[TextReply]):
    """Which of some prompting techniques fits a task best."""

    role = "planner"
    skill = "technique"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    techniques: tuple[str, ...]
    rows: tuple[Case, ...] = ()


class TailorPrompt(Ask[PromptReply]):
    """The prompt rewritten in one technique, as short as possible."""

    role = "student"
    skill = "tailor"
    reply = PromptReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    technique: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


TECHNIQUE_DESCRIPTIONS: Mapping[str, str] = {
    "direct": "say plainly what to do and which form the answer has",
    "definitions": "define each allowed answer in a few words, so that the border is clear",
    "steps": "let the model think step by step before its answer, which stands last",
    "role": "address the model as somebody who does this task for a living",
    "checklist": "list what the model must check before it answers",
    "format first": "begin with the exact form of the answer, then the task",
}
_BY_TYPE = {
    "label": "definitions",
    "choice": "definitions",
    "number": "steps",
    "json": "format first",
    "text": "direct",
}


@dataclass(kw_only=True)
class TechniqueChoice:
    """One prompt in the technique that the planner names, and one in the technique that a rule picks by answer type.

    Where the planner's reply cannot be parsed, only the rule's.

    Args:
        rows: Examples shown to the planner.
        failures: Failures shown to the student, if the parent was run.
    """

    name = "tailor"
    needs = NEEDS_NOTHING
    calls = 3 * CALLS_PER_ASK

    rows: int = 3
    failures: int = 3

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        task = task_description(request.task)
        listed = tuple(f"{name}: {meaning}" for name, meaning in TECHNIQUE_DESCRIPTIONS.items())
        examples = sample_cases(request.train, self.rows, request.rng)
        reply = await team.act(NameTechnique(task=task, techniques=listed, rows=examples))
        named = _first_named_technique(reply.text) if reply is not None else ""
        chosen = [name for name in dict.fromkeys([named, technique_by_rule(request.task)]) if name]
        wrong = request.failures[: self.failures]
        asks = [
            TailorPrompt(
                task=task,
                prompt=main_instruction(request),
                technique=f"{name}: {TECHNIQUE_DESCRIPTIONS[name]}",
                failures=wrong,
                hints=user_guidance(request),
            )
            for name in chosen
        ]
        replies = await gather_all(team.act(ask) for ask in asks)
        return deduplicate(
            with_instruction(request, reply.prompt, f"in the technique {name!r}")
            for name, reply in zip(chosen, replies, strict=True)
            if reply is not None
        )


def technique_by_rule(task: TaskBrief) -> str:
    return _BY_TYPE.get(task.answer.type, "direct")


def _first_named_technique(text: str) -> str:
    """The technique that the text names first."""
    folded = text.casefold()
    positions = {name: folded.find(name) for name in TECHNIQUE_DESCRIPTIONS if name in folded}
    return min(positions, key=lambda name: positions[name]) if positions else ""
