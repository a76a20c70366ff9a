"""A target that follows the rules in its prompt, and worked examples where no rule fits."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from random import Random

from ...core.identity import seeded_random
from ..models import Answer, Messages
from .families import TaskFamily
from .rules import (
    INPUT,
    STEP,
    StatedRule,
    apply,
    asks_for_steps,
    calculate,
    chain_of,
    decide,
    read_form,
    read_rules,
    words_in,
)

# A result that is not written down step by step goes wrong more often the longer the chain is.
_ERROR_PER_STEP = 0.25
_DEMO = re.compile(rf"({INPUT.pattern})\s*\n+\s*(?:\w+ ?\w*:\s*)?([^\n]+)")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What the target reads out of its messages."""

    input: str
    rules: list[StatedRule]
    fields: tuple[str, ...]
    steps: bool
    demos: list[tuple[str, str]]


@dataclass(frozen=True)
class RuleFollowingTarget:
    """Answers an input of a family by the rules that the messages state, in any of the stated forms.

    Of several rules that fit the most specific counts. Where none fits, a worked example about the same words does;
    elsewhere the answer is a guess. What is guessed, and where noise strikes, depends on the input and the seed alone:
    two prompts with the same rules get the same answers, however they are worded.

    family: what it can answer. noise: the share of inputs that it answers by a guess, whatever the prompt says.
    thinking: it thinks for so many words before each answer, in `<think>`, and works in steps without being asked to.
    """

    family: TaskFamily
    noise: float = 0.03
    thinking: int = 0
    seed: int = 0

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        return self.answer_within(messages, draw, None)

    def answer_within(self, messages: Messages, draw: int, max_tokens: int | None) -> Answer:
        """The answer, cut after so many words."""
        reading = _read(messages)
        rng = seeded_random(self.seed, "rule-following", reading.input)
        noisy, text = rng.random() < self.noise, ""
        if self.thinking:
            text = f"<think>\n{' '.join(['hm'] * self.thinking)}\n</think>\n\n"
        return cut(text + self._reply(reading, rng, noisy), max_tokens)

    def _reply(self, reading: _Reading, rng: Random, noisy: bool) -> str:
        if self.family.rules[0].field == STEP:
            return self._calculated(reading, rng, noisy)
        words, rules = words_in(reading.input), [] if noisy else reading.rules
        demo = None if noisy else _nearest(words, reading.demos)
        if not self.family.fields:
            return decide(rules, words) or demo or rng.choice(self.family.options[""])
        values = {
            name: decide(rules, words, name) or rng.choice(self.family.options[name]) for name in self.family.fields
        }
        if reading.fields:
            return "; ".join(f"{name}={values.get(name, '?')}" for name in reading.fields)
        return demo or f"The customer writes about {', '.join(values.values())}."

    def _calculated(self, reading: _Reading, rng: Random, noisy: bool) -> str:
        result = calculate(reading.rules, reading.input)
        length = len(chain_of(reading.input))
        steps = reading.steps or self.thinking > 0
        if noisy or result is None or (not steps and rng.random() < _ERROR_PER_STEP * (length - 1)):
            # Far from any right result.
            return f"Answer: {rng.randint(400, 900)}"
        if not steps:
            return str(result)
        start = re.search(r"start at (-?\d+)", reading.input)
        number, lines = int(start[1]) if start else 0, []
        for word in chain_of(reading.input):
            operation = decide(reading.rules, (word,), STEP) or ""
            number = apply(operation, number)
            lines.append(f"{word}: {operation} gives {number}")
        return "\n".join([*lines, f"Answer: {result}"])


def cut(text: str, max_tokens: int | None) -> Answer:
    """The answer of an endpoint that stops after so many words."""
    if max_tokens is None or len(text.split()) <= max_tokens:
        return Answer(text=text)
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return Answer(text=text[: ends[max_tokens - 1]] if max_tokens else "", finish="length")


def _read(messages: Messages) -> _Reading:
    inputs = INPUT.findall(messages[-1]["content"])
    texts = [message["content"] for message in messages if message["role"] != "assistant"]
    demos = [(match[1], match[2].strip()) for text in texts for match in _DEMO.finditer(text)]
    for question, reply in itertools.pairwise(messages):
        if reply["role"] == "assistant" and (questions := INPUT.findall(question["content"])):
            demos.append((questions[-1], reply["content"].strip().splitlines()[-1]))
    text = "\n".join(texts)
    return _Reading(
        input=inputs[-1] if inputs else messages[-1]["content"],
        rules=read_rules(text),
        fields=read_form(text),
        steps=asks_for_steps(text),
        demos=demos,
    )


def _nearest(words: tuple[str, ...], demos: list[tuple[str, str]]) -> str | None:
    """The answer of the example that shares most words; None where no example shares any."""
    shared = [(len(set(words) & set(words_in(text))), answer) for text, answer in demos]
    most = max((count for count, _ in shared), default=0)
    return next((answer for count, answer in shared if count == most), None) if most else None
