"""Classes of answers: what a weak model's answers shift towards, whatever the input says.

If a few answers make up all examples, they are the classes ("Calibrate Before Use", arXiv 2102.09690). If answers are
copied from the input, the half of it that they come from is one: a weak model names the second of two things whatever
the two are ("Sensitivity to the Order of Options", arXiv 2308.11483). Open answers have no class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..dataset import Example
from ..label_reader import normalize_answer
from ..score import Evaluation
from ..words import is_whole_word
from .labels import MAX_LABELS

POSITIONS = ("early", "late")
# Answers count as copied if nine of ten are in their input; the rest may be worded differently.
_MIN_COPIED_SHARE = 0.9
# Neither half may hold fewer, or there is no bias towards a half that could be corrected.
_MIN_HALF_SHARE = 0.2

AnswerClassifier = Callable[[str, str | None], str | None]
"""From an input and an answer to the class of the answer; None if it has none."""


@dataclass(frozen=True)
class LabelClassifier:
    """An answer that is one of the names is its own class. `names` are normalized answers."""

    names: frozenset[str]

    def __call__(self, text: str, answer: str | None) -> str | None:
        return name if (name := normalize_answer(answer or "")) in self.names else None


def answer_classifier(examples: Iterable[Example]) -> AnswerClassifier | None:
    """How to classify the answers of these examples: by label, by position, or None for open answers.

    Labels are at most 12 different references, not each its own. For positions see `answers_are_copied`.
    """
    labelled = [example for example in examples if example.outputs]
    references = {normalize_answer(example.output or "") for example in labelled}
    if len(references) <= MAX_LABELS and len(references) < len(labelled):
        return LabelClassifier(frozenset(references))
    return position_of if answers_are_copied(labelled) else None


def position_of(text: str, answer: str | None) -> str | None:
    """The half of `text` that holds the middle of `answer`; None unless it occurs once, as whole words."""
    phrase, within = normalize_answer(answer or ""), " ".join(text.casefold().split())
    starts = [start for start in _occurrences(phrase, within) if is_whole_word(within, start, start + len(phrase))]
    if len(starts) != 1:
        return None
    early, late = POSITIONS
    return early if 2 * starts[0] + len(phrase) <= len(within) else late


def answers_are_copied(examples: Collection[Example]) -> bool:
    """Whether nine of ten references have a position in their input, and each half holds at least a fifth of them."""
    positions = [position_of(example.text, example.output) for example in examples]
    counts = [positions.count(position) for position in POSITIONS]
    return (
        bool(positions)
        and sum(counts) >= _MIN_COPIED_SHARE * len(positions)
        and min(counts) >= _MIN_HALF_SHARE * sum(counts)
    )


def class_shares(
    classify: AnswerClassifier, measured: Iterable[tuple[Example, Evaluation]]
) -> Mapping[str, tuple[float, float]]:
    """Class → (share of the answers, share of the references).

    A right answer has the class of the reference, however it is worded. Examples whose answer was read but has no class
    do not count; answers that could not be read count in the total.
    """
    answers, references = Counter[str](), Counter[str]()
    for example, evaluation in measured:
        reference_class = classify(example.text, example.output)
        answer_class = reference_class if evaluation.score >= 1.0 else classify(example.text, evaluation.answer)
        if reference_class is None or (answer_class is None and evaluation.answer is not None):
            continue
        references[reference_class] += 1
        if answer_class is not None:
            answers[answer_class] += 1
    total = references.total()
    return {name: (answers[name] / total, references[name] / total) for name in sorted(references)}


def attainable(shares: Mapping[str, tuple[float, float]]) -> float:
    """The highest accuracy that is possible if classes are given that often, in [0, 1].

    1 if each class is given as often as the references have it, 1/2 if only one of two even classes is ever given, 0 if
    nothing can be read.
    """
    return sum(min(answer_share, reference_share) for answer_share, reference_share in shares.values())


def _occurrences(phrase: str, within: str) -> Sequence[int]:
    starts = []
    start = within.find(phrase) if phrase else -1
    while start >= 0:
        starts.append(start)
        start = within.find(phrase, start + 1)
    return starts
