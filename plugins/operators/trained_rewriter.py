"""Any model that writes prompts as the student, asked in its own form (class E of the catalogue; On Meta-Prompting)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ...agents.asks.trained_rewriter import RewritePrompt, WriteAddition
from ...core.errors import UsageError
from ...core.prompt import placeholders_in
from ...core.protocols import Need, Team
from ...core.render import fill_template
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    deduplicate,
    gather_all,
    main_instruction,
    replace_braces,
    rewrite_with_model,
    task_description,
    with_instruction,
    with_system_prefix,
)

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
    text = (resources.files(__package__) / _FILE).read_text(encoding="utf-8")
    return MappingProxyType({name: RewriterProfile.model_validate(one) for name, one in tomllib.loads(text).items()})


@dataclass(kw_only=True)
class TrainedRewriter:
    """The first parent's instruction in the words of a model that was made to write prompts.

    The student is asked with a template alone, so `--role student=openai/NAME@http://…/v1` puts a trained rewriter in
    its place. form: which shipped template. template: one of the user's own in its place, with {prompt} and, if wanted,
    {task}, {input}, {output}, {expected}; keep: what is done with the reply then. count: draws.
    """

    form: str = "prewrite"
    template: str = ""
    keep: Keep = "replace"
    count: int = 1
    name: str = field(default="rewriter", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * self.count
        if not self.template and self.form not in rewriter_profiles():
            raise UsageError(f"there is no template {self.form!r} for a rewriter", possible=tuple(rewriter_profiles()))
        asked = placeholders_in(self.template)
        if self.template and ("prompt" not in asked or set(asked) - set(_FIELDS)):
            raise UsageError(
                "a rewriter's template has {prompt}, and no fields but these",
                where="rewriter.template",
                possible=_FIELDS,
                remedy="double the braces that stand for themselves",
            )

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        told = (
            RewriterProfile(template=self.template, keep=self.keep) if self.template else rewriter_profiles()[self.form]
        )
        message = _fill_template(told.template, request)
        why = f"{'template' if self.template else self.form} ({told.cites})"
        if told.keep == "replace":
            return await rewrite_with_model(request, team, RewritePrompt(message=message), why, count=self.count)
        beside = await gather_all(team.act(WriteAddition(message=message)) for _ in range(self.count))
        return deduplicate(
            _combine_with_original(request, told.keep, one.text, why) for one in beside if one is not None
        )


def _combine_with_original(request: Request, keep: Keep, said: str, why: str) -> Proposal | None:
    if keep == "append":
        return with_instruction(request, f"{main_instruction(request)}\n\n{said}", why)
    return with_system_prefix(request, replace_braces(said), why)


def _fill_template(template: str, request: Request) -> str:
    """The template filled; a row's fields are those of one failure, drawn."""
    case = request.rng.choice(request.failures) if request.failures else None
    values = {
        "prompt": main_instruction(request),
        "task": task_description(request.task),
        "input": case.input if case else "",
        "output": case.output if case else "",
        "expected": case.expected if case else "",
    }
    kept = []
    for line in template.strip().splitlines():
        fields = placeholders_in(line)
        if not fields or any(values[one].strip() for one in fields):
            kept.append(fill_template(line, values))
    return "\n".join(kept)
