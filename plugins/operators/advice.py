"""People's rules become advice (PROMST, arXiv 2402.08702): a predicate on what happened, and what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.episodes import AdvancePrompt, SummarizeAdvice
from ...core.asks import Case
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.ancestry import scored_ancestry
from ..algorithms.llm_helpers import CALLS_PER_ASK, main_instruction, rewrite_with_model, task_description

_NUMBERS = re.compile(r"\d+")
_MOST_REMARKS = 8


@dataclass(kw_only=True)
class RuleAdvice:
    """Each failed run is held against the rules of the task file and of people who steer: where a rule's `when` is
    found in the run or in what was said of it (as words, or as /a pattern/), its advice is due. A critic summarizes
    what was due and how often, with what the scoring said; then each of the order's `count` students writes a prompt
    from the summary and from the line of prompts with their scores.

    count: students, where the order wants one. ancestors: prompts of the line that are shown. Without a failure there
    is nothing to advise.
    """

    count: int = 4
    ancestors: int = 5
    name: str = field(default="advice", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * (1 + self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if not request.failures:
            return []
        task, prompt = task_description(request.task), main_instruction(request)
        remarks = advice_for_failures(request.failures, request.rules)
        told = await team.act(SummarizeAdvice(task=task, prompt=prompt, remarks=remarks))
        summary = told.text if told is not None else "\n".join(remarks)
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
    """Advice that is due, most often due first, then what the scoring said that no rule covers."""
    due: Counter[tuple[str, str]] = Counter()
    said: Counter[str] = Counter()
    for case in failures:
        fired = [rule for rule in rules if rule_applies(rule[0], case)]
        due.update(fired)
        for part in re.split(r"[;\n]", case.feedback):
            # `turn 3: walked into a wall` is the same remark in every turn.
            plain = _NUMBERS.sub("N", part.partition(":")[2].strip() or part.strip())
            if plain and not any(rule_applies(when, Case(input="", expected="", feedback=part)) for when, _ in fired):
                said[plain] += 1
    of = len(failures)
    advised = [f"{count} of {of} runs: {when}. Advice: {advice}." for (when, advice), count in due.most_common()]
    noted = [f"{count} times: {remark}" for remark, count in said.most_common()]
    return tuple([*advised, *noted][:_MOST_REMARKS])


def rule_applies(when: str, case: Case) -> bool:
    """Whether a rule's condition is found in a run: /a pattern/, or else its words as they stand, in any case."""
    trace = f"{case.input}\n{case.output}\n{case.feedback}"
    if len(when) > 2 and when.startswith("/") and when.endswith("/"):
        try:
            return re.search(when[1:-1], trace, re.IGNORECASE) is not None
        except re.error:
            return False
    return bool(when.strip()) and when.strip().casefold() in trace.casefold()
