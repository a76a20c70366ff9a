"""Two simulated models over one simulated task, so that whole runs need no network and no key.

    target, optimizer = SimulatedTarget(), SimulatedOptimizer()

The task is to name the color of a word: `train word 7` is red or blue by its hash. The target's accuracy depends on the
prompt alone, so that some prompts are better; the optimizer answers each agent's question in the form it asks for. Both
give the same answer to the same messages in any process.
"""

from __future__ import annotations

import re
from typing import Any

from ..core.identity import digest
from .models import Answer, Messages

LABELS = ("red", "blue")
_EXAMPLE = re.compile(r"(?:train|val|test|target) word \d+")


def hash_number(*parts: Any) -> int:
    """A number that the parts decide, the same in every process."""
    return int(digest([str(part) for part in parts])[:12], 16)


def true_label(example: str) -> str:
    return LABELS[hash_number("truth", example) % 2]


class SimulatedTarget:
    """Right on 35 to 85 % of the examples, depending on the prompt; one answer in twelve is no label at all."""

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        text = "\n".join(message["content"] for message in messages)
        example = _EXAMPLE.findall(messages[-1]["content"])[-1]
        accuracy = 35 + hash_number(text.replace(example, "")) % 50
        right = true_label(example)
        if hash_number("form", text) % 12 == 0 or "BREAK" in text:
            return Answer(text="I would rather not say", logprobs={"I": -0.1})
        label = right if hash_number("draw", text) % 100 < accuracy else _other(right)
        uncertainty = 0.05 + (hash_number("sure", text) % 60) / 100
        return Answer(text=label, logprobs={label: -uncertainty, _other(label): -1.5 - uncertainty})


def _other(label: str) -> str:
    return LABELS[label == LABELS[0]]


class SimulatedOptimizer:
    """Answers each agent in the form that its instruction asks for; another draw gives another wording."""

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        text = messages[0]["content"]
        mark = hash_number(text, draw) % 9973
        if "<verdict>" in text:
            if mark % 2:
                return Answer(text="<verdict>true</verdict> ")
            suggestion = f"<suggestion>Ask about the colour number {mark}.</suggestion>"
            return Answer(text=f"<verdict>false</verdict> {suggestion}")
        if "<reason>" in text:
            return Answer(text=f"<reason>The prompt never says how word {mark} gets its colour.</reason>")
        if "<question>" in text:
            return Answer(text=f"<question>Which colour fits rule {mark} best?</question>")
        if "<step>" in text:
            return Answer(text=f"<step>Name colour {mark} first.</step><step>Forbid all other words.</step>")
        if "<pattern>" in text:
            return Answer(text=f"<pattern>{mark % 10} | Words of kind {mark} get the wrong colour.</pattern>")
        if "<branch>" in text:
            return Answer(text=f"<branch>NEW: If the word is of kind {mark}: say red or blue</branch>")
        if "<principle>" in text:
            edit = f"<edit>add</edit><number>0</number><principle>Words of kind {mark} are red.</principle>"
            return Answer(text=edit)
        if "<lesson>" in text:
            return Answer(text=f"<lesson>Words of kind {mark} are red.</lesson>")
        if "<bullet>" in text:
            return Answer(text=f"<bullet>rules | Words of kind {mark} are red.</bullet>")
        if "<segment>" in text:
            return Answer(text=f"<segment>Name the colour by rule {mark}.</segment>")
        if "<drop>" in text:
            return Answer(text="<drop>none</drop>")
        if "<choice>" in text:
            return Answer(text=f"<choice>{'AB'[mark % 2]}</choice>")
        if "<critique>" in text and "somebody else" in text:
            return Answer(text=f"<critique>The prompt leaves rule {mark} open.</critique>")
        if "<expert>" in text:
            return Answer(text=f"<expert>You are a painter of {mark} pictures.</expert>")
        if "<keywords>" in text:
            return Answer(text=f"<keywords>colour, word, rule {mark}</keywords>")
        if "careful person" in text:
            return Answer(text=f"<answer>{true_label(_EXAMPLE.findall(text)[-1])}</answer>")
        if "You write test cases" in text:
            return Answer(text=_boundary_examples(mark))
        if "<analysis>" in text:
            return Answer(text=f"<analysis>Words of kind {mark} are taken for red.</analysis>")
        if "make up examples" in text or "You write worked examples" in text:
            return Answer(text=f"<input>made word {mark}</input><output>{LABELS[mark % 2]}</output>")
        if "<reasoning>" in text:
            return Answer(text=f"<reasoning>The word sounds like number {mark}.</reasoning>")
        return Answer(text=f"<prompt>Name the colour of the word, by rule {mark}: red or blue.</prompt>")


def _boundary_examples(mark: int) -> str:
    """Two generated examples whose labels are wrong half of the time."""
    inputs = [f"train word {10_000 + 2 * mark + n}" for n in range(2)]
    return "".join(f"<input>{text}</input><output>{LABELS[mark % 2]}</output>" for text in inputs)
