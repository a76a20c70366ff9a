"""Any LangChain string evaluator as an evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError, UsageError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from ..system.imports import import_optional, load_function
from .metric_result import as_score
from .reference_match import NO_REFERENCE

_VERDICT_VALUES = {"Y": 1.0, "N": 0.0, "CORRECT": 1.0, "INCORRECT": 0.0}


class LangChainEvaluator:
    """Scores with an object that has `aevaluate_strings(prediction=, input=, reference=)`.

    Models that it calls are not counted.

    Args:
        evaluator: A name for LangChain's `load_evaluator` (`exact_match`, `embedding_distance`, `criteria`, …), or
            `module:name` of your own class or factory.
        options: What it is created with.
        scale: The maximum of the score, for criteria that are scored out of 10.
        distance: Whether the score is a distance, so that 0 is best.
    """

    def __init__(
        self,
        evaluator: str,
        options: Mapping[str, Any] | None = None,
        scale: float = 1.0,
        distance: bool = False,
        folder: str = ".",
    ) -> None:
        if ":" in evaluator:
            loaded: Any = load_function(evaluator, Path(folder))(**(options or {}))
        else:
            evaluation = import_optional("langchain_classic.evaluation", extra="langchain", who="langchain")
            names = [kind.value for kind in evaluation.EvaluatorType]
            if evaluator not in names:
                raise UsageError(
                    f"LangChain has no evaluator {evaluator!r}", where="langchain: evaluator", possible=names
                )
            loaded = evaluation.load_evaluator(evaluation.EvaluatorType(evaluator), **(options or {}))
        if not hasattr(loaded, "aevaluate_strings"):
            raise UsageError(f"{evaluator} does not evaluate strings", where="langchain: evaluator")
        self.name = f"langchain:{evaluator}"
        self._evaluator, self._scale, self._distance = loaded, scale, distance
        self._wants_reference = bool(getattr(loaded, "requires_reference", False))
        self._wants_input = bool(getattr(loaded, "requires_input", False))
        self.needs: frozenset[Need] = frozenset({"references"}) if self._wants_reference else frozenset()

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if self._wants_reference and example.output is None:
            return NO_REFERENCE
        arguments = {"prediction": output.text if answer is None else answer}
        arguments |= {"input": example.text} if self._wants_input else {}
        arguments |= {"reference": example.output or ""} if self._wants_reference else {}
        try:
            result = await self._evaluator.aevaluate_strings(**arguments)
        except MaieuticError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a foreign evaluator's error is data of that example
            text = f"{self.name} failed on this example: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=text[:600], reason=text[:300])
        value = result.get("score")
        value = (
            _VERDICT_VALUES.get(str(result.get("value")).strip().upper())
            if value is None
            else float(value) / self._scale
        )
        if value is None:
            return Score(value=0.0, failure="example", feedback=f"{self.name} gave no score: {result!r}"[:600])
        if self._distance:
            return Score(value=max(0.0, 1 - value), values={"distance": value})
        return as_score(self.name, {"score": value, "reason": result.get("reasoning") or ""})
