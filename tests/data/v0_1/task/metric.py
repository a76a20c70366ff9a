"""A metric and an operator of the user's own, in the names of version 0.1."""

from maieutic.core.contracts import Need, Proposal, Request, Team
from maieutic.core.dialogue import Ask, PromptReply
from maieutic.core.example import Example
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.hookspecs import hookimpl

api = 1


class FirstLetter:
    """1 where the answer begins as the reference does."""

    name = "first-letter"
    needs: frozenset[Need] = frozenset({"references"})

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return Score(value=0.0, failure="format")
        return Score(value=float(answer[:1] == example.outputs[0][:1]))


class AskForRule(Ask[PromptReply]):
    role = "student"
    skill = "rule"
    reply = PromptReply
    prompt: str
    instruction = """+++
role = "student"
skill = "rule"
version = 1
tags = ["prompt"]
form = "<prompt>the new prompt</prompt>"
+++
Add a rule to this prompt:

{prompt}

Answer with <prompt>the new prompt</prompt>.
"""


class AddRule:
    name = "add-rule"
    needs: frozenset[Need] = frozenset()
    calls = 2

    async def propose(self, request: Request, team: Team) -> list[Proposal]:
        parent = request.parents[0].program
        reply = await team.act(AskForRule(prompt=parent.main.instruction))
        if reply is None:
            return []
        return [Proposal(program=parent.replace(parent.main.with_(instruction=reply.prompt)), rationale="a rule")]


@hookimpl
def maieutic_evaluators(register):
    register("first-letter", FirstLetter, summary="begins as the reference does", needs=FirstLetter.needs)


@hookimpl
def maieutic_operators(register):
    register("add-rule", AddRule, summary="adds a rule", needs=AddRule.needs)
