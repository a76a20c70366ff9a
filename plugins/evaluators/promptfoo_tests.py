"""The metric of a promptfoo project: each example is scored by the assertions of its own test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.asks import CALLS_PER_ASK
from ...core.dataset import Example
from ...core.error_messages import did_you_mean
from ...core.errors import TaskError, UsageError
from ...core.evaluator_protocols import AskingEvaluator, Evaluator, EvaluatorContext
from ...core.models import ModelRef, Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ...runtime.tasks.assertions import (
    JUDGED_KINDS,
    THRESHOLD,
    base_kind,
    count_judged,
    flat_assertions,
    row_assertions,
)
from ..system.node_packages import package_folder
from .from_promptfoo import PromptfooAssertion, PromptfooProcess, example_values, not_installed
from .llm_judges import RateOutput, requirements_text
from .promptfoo_assertions import (
    DEFAULT_SIMILARITY,
    PACKAGE_KINDS,
    SIMILAR_KINDS,
    UNSCORED_KINDS,
    Grade,
    combine,
    grade_comparison,
    has_code,
    is_inverse,
    known_kinds,
    rendered_value,
)

_FACTUAL = "The answer is consistent with the reference in every fact; it may say more, and say it otherwise."
# A judge passes what it rates so or better, where an assertion has no threshold of its own.
_DEFAULT_RATING = 0.5


def promptfoo_evaluator(
    assertion: Mapping[str, Any] | None = None,
    modules: str | None = None,
    seconds: float = 60.0,
    judged: int = 0,
    embeddings: str = "",
    ignore: Sequence[str] = (),
    folder: str = ".",
) -> Evaluator | AskingEvaluator:
    """One assertion for all examples or, without one, the assertions of each example's own test.

    Args:
        assertion: As in a test's `assert`; promptfoo itself runs it.
        modules: A folder with promptfoo's `node_modules`, in place of the task's.
        seconds: The time limit of one assertion that promptfoo runs.
        judged: The most assertions of a test that the role `judge` rates: llm-rubric and the like.
        embeddings: The embedding model for the assertions `similar`.
        ignore: Kinds of assertions to leave out.
    """
    if assertion is not None:
        return PromptfooAssertion(assertion, modules, seconds, folder)
    home = package_folder("promptfoo", Path(folder) / (modules or "."))
    tests = PromptfooTests(
        process=PromptfooProcess(home, seconds) if home else None,
        judged=judged,
        embeddings=embeddings,
        ignore=tuple(ignore),
        folder=Path(folder),
    )
    return JudgedPromptfooTests(tests) if judged or embeddings else tests


class PromptfooTests:
    """Scores with the weighted mean of the assertions of an example's test, as promptfoo does; `values` has `pass`.

    promptfoo's own package runs them where it is installed. Else those that compare texts are scored by the same
    rules, and the others are refused by name before a run spends anything.
    """

    name = "promptfoo"
    needs = NEEDS_NOTHING

    def __init__(
        self, *, process: PromptfooProcess | None, judged: int, embeddings: str, ignore: tuple[str, ...], folder: Path
    ) -> None:
        self._process, self.judged, self.embeddings = process, judged, embeddings
        self._ignored, self._folder = frozenset(ignore), folder

    def check_examples(self, examples: Sequence[Example]) -> None:
        """Raises TaskError for an assertion that has no score, and for tests that have none with one."""
        for example in examples:
            assertions = self.assertions(example)
            if not assertions:
                raise TaskError(
                    f"no assertion scores the example {example.text[:60]!r}",
                    where=f"[[evaluators]] promptfoo, example {example.id}",
                    remedy="give its test an assert, or remove it",
                )
            for assertion in flat_assertions(assertions):
                self._check(assertion, example)
            if (count := count_judged(assertions)) > self.judged > 0:
                raise TaskError(
                    f"{count} assertions of one test ask a judge, and judged = {self.judged}",
                    where=f"[[evaluators]] promptfoo, example {example.id}",
                    remedy=f"write judged = {count}",
                )

    def assertions(self, example: Example) -> list[Mapping[str, Any]]:
        """The assertions of an example's test without the kinds to ignore; a set of none is none."""
        return self._without_ignored(row_assertions(example.metadata))

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        return await self.score(example, output, None)

    async def score(self, example: Example, output: Output, bench: EvaluatorContext | None) -> Score:
        """The mean over the assertions. bench: the models of those that ask some."""
        try:
            grade = await self._grade_all(
                self.assertions(example), example.metadata.get(THRESHOLD), example, output, bench
            )
        except (UsageError, ValueError) as error:
            what = error.what if isinstance(error, UsageError) else str(error)
            return Score(value=0.0, failure="example", feedback=what[:600], reason=what[:300])
        return Score(
            value=min(1.0, max(0.0, grade.score)),
            values={"pass": float(grade.passed)},
            feedback=grade.reason[:600] or None,
        )

    async def _grade_all(
        self,
        assertions: Sequence[Mapping[str, Any]],
        threshold: Any,
        example: Example,
        output: Output,
        bench: EvaluatorContext | None,
    ) -> Grade:
        graded = []
        for assertion in assertions:
            if assertion.get("type") == "assert-set":
                inner = assertion.get("assert") or ()
                grade = await self._grade_all(inner, assertion.get("threshold"), example, output, bench)
            else:
                grade = await self._grade(assertion, example, output, bench)
            graded.append((assertion, grade))
        return combine(graded, threshold if isinstance(threshold, int | float) else None)

    async def _grade(
        self, assertion: Mapping[str, Any], example: Example, output: Output, bench: EvaluatorContext | None
    ) -> Grade:
        kind = base_kind(assertion)
        if bench is not None and not has_code(assertion):
            if self.judged and kind in JUDGED_KINDS:
                return await _rate(assertion, example, output, bench)
            if self.embeddings and kind in SIMILAR_KINDS:
                return await _compare_embeddings(assertion, example, output, bench, self.embeddings)
        if self._process is not None:
            return await self._process.grade(assertion, example, output.text)
        finish = output.replies[-1].finish if output.replies else ""
        return grade_comparison(assertion, output.text, example_values(example), finish=finish)

    def _check(self, assertion: Mapping[str, Any], example: Example) -> None:
        kind, where = base_kind(assertion), f"[[evaluators]] promptfoo, example {example.id}"
        ignoring = f"leave it out with ignore = [{kind!r}]"
        if kind not in known_kinds():
            raise TaskError(
                f"promptfoo has no assertion {kind!r}",
                where=where,
                possible=known_kinds(),
                remedy=did_you_mean(kind, known_kinds()) or ignoring,
            )
        if reason := UNSCORED_KINDS.get(kind):
            raise TaskError(
                f"the assertion {kind} scores no single output", where=where, remedy=f"{reason}; {ignoring}"
            )
        if self._process is not None:
            return
        if kind in JUDGED_KINDS and not self.judged:
            raise TaskError(
                f"the assertion {kind} asks a judge",
                where=where,
                remedy=f"write judged = N, the most of them in one test: the role judge rates them; or {ignoring}",
            )
        if kind in SIMILAR_KINDS and not self.embeddings:
            raise TaskError(
                f"the assertion {kind} compares embeddings",
                where=where,
                remedy=f'name a model: embeddings = "openai/text-embedding-3-large"; or {ignoring}',
            )
        if kind in PACKAGE_KINDS or has_code(assertion):
            what = kind if kind in PACKAGE_KINDS else f"{kind} with a script or transform"
            error = not_installed(self._folder)
            raise TaskError(
                f"the assertion {what} is scored by promptfoo's own package: {error.what}",
                where=where,
                remedy=f"{error.remedy}; or {ignoring}",
            )

    def _without_ignored(self, assertions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        remaining: list[Mapping[str, Any]] = []
        for assertion in assertions:
            if assertion.get("type") == "assert-set":
                inner = self._without_ignored(assertion.get("assert") or ())
                remaining += [{**assertion, "assert": inner}] if inner else []
            elif not {base_kind(assertion), str(assertion.get("type"))} & self._ignored:
                remaining.append(assertion)
        return remaining


class JudgedPromptfooTests:
    """The assertions of an example's test, where some of them ask a judge or an embedding model, within the budget."""

    name = "promptfoo"
    needs = NEEDS_NOTHING
    runs = 0

    def __init__(self, tests: PromptfooTests) -> None:
        self._tests = tests
        # All comparisons of embeddings count as one call: a test has hardly two of them.
        self.calls = CALLS_PER_ASK * tests.judged + (1 if tests.embeddings else 0)
        self.models = (ModelRef.parse(tests.embeddings),) if tests.embeddings else ()

    def check_examples(self, examples: Sequence[Example]) -> None:
        self._tests.check_examples(examples)

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        return await self._tests.score(example, output, bench)


async def _rate(assertion: Mapping[str, Any], example: Example, output: Output, bench: EvaluatorContext) -> Grade:
    """The judge's rating of how well an output meets the criterion of an assertion."""
    value = rendered_value(assertion, example_values(example))
    criterion = "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")
    factual = "factuality" in base_kind(assertion)
    ask = RateOutput(
        requirements=requirements_text("", bench.task),
        rubric=_FACTUAL if factual else criterion,
        input=example.text,
        reference=criterion if factual else "",
        output=output.text,
    )
    reply = await bench.team.act(ask)
    if reply is None:
        raise ValueError("what the judge said could not be read")
    rating = min(1.0, max(0.0, reply.rating))
    score = 1.0 - rating if is_inverse(assertion) else rating
    threshold = assertion.get("threshold")
    least = float(threshold) if isinstance(threshold, int | float) else _DEFAULT_RATING
    passed = score >= least
    return Grade(passed=passed, score=score, reason="" if passed else f"failed: {assertion['type']}: {reply.why}")


async def _compare_embeddings(
    assertion: Mapping[str, Any], example: Example, output: Output, bench: EvaluatorContext, model: str
) -> Grade:
    value = rendered_value(assertion, example_values(example))
    texts = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    similarity = max(await bench.similarities(ModelRef.parse(model), output.text, texts))
    threshold = assertion.get("threshold")
    least = float(threshold) if isinstance(threshold, int | float) else DEFAULT_SIMILARITY
    inverse = is_inverse(assertion)
    passed = (similarity <= least) if inverse else (similarity >= least)
    score = min(1.0, max(0.0, 1 - similarity if inverse else similarity))
    reason = "" if passed else f"failed: {assertion['type']}, similarity {similarity:.2f}"
    return Grade(passed=passed, score=score, reason=reason)
