"""The team: one model per role, each ask one turn, the answer typed or None."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from ..core.asks import AgentReply, Ask, Evidence
from ..core.errors import UsageError
from ..core.events import EventKind
from ..core.identity import digest, seeded_random
from ..core.models import Call, ModelRef, Role, Sampling
from ..core.protocols import Agent, Gateway
from ..core.render import Message
from ..core.stats.labels import label_likelihoods
from ..core.task import Models
from .asks.replies import TextReply
from .deadline import DeadlinePassed, WritingDeadline
from .field_formatting import clip, field_texts
from .instructions import (
    REPAIR_KEY,
    Instruction,
    instruction_for,
    instruction_of_ask,
    parse_instruction,
    shipped_instructions,
)
from .parse.blocks import clean_output
from .parse.replies import parse_reply

A = TypeVar("A", bound=AgentReply)
CALLS_PER_ASK = 2

# Block of an answer → the fields of an ask whose texts it may be a version of.
_REWRITTEN_FIELDS: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "first", "second", "base", "best"),
    "section": ("text",),
}


@dataclass(frozen=True, kw_only=True)
class AgentTurn:
    """One ask and what came of it.

    place: the same turn of the same run has the same place, however often a node is executed. messages: all that was
    said to the model; after a repair question they hold the first answer too. reply: None where no answer could be
    read.
    """

    key: str
    role: Role
    skill: str
    model: str
    messages: tuple[Message, ...]
    raw: str
    reply: AgentReply | None
    repaired: bool

    @property
    def kind(self) -> EventKind:
        return "answer_unreadable" if self.reply is None else "agent_spoke"


TurnListener = Callable[[AgentTurn], Awaitable[None]]


async def no_listener(turn: AgentTurn) -> None:
    """The listener of a team that nobody listens to."""


@dataclass(frozen=True, kw_only=True)
class ModelTeam:
    """Models behind roles.

    evidence: role → what it may read; a role that is not named reads all. temperature: role → in place of the
    instruction's own. instructions: `role.skill` → in place of the shipped one. agents: `role.skill` or `role` → who
    answers in place of the shipped. path: the request this team works for; draws of one path are told apart by number,
    draws of different paths by seed. allowance: where set, questions beyond so many calls, a repair counted for each,
    are not asked and get no answer. pace: where set, so are those whose turn comes after its time. begun: skill of
    the request's first question, where another team asked it.
    """

    models: Models
    gateway: Gateway
    seed: int = 0
    evidence: Mapping[Role, tuple[Evidence, ...]] = field(default_factory=dict)
    temperature: Mapping[Role, float] = field(default_factory=dict)
    instructions: Mapping[str, Instruction] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    on_turn: TurnListener = no_listener
    path: tuple[str | int, ...] = ()
    allowance: int | None = None
    deadline: WritingDeadline | None = None
    first_skill: str = ""
    _ask_counts: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)
    _skills: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def for_request(self, *path: str | int) -> ModelTeam:
        """The team for one request, with a count of its own. Like paths draw alike, whatever ran before."""
        return replace(self, path=path)

    async def act(self, ask: Ask[A]) -> A | None:
        """The typed answer, or None where it could not be read after one repair question.

        Like asks are numbered in the order in which they are made, before anything is awaited: an operator that
        makes them in a fixed order gets the same draws at any concurrency. Raises what the gateway raises, and
        UsageError where the recipe hides from a role what its ask consists of.
        """
        shown = self._visible_fields(ask)
        if self.allowance is not None and (self._ask_counts.total() + 1) * CALLS_PER_ASK > self.allowance:
            return None
        address = digest([ask.role, ask.skill, shown.model_dump(mode="json")])[:12]
        number = self._ask_counts[address]
        self._ask_counts[address] += 1
        self._skills.append(ask.skill)

        agent = self.agents.get(f"{ask.role}.{ask.skill}") or self.agents.get(ask.role)
        if agent is not None:
            place = self.for_request(*self.path, f"{ask.role}.{ask.skill}", address, number)
            own = replace(
                place, agents={}, instructions=self._instructions_with(agent, ask), first_skill=self._opening_skill
            )
            return await agent.act(shown, own)
        told = self._instruction(ask)
        messages: tuple[Message, ...] = ({"role": "user", "content": told.fill(field_texts(shown))},)
        try:
            reply, raw = await self._complete(shown, told, messages, number)
        except DeadlinePassed:
            return None
        repaired = False
        if reply is None:
            again = _add_repair(messages, raw, told)
            with suppress(DeadlinePassed):
                reply, raw = await self._complete(shown, told, again, number)
                messages, repaired = again, True
        turn = AgentTurn(
            key="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, str(number)]),
            role=ask.role,
            skill=ask.skill,
            model=str(self._model(ask.role)),
            messages=messages,
            raw=raw,
            reply=reply,
            repaired=repaired,
        )
        await self.on_turn(turn)
        return cast("A | None", reply)

    async def choose_with_probabilities(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """By the first token whose alternatives name an option; without any, by the option that was said. It is one
        draw of the most likely answer: asked again, it is the same call."""
        shown, told = self._visible_fields(ask), self._instruction(ask)
        messages: tuple[Message, ...] = ({"role": "user", "content": told.fill(field_texts(shown))},)
        model = self._model(ask.role)
        seed = seeded_random(self.seed, "team", *self.path, 0).getrandbits(31)
        sampling = Sampling(temperature=0.0, max_tokens=told.max_tokens, seed=seed, top_logprobs=20)
        answer = await self.gateway.complete(Call(model=model, messages=messages, sampling=sampling), "optimizer")
        found = _option_probabilities(options, answer.top_logprobs) or _stated_option(options, answer.text)
        address = digest([ask.role, ask.skill, shown.model_dump(mode="json")])[:12]
        turn = AgentTurn(
            key="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, "weighed"]),
            role=ask.role,
            skill=ask.skill,
            model=str(model),
            messages=messages,
            raw=clean_output(answer.text),
            reply=TextReply(text=max(found, key=lambda one: found[one]), raw=answer.text) if found else None,
            repaired=False,
        )
        await self.on_turn(turn)
        return found or None

    async def _complete(
        self, ask: Ask[Any], told: Instruction, messages: tuple[Message, ...], number: int
    ) -> tuple[AgentReply | None, str]:
        sampling = Sampling(
            temperature=self.temperature.get(ask.role, told.temperature),
            max_tokens=_max_tokens(ask, told),
            seed=seeded_random(self.seed, "team", *self.path, number).getrandbits(31),
        )
        call = Call(model=self._model(ask.role), messages=messages, sampling=sampling, sample=number)
        async with self.deadline.slot(follows=ask.skill != self._opening_skill) if self.deadline else nullcontext():
            answer = await self.gateway.complete(call, "optimizer")
        raw = clean_output(answer.text)
        return parse_reply(ask, raw, cut=answer.finish == "length", samples=told.samples, tags=told.tags), raw

    @property
    def _opening_skill(self) -> str:
        return self.first_skill or self._skills[0]

    def _visible_fields(self, ask: Ask[A]) -> Ask[A]:
        """The ask without what its role may not read."""
        allowed = self.evidence.get(ask.role)
        if allowed is None:
            return ask
        hidden = {name for name, kind in ask.reads.items() if kind not in allowed}
        for name in sorted(hidden):
            if type(ask).model_fields[name].is_required():
                raise UsageError(
                    f"the {ask.role} is asked {ask.skill!r}, which is made of {name}, and may not read it",
                    where="the recipe's [evidence]",
                    possible=tuple(sorted(set(ask.reads.values()))),
                    remedy=f'add "{ask.reads[name]}" to what the {ask.role} may read, or leave the operator out',
                )
        return ask.model_copy(update={name: type(ask).model_fields[name].default for name in hidden})

    def _instruction(self, ask: Ask[Any]) -> Instruction:
        """An agent's own, else what the ask itself brings, else the shipped one."""
        own = self.instructions.get(f"{ask.role}.{ask.skill}")
        return own or instruction_of_ask(type(ask)) or instruction_for(ask.role, ask.skill)

    def _instructions_with(self, agent: Agent, ask: Ask[Any]) -> Mapping[str, Instruction]:
        if not agent.instruction:
            return self.instructions
        key = f"{ask.role}.{ask.skill}"
        return {**self.instructions, key: parse_instruction(agent.instruction, where=f"the agent {agent.name}")}

    def _model(self, role: Role) -> ModelRef:
        return self.models.for_role(role)


def _option_probabilities(options: Sequence[str], shown: Sequence[Mapping[str, float]]) -> dict[str, float]:
    found = next((one for at in range(len(shown)) if (one := label_likelihoods(options, shown[at:]))), {})
    mass = {option: math.exp(value) for option, value in found.items()}
    return {option: value / sum(mass.values()) for option, value in mass.items()}


def _stated_option(options: Sequence[str], text: str) -> dict[str, float]:
    said = re.findall("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in options), text)
    return {one: float(one == said[0]) for one in options} if said else {}


def _max_tokens(ask: Ask[Any], told: Instruction) -> int:
    """A long text needs room to be written anew: its own length and half as much, at 3 characters a token. Of several
    that are made one, the longest counts."""
    texts = [getattr(ask, name, "") for tag in told.tags for name in _REWRITTEN_FIELDS.get(tag, ())]
    return max([told.max_tokens, *(len(text) // 2 for text in texts)])


def _add_repair(messages: tuple[Message, ...], raw: str, told: Instruction) -> tuple[Message, ...]:
    """The first answer and one more question. Where nothing was answered, the question is put anew in one turn."""
    question = shipped_instructions()[REPAIR_KEY].fill({"form": told.form})
    if raw.strip():
        return (*messages, {"role": "assistant", "content": clip(raw, 1200)}, {"role": "user", "content": question})
    return ({"role": "user", "content": f"{messages[0]['content']}\n\n{question}"},)
