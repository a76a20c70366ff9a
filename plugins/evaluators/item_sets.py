"""Evaluators that compare items whose order does not matter."""

from __future__ import annotations

import json
import re
from typing import Literal

from ...core.answer import normalize_answer
from ...core.errors import UsageError
from ...core.score import Score
from .reference_base import ReferenceEvaluator
from .string_match import token_f1

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


class ItemSetEvaluator(ReferenceEvaluator):
    """How well the items of the answer are those of the best reference; order and repetition do not count.

    mode: `f1` gives partial credit, `exact` wants all items and no other. separators: the characters between
    items; a JSON list and bullets are read too. together: all references of the row are one list of items.
    """

    name = "set"

    def __init__(self, mode: Literal["f1", "exact"] = "f1", separators: str = ",;\n", together: bool = False) -> None:
        if mode not in ("f1", "exact"):
            raise UsageError(f"the set evaluator has no mode {mode!r}", possible=("f1", "exact"))
        if not separators:
            raise UsageError("the set evaluator needs at least one separator", where="set: separators")
        self._mode = mode
        self._between = re.compile(f"[{re.escape(separators)}]")
        self._together = together

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = self._items(answer)
        lists = [self._items(one) for one in references]
        if self._together:
            lists = [set().union(*lists)]
        f1, wanted = max(((token_f1(sorted(said), sorted(one)), one) for one in lists), key=lambda pair: pair[0])
        value = f1 if self._mode == "f1" else float(f1 == 1)
        missing, extra = sorted(wanted - said), sorted(said - wanted)
        remarks = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"not wanted: {', '.join(extra)}"] * bool(extra)
        return Score(value=value, feedback="; ".join(remarks) or None)

    def _items(self, text: str) -> set[str]:
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        parts = [str(one) for one in listed] if isinstance(listed, list) else self._between.split(text)
        return {item for part in parts if (item := normalize_answer(_BULLET.sub("", part)))}
