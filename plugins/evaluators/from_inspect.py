"""Any scorer of Inspect (`inspect_ai`), as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from ..system.imports import import_optional, load_function
from .metric_result import as_score


class InspectScorer:
    """Scores by `await scorer(state, target)`, brought to [0, 1] by Inspect's own `value_to_float`.

    scorer: `module:function`, one of Inspect's (`inspect_ai.scorer:match`) or one's own; options: what it is made
    with. The state has the row's input, metadata and the whole output; the target all references. A scorer that asks
    a model does so through Inspect: its calls are in no ledger.
    """

    needs: frozenset[Need] = frozenset()

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
            found = await self._scorer(state, self._scorers.Target(list(example.outputs)))
        except MaieuticError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what a foreign scorer raises on one row is data of that row
            said = f"{self.name} failed on this row: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=said[:600])
        if found is None:
            return Score(value=0.0, failure="example", feedback=f"{self.name} gave no score")
        several = found.value if isinstance(found.value, Mapping) else {}
        parts = {str(name): float(self._as_number(one)) for name, one in several.items()}
        value = sum(parts.values()) / len(parts) if parts else float(self._as_number(found.value))
        return as_score(self.name, {**parts, "score": value, "explanation": found.explanation or ""})
