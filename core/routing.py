"""Which prompt answers which input: by similarity, by a learned score, by a field, by vote, or in turn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .dataset import Example
from .errors import TaskError
from .frozen import FrozenDict, FrozenMapping
from .label_reader import normalize_answer
from .tfidf import SparseVector, TfidfSpace, centroid, cosine

RouterKind = Literal["centroid", "nearest", "vote", "field", "chain", "learned"]
# How much of each prompt's anchors a listing shows.
_LISTED_ANCHORS, _ANCHOR_CHARACTERS = 2, 60


class LinearScorer(BaseModel):
    """The gain that each prompt is expected to have on an input, linear in the input's terms, learned from a log.

    Attributes:
        terms: Term → weight in the TF-IDF space of inputs.
        fine: Whether that space has runs of letters beside words.
        weights: Prompt → term → weight.
        base: Prompt → gain whatever the input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: FrozenMapping[str, float]
    fine: bool = False
    weights: FrozenMapping[str, Mapping[str, float]]
    base: FrozenMapping[str, float]

    def score(self, text: str) -> dict[str, float]:
        vector = self._space.vector(text)
        return {
            name: base + math.fsum(value * self.weights.get(name, {}).get(term, 0.0) for term, value in vector.items())
            for name, base in self.base.items()
        }

    @cached_property
    def _space(self) -> TfidfSpace:
        return TfidfSpace.from_weights(self.terms, uses_trigrams=self.fine)


class Router(BaseModel):
    """Which prompt answers which input. All follows from these fields, so it does the same wherever it is loaded.

    Attributes:
        kind: `centroid` takes the prompt whose anchors' centroid is most similar to the input; `nearest` the one with
            the most similar anchor; with `vote` every prompt answers and the majority wins; with `field` the example's
            metadata name the prompt; with `chain` all are asked one after another, in the order of their names, each
            sees what the earlier ones answered, and the last one answers; `learned` takes the prompt with the highest
            score.
        anchors: Prompt name → texts.
        field: The metadata field that names the prompt, for `field`.
        shared: A prompt that no input is routed to. It goes into the system message of whichever prompt is chosen.
        scorer: The weights, for `learned`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RouterKind = "centroid"
    anchors: FrozenMapping[str, tuple[str, ...]] = Field(default_factory=FrozenDict)
    field: str = "task"
    shared: str = ""
    scorer: LinearScorer | None = None

    def parts(self) -> dict[str, Any]:
        """The router as plain JSON. Fields that came after the first ids are left out at their default."""
        parts = self.model_dump(mode="json")
        unset = [name for name in ("field", "shared", "scorer") if parts[name] == type(self).model_fields[name].default]
        return {name: value for name, value in parts.items() if name not in unset}

    def prompt_of_row(self, row: Example, names: Sequence[str]) -> str:
        """The prompt that the example itself names. Raises TaskError if it names none of `names`."""
        name = row.metadata.get(self.field)
        if name not in names:
            raise TaskError(
                f"the example belongs to {name!r}, for which there is no prompt",
                where=f"row {row.id}: {self.field}",
                possible=names,
                remedy=f"give the example one of these under {self.field!r}",
            )
        return str(name)

    named = prompt_of_row  # The former name, for existing plugins.

    def route(self, text: str, names: Sequence[str]) -> str:
        """One of `names`; the first on ties, and if the text is similar to none of the anchors."""
        if self.scorer is not None:
            scores = self.scorer.score(text)
            return max(names, key=lambda name: scores.get(name, -math.inf))
        space, vectors = self._anchor_vectors
        query = space.vector(text)
        best, highest = names[0], 0.0
        for name in names:
            similarity = max((cosine(query, vector) for vector in vectors.get(name, ())), default=0.0)
            if similarity > highest:
                best, highest = name, similarity
        return best

    def __str__(self) -> str:
        """How the prompt is chosen, in words, with a few of the anchors."""
        if self.kind == "vote":
            return "Every prompt answers an input; the most frequent answer wins."
        if self.kind == "chain":
            return "The prompts are asked in this order; each sees the earlier answers. The last one answers."
        if self.kind == "learned":
            return "An input goes to the prompt with the highest expected gain, by a score learned from a log."
        if self.kind == "field":
            rule = f"An input goes to the prompt that its example names under {self.field!r}."
            return f"{rule} The system message is {self.shared!r}." if self.shared else rule
        which = "whose texts are, on average," if self.kind == "centroid" else "with the one text"
        lines = [f"An input goes to the prompt {which} most similar to it:"]
        for name in sorted(self.anchors):
            texts = self.anchors[name]
            listed = "; ".join(" ".join(text.split())[:_ANCHOR_CHARACTERS] for text in texts[:_LISTED_ANCHORS])
            lines.append(f"- {name}: {len(texts)} texts, such as {listed}")
        return "\n".join(lines)

    @cached_property
    def _anchor_vectors(self) -> tuple[TfidfSpace, dict[str, tuple[SparseVector, ...]]]:
        """The space, and for each prompt the vectors that an input is compared with."""
        anchors = {name: self.anchors[name] for name in sorted(self.anchors)}
        space = TfidfSpace([text for texts in anchors.values() for text in texts])
        vectors = {name: tuple(space.vector(text) for text in texts) for name, texts in anchors.items()}
        if self.kind == "centroid":
            vectors = {name: (centroid(group),) for name, group in vectors.items()}
        return space, vectors


def majority_index(answers: Sequence[str | None]) -> int:
    """The index of the first vote for the most frequent answer; the earlier answer on ties.

    Answers are compared without case and white space. Votes that could not be read do not count; if none could, the
    first one wins.
    """
    votes = [None if answer is None else normalize_answer(answer) for answer in answers]
    counts = Counter(vote for vote in votes if vote is not None)
    return votes.index(max(counts, key=counts.__getitem__)) if counts else 0
