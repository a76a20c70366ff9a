"""Classes of answers: what a weak model's answers shift towards, whatever the input says.

Where a few answers make up all rows, they are the classes ("Calibrate Before Use", arXiv 2102.09690). Where answers are
copied from the input, the half of it that they stand in is one: a weak model names the second of two things whatever
the two are ("Sensitivity to the Order of Options", arXiv 2308.11483). Open answers have no class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..answer import normalize_answer
from ..dataset import Example
from ..score import Evaluation
from .labels import MAX_LABELS

POSITIONS = ("early", "late")
_MIN_COPIED_SHARE = 0.9
_MIN_HALF_SHARE = 0.2

AnswerClassifier = Callable[[str, str | None], str | None]
"""From an input and an answer to the class of the answer; None where it has none."""


@dataclass(frozen=True)
class LabelClassifier:
    """An answer that is one of the names is its own class. names: as `bare` leaves them."""

    names: frozenset[str]

    def __call__(self, text: str, answer: str | None) -> str | None:
        return name if (name := normalize_answer(answer or "")) in self.names else None


def answer_classifier(examples: Iterable[Example]) -> AnswerClassifier | None:
    """How the answers of these rows are told apart; None for open answers.

    Labels: at most 12 different references, not each its own. Places: see `copied`.
    """
    known = [example for example in examples if example.outputs]
    different = {normalize_answer(example.output or "") for example in known}
    if len(different) <= MAX_LABELS and len(different) < len(known):
        return LabelClassifier(frozenset(different))
    return position_of if answers_are_copied(known) else None


def position_of(text: str, answer: str | None) -> str | None:
    """The half of `text` in which the middle of `answer` lies; None unless it stands there once, as whole words."""
    wanted, within = normalize_answer(answer or ""), " ".join(text.casefold().split())
    found = [at for at in _occurrences(wanted, within) if _is_whole_word(within, at, at + len(wanted))]
    if len(found) != 1:
        return None
    early, late = POSITIONS
    return early if 2 * found[0] + len(wanted) <= len(within) else late


def answers_are_copied(examples: Collection[Example]) -> bool:
    """Whether references are copied: nine of ten have a place, and neither half holds less than a fifth of them."""
    places = [position_of(example.text, example.output) for example in examples]
    counts = [places.count(place) for place in POSITIONS]
    return (
        bool(places) and sum(counts) >= _MIN_COPIED_SHARE * len(places) and min(counts) >= _MIN_HALF_SHARE * sum(counts)
    )


def class_shares(
    classify: AnswerClassifier, measured: Iterable[tuple[Example, Evaluation]]
) -> Mapping[str, tuple[float, float]]:
    """Class → (share for which it was given, share for which it was wanted).

    A right answer has the class of the reference, however it is worded. Rows where an answer was read and has no class
    say nothing and do not count; what cannot be read at all counts in the total.
    """
    given, wanted = Counter[str](), Counter[str]()
    for row, one in measured:
        meant = classify(row.text, row.output)
        said = meant if one.score >= 1.0 else classify(row.text, one.answer)
        if meant is None or (said is None and one.answer is not None):
            continue
        wanted[meant] += 1
        if said is not None:
            given[said] += 1
    return {name: (given[name] / wanted.total(), wanted[name] / wanted.total()) for name in sorted(wanted)}


def attainable(shares: Mapping[str, tuple[float, float]]) -> float:
    """How much can be right at most where classes are given so often, in [0, 1]: 1 where each is given as often as it
    is wanted, 1/2 where one of two even classes is all that is ever said, 0 where nothing can be read."""
    return sum(min(given, wanted) for given, wanted in shares.values())


def _occurrences(wanted: str, within: str) -> Sequence[int]:
    found = []
    at = within.find(wanted) if wanted else -1
    while at >= 0:
        found.append(at)
        at = within.find(wanted, at + 1)
    return found


def _is_whole_word(text: str, start: int, end: int) -> bool:
    return not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
