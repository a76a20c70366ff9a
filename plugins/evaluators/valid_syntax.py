"""Whether an output is JSON, or YAML, at all."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from ..system.imports import import_optional

_FENCE = re.compile(r"\A```(?:json|ya?ml)?[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
_VALUE_KINDS = ("object", "list", "any")


class SyntaxEvaluator:
    """1 where the whole output can be read as `language` and is of `kind`; else 0, with the place of the mistake.

    fence: whether a code fence around it is forgiven. YAML reads almost any text as a text, so for it `kind = "any"`
    means an object or a list.
    """

    name = "valid"
    needs: frozenset[Need] = frozenset()

    def __init__(
        self,
        language: Literal["json", "yaml"] = "json",
        kind: Literal["object", "list", "any"] = "any",
        fence: bool = True,
    ) -> None:
        for option, value, known in (("language", language, ("json", "yaml")), ("kind", kind, _VALUE_KINDS)):
            if value not in known:
                raise UsageError(f"{value!r} is unknown", where=f"valid: {option}", possible=known)
        self._language, self._kind, self._fence = language, kind, fence
        self._yaml = import_optional("yaml", extra="yaml", who="valid") if language == "yaml" else None

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        text = output.text.strip()
        fenced = _FENCE.match(text) if self._fence else None
        try:
            value = self._parse(fenced[1] if fenced else text)
        except (ValueError, RecursionError) as error:
            return Score(value=0.0, feedback=f"no {self._language}: {error}"[:300])
        found = "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"
        loose = self._kind == "any" and (self._yaml is None or found != "scalar")
        if loose or found == self._kind:
            return Score(value=1.0)
        return Score(value=0.0, feedback=f"it is a {found}, wanted: {self._kind}")

    def _parse(self, text: str) -> Any:
        if self._yaml is None:
            return json.loads(text)
        try:
            return self._yaml.safe_load(text)
        except self._yaml.YAMLError as error:
            raise ValueError(str(error)) from error
