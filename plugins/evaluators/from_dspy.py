"""Any DSPy metric `(example, pred, trace)` as an evaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ..system.imports import call_function, import_optional, load_function
from .metric_result import as_score


class DspyMetric:
    """Scores with `metric(example, pred, trace=None)`: a function, or a class or `dspy.Module` that is created first.

    `example` is a `dspy.Example` with the input's fields, the metadata, and the reference as `answer` (or `field`).
    `pred` is a `dspy.Prediction` with the answer under the same name, or with all fields of an answer that is a JSON
    object. `trace` is None. A function that needs no DSPy values works with the evaluator `callable` too.

    Args:
        metric: `module:function`, one of DSPy's (`dspy.evaluate:answer_exact_match`) or your own.
        field: The name of the answer.
    """

    needs = NEEDS_NOTHING

    def __init__(self, metric: str, field: str = "answer", folder: str = ".", **options: Any) -> None:
        self._dspy = import_optional("dspy", extra="dspy", who="dspy")
        loaded = load_function(metric, Path(folder))
        self._metric: Any = loaded(**options) if isinstance(loaded, type) else loaded
        self._options = {} if isinstance(loaded, type) else options
        self.name, self._field = f"dspy:{metric}", field

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return Score(value=0.0, failure="format", feedback="no answer could be read from the output")
        inputs = dict(example.input) if isinstance(example.input, Mapping) else {"question": example.text}
        labels = self._fields(example.output) if example.output is not None else {}
        gold = self._dspy.Example(**{**example.metadata, "input": example.text, **inputs, **labels})
        predicted = self._dspy.Prediction(**{"output": output.text, **self._fields(answer)})
        try:
            result = await call_function(self._metric, gold.with_inputs(*inputs), predicted, None, **self._options)
        except MaieuticError:
            raise
        except Exception as error:  # noqa: BLE001 - what a foreign metric raises is data of that example
            text = f"{self.name} failed on this example: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=text[:600], reason=text[:300])
        return as_score(self.name, dict(result) if isinstance(result, self._dspy.Prediction) else result)

    def _fields(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        return {**(value if isinstance(value, dict) else {}), self._field: text}
