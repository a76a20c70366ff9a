"""The target `chat`: a program as calls of a chat model."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Call, ModelRef, Output, Reply, Sampling
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Gateway
from ...core.render import Message, render, with_shared_prompt
from ...core.routing import majority_index
from ..algorithms.input_variants import option_orders, with_step_output
from ..algorithms.llm_helpers import gather_all

STEP_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class ChatTarget:
    """Calls a chat model with the program's main prompt, or with the prompt that its router chooses.

    Voting prompts are sent in parallel, one call each. The output is the first with the majority's answer; its reply
    comes first, and `trajectory` has the answer of each. A prompt that shuffles options counts as one voter per order.
    In a chain, each prompt gets the input followed by what the earlier prompts answered.

    Attributes:
        answer: How answers are read for a vote.
        step_tokens: The token limit of each prompt of a chain but the last.
        top_logprobs: Alternatives per token; 0 asks for none.
        sample: Distinguishes repeated draws of the same request: 0, 1, …
    """

    name = "chat"
    needs = NEEDS_NOTHING
    temperature: float = 0.0
    max_tokens: int = 256
    top_logprobs: int = 0
    sample: int = 0
    answer: AnswerContract = field(default_factory=AnswerContract)
    step_tokens: int = STEP_TOKENS

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", frozenset({"logprobs"} if self.top_logprobs else ()))
        try:
            self.sampling  # noqa: B018 - builds the value, so that a wrong option is reported here
        except ValueError as error:
            raise UsageError(f"invalid sampling options: {error}", where="target chat") from error

    @property
    def sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens, top_logprobs=self.top_logprobs)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        chain_replies, steps = list[Reply](), list[dict[str, str]]()
        current = example
        for name in program.chain[:-1]:
            _, reply = await self._call(program.prompts[name], current, model, gateway, last=False)
            steps.append({"prompt": name, "input": current.text, "output": reply.text})
            chain_replies.insert(0, reply)
            current = with_step_output(current, name, reply.text)
        requests = [
            (name, *variant)
            for name in program.chain[-1:] or program.prompts_for(current)
            for variant in option_orders(program.prompts[name], current)
        ]
        exchanges = await gather_all(
            self._call(with_shared_prompt(program, name), variant, model, gateway) for name, variant, _ in requests
        )
        answers = []
        for (_, _, letters), (_, reply) in zip(requests, exchanges, strict=True):
            answer = self.answer.read_answer(reply.text)
            answers.append(None if answer is None else letters.get(answer, answer))
        winner = majority_index(answers) if len(answers) > 1 else 0
        messages, winning_reply = exchanges[winner]
        steps += [
            {"prompt": name, "input": variant.text, "output": reply.text}
            for (name, variant, _), (_, reply) in zip(requests, exchanges, strict=True)
        ]
        others = [reply for index, (_, reply) in enumerate(exchanges) if index != winner]
        return Output(
            text=(answers[winner] if requests[winner][2] else None) or winning_reply.text,
            messages=messages,
            replies=(winning_reply, *others, *chain_replies),
            trajectory=tuple(steps) if program.router is not None or len(requests) > 1 else (),
        )

    async def _call(
        self, prompt: Prompt, example: Example, model: ModelRef, gateway: Gateway, *, last: bool = True
    ) -> tuple[tuple[Message, ...], Reply]:
        messages = tuple(render(prompt, example))
        sampling = self.sampling
        if not last:
            sampling = sampling.model_copy(update={"max_tokens": self.step_tokens, "top_logprobs": 0})
        request = Call(model=model, messages=messages, sampling=sampling, sample=self.sample)
        return messages, await gateway.complete(request, payer="target")

    def calls(self, program: Program) -> int:
        def orders(name: str) -> int:
            return max(1, program.prompts[name].format.shuffles)

        if program.chain:
            return len(program.chain) - 1 + orders(program.chain[-1])
        votes = program.router is not None and program.router.kind == "vote"
        counts = [orders(name) for name in program.prompts if name != program.shared]
        return sum(counts) if votes else max(counts)
