"""Targets: how a program is run on one input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import MaieuticError, PluginError, UsageError
from ...core.models import Call, ModelRef, Output, Reply, Sampling
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.protocols import Gateway, Need
from ...core.render import Message, render, with_shared_prompt
from ...core.routing import majority_index
from ..algorithms.input_variants import option_orders, with_step_output
from ..algorithms.llm_helpers import gather_all
from ..system.imports import call_function, load_function, parameters_of


@dataclass(frozen=True, kw_only=True)
class ChatTarget:
    """One call of a chat model with the program's main prompt; where a router stands, with the one that it takes.

    Prompts that vote are asked side by side, one call each: the output is the first that gave the majority's answer,
    its reply stands first, and `trajectory` tells what each voice said. Where a prompt asks with its options in several
    orders, each order is such a voice. Of a chain, each prompt is given the input and, behind it, what the earlier ones
    said. answer: how answers are read for a vote. step_tokens: of the answer of a chain's prompt, not of the last.
    top_logprobs: alternatives wanted per token, 0 is none. sample: tells repeated draws of the same request apart;
    who wants the second draw replaces it by 1.
    """

    name: ClassVar[str] = "chat"
    temperature: float = 0.0
    max_tokens: int = 256
    top_logprobs: int = 0
    sample: int = 0
    answer: AnswerContract = field(default_factory=AnswerContract)
    step_tokens: int = 256
    needs: frozenset[Need] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", frozenset({"logprobs"} if self.top_logprobs else ()))
        try:
            self.sampling  # noqa: B018 - builds the value, so that a wrong option is found here
        except ValueError as error:
            raise UsageError(f"the chat target cannot sample so: {error}", where="target chat") from error

    @property
    def sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens, top_logprobs=self.top_logprobs)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        earlier, told = list[Reply](), list[dict[str, str]]()
        row = example
        for name in program.chain[:-1]:
            _, reply = await self._ask(program.prompts[name], row, model, gateway, last=False)
            told.append({"prompt": name, "input": row.text, "output": reply.text})
            earlier.insert(0, reply)
            row = with_step_output(row, name, reply.text)
        asked = [
            (name, *turned)
            for name in program.chain[-1:] or program.prompts_for(row)
            for turned in option_orders(program.prompts[name], row)
        ]
        voices = await gather_all(
            self._ask(with_shared_prompt(program, name), shown, model, gateway) for name, shown, _ in asked
        )
        read = [
            letters.get(said, said) if (said := self.answer.read_answer(reply.text)) is not None else None
            for (_, _, letters), (_, reply) in zip(asked, voices, strict=True)
        ]
        won = majority_index(read) if len(read) > 1 else 0
        messages, spoke = voices[won]
        told += [
            {"prompt": name, "input": shown.text, "output": reply.text}
            for (name, shown, _), (_, reply) in zip(asked, voices, strict=True)
        ]
        return Output(
            text=(read[won] if asked[won][2] else None) or spoke.text,
            messages=messages,
            replies=(spoke, *(reply for place, (_, reply) in enumerate(voices) if place != won), *earlier),
            trajectory=tuple(told) if program.router is not None or len(asked) > 1 else (),
        )

    async def _ask(
        self, prompt: Prompt, example: Example, model: ModelRef, gateway: Gateway, *, last: bool = True
    ) -> tuple[tuple[Message, ...], Reply]:
        messages = tuple(render(prompt, example))
        sampling = self.sampling
        if not last:
            sampling = sampling.model_copy(update={"max_tokens": self.step_tokens, "top_logprobs": 0})
        request = Call(model=model, messages=messages, sampling=sampling, sample=self.sample)
        return messages, await gateway.complete(request, payer="target")

    def calls(self, program: Program) -> int:
        def turns(name: str) -> int:
            return max(1, program.prompts[name].format.shuffles)

        if program.chain:
            return len(program.chain) - 1 + turns(program.chain[-1])
        votes = program.router is not None and program.router.kind == "vote"
        each = [turns(name) for name in program.prompts if name != program.shared]
        return sum(each) if votes else max(each)


class CallableTarget:
    """A function of the user's: `f(messages)`, `f(program, example)`, or any of the names below; sync or async.

    Arguments by name: program, prompt (its main prompt; where a router stands, the one that it takes), example, input,
    messages, model (its name). It returns the text or an Output. What it raises is an error of the system, not a wrong
    answer: PluginError.
    """

    needs: frozenset[Need] = frozenset()

    def __init__(self, function: str | Callable[..., Any], folder: str = ".", **options: Any) -> None:
        self.name = function if isinstance(function, str) else getattr(function, "__name__", "function")
        self._function = load_function(function, Path(folder)) if isinstance(function, str) else function
        self._options = options
        self._by_name, self._by_place = _plan_arguments(self.name, self._function, options)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        name, *_ = program.prompts_for(example)
        prompt = with_shared_prompt(program, name)
        messages = tuple(render(prompt, example))
        values: dict[str, Any] = {
            "program": program,
            "prompt": prompt,
            "example": example,
            "input": example.input,
            "messages": list(messages),
            "model": str(model),
        }
        named = {name: values[name] for name in self._by_name}
        try:
            result = await call_function(
                self._function, *(values[one] for one in self._by_place), **named, **self._options
            )
        except MaieuticError:
            raise
        except Exception as error:
            raise PluginError(
                f"the target {self.name} failed: {type(error).__name__}: {error}",
                where=f"example {example.id}",
                remedy="let the function return a text for every input, or correct it",
            ) from error
        return _to_output(self.name, result, messages)

    def calls(self, program: Program) -> int:
        """Calls that the function makes on its own are not counted against the budget."""
        return 1


_ARGUMENT_NAMES = ("program", "prompt", "example", "input", "messages", "model")


def _plan_arguments(
    name: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which values are given by name, and which by position."""
    parameters = parameters_of(function)
    if parameters is None:
        return (), ("messages",)
    free = {n: p for n, p in parameters.items() if n not in options and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    required = [n for n, p in free.items() if p.default is p.empty]
    if required and all(n in _ARGUMENT_NAMES and free[n].kind is not free[n].POSITIONAL_ONLY for n in required):
        return tuple(n for n in free if n in _ARGUMENT_NAMES), ()
    places = {1: ("messages",), 2: ("program", "example")}.get(len(required))
    if places is None or any(free[n].kind is free[n].KEYWORD_ONLY for n in required):
        raise UsageError(
            f"the target {name} asks for {', '.join(required) or 'nothing'}, which cannot be given",
            possible=_ARGUMENT_NAMES,
            remedy="write f(messages) or f(program, example)",
        )
    return (), places


def _to_output(name: str, result: Any, messages: tuple[Message, ...]) -> Output:
    if isinstance(result, Output):
        return result
    if isinstance(result, str):
        return Output(text=result, messages=messages)
    raise PluginError(f"the target {name} returned {result!r:.200}", where=name, possible=("a text", "an Output"))
