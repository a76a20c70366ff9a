"""Surrogate search over slots: which words with which demos (MIPROv2, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.contracts import Decision, Need, Order, Search
from ..operators.combine import combined
from .choosing import best_mean, measured
from .entering import by_hand
from .fitness import fitness
from .tpe import suggested

_QUESTIONS = 12
_CALLS_A_CHOICE = 20


@dataclass(kw_only=True)
class Surrogate:
    """First demo sets, then instructions, each a fixed pool; then trials, each of an instruction with a demo set.

    The estimator is fed anew in every round with all pairs that were measured. The start prompt is in both pools and
    is measured first. bootstrap, propose, combine: the operators that make sets, instructions and pairs; without the
    first or the second that pool is the start prompt alone. sets, instructions: how many are asked for, fewer where the
    room is short. cases: train rows that the start prompt is run on, a quarter of the room at most. trials: at most; 0
    leaves the end to the budget. startup: trials before the estimator is believed.
    """

    name: str = field(default="surrogate", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train", "references"}), init=False)
    bootstrap: str = "demo-bootstrap"
    propose: str = "grounded"
    combine: str = "combine"
    sets: int = 6
    instructions: int = 6
    cases: int = 40
    trials: int = 0
    startup: int = 6

    def ask(self, search: Search) -> Sequence[Order]:
        start, most = search.archive.start.id, max(2, search.total // _CALLS_A_CHOICE)
        words, demos = self._pools(search)
        if search.round == 1 and self.bootstrap in search.operators:
            count, cases = min(self.sets, most), min(self.cases, search.room // 4)
            return [Order(operator=self.bootstrap, parents=(start,), count=count, cases=cases)]
        if not search.memory.get("asked") and self.propose in search.operators:
            search.memory["asked"] = True
            count = min(self.instructions, most)
            # The pair keeps the round alive where the authors' budget does not hold the proposals.
            proposals = Order(operator=self.propose, parents=tuple(demos), count=count)
            return [proposals, *self._pair(search, start, demos[-1])]
        done = search.memory.get("trials", 0)
        if (self.trials and done >= self.trials) or (trial := self._trial(search, words, demos)) is None:
            return []
        search.memory["trials"] = done + 1
        return self._pair(search, *trial)

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        pair = search.memory.get("pair")
        tried = self._found(search, *pair) if pair else search.archive.start.id
        return list(dict.fromkeys([*by_hand(search), *([tried] if tried else [])]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured(search, pool), "keep")

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _pools(self, search: Search) -> tuple[list[str], list[str]]:
        """The instructions and the demo sets, as ids of the candidates that carry them; the start prompt leads both."""
        start = search.archive.start.id
        made = {self.propose: [start], self.bootstrap: [start]}
        for one in search.archive.alive:
            if one.operator in made and one.parents[:1] == (start,):
                made[one.operator].append(one.id)
        return made[self.propose], made[self.bootstrap]

    def _pair(self, search: Search, words: str, demos: str) -> list[Order]:
        search.memory["pair"] = [words, demos]
        return [Order(operator=self.combine, parents=(words, demos))]

    def _found(self, search: Search, words: str, demos: str) -> str | None:
        """The candidate that is this pair, if it may still win."""
        program = combined(search.archive[words].program, search.archive[demos].program)
        return next((one.id for one in search.archive.alive if one.program.id == program.id), None)

    def _trial(self, search: Search, words: Sequence[str], demos: Sequence[str]) -> tuple[str, str] | None:
        """The most promising pair that more can be learnt of; None where all is known."""
        programs = {one.program.id: one for one in search.archive.candidates.values()}
        pairs: dict[tuple[str, str], str | None] = {}
        for first in words:
            for second in demos:
                known = programs.get(combined(search.archive[first].program, search.archive[second].program).id)
                if known is None or known.status not in ("rejected", "dropped", "vetoed"):
                    pairs[first, second] = known.id if known else None
        rows = {name: search.archive.scores.count(name, search.val) for name in pairs.values() if name}
        able = [pair for pair, name in pairs.items() if not name or rows[name] < len(search.val)]
        if not able:
            return None
        told = fitness(search, [name for name in pairs.values() if name], {"accuracy": 1.0})
        seen = [
            ({"words": first, "demos": second}, told[name])
            for (first, second), name in pairs.items()
            if name is not None and name in told
        ]
        drawn = suggested(
            seen,
            {"words": words, "demos": demos},
            count=_QUESTIONS,
            seed=search.rng("trial").getrandbits(31),
            startup=self.startup,
        )
        wanted = [(one["words"], one["demos"]) for one in drawn]
        return next((pair for pair in wanted if pair in able), able[0])
