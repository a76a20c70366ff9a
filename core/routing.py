"""Which prompt answers which input: the one its texts are most like, the one its row names, all by vote or in turn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .answer import normalize_answer
from .dataset import Example
from .errors import TaskError
from .tfidf import SparseVector, TfidfSpace, centroid, cosine

RouterKind = Literal["centroid", "nearest", "vote", "field", "chain", "learned"]
_LISTED_ANCHORS, _ANCHOR_CHARACTERS = 2, 60


class LinearScorer(BaseModel):
    """What each prompt is expected to gain on an input, learned from a log: linear in the input's terms.

    terms: term → weight in the space of inputs; fine: whether it has runs of letters beside words. weights: prompt →
    term → weight. base: prompt → what it gains whatever the input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: Mapping[str, float]
    fine: bool = False
    weights: Mapping[str, Mapping[str, float]]
    base: Mapping[str, float]

    def score(self, text: str) -> dict[str, float]:
        vector = self._space.vector(text)
        return {
            name: base + math.fsum(value * self.weights.get(name, {}).get(term, 0.0) for term, value in vector.items())
            for name, base in self.base.items()
        }

    @cached_property
    def _space(self) -> TfidfSpace:
        return TfidfSpace.from_weights(self.terms, fine=self.fine)


class Router(BaseModel):
    """Which prompt answers which input.

    kind: `centroid` takes the prompt whose anchors' centre is most like the input, `nearest` the one with the most
    like anchor; with `vote` every prompt answers and the majority wins; with `field` the row's metadata say under that
    name which prompt is its own; with `chain` all are asked one after another, in the order of their names, each is
    told what the earlier ones said, and the last one answers; with `learned` a linear score of the input's terms says
    which will do best. anchors: prompt name → texts. The vectors follow from the
    anchors alone, so that the router does the same wherever it is loaded. shared: a prompt that no input is routed to:
    it is said in the system turn, whichever prompt was chosen. scorer: of the kind `learned`, its weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RouterKind = "centroid"
    anchors: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    field: str = "task"
    shared: str = ""
    scorer: LinearScorer | None = None

    def parts(self) -> dict[str, Any]:
        """The router as plain JSON; what stands at its default and came later than the kinds is left out."""
        told = self.model_dump(mode="json")
        unset = [name for name in ("field", "shared", "scorer") if told[name] == type(self).model_fields[name].default]
        return {name: value for name, value in told.items() if name not in unset}

    def prompt_of_row(self, row: Example, names: Sequence[str]) -> str:
        """The prompt that the row itself names. Raises TaskError where it names none of them."""
        name = row.metadata.get(self.field)
        if name not in names:
            raise TaskError(
                f"the row belongs to {name!r}, for which there is no prompt",
                where=f"row {row.id}: {self.field}",
                possible=names,
                remedy=f"give the row one of these under {self.field!r}",
            )
        return str(name)

    def route(self, text: str, names: Sequence[str]) -> str:
        """One of `names`; the first on ties, and where the text is like none of the anchors."""
        if self.scorer is not None:
            scores = self.scorer.score(text)
            return max(names, key=lambda name: scores.get(name, -math.inf))
        space, places = self._anchor_vectors
        wanted = space.vector(text)
        best, most = names[0], 0.0
        for name in names:
            alike = max((cosine(wanted, place) for place in places.get(name, ())), default=0.0)
            if alike > most:
                best, most = name, alike
        return best

    def __str__(self) -> str:
        """How the prompt is chosen, in words, with a few of the texts."""
        if self.kind == "vote":
            return "Every prompt answers an input; the most frequent answer wins."
        if self.kind == "chain":
            return "The prompts are asked in this order; each is told what the earlier ones said. The last one answers."
        if self.kind == "learned":
            return "An input goes to the prompt that a score of its words, learned from a log of runs, expects most of."
        if self.kind == "field":
            said = f"An input goes to the prompt that its row names under {self.field!r}."
            return f"{said} In the system turn stands {self.shared!r}." if self.shared else said
        whose = "whose texts, on the whole, are" if self.kind == "centroid" else "that has the one text"
        lines = [f"An input goes to the prompt {whose} most like it:"]
        for name in sorted(self.anchors):
            texts = self.anchors[name]
            shown = "; ".join(" ".join(text.split())[:_ANCHOR_CHARACTERS] for text in texts[:_LISTED_ANCHORS])
            lines.append(f"- {name}: {len(texts)} texts, such as {shown}")
        return "\n".join(lines)

    @cached_property
    def _anchor_vectors(self) -> tuple[TfidfSpace, dict[str, tuple[SparseVector, ...]]]:
        """The space, and for each prompt the places that an input is compared with."""
        named = {name: self.anchors[name] for name in sorted(self.anchors)}
        space = TfidfSpace([text for texts in named.values() for text in texts])
        told = {name: tuple(space.vector(text) for text in texts) for name, texts in named.items()}
        if self.kind == "centroid":
            told = {name: (centroid(vectors),) for name, vectors in told.items()}
        return space, told


def majority_index(answers: Sequence[str | None]) -> int:
    """The place of the first voice with the most frequent answer; the earlier answer on ties.

    Answers are compared without case and white space. Voices that could not be read have no say; where none could,
    the first one speaks.
    """
    said = [None if answer is None else normalize_answer(answer) for answer in answers]
    counts = Counter(one for one in said if one is not None)
    return said.index(max(counts, key=counts.__getitem__)) if counts else 0
