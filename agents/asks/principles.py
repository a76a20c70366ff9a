"""The questions of ConstitutionalExperts and PMPO: one principle of a list, one segment of a prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from ...core.asks import AgentReply, Ask, Case
from .replies import TextReply

_EDITS = {
    "add": ("add", "insert", "new", "append"),
    "change": ("change", "edit", "replace", "modify", "revise", "rewrite", "update"),
    "remove": ("remove", "delete", "drop"),
}
_MIN_WORDS, _MAX_WORDS = 3, 60
_WORDS = {edit: "|".join(words) for edit, words in _EDITS.items()}
_REMOVE_EDIT = re.compile(
    rf"\W*(?:{_WORDS['remove']})\W+(?:principle|number|no)?\W*(?P<number>\d+)(?:\W*\Z|\s*[:.,;-]\s)", re.IGNORECASE
)
_CHANGE_EDIT = re.compile(
    rf"\W*(?:(?:{_WORDS['change']})\W+)?(?:(?:principle|number|no)\W+)?(?P<number>\d+)\s*:\s*(?P<text>.+)",
    re.IGNORECASE | re.DOTALL,
)
_ADD_EDIT = re.compile(rf"\W*(?:(?:{_WORDS['add']})\s*[:-]|(?-i:NEW|ADD)\b)\s*(?P<text>.+)", re.IGNORECASE | re.DOTALL)


class PrincipleReply(AgentReply):
    """One edit of a list of principles. number: which one, from 1; 0 where none was named.

    In one block it is `NEW: …`, `2: …` for a changed one, or `REMOVE 2`, and a bare sentence is an addition; edit and
    number may also be said apart.
    """

    edit: Literal["add", "change", "remove"] = "add"
    number: int = 0
    principle: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read_block(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.keys() & {"edit", "number"}:
            return value
        said = str(value.get("principle", ""))
        if found := _REMOVE_EDIT.match(said):
            return {**value, "edit": "remove", "number": found["number"], "principle": ""}
        if found := _CHANGE_EDIT.match(said):
            return {**value, "edit": "change", "number": found["number"], "principle": found["text"]}
        found = _ADD_EDIT.match(said)
        return {**value, "principle": found["text"]} if found else value

    @field_validator("edit", mode="before")
    @classmethod
    def _read_edit(cls, value: Any) -> Any:
        words = re.findall(r"[a-z]+", str(value).casefold())
        return next((edit for edit, said in _EDITS.items() if words and words[0] in said), value)

    @field_validator("number", mode="before")
    @classmethod
    def _read_number(cls, value: Any) -> int:
        found = re.search(r"\d+", str(value))
        return int(found.group()) if found else 0

    @field_validator("principle", mode="before")
    @classmethod
    def _read_principle(cls, value: Any) -> str:
        """One line, without list marks and quotes."""
        text = " ".join(str(value).split())
        return re.sub(r"^(?:[-*•]|\d+[.)]|principle\s*\d*\s*:)\s*", "", text, flags=re.IGNORECASE).strip("\"' ")

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        words = len(self.principle.split())
        if self.edit == "remove":
            if not self.number:
                raise ValueError("which principle is to be removed was not said")
        elif not _MIN_WORDS <= words <= _MAX_WORDS:
            raise ValueError("a principle is one sentence")
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


class RewriteSegment(Ask[TextReply]):
    """Other words for the one segment that helps least (PMPO, arXiv 2505.16307)."""

    role = "student"
    skill = "segment"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    before: str = ""
    segment: str
    after: str = ""
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
