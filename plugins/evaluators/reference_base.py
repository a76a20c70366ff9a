"""What all evaluators that compare an answer with references have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...core.dataset import Example
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score

NO_ANSWER = Score(value=0.0, failure="format", feedback="no answer could be read from the output")
NO_REFERENCE = Score(value=0.0, failure="example", feedback="the row has no reference to compare with")


class ReferenceEvaluator(ABC):
    """Compares the answer with the row's references. No answer is a format failure, no reference a failed row."""

    name: str
    needs: frozenset[Need] = frozenset({"references"})

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return NO_ANSWER
        if not example.outputs:
            return NO_REFERENCE
        return self.compare(answer, example.outputs)

    @abstractmethod
    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        """The score of an answer; the best over `references`, of which there is at least one."""
        ...


def binary_score(right: bool, answer: str, references: tuple[str, ...]) -> Score:
    """1 or 0, with what was wanted in words."""
    if right:
        return Score(value=1.0)
    wanted = " or ".join(repr(shorten(one)) for one in references[:3])
    return Score(value=0.0, feedback=f"answered {shorten(answer)!r}, wanted {wanted}")


def shorten(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
