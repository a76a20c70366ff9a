"""Any scorer of Inspect (`inspect_ai`) as an evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ..system.imports import import_optional, load_function
from .metric_result import as_score


class InspectScorer:
    """Scores with `await scorer(state, target)`, converted to [0, 1] by Inspect's own `value_to_float`.

    The state has the input, the metadata and the whole output; the target has all references. A scorer that calls a
    model does so through Inspect: its calls are not counted.

    Args:
        scorer: `module:function`, one of Inspect's (`inspect_ai.scorer:match`) or your own.
        options: What the scorer is created with.
    """

    needs = NEEDS_NOTHING

    def __init__(self, scorer: str, options: Mapping[str, Any] | None = None, folder: str = ".") -> None:
        self._scorers = import_optional("inspect_ai.scorer", extra="inspect", who="inspect")
        self._models = import_optional("inspect_ai.model", extra="inspect", who="inspect")
        self._solvers = import_optional("inspect_ai.solver", extra="inspect", who="inspect")
        self._scorer = load_function(scorer, Path(folder))(**(options or {}))
        self._as_number = self._scorers.value_to_float()
        self.name = f"inspect:{scorer}"

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        state = self._solvers.TaskState(
            model=self._models.ModelName("maieutic/target"),
            sample_id=example.id,
            epoch=1,
            input=example.text,
            messages=[
                self._models.ChatMessageUser(content=example.text),
                self._models.ChatMessageAssistant(content=output.text),
            ],
            target=self._scorers.Target(list(example.outputs)),
            output=self._models.ModelOutput.from_content("maieutic/target", output.text),
            metadata=dict(example.metadata),
        )
        try:
            result = await self._scorer(state, self._scorers.Target(list(example.outputs)))
        except MaieuticError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a foreign scorer raises is data of that example
            text = f"{self.name} failed on this example: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=text[:600], reason=text[:300])
        if result is None:
            return Score(value=0.0, failure="example", feedback=f"{self.name} gave no score")
        several = result.value if isinstance(result.value, Mapping) else {}
        parts = {str(name): float(self._as_number(value_part)) for name, value_part in several.items()}
        value = sum(parts.values()) / len(parts) if parts else float(self._as_number(result.value))
        return as_score(self.name, {**parts, "score": value, "explanation": result.explanation or ""})
