"""Strategies and allocators: decisions that follow from the archive, memory as JSON, valid orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from ...core.candidate import Archive, Candidate, Status
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.program import Program
from ...core.prompt import Prompt, Section
from ...core.score import Evaluation
from ...core.search_types import Duel, Measurement, Search, WorkOrder
from ...plugins.system.hookspecs import Kind
from .base import Conformance

_STATUSES: tuple[Status, ...] = ("racing", "kept", "dropped")
_DECISIONS = {"keep", "drop", "undecided"}


class _SearchConformance(Conformance):
    """Override `operators` where the search asks for operators by name."""

    def operators(self) -> dict[str, float]:
        return {"rewrite": 1.0, "demos": 0.5, "layout": 1.0}

    def world(self, seed: int, size: int, runs: int = 60) -> Search:
        """A search with `size` candidates, half of them measured, and `runs` more to measure."""
        rng = seeded_random(seed, "kit", size)
        val = {f"v{n}": Example(id=f"v{n}", input=f"val {n}", outputs=(("red", "blue")[n % 2],)) for n in range(10)}
        train = {f"t{n}": Example(id=f"t{n}", input=f"row {n}", outputs=(("red", "blue")[n % 2],)) for n in range(10)}
        names, archive = list(self.operators()), Archive()
        for n in range(size):
            prompt = Prompt(instruction=f"Say the colour, {n}.", sections=(Section(name="more", text=f"Rule {n}."),))
            archive.add(
                Candidate(
                    id=f"c{n}",
                    program=Program.of(prompt),
                    parents=(f"c{n // 2}",) if n else (),
                    operator=names[n % len(names)] if n else "start",
                    status=rng.choice(_STATUSES) if n else "kept",
                    round=n // 2,
                    step=n,
                )
            )
        for n, row in [(n, row) for n in range(0, size, 2) for row in val]:
            score = float(rng.random() < 0.4 + 0.05 * n)
            archive.scores.add(
                Evaluation(candidate=f"c{n}", example=row, split="val", output="red", answer="red", score=score)
            )
        return Search(
            archive=archive,
            train=tuple(train),
            val=tuple(val),
            seed=seed,
            round=size // 2 + 1,
            step=size * 5,
            remaining_runs=runs,
            total_runs=200,
            plan=("be short",),
            operators=self.operators(),
            examples={**val, **train},
        )

    def worlds(self) -> Iterator[Search]:
        for seed in range(3):
            for size in (1, 2, 7):
                yield self.world(seed, size)


class StrategyConformance(_SearchConformance):
    kind: ClassVar[Kind] = "strategy"

    def _round(self, search: Search) -> tuple[Any, ...]:
        return self._decide(self.make(), search)

    def _decide(self, strategy: Any, search: Search) -> tuple[Any, ...]:
        orders = [WorkOrder.model_validate(order) for order in strategy.ask(search)]
        search.orders = orders
        new = [name for name in search.archive.candidates if search.archive.scores.count(name) == 0]
        pool = list(strategy.pool(search, new))
        verdicts = dict(strategy.tell(search, pool, dict.fromkeys(pool, "undecided")))
        return orders, pool, verdicts, strategy.final(search), search.memory

    def test_orders_pools_verdicts_and_winner_can_be_carried_out(self) -> None:
        for search in self.worlds():
            orders, pool, verdicts, winner, _ = self._round(search)
            ids = set(search.archive.candidates)
            assert {order.operator for order in orders} <= set(self.operators())
            assert all(set(order.parents) <= ids and order.count >= 1 for order in orders)
            assert set(pool) <= ids
            assert len(pool) == len(set(pool))
            assert set(verdicts) <= ids
            assert set(verdicts.values()) <= _DECISIONS
            assert winner in ids

    def test_a_run_can_carry_out_every_decision(self) -> None:
        for search in self.worlds():
            search.archive = search.archive.read_only
            self._decide(self.make_guarded(), search)

    def test_the_same_facts_give_the_same_decisions_from_a_new_object(self) -> None:
        for first, second in zip(self.worlds(), self.worlds(), strict=True):
            assert self._round(first) == self._round(second)

    def test_its_memory_is_json_and_all_that_it_needs_to_go_on(self) -> None:
        for search in self.worlds():
            self._round(search)
            memory = json.loads(json.dumps(search.memory))
            assert memory == search.memory
            search.memory = memory
            self._round(search)

    def test_it_writes_nothing_but_its_memory(self) -> None:
        for search, before in zip(self.worlds(), self.worlds(), strict=True):
            self._round(search)
            assert search.archive.candidates == before.archive.candidates
            assert list(search.archive.scores) == list(before.archive.scores)


class AllocatorConformance(_SearchConformance):
    kind: ClassVar[Kind] = "allocator"

    def _pool(self, search: Search) -> list[str]:
        return [candidate.id for candidate in search.archive.with_status("racing", "kept")]

    def test_a_batch_fits_the_budget_and_repeats_nothing(self) -> None:
        for search in self.worlds():
            pool = self._pool(search)
            batch = list(self.make().ask(search, pool))
            assert sum(isinstance(item, Measurement) for item in batch) <= search.remaining_runs
            assert len(batch) == len(set(batch))
            for item in batch:
                assert isinstance(item, Measurement | Duel)
                assert item.example in {*search.val, *search.train}
                if isinstance(item, Measurement):
                    assert item.candidate in search.archive.candidates
                    assert search.archive.scores.get(item.candidate, item.example) is None

    def test_a_run_can_carry_out_every_batch_and_decision(self) -> None:
        for search in self.worlds():
            pool, allocator = self._pool(search), self.make_guarded()
            search.archive = search.archive.read_only
            allocator.ask(search, pool)
            allocator.tell(search, pool)

    def test_without_budget_it_asks_for_nothing(self) -> None:
        search = self.world(1, 5, runs=0)
        batch = self.make().ask(search, self._pool(search))
        assert [item for item in batch if isinstance(item, Measurement)] == []

    def test_what_is_asked_and_told_follows_from_the_facts(self) -> None:
        for first, second in zip(self.worlds(), self.worlds(), strict=True):
            allocator, other = self.make(), self.make()
            pool = self._pool(first)
            assert list(allocator.ask(first, pool)) == list(other.ask(second, pool))
            decisions = dict(allocator.tell(first, pool))
            assert decisions == dict(other.tell(second, pool))
            assert set(decisions) <= set(first.archive.candidates)
            assert set(decisions.values()) <= _DECISIONS
            assert json.loads(json.dumps(first.memory)) == first.memory == second.memory

    def test_measuring_what_it_asks_for_comes_to_an_end(self) -> None:
        search = self.world(2, 4, runs=400)
        pool, allocator = self._pool(search), self.make()
        for _ in range(200):
            batch = [pair for pair in allocator.ask(search, pool) if isinstance(pair, Measurement)]
            allocator.tell(search, pool)
            if not batch:
                return
            for pair in batch:
                score = float((len(pair.example) + int(pair.candidate[1:])) % 2)
                split = "val" if pair.example in search.val else "train"
                search.archive.scores.add(
                    Evaluation.model_validate(
                        {
                            "candidate": pair.candidate,
                            "example": pair.example,
                            "split": split,
                            "output": "red",
                            "answer": "red",
                            "score": score,
                        }
                    )
                )
        raise AssertionError("after 200 batches it still asks for more")
