"""Which metrics count for a task (after TAPO, arXiv 2501.06689): the planner's choice, or a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...core.answer import AnswerContract
from ...core.search_types import Search
from ...core.stats.labels import infer_labels

_RULE_LABELS = ("accuracy", "robustness", "format")
_RULE_OPEN = ("accuracy", "similarity", "brevity")


def select_views(search: Search, views: Mapping[str, float]) -> dict[str, float]:
    """The declared metrics that the plan names, with their weights; accuracy always counts.

    Where the plan names none, a rule: accuracy, robustness and format for a few labels; accuracy, similarity and
    brevity for open answers. All of them where none of the rule's was declared.
    """
    plan_words = {word for step in search.plan for word in re.findall(r"[a-z]+", step.casefold())}
    named = {name for name in views if name in plan_words}
    if not named:
        few = infer_labels(AnswerContract(), search.examples.values())
        named = {name for name in views if name in (_RULE_LABELS if few else _RULE_OPEN)}
    weights = {name: weight for name, weight in views.items() if name in named or name == "accuracy"}
    return weights or dict(views)
