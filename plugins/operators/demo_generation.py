"""Few-shot examples that are mined, generated and explained (PromptWizard, arXiv 2405.18369)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import CasesReply, TextReply
from ...core.answer import AnswerContract
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.label_reader import normalize_answer
from ...core.prompt import Demo
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.demo_sets import demo_of, with_demos
from ..algorithms.llm_helpers import case_count, gather_all, main_instruction, sample_cases, task_description


class CritiqueExamples(Ask[TextReply]):
    """What the worked examples lack, and what new ones should show."""

    role = "critic"
    skill = "examples"
    reply = TextReply
    reads = {"demos": "rows", "rows": "rows", "failures": "errors"}
    task: str
    prompt: str
    demos: tuple[Case, ...] = ()
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()


class SynthesizeExamples(Ask[CasesReply]):
    """New examples with answers, like the ones shown, hard where the prompt failed."""

    role = "synthesizer"
    skill = "rows"
    reply = CasesReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    count: int = 5
    critique: str = ""


class ExplainAnswer(Ask[TextReply]):
    """Why the answer of an example is right, in a sentence or two that end before the answer."""

    role = "student"
    skill = "explain"
    reply = TextReply
    task: str
    input: str
    expected: str


_SMALL_ROWS = 3


@dataclass(kw_only=True)
class DemoMining:
    """Examples that the parent got wrong as demos, with their references; other train examples fill up."""

    name = "demo-mine"
    needs = NEEDS_TRAIN
    calls = 0

    shots: int = 5

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        wrong = {case.input for case in request.failures}
        shuffled = request.rng.sample(request.train, len(request.train))
        rows = sorted(shuffled, key=lambda row: row.text not in wrong)[: self.shots]
        if not rows:
            return []
        mined = sum(row.text in wrong for row in rows)
        request.rng.shuffle(rows)
        demos = [demo_of(row) for row in rows]
        return [with_demos(request.parents[0], demos, f"{len(demos)} demos, {mined} of them mined from failures")]


@dataclass(kw_only=True)
class DemoSynthesis:
    """Generated examples as demos, as hard as the parent's failures; the parent's own demos fill up.

    Capable optimizer models first criticise the examples that the parent shows. A generated answer that the task's
    contract does not accept, or that is not a label of the task, is left out.

    Args:
        shots: Demos in the set.
        rows: Real examples shown as a model; by default 32, for small optimizer models 3.
    """

    name = "demo-synthesis"
    needs = NEEDS_TRAIN
    calls = 2 * CALLS_PER_ASK

    shots: int = 5
    rows: int | None = None

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        most = case_count(request, self.rows, _SMALL_ROWS)
        failures = request.failures[:most]
        examples = sample_cases(request.train, most, request.rng)
        critique = await self._critique(request, team, examples, failures) if request.capable else ""
        ask = SynthesizeExamples(
            task=task_description(request.task), rows=examples, failures=failures, count=self.shots, critique=critique
        )
        reply = await team.act(ask)
        real = {normalize_answer(row.text) for row in request.train}
        demos = (
            [demo for case in reply.cases if (demo := _demo(request, case)) is not None] if reply is not None else []
        )
        demos = [demo for demo in demos if normalize_answer(demo.input) not in real][: self.shots]
        if not demos:
            return []
        own_demos = request.parents[0].program.main.demos[: self.shots - len(demos)]
        return [with_demos(request.parents[0], [*own_demos, *demos], f"{len(demos)} generated demos")]

    async def _critique(self, request: Request, team: Team, rows: Sequence[Case], failures: Sequence[Case]) -> str:
        """What the examples of the parent lack; empty if the reply could not be read."""
        demos = request.parents[0].program.main.demos
        ask = CritiqueExamples(
            task=task_description(request.task),
            prompt=main_instruction(request),
            demos=tuple(Case(input=demo.input, expected=demo.output) for demo in demos),
            rows=tuple(rows),
            failures=tuple(failures),
        )
        reply = await team.act(ask)
        return reply.text if reply is not None else ""


@dataclass(kw_only=True)
class DemoRationale:
    """Adds the reasoning that leads to a demo's answer, for each demo without one.

    Only where the demo with its rationale still parses to the same answer: a rationale that names another label would
    teach the target model an answer that cannot be parsed. Demos whose answer tolerates no text in front are skipped.

    Args:
        most: Demos to explain, the last ones first.
    """

    name = "demo-rationale"
    needs = NEEDS_NOTHING

    most: int = 5

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.most

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        demos, contract = list(request.parents[0].program.main.demos), request.task.answer
        unexplained = [
            index for index, demo in enumerate(demos) if not demo.rationale and _explicable(contract, demo.output)
        ]
        indices = unexplained[-self.most :]
        asks = [
            ExplainAnswer(task=task_description(request.task), input=demos[index].input, expected=demos[index].output)
            for index in indices
        ]
        replies = await gather_all(team.act(ask) for ask in asks)
        explained = 0
        for index, reply in zip(indices, replies, strict=True):
            if reply is not None and _read_with(contract, reply.text, demos[index].output):
                demos[index] = demos[index].model_copy(update={"rationale": reply.text})
                explained += 1
        rationale = f"{explained} of {len(demos)} demos explained"
        return [with_demos(request.parents[0], demos, rationale)] if explained else []


def _read_with(contract: AnswerContract, reason: str, output: str) -> bool:
    """Whether an answer parses to the same one with a reason in front of it."""
    return contract.read_answer(f"{reason}\n{output}") == contract.read_answer(output)


def _explicable(contract: AnswerContract, output: str) -> bool:
    """Whether some reason can precede an answer: one that does not name it, or one that does."""
    return any(_read_with(contract, reason, output) for reason in ("Because.", f"The answer is {output}."))


def _demo(request: Request, case: Case) -> Demo | None:
    contract = request.task.answer
    if not case.expected or not contract.accepts(case.expected):
        return None
    answer = contract.normalize_reference(case.expected)
    named = {normalize_answer(label): label for label in request.answers}
    if named and normalize_answer(answer) not in named:
        return None
    return Demo(input=case.input, output=named.get(normalize_answer(answer), answer))
