"""Any LangChain evaluator of strings, as it is."""

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
from .reference_base import NO_REFERENCE

_VERDICT_VALUES = {"Y": 1.0, "N": 0.0, "CORRECT": 1.0, "INCORRECT": 0.0}


class LangChainEvaluator:
    """Scores by an object with `aevaluate_strings(prediction=, input=, reference=)`.

    evaluator: a name that LangChain's `load_evaluator` knows (`exact_match`, `embedding_distance`, `criteria`, …), or
    `module:name` of one's own: a class, or a function that makes one. options: what it is made with. scale: the
    score's top, for criteria that are scored of 10. distance: the score is a distance, so that 0 is best. Models that
    it asks are its own affair: their calls are in no ledger.
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
            made: Any = load_function(evaluator, Path(folder))(**(options or {}))
        else:
            evaluation = import_optional("langchain_classic.evaluation", extra="langchain", who="langchain")
            known = [kind.value for kind in evaluation.EvaluatorType]
            if evaluator not in known:
                raise UsageError(
                    f"LangChain has no evaluator {evaluator!r}", where="langchain: evaluator", possible=known
                )
            made = evaluation.load_evaluator(evaluation.EvaluatorType(evaluator), **(options or {}))
        if not hasattr(made, "aevaluate_strings"):
            raise UsageError(f"{evaluator} does not evaluate strings", where="langchain: evaluator")
        self.name = f"langchain:{evaluator}"
        self._evaluator, self._scale, self._distance = made, scale, distance
        self._wants_reference = bool(getattr(made, "requires_reference", False))
        self._wants_input = bool(getattr(made, "requires_input", False))
        self.needs: frozenset[Need] = frozenset({"references"}) if self._wants_reference else frozenset()

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if self._wants_reference and example.output is None:
            return NO_REFERENCE
        given = {"prediction": output.text if answer is None else answer}
        given |= {"input": example.text} if self._wants_input else {}
        given |= {"reference": example.output or ""} if self._wants_reference else {}
        try:
            result = await self._evaluator.aevaluate_strings(**given)
        except MaieuticError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a foreign evaluator raises on one row is data of that row
            said = f"{self.name} failed on this row: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=said[:600])
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
