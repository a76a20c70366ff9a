"""Claims about what a model does wrong, each with the smallest edit against it (after arXiv 2402.02101)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import ReasonsReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    deduplicate,
    field_refusal,
    gather_all,
    main_instruction,
    refused,
    sample_items,
    task_description,
    user_guidance,
)


class ClaimBehaviours(Ask[ReasonsReply]):
    """What the model does in wrong answers only. `refuted` holds claims that were tested and failed."""

    role = "critic"
    skill = "behaviour"
    reply = ReasonsReply
    reads = {"failures": "errors", "successes": "errors", "refuted": "history"}
    task: str
    prompt: str
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    refuted: tuple[str, ...] = ()
    count: int = 3


class WriteRule(Ask[TextReply]):
    """One sentence for the prompt that would stop a behaviour."""

    role = "student"
    skill = "rule"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    behaviour: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(kw_only=True)
class FailureClaims:
    """Claims what the model did in its wrong answers; each claim becomes one added rule.

    The rule changes nothing else, so measuring the child tests the claim. The rationale of a proposal is the claim; the
    order's option `refuted` lists claims that did not hold. Without failures there is no proposal.

    Args:
        claims: Claims at most.
        errors: Failures shown.
        successes: Right answers shown beside them.
    """

    name = "claims"
    needs = NEEDS_TRAIN

    claims: int = 3
    errors: int = 4
    successes: int = 2

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (1 + self.claims)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        rng, task, prompt = request.rng, task_description(request.task), main_instruction(request)
        failures = sample_items(request.failures, self.errors, rng)
        reply = await team.act(
            ClaimBehaviours(
                task=task,
                prompt=prompt,
                failures=failures,
                successes=sample_items(request.successes, self.successes, rng),
                refuted=tuple(request.order.options.get("refuted", ())),
                count=self.claims,
            )
        )
        claimed = reply.reasons[: self.claims] if reply is not None else ()
        rules = await gather_all(
            team.act(
                WriteRule(task=task, prompt=prompt, behaviour=claim, failures=failures, hints=user_guidance(request))
            )
            for claim in claimed
        )
        return deduplicate(
            _with_rule(request, reply.text, claim)
            for reply, claim in zip(rules, claimed, strict=True)
            if reply is not None
        )


def _with_rule(request: Request, text: str, claim: str) -> Proposal:
    """The parent with one more principle; refused for a rule that is empty, asks for a field, or is a repetition."""
    program = request.parents[0].program
    rule, there = " ".join(text.split()).strip("-*•\"' "), program.main.principles
    if not rule:
        return refused(request, "it is empty", text, claim)
    if rule.casefold() in {principle.casefold() for principle in there} or rule in program.main.instruction:
        return refused(request, "its rule is in the prompt already", text, claim)
    if refusal := field_refusal(request, rule, "a rule"):
        return refused(request, refusal, text, claim)
    return Proposal(program=program.replace(program.main.with_(principles=(*there, rule))), rationale=claim)
