"""Wordle for Maieutic: what is right and in its place is green, what is right elsewhere is yellow, the rest is grey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from maieutic.agents.asks.replies import PromptReply
from maieutic.core.asks import Ask, Case
from maieutic.core.dataset import Example
from maieutic.core.models import Output
from maieutic.core.protocols import Decision, Need, Team
from maieutic.core.score import Score
from maieutic.core.search_types import Proposal, Request, Search, WorkOrder
from maieutic.plugins.system.hookspecs import Register, hookimpl

api = 1


def colours(guess: str, secret: str) -> str:
    """One letter for each of the secret: G green, Y yellow, - grey. A yellow is paid for by a letter of the secret."""
    guess, secret = guess.casefold().ljust(len(secret))[: len(secret)], secret.casefold()
    left = Counter(s for g, s in zip(guess, secret, strict=True) if g != s)
    told = ""
    for letter, wanted in zip(guess, secret, strict=True):
        if letter == wanted:
            told += "G"
        elif left[letter] > 0:
            left[letter] -= 1
            told += "Y"
        else:
            told += "-"
    return told


class ColoursEvaluator:
    """A green letter counts 1, a yellow one `yellow`, over the longer of guess and secret."""

    name = "wordle"
    needs: frozenset[Need] = frozenset({"references"})

    def __init__(self, yellow: float = 0.5) -> None:
        self.yellow = yellow

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return Score(value=0.0, failure="format")
        if not example.outputs or not example.outputs[0]:
            return Score(value=0.0, failure="example", feedback="there is no secret word")
        told = colours(answer, example.outputs[0])
        points = told.count("G") + self.yellow * told.count("Y")
        value = min(1.0, max(0.0, points / max(len(answer), len(told))))
        return Score(value=value, values={"green": told.count("G"), "yellow": told.count("Y")}, feedback=told)


class ClueAsk(Ask[PromptReply]):
    """The prompt, and what the colours of its guesses were."""

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
    needs: frozenset[Need] = frozenset({"train"})
    calls = 2

    def __init__(self, guesses: int = 4) -> None:
        self.guesses = guesses

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0].program
        ask = ClueAsk(prompt=parent.main.instruction, failures=request.failures[: self.guesses])
        reply = await team.act(ask)
        if reply is None:
            return []
        new = parent.replace(parent.main.with_(instruction=reply.prompt))
        return [Proposal(program=new, rationale="a clue from the colours")]


class GuessStrategy:
    """Each round guesses anew from the greenest prompt, and gives up after `rounds` rounds, as the game does."""

    name = "wordle-guess"
    needs: frozenset[Need] = frozenset()

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
        return {name: "keep" if name == best else "drop" for name in pool}

    def final(self, search: Search) -> str:
        alive = [one.id for one in search.archive.alive]
        return max(alive, key=lambda name: search.archive.scores.mean(name, search.val) or 0.0)


@hookimpl
def maieutic_evaluators(register: Register) -> None:
    register("wordle", ColoursEvaluator, summary="letters in place and out of place", needs=ColoursEvaluator.needs)


@hookimpl
def maieutic_operators(register: Register) -> None:
    register("wordle-clue", ClueOperator, summary="a clue from the colours", needs=ClueOperator.needs)


@hookimpl
def maieutic_strategies(register: Register) -> None:
    register("wordle-guess", GuessStrategy, summary="six guesses from the greenest")
