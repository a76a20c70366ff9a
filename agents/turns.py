"""A turn: one ask with its answer, why an answer could not be read, and the question that is asked once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.asks import AgentReply, Ask
from ..core.events import EventKind
from ..core.models import Role, Sampling
from ..core.render import Message
from ..core.words import count_unspaced
from .evidence import clip
from .instructions import CUT_KEY, REPAIR_KEY, Instruction, shipped_instructions

# Block of an answer → the fields of an ask whose texts it may be a version of.
_REWRITTEN_FIELDS: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "first", "second", "base", "best"),
    "text": ("prompt",),
    "section": ("text",),
}
# A small model gets a part of its first answer back beside the repair question; a capable one gets it whole, so that it
# need not write a long text anew.
_MAX_QUOTE = 1200


@dataclass(frozen=True, kw_only=True)
class AgentTurn:
    """One ask with its answer.

    Attributes:
        key: Identifies the turn within a run, however often a node is executed.
        role: Who was asked.
        skill: What for.
        model: The model.
        messages: All that was sent to the model. After a repair question they hold the first answer too.
        raw: The model's text.
        reply: The typed answer; None if it could not be read.
        repaired: Whether a repair question was asked.
        reason: Why the answer could not be read; empty if it could.
    """

    key: str
    role: Role
    skill: str
    model: str
    messages: tuple[Message, ...]
    raw: str
    reply: AgentReply | None
    repaired: bool
    reason: str = ""

    @property
    def kind(self) -> EventKind:
        return "answer_unreadable" if self.reply is None else "agent_spoke"


TurnListener = Callable[[AgentTurn], Awaitable[None]]


async def no_listener(turn: AgentTurn) -> None:
    """The listener of a team whose turns nobody records."""


@dataclass(frozen=True, kw_only=True)
class AgentAnswer:
    """What came back for one question. `reason` says why `reply` is None; `cut` that more tokens may help."""

    reply: AgentReply | None
    raw: str
    cut: bool
    reason: str


def max_tokens_of(ask: Ask[Any], instruction: Instruction) -> int:
    """A long text needs its own length and half as much to be rewritten, at 3 characters a token (Chinese at one).

    If several texts become one, the longest counts.
    """
    texts = [getattr(ask, name, "") for tag in instruction.tags for name in _REWRITTEN_FIELDS.get(tag, ())]
    return max([instruction.max_tokens, *(len(text) // 2 + count_unspaced(text) for text in texts)])


def why_unreadable(raw: str, instruction: Instruction, sampling: Sampling, *, cut: bool, thinking: bool) -> str:
    limit = f"at its limit of {sampling.max_tokens} tokens"
    if thinking:
        return f"its reasoning was cut {limit}: there is no answer after it" if cut else "its reasoning has no end"
    if not raw:
        return f"the answer is empty: the model stopped {limit}, before it began to answer" if cut else "it is empty"
    if cut:
        return f"it was cut {limit}"
    return f"it does not have the form {instruction.form}" if instruction.form else "it has no usable text"


def with_repair_question(
    messages: tuple[Message, ...], answer: AgentAnswer, instruction: Instruction, *, whole: bool
) -> tuple[Message, ...]:
    """The first answer and a repair question. After an empty or cut answer, the question is asked anew in one turn.

    whole: whether a long first answer is quoted to its end.
    """
    question = shipped_instructions()[CUT_KEY if answer.cut else REPAIR_KEY].fill({"form": instruction.form})
    if answer.raw and not answer.cut:
        quote = answer.raw if whole else clip(answer.raw, _MAX_QUOTE)
        return (*messages, {"role": "assistant", "content": quote}, {"role": "user", "content": question})
    return ({"role": "user", "content": f"{messages[0]['content']}\n\n{question}"},)
