"""What operators are told of the wanted answer."""

from __future__ import annotations

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.search_types import TaskBrief
from maieutic.plugins.algorithms.llm_helpers import task_description


@pytest.mark.parametrize(
    ("answer", "labels", "text"),
    [
        (AnswerContract(), (), "Judge."),
        (AnswerContract(), ("negative", "positive"), "Judge. Answer with one of: negative, positive."),
        (AnswerContract(type="label", labels=("no", "yes")), ("no", "yes"), "Judge. Answer with one of: no, yes."),
        (AnswerContract(type="number"), ("1", "2"), "Judge. Give the result as a number at the end."),
    ],
)
def test_authors_are_told_the_labels_that_the_references_show(
    answer: AnswerContract, labels: tuple[str, ...], text: str
) -> None:
    """Where the whole output is the answer, a small author that is told the task alone forgets its form."""
    assert task_description(TaskBrief(name="t", description="Judge.", answer=answer, labels=labels)) == text
