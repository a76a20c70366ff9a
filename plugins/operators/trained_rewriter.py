"""A model trained to write prompts, called in its own format (On Meta-Prompting and others)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.errors import UsageError
from ...core.prompt import placeholders_in
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.render import fill_template
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    main_instruction,
    rewrite_with_model,
    task_description,
    with_instruction,
    with_literal_fields,
    with_system_prefix,
)


class RewritePrompt(Ask[PromptReply]):
    """The whole prompt rewritten, from a message in the rewriter's own format."""

    role = "student"
    skill = "rewritten"
    reply = PromptReply
    message: str


class WriteAddition(Ask[TextReply]):
    """Text to add to the prompt, from a message in the rewriter's own format."""

    role = "student"
    skill = "beside"
    reply = TextReply
    message: str


_FILE = "rewriters.v1.toml"
_FIELDS = ("prompt", "task", "input", "output", "expected")
Keep = Literal["replace", "append", "system"]


class RewriterProfile(BaseModel):
    """One entry of the data file; see the head of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str = ""
    cites: str = "a template of the user's own"
    keep: Keep = "replace"
    template: str


@cache
def rewriter_profiles() -> Mapping[str, RewriterProfile]:
    """Name → profile."""
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return MappingProxyType(
        {name: RewriterProfile.model_validate(entry) for name, entry in tomllib.loads(text).items()}
    )


@dataclass(kw_only=True)
class TrainedRewriter:
    """The first parent's instruction rewritten by a model that was trained for it.

    The student receives the filled template alone, so `--role student=openai/NAME@http://…/v1` puts a trained rewriter
    in its place.

    Args:
        form: Name of a shipped template.
        template: A template of the user's own instead, with {prompt} and optionally {task}, {input}, {output},
            {expected}.
        keep: What is done with the reply to a template of the user's own.
        count: Samples of the rewrite.
    """

    name = "rewriter"
    needs = NEEDS_NOTHING

    form: str = "prewrite"
    template: str = ""
    keep: Keep = "replace"
    count: int = 1

    def __post_init__(self) -> None:
        if not self.template and self.form not in rewriter_profiles():
            raise UsageError(f"unknown rewriter template {self.form!r}", possible=tuple(rewriter_profiles()))
        fields = placeholders_in(self.template)
        if self.template and ("prompt" not in fields or set(fields) - set(_FIELDS)):
            raise UsageError(
                "a rewriter's template needs {prompt} and no other fields than these",
                where="rewriter.template",
                possible=_FIELDS,
                remedy="double the braces that are plain text",
            )

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.count

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        profile = (
            RewriterProfile(template=self.template, keep=self.keep) if self.template else rewriter_profiles()[self.form]
        )
        message = _fill_template(profile.template, request)
        why = f"{'template' if self.template else self.form} ({profile.cites})"
        if profile.keep == "replace":
            return await rewrite_with_model(request, team, RewritePrompt(message=message), why, count=self.count)
        beside = await gather_all(team.act(WriteAddition(message=message)) for _ in range(self.count))
        return deduplicate(
            _combine_with_original(request, profile.keep, reply.text, why) for reply in beside if reply is not None
        )


def _combine_with_original(request: Request, keep: Keep, text: str, why: str) -> Proposal | None:
    if keep == "append":
        return with_instruction(request, f"{main_instruction(request)}\n\n{text}", why)
    return with_system_prefix(request, with_literal_fields(request, text), why)


def _fill_template(template: str, request: Request) -> str:
    """The filled template; example fields come from one random failure."""
    case = request.rng.choice(request.failures) if request.failures else None
    values = {
        "prompt": main_instruction(request),
        "task": task_description(request.task),
        "input": case.input if case else "",
        "output": case.output if case else "",
        "expected": case.expected if case else "",
    }
    lines = []
    for line in template.strip().splitlines():
        fields = placeholders_in(line)
        if not fields or any(values[name].strip() for name in fields):
            lines.append(fill_template(line, values))
    return "\n".join(lines)
