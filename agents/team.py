"""The team: one model per role, each ask one turn, the answer typed or None."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from ..core.contracts import Agent, Gateway
from ..core.dialogue.ask import Ask, Evidence, Reply
from ..core.dialogue.replies import TextReply
from ..core.errors import UsageError
from ..core.events import EventKind
from ..core.identity import digest, seeded
from ..core.labels import label_likelihoods
from ..core.models import Call, ModelRef, Role, Sampling
from ..core.render import Message
from ..core.task import Models
from .blocks import legible
from .instructions import REPAIR, Instruction, brought, instruction_for, read, shipped
from .pace import Pace, TimeUp
from .parse import parse
from .wording import clipped, values_of_ask

A = TypeVar("A", bound=Reply)
CALLS_PER_ASK = 2

# Block of an answer → the fields of an ask whose texts it may be a version of.
_WRITTEN_ANEW: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "first", "second", "base", "best"),
    "section": ("text",),
}


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One ask and what came of it.

    place: the same turn of the same run has the same place, however often a node is executed. messages: all that was
    said to the model; after a repair question they hold the first answer too. reply: None where no answer could be
    read.
    """

    place: str
    role: Role
    skill: str
    model: str
    messages: tuple[Message, ...]
    raw: str
    reply: Reply | None
    repaired: bool

    @property
    def kind(self) -> EventKind:
        return "answer_unreadable" if self.reply is None else "agent_spoke"


Listen = Callable[[Turn], Awaitable[None]]


async def unheard(turn: Turn) -> None:
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
    listen: Listen = unheard
    path: tuple[str | int, ...] = ()
    allowance: int | None = None
    pace: Pace | None = None
    begun: str = ""
    _asked: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)
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
        shown = self._shown(ask)
        if self.allowance is not None and (self._asked.total() + 1) * CALLS_PER_ASK > self.allowance:
            return None
        address = digest([ask.role, ask.skill, shown.model_dump(mode="json")])[:12]
        number = self._asked[address]
        self._asked[address] += 1
        self._skills.append(ask.skill)

        agent = self.agents.get(f"{ask.role}.{ask.skill}") or self.agents.get(ask.role)
        if agent is not None:
            place = self.for_request(*self.path, f"{ask.role}.{ask.skill}", address, number)
            own = replace(place, agents={}, instructions=self._told_by(agent, ask), begun=self._first)
            return await agent.act(shown, own)
        told = self._instruction(ask)
        messages: tuple[Message, ...] = ({"role": "user", "content": told.write(values_of_ask(shown))},)
        try:
            reply, raw = await self._ask(shown, told, messages, number)
        except TimeUp:
            return None
        repaired = False
        if reply is None:
            again = _with_repair(messages, raw, told)
            with suppress(TimeUp):
                reply, raw = await self._ask(shown, told, again, number)
                messages, repaired = again, True
        turn = Turn(
            place="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, str(number)]),
            role=ask.role,
            skill=ask.skill,
            model=str(self._model(ask.role)),
            messages=messages,
            raw=raw,
            reply=reply,
            repaired=repaired,
        )
        await self.listen(turn)
        return cast("A | None", reply)

    async def weigh(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """By the first token whose alternatives name an option; without any, by the option that was said. It is one
        draw of the most likely answer: asked again, it is the same call."""
        shown, told = self._shown(ask), self._instruction(ask)
        messages: tuple[Message, ...] = ({"role": "user", "content": told.write(values_of_ask(shown))},)
        model = self._model(ask.role)
        seed = seeded(self.seed, "team", *self.path, 0).getrandbits(31)
        sampling = Sampling(temperature=0.0, max_tokens=told.max_tokens, seed=seed, top_logprobs=20)
        answer = await self.gateway.complete(Call(model=model, messages=messages, sampling=sampling), "optimizer")
        found = _weights(options, answer.top_logprobs) or _said(options, answer.text)
        address = digest([ask.role, ask.skill, shown.model_dump(mode="json")])[:12]
        turn = Turn(
            place="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, "weighed"]),
            role=ask.role,
            skill=ask.skill,
            model=str(model),
            messages=messages,
            raw=legible(answer.text),
            reply=TextReply(text=max(found, key=lambda one: found[one]), raw=answer.text) if found else None,
            repaired=False,
        )
        await self.listen(turn)
        return found or None

    async def _ask(
        self, ask: Ask[Any], told: Instruction, messages: tuple[Message, ...], number: int
    ) -> tuple[Reply | None, str]:
        sampling = Sampling(
            temperature=self.temperature.get(ask.role, told.temperature),
            max_tokens=_room(ask, told),
            seed=seeded(self.seed, "team", *self.path, number).getrandbits(31),
        )
        call = Call(model=self._model(ask.role), messages=messages, sampling=sampling, sample=number)
        async with self.pace.turn(follows=ask.skill != self._first) if self.pace else nullcontext():
            answer = await self.gateway.complete(call, "optimizer")
        raw = legible(answer.text)
        return parse(ask, raw, cut=answer.finish == "length", samples=told.samples, tags=told.tags), raw

    @property
    def _first(self) -> str:
        return self.begun or self._skills[0]

    def _shown(self, ask: Ask[A]) -> Ask[A]:
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
        return own or brought(type(ask)) or instruction_for(ask.role, ask.skill)

    def _told_by(self, agent: Agent, ask: Ask[Any]) -> Mapping[str, Instruction]:
        if not agent.instruction:
            return self.instructions
        key = f"{ask.role}.{ask.skill}"
        return {**self.instructions, key: read(agent.instruction, where=f"the agent {agent.name}")}

    def _model(self, role: Role) -> ModelRef:
        return self.models.of(role)


def _weights(options: Sequence[str], shown: Sequence[Mapping[str, float]]) -> dict[str, float]:
    found = next((one for at in range(len(shown)) if (one := label_likelihoods(options, shown[at:]))), {})
    mass = {option: math.exp(value) for option, value in found.items()}
    return {option: value / sum(mass.values()) for option, value in mass.items()}


def _said(options: Sequence[str], text: str) -> dict[str, float]:
    said = re.findall("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in options), text)
    return {one: float(one == said[0]) for one in options} if said else {}


def _room(ask: Ask[Any], told: Instruction) -> int:
    """A long text needs room to be written anew: its own length and half as much, at 3 characters a token. Of several
    that are made one, the longest counts."""
    texts = [getattr(ask, name, "") for tag in told.tags for name in _WRITTEN_ANEW.get(tag, ())]
    return max([told.max_tokens, *(len(text) // 2 for text in texts)])


def _with_repair(messages: tuple[Message, ...], raw: str, told: Instruction) -> tuple[Message, ...]:
    """The first answer and one more question. Where nothing was answered, the question is put anew in one turn."""
    question = shipped()[REPAIR].write({"form": told.form})
    if raw.strip():
        return (*messages, {"role": "assistant", "content": clipped(raw, 1200)}, {"role": "user", "content": question})
    return ({"role": "user", "content": f"{messages[0]['content']}\n\n{question}"},)
