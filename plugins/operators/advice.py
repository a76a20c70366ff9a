"""Human rules become advice (PROMST, arXiv 2402.08702): a condition on what happened, and what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case, ScoredPrompt
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.ancestry import scored_ancestry
from ..algorithms.llm_helpers import main_instruction, rewrite_with_model, task_description


class SummarizeAdvice(Ask[TextReply]):
    """Summarize what went wrong in several episodes (PROMST). Each remark comes with how often it applied."""

    role = "critic"
    skill = "summary"
    reply = TextReply
    reads = {"remarks": "errors"}
    task: str
    prompt: str
    remarks: tuple[str, ...] = ()


class AdvancePrompt(Ask[PromptReply]):
    """Write a prompt from a summary of what went wrong and the prompts it descends from (PROMST)."""

    role = "student"
    skill = "advance"
    reply = PromptReply
    reads = {"summary": "errors", "history": "history", "hints": "hints"}
    task: str
    prompt: str
    summary: str
    history: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()


_NUMBERS = re.compile(r"\d+")
# More remarks than this make weak critics lose the frequent ones.
_MAX_REMARKS = 8


@dataclass(kw_only=True)
class RuleAdvice:
    """Rewrites the prompt from the human rules that its failures trigger.

    A rule of the task file, or of a person who steers the run, triggers where its `when` is found in a failed run or in
    its feedback (as words, or as a /pattern/). A critic summarizes which advice was triggered and how often, and what
    the scoring said; then the student writes `count` prompts from the summary and from the ancestors with their scores.
    Without failures there is no proposal.

    Args:
        count: Prompts per order; an order that wants some but fewer gets fewer.
        ancestors: Earlier prompts of the line that are shown.
    """

    name = "advice"
    needs = NEEDS_TRAIN

    count: int = 4
    ancestors: int = 5

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (1 + self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        remarks = advice_for_failures(request.failures, request.rules)
        reply = await team.act(SummarizeAdvice(task=task, prompt=prompt, remarks=remarks))
        summary = reply.text if reply is not None else "\n".join(remarks)
        ask = AdvancePrompt(
            task=task,
            prompt=prompt,
            summary=summary,
            history=scored_ancestry(request, self.ancestors),
            hints=request.hints,
        )
        count = self.count if request.order.count == 1 else min(self.count, request.order.count)
        return await rewrite_with_model(request, team, ask, summary, count=count)


def advice_for_failures(failures: Sequence[Case], rules: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Triggered advice, most frequent first, then feedback that no rule covers."""
    due: Counter[tuple[str, str]] = Counter()
    feedback_counts: Counter[str] = Counter()
    for case in failures:
        fired = [rule for rule in rules if rule_applies(rule[0], case)]
        due.update(fired)
        for part in re.split(r"[;\n]", case.feedback):
            # `turn 3: walked into a wall` is the same feedback in every turn.
            plain = _NUMBERS.sub("N", part.partition(":")[2].strip() or part.strip())
            if plain and not any(rule_applies(when, Case(input="", expected="", feedback=part)) for when, _ in fired):
                feedback_counts[plain] += 1
    of = len(failures)
    advised = [f"{count} of {of} runs: {when}. Advice: {advice}." for (when, advice), count in due.most_common()]
    noted = [f"{count} times: {remark}" for remark, count in feedback_counts.most_common()]
    return tuple([*advised, *noted][:_MAX_REMARKS])


def rule_applies(when: str, case: Case) -> bool:
    """Whether a rule's condition occurs in a run: /a pattern/, or the words as they stand, ignoring case."""
    trace = f"{case.input}\n{case.output}\n{case.feedback}"
    if len(when) > 2 and when.startswith("/") and when.endswith("/"):
        try:
            return re.search(when[1:-1], trace, re.IGNORECASE) is not None
        except re.error:
            return False
    return bool(when.strip()) and when.strip().casefold() in trace.casefold()
