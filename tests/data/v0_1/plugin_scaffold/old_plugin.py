"""What old-plugin offers to Maieutic."""

from __future__ import annotations

from maieutic.core.contracts import Order, Proposal
from maieutic.core.dialogue import Ask, PromptReply
from maieutic.core.score import Score
from maieutic.plugins.hookspecs import hookimpl

api = 1


class Short:
    """1 for an output of at most `words` words, less the longer it is."""

    name = "old-plugin-short"
    needs = frozenset()

    def __init__(self, words: int = 20):
        self.words = words

    async def evaluate(self, example, output, answer):
        if answer is None:
            return Score(value=0.0, failure="format")
        count = len(output.text.split())
        return Score(value=min(1.0, self.words / max(count, 1)), feedback=f"{count} words")


class MakeBrief(Ask[PromptReply]):
    """A question of your own to a role of the team, with its instruction."""

    role = "student"
    skill = "brief"
    reply = PromptReply
    prompt: str
    instruction = """+++
role = "student"
skill = "brief"
version = 1
tags = ["prompt"]
form = "<prompt>the shorter prompt</prompt>"
+++
Say the same in fewer words:

{prompt}

Answer with <prompt>the shorter prompt</prompt>.
"""


class Brief:
    """Asks the student for a shorter prompt."""

    name = "old-plugin-brief"
    needs = frozenset()
    calls = 2

    async def propose(self, request, team):
        parent = request.parents[0].program
        reply = await team.act(MakeBrief(prompt=parent.main.instruction))
        if reply is None:
            return []
        return [Proposal(program=parent.replace(parent.main.with_(instruction=reply.prompt)), rationale="shorter")]


class Climb:
    """Always works on the best prompt so far."""

    name = "old-plugin-climb"
    needs = frozenset()

    def ask(self, search):
        return [Order(operator=name, parents=(self.final(search),), cases=4) for name in search.operators]

    def pool(self, search, new):
        return list(dict.fromkeys([self.final(search), *new]))

    def tell(self, search, pool, verdicts):
        best = self.final(search)
        return {name: "keep" if name == best else "drop" for name in pool}

    def final(self, search):
        alive = [one.id for one in search.archive.alive]
        return max(alive, key=lambda name: search.archive.scores.mean(name, search.val) or 0.0)


@hookimpl
def maieutic_evaluators(register):
    register(Short.name, Short, summary="short outputs")


@hookimpl
def maieutic_operators(register):
    register(Brief.name, Brief, summary="the same in fewer words")


@hookimpl
def maieutic_strategies(register):
    register(Climb.name, Climb, summary="from the best so far")
