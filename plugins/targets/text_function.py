"""The target of `optimize_text`: a function of the user's scores the program's texts, and says why in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError, NeedsError, PluginError, UsageError
from ...core.models import ModelRef, Output
from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, CountsWork, Gateway
from ...core.score import Score
from ..evaluators.metric_result import as_score
from ..system.imports import parameters_of
from ..system.sandbox import PluginTimeout
from ..system.timed_calls import TimedFunction

_ARGUMENT_MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(("text", "candidate", "seed", "prompt", "code", "pattern"), "text"),
    **dict.fromkeys(("texts", "candidates", "components"), "texts"),
    **dict.fromkeys(("example", "row", "data"), "example"),
    **dict.fromkeys(("input", "inputs"), "input"),
    **dict.fromkeys(("expected", "output", "reference"), "expected"),
}
_POSSIBLE = ("f(text)", "f(text, example)", "arguments named text, texts, example, input or expected")
# Stands for the reference of an example that has none.
BEST_SCORE = "a score of 1"
# What a function says beside its feedback, such as printed values, is read by models: enough for a table of results.
_MAX_FEEDBACK = 20_000


class TextFunctionTarget:
    """Calls `evaluate` with the text (of several, the mapping of all) and, where it takes one, the example.

    The function may be sync or async and returns a score in [0, 1], `(score, feedback)`, a dict with `score` and
    `feedback`, or a Score. One that takes no example is called once for each text, whatever the number of examples.
    What it raises is a score of 0 with the error as feedback. Each call counts as one call of the run.

    Args:
        function: The user's function.
        examples: Example id → the example as the user gave it.
        seconds: The time limit of one call.
    """

    needs = NEEDS_NOTHING
    name = "text"

    def __init__(self, function: Callable[..., Any], examples: Mapping[str, Any], seconds: float) -> None:
        self._label = getattr(function, "__name__", type(function).__name__)
        self._function = TimedFunction(f"function {self._label}", function, seconds)
        self._examples = examples
        self._by_name, self._by_position = _plan_arguments(self._label, function)

    @property
    def takes_example(self) -> bool:
        return not {"example", "input", "expected"}.isdisjoint([*self._by_name.values(), *self._by_position])

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        if not isinstance(gateway, CountsWork):
            raise NeedsError(
                f"{self._label} runs in the process of the run, and this executor measures elsewhere",
                where="executor",
                remedy="use the executor local",
            )
        texts = {name: prompt.instruction for name, prompt in program.prompts.items()}
        key = {"texts": texts, "example": example.id if self.takes_example else ""}

        async def work() -> str:
            return (await self._score(texts, example)).model_dump_json()

        reply = await gateway.run_counted(self._label, key, work)
        score = Score.model_validate_json(reply.text)
        return Output(text=f"score {score.value:.3g}", replies=(reply,))

    def calls(self, program: Program) -> int:
        return 1

    async def _score(self, texts: Mapping[str, str], example: Example) -> Score:
        values: dict[str, Any] = {
            "text": next(iter(texts.values())) if len(texts) == 1 else dict(texts),
            "texts": dict(texts),
            "example": self._examples.get(example.id, _as_given(example)),
            "input": example.input if isinstance(example.input, str) else dict(example.input),
            "expected": example.output,
        }
        keywords = {name: values[meaning] for name, meaning in self._by_name.items()}
        try:
            result = await self._function(*(values[meaning] for meaning in self._by_position), **keywords)
        except (MaieuticError, PluginTimeout) as error:
            return _failed(f"{self._label}: {error}")
        except Exception as error:  # noqa: BLE001 - what a user's function raises is the verdict on that text
            return _failed(f"{self._label} raised {type(error).__name__}: {error}")
        return _as_score(self._label, result)


class ReportedScore:
    """The evaluator of `optimize_text`: the score that the target's reply reports."""

    name = "evaluate"
    needs = NEEDS_NOTHING

    def check_examples(self, examples: Sequence[Example]) -> None:
        """Nothing is wrong with any: a reference is no text that the function could be tried on."""

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        return Score.model_validate_json(output.replies[0].text)


def _as_score(label: str, result: Any) -> Score:
    """Raises PluginError, with the function's name and the value, for what is no score."""
    if isinstance(result, tuple) and len(result) == 2:
        value, feedback = result
        result = {"score": value, "feedback": feedback if isinstance(feedback, str) else _as_text(feedback)}
    try:
        score = as_score(label, result)
    except PluginError as error:
        raise PluginError(
            error.what.replace("the metric ", "the function ", 1),
            where=error.where,
            possible=("a number in [0, 1]", "(score, feedback)", '{"score": …, "feedback": …}', "a Score"),
            remedy=error.remedy,
        ) from error
    feedback = score.feedback
    return score.model_copy(update={"feedback": feedback[:_MAX_FEEDBACK]}) if feedback else score


def _as_text(feedback: Any) -> str:
    """Feedback that is no text, such as a table of results, as JSON."""
    return "" if feedback is None else json.dumps(feedback, ensure_ascii=False, default=str, indent=1)


def _as_given(example: Example) -> Any:
    """The example as the user gave it, as far as a store knows: for a run that is resumed."""
    if example.outputs == (BEST_SCORE,):
        return example.input if isinstance(example.input, str) else dict(example.input)
    fields = {"input": example.input} if isinstance(example.input, str) else dict(example.input)
    return {**fields, "output": example.output}


def _failed(reason: str) -> Score:
    return Score(value=0.0, feedback=reason[:_MAX_FEEDBACK])


def _plan_arguments(label: str, function: Callable[..., Any]) -> tuple[dict[str, str], Sequence[str]]:
    """Parameter name → meaning where the names say it, else the meanings by position."""
    parameters = parameters_of(function)
    if parameters is None:
        return {}, ("text",)
    free = [p for p in parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    required = [p for p in free if p.default is p.empty]
    if required and all(p.name in _ARGUMENT_MEANINGS and p.kind is not p.POSITIONAL_ONLY for p in required):
        return {p.name: _ARGUMENT_MEANINGS[p.name] for p in free if p.name in _ARGUMENT_MEANINGS}, ()
    if not 1 <= len(required) <= 2 or any(p.kind is p.KEYWORD_ONLY for p in required):
        raise UsageError(
            f"the function {label} asks for {', '.join(p.name for p in required) or 'nothing'}, which cannot be given",
            where="evaluate",
            possible=_POSSIBLE,
            remedy="write evaluate(text) or evaluate(text, example)",
        )
    return {}, ("text", "example")[: len(required)]
