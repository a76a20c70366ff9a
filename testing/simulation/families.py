"""Four families of tasks whose right answers follow from rules: routing, policy, format and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ...core.identity import seeded_random
from ...core.models import ModelRef
from ...core.task import Models, Task
from .rules import STEP, StatedRule, calculate, decide, words_in

# Enough for the recipes that adapt to inputs from another source.
_ELSEWHERE = 10
_OPENINGS = (
    "hello, this is about the",
    "good morning, i need help with the",
    "please look at my",
    "i want to know about the",
)
_CLOSINGS = ("thanks", "please help soon", "thank you very much", "it has been like this since yesterday")


@dataclass(frozen=True, kw_only=True)
class TaskFamily:
    """Tasks of one kind.

    Attributes:
        name: Its name.
        prompt: The prompt to start from; it says nothing of the rules.
        rules: The rules that decide.
        fields: The fields of an answer in a fixed form; empty elsewhere.
        options: What can be answered, or per field what can stand in it.
        write_input: From a random generator to an input without its kind and number.
        kind: The word that inputs begin with.
        answer: The declared form of the answer, as in a task file.
    """

    name: str
    prompt: str
    rules: tuple[StatedRule, ...]
    write_input: Callable[[Random], str]
    kind: str
    fields: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)

    def truth(self, text: str) -> str:
        """The right answer to an input."""
        words = words_in(text)
        if self.fields:
            return "; ".join(f"{name}={decide(self.rules, words, name)}" for name in self.fields)
        if self.rules[0].field == STEP:
            return str(calculate(self.rules, text))
        return decide(self.rules, words) or self.options[""][-1]

    def examples(self, split: str, count: int, seed: int = 0) -> list[dict[str, str]]:
        """So many distinct inputs with their right answers; another split or seed gives others."""
        rng = seeded_random(seed, "simulation", self.name, split)
        base = {"train": 100, "val": 300, "test": 500}.get(split, 700)
        inputs = [f"{self.kind} {base + number}: {self.write_input(rng)}" for number in range(count)]
        return [{"input": text, "output": self.truth(text)} for text in inputs]

    def task(
        self, target: ModelRef, optimizer: ModelRef, *, train: int = 40, val: int = 40, test: int = 60, **fields: Any
    ) -> Task:
        """The family as a task over two models, with inputs from elsewhere beside the splits; fields: of
        `Task.create`."""
        splits: dict[str, Any] = {
            split: self.examples(split, count) for split, count in (("train", train), ("val", val), ("test", test))
        }
        elsewhere = [{"input": row["input"]} for row in self.examples("target", _ELSEWHERE)]
        options = {
            "models": Models(target=target, optimizer=optimizer),
            "name": self.name,
            **({"answer": dict(self.answer)} if self.answer else {}),
            **fields,
        }
        return Task.create(self.prompt, **splits, target=elsewhere, **options)


def _message(rng: Random, *subjects: str) -> str:
    return f"{rng.choice(_OPENINGS)} {' and the '.join(subjects)}, {rng.choice(_CLOSINGS)}"


def _rules(table: Mapping[str, str], name: str = "") -> tuple[StatedRule, ...]:
    return tuple(
        StatedRule(words=frozenset(words.split("+")), answer=answer, field=name)
        for answer, entries in table.items()
        for words in entries.split()
    )


_TEAMS = {
    "billing": "invoice refund",
    "access": "password login",
    "shipping": "parcel courier",
    "hardware": "keyboard battery",
    "sales": "quote discount",
}
_ROUTING = _rules(_TEAMS)
_CAUSES = ("flight", "hotel", "meal", "laptop", "training", "taxi")
_CONDITIONS = ("unsigned", "upgrade", "abroad")
_POLICY = _rules(
    {
        "deny": "unsigned",
        "ask": "flight+upgrade hotel+upgrade laptop+abroad",
        "pay": "flight hotel training",
        "check": "meal taxi laptop",
        "cap": "meal+abroad taxi+abroad",
    }
)
_TOPICS = {"power": "battery charger", "screen": "display pixel", "sound": "speaker microphone"}
_LEVELS = {"high": "outage smoke", "low": "question wish"}
_FORMAT = _rules(_TOPICS, "topic") + _rules(_LEVELS, "level")
_STEPS = tuple(
    StatedRule(words=frozenset({word}), answer=operation, field=STEP)
    for word, operation in {
        "zib": "add 3",
        "dorp": "multiply by 2",
        "fenk": "subtract 4",
        "lum": "add 7",
        "quav": "multiply by 3",
        "tesh": "subtract 1",
    }.items()
)


def _subjects(table: Mapping[str, str]) -> list[str]:
    return [word for words in table.values() for word in words.split()]


def _policy_input(rng: Random) -> str:
    cause = rng.choice(_CAUSES)
    # Half of the requests have a condition: exceptions are frequent enough to be seen in forty examples.
    conditions = rng.sample(_CONDITIONS, rng.choice((0, 1)))
    return _message(rng, cause, *conditions)


def _chain(rng: Random) -> str:
    words = [rng.choice([min(rule.words) for rule in _STEPS]) for _ in range(rng.choice((1, 2, 3)))]
    return f"start at {rng.randint(5, 20)}, then {' '.join(words)}"


def _label_answer(options: Sequence[str]) -> dict[str, Any]:
    return {"type": "label", "labels": list(options)}


FAMILIES: Mapping[str, TaskFamily] = {
    family.name: family
    for family in (
        TaskFamily(
            name="routing",
            prompt="Say which team the customer's ticket goes to.",
            rules=_ROUTING,
            options={"": tuple(_TEAMS)},
            write_input=lambda rng: _message(rng, rng.choice(_subjects(_TEAMS))),
            kind="Ticket",
            answer=_label_answer(tuple(_TEAMS)),
        ),
        TaskFamily(
            name="policy",
            prompt="Say what the policy does with the employee's request.",
            rules=_POLICY,
            options={"": ("pay", "check", "ask", "cap", "deny")},
            write_input=_policy_input,
            kind="Request",
            answer=_label_answer(("pay", "check", "ask", "cap", "deny")),
        ),
        TaskFamily(
            name="format",
            prompt="Note what the customer's order is about.",
            rules=_FORMAT,
            fields=("topic", "level"),
            options={"topic": tuple(_TOPICS), "level": tuple(_LEVELS)},
            write_input=lambda rng: _message(rng, rng.choice(_subjects(_TOPICS)), rng.choice(_subjects(_LEVELS))),
            kind="Order",
        ),
        TaskFamily(
            name="steps",
            prompt="Calculate the result of the chain for the user.",
            rules=_STEPS,
            write_input=_chain,
            kind="Chain",
            answer={"type": "number"},
        ),
    )
}
"""Name → family."""
