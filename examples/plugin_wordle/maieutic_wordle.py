"""Wordle for Maieutic: a letter in its place is green, one that stands elsewhere in the word is yellow, others grey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from maieutic.plugin import (
    NEEDS_NOTHING,
    NEEDS_REFERENCES,
    NEEDS_TRAIN,
    Ask,
    Case,
    Decision,
    Example,
    Output,
    PromptReply,
    Proposal,
    Register,
    Request,
    Score,
    Search,
    Team,
    WorkOrder,
    hookimpl,
)

api = 1


def colours(guess: str, secret: str) -> str:
    """One letter per letter of the secret: G green, Y yellow, - grey. Each yellow uses up one letter of the secret."""
    guess, secret = guess.casefold().ljust(len(secret))[: len(secret)], secret.casefold()
    unmatched = Counter(s for g, s in zip(guess, secret, strict=True) if g != s)
    pattern = ""
    for letter, expected in zip(guess, secret, strict=True):
        if letter == expected:
            pattern += "G"
        elif unmatched[letter] > 0:
            unmatched[letter] -= 1
            pattern += "Y"
        else:
            pattern += "-"
    return pattern


class ColoursEvaluator:
    """Letters in and out of place: 1 for each green letter and `yellow` for each yellow one, over the longer word."""

    name = "wordle"
    needs = NEEDS_REFERENCES

    def __init__(self, yellow: float = 0.5) -> None:
        self.yellow = yellow

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return Score(value=0.0, failure="format")
        if not example.outputs or not example.outputs[0]:
            return Score(value=0.0, failure="example", feedback="there is no secret word")
        pattern = colours(answer, example.outputs[0])
        green, yellow = pattern.count("G"), pattern.count("Y")
        points = (green + self.yellow * yellow) / max(len(answer), len(pattern))
        values = {"green": green, "yellow": yellow}
        return Score(value=min(1.0, max(0.0, points)), values=values, feedback=pattern)


class ClueAsk(Ask[PromptReply]):
    """Shows a prompt and the colours of its guesses, and asks for a better prompt."""

    role = "student"
    skill = "clue"
    reply = PromptReply
    reads = {"failures": "errors"}
    prompt: str
    failures: tuple[Case, ...] = ()
    instruction = """+++
role = "student"
skill = "clue"
version = 1
tags = ["prompt"]
form = "<prompt>the new prompt</prompt>"
+++
A player is told this before guessing a word:

{prompt}

These guesses went wrong. G is a letter in its place, Y a letter elsewhere, - none of the word's:

{failures}

Write what the player should be told instead, as <prompt>the new prompt</prompt>. Give away no word.
"""


class ClueOperator:
    """A prompt with a clue from the colours of a few wrong guesses."""

    name = "wordle-clue"
    needs = NEEDS_TRAIN
    calls = 2

    def __init__(self, guesses: int = 4) -> None:
        self.guesses = guesses

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0].program
        ask = ClueAsk(prompt=parent.main.instruction, failures=request.failures[: self.guesses])
        reply = await team.act(ask)
        if reply is None:
            return []
        program = parent.replace(parent.main.with_(instruction=reply.prompt))
        return [Proposal(program=program, rationale="a clue from the colours")]


class GuessStrategy:
    """Six guesses from the greenest prompt: each round starts from the best one, and `rounds` rounds are played."""

    name = "wordle-guess"
    needs = NEEDS_NOTHING

    def __init__(self, rounds: int = 6) -> None:
        self.rounds = rounds

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        search.memory["guesses"] = search.memory.get("guesses", 0) + 1
        if search.memory["guesses"] > self.rounds:
            return []
        return [WorkOrder(operator=name, parents=(self.final(search),), cases=8) for name in search.operators]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self.final(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        best = self.final(search)
        return {candidate: "keep" if candidate == best else "drop" for candidate in pool}

    def final(self, search: Search) -> str:
        candidates = [candidate.id for candidate in search.archive.alive]
        return max(candidates, key=lambda candidate: search.archive.scores.mean(candidate, search.val) or 0.0)


@hookimpl
def maieutic_evaluators(register: Register) -> None:
    register("wordle", ColoursEvaluator)


@hookimpl
def maieutic_operators(register: Register) -> None:
    register("wordle-clue", ClueOperator)


@hookimpl
def maieutic_strategies(register: Register) -> None:
    register("wordle-guess", GuessStrategy)
