"""ConstitutionalExperts (arXiv 2403.04894): a prompt's principles, edited one at a time from wrong predictions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from ...core.asks import CALLS_PER_ASK, AgentReply, Ask, Case
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ...core.words import count_words
from ..algorithms.llm_helpers import deduplicate, gather_all, main_instruction, refused, task_description, user_guidance

_EDITS = {
    "add": ("add", "insert", "new", "append", "新增", "添加", "增加", "追加"),
    "change": ("change", "edit", "replace", "modify", "revise", "rewrite", "update", "修改", "更改", "替换", "変更"),
    "remove": ("remove", "delete", "drop", "删除", "移除", "刪除", "削除"),
}
_MIN_WORDS = 3
_WORDS = {edit: "|".join(words) for edit, words in _EDITS.items()}
_REMOVE_EDIT = re.compile(
    rf"\W*(?:{_WORDS['remove']})(?:\W+(?:principle|number|no)?\W*|(?<![a-z])(?:原则|原則)?第?)(?P<number>\d+)"
    r"(?:\W*\Z|\s*(?:[:.,;-]\s|[：。，；、]))",
    re.IGNORECASE,
)
_CHANGE_EDIT = re.compile(
    rf"\W*(?:(?:{_WORDS['change']})(?:\W+|(?<![a-z])(?:原则|原則)?第?))?(?:(?:principle|number|no)\W+)?(?P<number>\d+)"
    r"\s*[:：]\s*(?P<text>.+)",
    re.IGNORECASE | re.DOTALL,
)
_ADD_EDIT = re.compile(
    rf"\W*(?:(?:{_WORDS['add']})\s*[:：-]|(?-i:NEW|ADD)(?![A-Za-z]))\s*(?P<text>.+)", re.IGNORECASE | re.DOTALL
)


class PrincipleReply(AgentReply):
    """One edit of a list of principles. `number` says which one, from 1; 0 if none was named.

    In one block it is `NEW: …`, `2: …` for a changed one, or `REMOVE 2`. A bare sentence is an addition. Edit and
    number may also be in blocks of their own.
    """

    edit: Literal["add", "change", "remove"] = "add"
    number: int = 0
    principle: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read_block(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.keys() & {"edit", "number"}:
            return value
        text = str(value.get("principle", ""))
        if match := _REMOVE_EDIT.match(text):
            return {**value, "edit": "remove", "number": match["number"], "principle": ""}
        if match := _CHANGE_EDIT.match(text):
            return {**value, "edit": "change", "number": match["number"], "principle": match["text"]}
        match = _ADD_EDIT.match(text)
        return {**value, "principle": match["text"]} if match else value

    @field_validator("edit", mode="before")
    @classmethod
    def _read_edit(cls, value: Any) -> Any:
        words = re.findall(r"[^\W\d_]+", str(value).casefold())
        return next((edit for edit, names in _EDITS.items() if words and words[0] in names), value)

    @field_validator("number", mode="before")
    @classmethod
    def _read_number(cls, value: Any) -> int:
        match = re.search(r"\d+", str(value))
        return int(match.group()) if match else 0

    @field_validator("principle", mode="before")
    @classmethod
    def _read_principle(cls, value: Any) -> str:
        """One line, without list marks and quotes."""
        text = " ".join(str(value).split())
        return re.sub(r"^(?:[-*•]|\d+[.)]|principle\s*\d*\s*[:：])\s*", "", text, flags=re.IGNORECASE).strip("\"' ")

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        words = count_words(self.principle)
        if self.edit == "remove":
            if not self.number:
                raise ValueError("the principle to remove is not named")
        elif words < _MIN_WORDS:
            raise ValueError("a principle is a sentence")
        return self


class EditPrinciple(Ask[PrincipleReply]):
    """One principle added, changed or removed, for these failures (ConstitutionalExperts, arXiv 2403.04894)."""

    role = "student"
    skill = "principle"
    reply = PrincipleReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    principles: tuple[str, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class PrincipleEdit:
    """Adds, changes or removes one principle per proposal; everything else stays.

    Without failures there is no proposal.

    Args:
        edits: Proposals per order, each from failures of its own.
        errors: Failures shown for each.
        most: Principles at once.
    """

    name = "principle"
    needs = NEEDS_TRAIN

    edits: int = 3
    errors: int = 3
    most: int = 8

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.edits

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        prompt, size = request.parents[0].program.main, min(self.errors, len(request.failures))
        groups = [tuple(request.rng.sample(request.failures, size)) for _ in range(self.edits)]
        replies = await gather_all(
            team.act(
                EditPrinciple(
                    task=task_description(request.task),
                    prompt=main_instruction(request),
                    principles=prompt.principles,
                    failures=group,
                    hints=user_guidance(request),
                )
            )
            for group in groups
        )
        return deduplicate(self._edited(request, reply) for reply in replies if reply is not None)

    def _edited(self, request: Request, reply: PrincipleReply) -> Proposal:
        """The proposal; refused for an edit that changes nothing or names a missing principle.

        A change while the list is empty counts as an addition.
        """
        program = request.parents[0].program
        principles = list(program.main.principles)
        index, text = reply.number - 1, reply.principle
        exists = 0 <= index < len(principles)
        if reply.edit != "remove" and text.casefold() in {principle.casefold() for principle in principles}:
            return refused(request, "its principle is in the prompt already", text)
        if reply.edit == "remove" and exists:
            why = f"removed: {principles.pop(index)}"
        elif reply.edit == "change" and exists:
            why, principles[index] = f"changed: {principles[index]}", text
        elif reply.edit != "remove" and len(principles) < self.most:
            why = f"added: {text}"
            principles.append(text)
        elif reply.edit == "remove":
            return refused(request, "it removes a principle that the prompt does not have", reply.raw)
        else:
            return refused(request, f"the prompt has {self.most} principles already", text)
        return Proposal(program=program.replace(program.main.with_(principles=tuple(principles))), rationale=why)
