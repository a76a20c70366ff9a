"""The team: one model per role, one turn per ask, a typed answer or None."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from ..core.asks import CALLS_PER_ASK, AgentReply, Ask, Evidence, ScoredPrompt
from ..core.errors import UsageError
from ..core.identity import digest, seeded_random
from ..core.models import Call, ModelRef, Role, Sampling
from ..core.prompt import TextKind
from ..core.protocols import Agent, Gateway
from ..core.render import Message
from ..core.stats.labels import label_likelihoods
from ..core.task import Models
from ..core.words import whole_words
from .asks.common import SummarizeBatch
from .asks.replies import TextReply
from .batch_summaries import batch_asks, summarize
from .deadline import DeadlinePassed, WritingDeadline
from .evidence import EvidenceView, history_text
from .instructions import Instruction, Register, instruction_for, instruction_of_ask, parse_instruction
from .kind_instructions import instruction_of_kind
from .parse.blocks import clean_output, is_unfinished_thought
from .parse.replies import parse_reply
from .turns import (
    AgentAnswer,
    AgentTurn,
    TurnListener,
    max_tokens_of,
    no_listener,
    why_unreadable,
    with_repair_question,
)

A = TypeVar("A", bound=AgentReply)

_TOP_LOGPROBS = 20
# A cut answer is asked once more with so many times the tokens.
_TOKENS_AFTER_CUT = 2


def instructed_limit(model: ModelRef, instructed: int) -> int:
    """What the instruction allows, whatever the model."""
    return instructed


def plain_evidence(model: ModelRef) -> int | None:
    """Plain questions, whatever the model."""
    return None


def no_history() -> Sequence[ScoredPrompt]:
    """What a team tells its members of earlier prompts where nobody keeps a record."""
    return ()


@dataclass(frozen=True, kw_only=True)
class ModelTeam:
    """Models behind roles.

    Attributes:
        models: The model of each role.
        gateway: The only way to call them.
        seed: The run's seed.
        evidence: Role → what it may read; a role that is not named reads everything.
        temperature: Role → temperature, in place of the instruction's own.
        instructions: `role.skill` → instruction, in place of the shipped one.
        agents: `role.skill` or `role` → who answers in place of the shipped behaviour.
        on_turn: Receives every turn.
        path: The request that this team works for. Draws within a path differ by number, those of different paths by
            seed.
        allowance: If set, questions beyond so many calls, each counted with its repair, are not asked.
        deadline: If set, neither are questions after it.
        answer_limit: From a model and what an instruction allows to the limit on the answer.
        evidence_limit: From a model to the tokens of evidence in a question; None is a plain question.
        aim: What full questions say of the measure, the target model, the answer and the limit of length.
        tried: Gives the earlier prompts with their scores, worst first, for roles that may read them.
        first_skill: The skill of the request's first question, if another team asked it.
        kind: What the text is that the request works on.
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
    kind: TextKind = "prose"
    answer_limit: Callable[[ModelRef, int], int] = instructed_limit
    evidence_limit: Callable[[ModelRef], int | None] = plain_evidence
    aim: str = ""
    tried: Callable[[], Sequence[ScoredPrompt]] = no_history
    _ask_counts: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)
    _skills: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def for_request(self, *path: str | int) -> ModelTeam:
        """The team for one request, with a count of its own. Equal paths draw alike, whatever ran before."""
        return replace(self, path=path)

    async def act(self, ask: Ask[A]) -> A | None:
        """Ask one question, and a repair question (with twice the tokens after a cut) if the answer could not be read.

        Equal asks are numbered in the order in which they are made, before anything is awaited: an operator that makes
        them in a fixed order gets the same draws at any concurrency.

        Returns:
            The typed answer, or None if it could not be read.

        Raises:
            UsageError: The recipe hides from a role what its ask consists of.
            ModelError: The endpoint is unusable.
            BudgetSpent: The call does not fit into the budget.
        """
        visible = self._visible_fields(ask)
        if self.allowance is not None and (self._ask_counts.total() + 1) * CALLS_PER_ASK > self.allowance:
            return None
        address = digest([ask.role, ask.skill, visible.model_dump(mode="json")])[:12]
        number = self._ask_counts[address]
        self._ask_counts[address] += 1
        self._skills.append(ask.skill)

        agent = self.agents.get(f"{ask.role}.{ask.skill}") or self.agents.get(ask.role)
        if agent is not None:
            inner = replace(
                self.for_request(*self.path, f"{ask.role}.{ask.skill}", address, number),
                agents={},
                instructions=self._instructions_with(agent, ask),
                first_skill=self._opening_skill,
            )
            return await agent.act(visible, inner)
        instruction = self._instruction(ask)
        try:
            summaries = await self._batch_summaries(visible, address, number)
            messages = self._question(visible, instruction, summaries)
            answer = await self._complete(visible, instruction, messages, number)
        except DeadlinePassed:
            return None
        repaired = False
        if answer.reply is None:
            with_repair = with_repair_question(messages, answer, instruction, whole=not self._is_plain(ask))
            with suppress(DeadlinePassed):
                scale = _TOKENS_AFTER_CUT if answer.cut else 1
                answer = await self._complete(visible, instruction, with_repair, number, scale=scale, last=True)
                messages, repaired = with_repair, True
        turn = AgentTurn(
            key="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, str(number)]),
            role=ask.role,
            skill=ask.skill,
            model=str(self._model(ask.role)),
            messages=messages,
            raw=answer.raw,
            reply=answer.reply,
            repaired=repaired,
            reason=answer.reason,
        )
        await self.on_turn(turn)
        return cast("A | None", answer.reply)

    async def choose_with_probabilities(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """Read the probabilities from the first token whose alternatives name an option.

        Without log-probabilities, the option in the answer gets 1. It is one draw of the most likely answer: asked
        again, it is the same call.
        """
        visible, instruction = self._visible_fields(ask), self._instruction(ask)
        messages = self._question(visible, instruction)
        model = self._model(ask.role)
        sampling = Sampling(
            temperature=0.0,
            max_tokens=self.answer_limit(model, instruction.max_tokens),
            seed=seeded_random(self.seed, "team", *self.path, 0).getrandbits(31),
            top_logprobs=_TOP_LOGPROBS,
        )
        answer = await self.gateway.complete(Call(model=model, messages=messages, sampling=sampling), "optimizer")
        probabilities = _option_probabilities(options, answer.top_logprobs) or _stated_option(options, answer.text)
        likeliest = max(probabilities, key=probabilities.__getitem__) if probabilities else ""
        address = digest([ask.role, ask.skill, visible.model_dump(mode="json")])[:12]
        turn = AgentTurn(
            key="/".join([*map(str, self.path), f"{ask.role}.{ask.skill}", address, "weighed"]),
            role=ask.role,
            skill=ask.skill,
            model=str(model),
            messages=messages,
            raw=clean_output(answer.text),
            reply=TextReply(text=likeliest, raw=answer.text) if probabilities else None,
            repaired=False,
        )
        await self.on_turn(turn)
        return probabilities or None

    # The former name, for existing plugins.
    weigh = choose_with_probabilities

    def _question(
        self, ask: Ask[Any], instruction: Instruction, summaries: Mapping[str, str] | None = None
    ) -> tuple[Message, ...]:
        tokens = self.evidence_limit(self._model(ask.role))
        texts = EvidenceView(tokens=tokens, summaries=summaries).field_texts(ask)
        if "aim" in instruction.fields:
            texts["aim"] = self.aim
        if "tried" in instruction.fields:
            texts["tried"] = history_text(self._tried(ask), tokens and tokens // 2)
        return ({"role": "user", "content": instruction.fill(texts)},)

    def _tried(self, ask: Ask[Any]) -> Sequence[ScoredPrompt]:
        """Earlier prompts that the role may read of."""
        allowed = self.evidence.get(ask.role)
        return self.tried() if allowed is None or "history" in allowed else ()

    async def _batch_summaries(self, ask: Ask[Any], address: str, number: int) -> Mapping[str, str]:
        """Field → summaries of its runs, where they are too many for one question and the calls are there."""
        tokens = self.evidence_limit(self._model(ask.role))
        asks = batch_asks(ask, tokens) if tokens and not isinstance(ask, SummarizeBatch) else {}
        count = sum(map(len, asks.values()))
        if not asks or (
            self.allowance is not None and (self._ask_counts.total() + count) * CALLS_PER_ASK > self.allowance
        ):
            return {}
        self._ask_counts["batches"] += count
        reader = replace(
            self.for_request(*self.path, "batches", address, number), allowance=None, evidence={}, first_skill=""
        )
        return await summarize(asks, reader.act)

    async def _complete(
        self,
        ask: Ask[Any],
        instruction: Instruction,
        messages: tuple[Message, ...],
        number: int,
        *,
        scale: int = 1,
        last: bool = False,
    ) -> AgentAnswer:
        """One call. scale: how many times the usual tokens it gets. last: whether cut advice is better than none."""
        sampling = Sampling(
            temperature=self.temperature.get(ask.role, instruction.temperature),
            max_tokens=scale * self.answer_limit(self._model(ask.role), max_tokens_of(ask, instruction)),
            seed=seeded_random(self.seed, "team", *self.path, number).getrandbits(31),
        )
        call = Call(model=self._model(ask.role), messages=messages, sampling=sampling, sample=number)
        is_followup = ask.skill != self._opening_skill
        async with self.deadline.slot(is_followup=is_followup) if self.deadline else nullcontext():
            answer = await self.gateway.complete(call, "optimizer")
        cut = answer.finish == "length"
        thinking = is_unfinished_thought(answer.text)
        raw = clean_output(answer.text)
        # What a student writes becomes a part of a prompt; what others write is read by a model.
        partial = last and ask.role != "student"
        reply = parse_reply(
            ask, raw, cut=cut, partial=partial, samples=instruction.samples, tags=instruction.tags, kind=self.kind
        )
        reason = "" if reply is not None else why_unreadable(raw, instruction, sampling, cut=cut, thinking=thinking)
        return AgentAnswer(reply=reply, raw=raw or answer.text.strip(), cut=cut or thinking, reason=reason)

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
                    f"the {ask.role} cannot be asked {ask.skill!r}: it consists of {name}, which it may not read",
                    where="the recipe's [evidence]",
                    possible=tuple(sorted(set(ask.reads.values()))),
                    remedy=f'add "{ask.reads[name]}" to what the {ask.role} may read, or leave the operator out',
                )
        return ask.model_copy(update={name: type(ask).model_fields[name].default for name in hidden})

    def _instruction(self, ask: Ask[Any]) -> Instruction:
        """An agent's own, else that of the kind of text, else that of the ask itself, else the shipped one."""
        replacement = self.instructions.get(f"{ask.role}.{ask.skill}")
        replacement = replacement or instruction_of_kind(self.kind, ask.role, ask.skill)
        register: Register = "plain" if self._is_plain(ask) else "full"
        return replacement or instruction_of_ask(type(ask)) or instruction_for(ask.role, ask.skill, register)

    def _instructions_with(self, agent: Agent, ask: Ask[Any]) -> Mapping[str, Instruction]:
        if not agent.instruction:
            return self.instructions
        instruction = parse_instruction(agent.instruction, where=f"the agent {agent.name}")
        return {**self.instructions, f"{ask.role}.{ask.skill}": instruction}

    def _is_plain(self, ask: Ask[Any]) -> bool:
        return self.evidence_limit(self._model(ask.role)) is None

    def _model(self, role: Role) -> ModelRef:
        return self.models.for_role(role)


def _option_probabilities(options: Sequence[str], alternatives: Sequence[Mapping[str, float]]) -> dict[str, float]:
    for token in range(len(alternatives)):
        if likelihoods := label_likelihoods(options, alternatives[token:]):
            mass = {option: math.exp(value) for option, value in likelihoods.items()}
            return {option: value / sum(mass.values()) for option, value in mass.items()}
    return {}


def _stated_option(options: Sequence[str], text: str) -> dict[str, float]:
    matches = re.findall(whole_words("|".join(map(re.escape, options))), text)
    return {option: float(option == matches[0]) for option in options} if matches else {}
