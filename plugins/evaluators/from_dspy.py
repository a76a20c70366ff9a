"""Any DSPy metric `(example, pred, trace)`, with DSPy's own values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from ..system.imports import call_function, import_optional, load_function
from .metric_result import as_score


class DspyMetric:
    """Scores by `metric(example, pred, trace=None)`: a function, or a class or `dspy.Module` that is made first.

    metric: `module:function`, one of DSPy's (`dspy.evaluate:answer_exact_match`) or one's own. example is a
    `dspy.Example` with the row's fields, its metadata and its reference as `answer` (or `field`); pred is a
    `dspy.Prediction` with the answer under the same name, or with all fields where the answer is a JSON object. trace
    is None. Without DSPy a function is served as well by `callable`.
    """

    needs: frozenset[Need] = frozenset()

    def __init__(self, metric: str, field: str = "answer", folder: str = ".", **options: Any) -> None:
        self._dspy = import_optional("dspy", extra="dspy", who="dspy")
        loaded = load_function(metric, Path(folder))
        self._metric: Any = loaded(**options) if isinstance(loaded, type) else loaded
        self._options = {} if isinstance(loaded, type) else options
        self.name, self._field = f"dspy:{metric}", field

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return Score(value=0.0, failure="format", feedback="no answer could be read from the output")
        given = dict(example.input) if isinstance(example.input, Mapping) else {"question": example.text}
        wanted = self._fields(example.output) if example.output is not None else {}
        row = self._dspy.Example(**{**example.metadata, "input": example.text, **given, **wanted})
        predicted = self._dspy.Prediction(**{"output": output.text, **self._fields(answer)})
        try:
            result = await call_function(self._metric, row.with_inputs(*given), predicted, None, **self._options)
        except MaieuticError:
            raise
        except Exception as error:  # noqa: BLE001 - what a foreign metric raises on one row is data of that row
            said = f"{self.name} failed on this row: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=said[:600])
        return as_score(self.name, dict(result) if isinstance(result, self._dspy.Prediction) else result)

    def _fields(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        return {**(value if isinstance(value, dict) else {}), self._field: text}
