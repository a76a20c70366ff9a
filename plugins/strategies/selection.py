"""Choose for each input from a finite set of prompts, by a scorer that a log of runs has trained.

After Prompt-OIRL (arXiv 2309.06553) and Automatic Prompt Selection (arXiv 2404.02717).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.amounts import Count
from ...core.candidate import Candidate
from ...core.contracts import Decision, Need
from ...core.orders import Order, Search
from ..clustering import regions_of
from .choosing import best_mean, measured
from .entering import by_hand

_CHOOSE = "select-by-log"


@dataclass(kw_only=True)
class Selection:
    """Round 1 makes the set: every operator works on the start prompt, or once for each cluster of the train inputs,
    with the cluster's rows alone. All of the set run on the same train rows: that is the log. Round 2 trains a scorer
    on it, without a call, and puts the `most` prompts with the best log behind it. The program that chooses wins only
    where it beats every single prompt on val.

    count: proposals of each order. clusters: of the train inputs at most, 1 is none. cases: train rows the start
    prompt is run on, for operators that read failures. A log that is in the cache already costs nothing.
    """

    name: str = field(default="selection", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    requires: frozenset[str] = field(default=frozenset({_CHOOSE}), init=False)
    count: Count = 1
    clusters: int = 1
    most: int = 6
    cases: int = 0

    def ask(self, search: Search) -> Sequence[Order]:
        if search.round == 1:
            return self._gather(search)
        return self._choose(search) if search.round == 2 else []

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        kept = [one.id for one in search.archive.with_status("kept", "pinned")]
        return list(dict.fromkeys([search.archive.start.id, *kept, *by_hand(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return dict.fromkeys(measured(search, pool), "keep")

    def final(self, search: Search) -> str:
        """The best mean; a program that chooses only where it is better than every single prompt."""
        best, single = best_mean(search), best_mean(search, self._single(search))
        mean = search.archive.scores.mean
        return single if (mean(single, search.val) or 0.0) >= (mean(best, search.val) or 0.0) else best

    def _gather(self, search: Search) -> list[Order]:
        start = search.archive.start.id
        rows = [search.examples[row] for row in search.train if search.examples[row].outputs]
        regions: Sequence[Sequence[str]] = [()]
        if self.clusters > 1:
            found = regions_of(rows, most=self.clusters, least=3, rng=search.rng("clusters"))
            regions = list(found.values()) if len(found) > 1 else [()]
        return [
            Order(
                operator=name,
                parents=(start,),
                within=tuple(inside),
                count=self.count,
                cases=self.cases,
                stream=place,
            )
            for place, (name, inside) in enumerate(
                (name, inside) for name in search.operators if name != _CHOOSE for inside in regions
            )
        ]

    def _choose(self, search: Search) -> list[Order]:
        scores = search.archive.scores
        logged = {one.id: scores.row(one.id, search.train) for one in self._single(search)}
        logs = {name: {row: seen.score for row, seen in rows.items()} for name, rows in logged.items() if rows}
        ranked = sorted(logs, key=lambda name: -sum(logs[name].values()) / len(logs[name]))[: self.most]
        if len(ranked) < 2:
            return []
        told = {"log": {name: logs[name] for name in ranked}}
        return [Order(operator=_CHOOSE, parents=tuple(ranked), options=told)]

    def _single(self, search: Search) -> list[Candidate]:
        return [one for one in search.archive.alive if len(one.program.prompts) == 1]
