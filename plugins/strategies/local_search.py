"""Local search: propose neighbors of one prompt, measure them, move to one of them.

Hill climbing, simulated annealing (Kirkpatrick et al. 1983) and tabu search (Glover 1986), as Plum uses them on
phrases.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...core.candidate import Candidate
from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.render import instruction_text
from ...core.search_types import Search, WorkOrder
from ...core.words import split_tokens
from ..algorithms.fitness import fitness, fittest
from ..algorithms.population import affordable_count
from ..algorithms.selection import human_candidates

ACCURACY: Mapping[str, float] = {"accuracy": 1.0}


@dataclass(kw_only=True)
class LocalSearch(ABC):
    """What the searches over neighbors share.

    Args:
        neighbours: Proposals per round, of operators drawn by their weights; fewer in a small budget: a quarter of what
            remains has to measure them on `rows` examples each.
        rows: Examples that each neighbor is expected to be measured on.
        iterations: Rounds at most.
        patience: Rounds without a new best that end the search.
        cases: Train examples that the prompt runs on first, for operators that read failures.
    """

    needs = NEEDS_NOTHING

    neighbours: Count = 5
    rows: int = 4
    iterations: int = 50
    patience: int = 7
    cases: int = 0

    @abstractmethod
    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        """The next prompt, from the fitness of the current one and its measured neighbors."""

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if memory.get("rounds", 0) >= self.iterations or memory.get("stale", 0) >= self.patience:
            return []
        names, weights = list(search.operators), list(search.operators.values())
        count = affordable_count(search, self.neighbours, self.rows)
        counts = Counter(search.rng("operators").choices(names, weights, k=count))
        cases = min(self.cases, search.remaining_runs // 4)
        return [
            WorkOrder(operator=name, parents=(self._current(search),), count=counts[name], cases=cases, stream=index)
            for index, name in enumerate(names)
            if counts[name]
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([self._current(search), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, current = search.memory, self._current(search)
        fitness_by_id = fitness(search, pool, ACCURACY)
        memory["rounds"] = memory.get("rounds", 0) + 1
        if current not in fitness_by_id:
            return {}
        memory["now"] = self.choose_next(search, current, fitness_by_id)
        best = fittest(search, ACCURACY)
        memory["stale"] = memory.get("stale", 0) + 1 if memory.get("best") == best else 0
        memory["best"] = best
        stays = {memory["now"], best, search.archive.baseline.id}
        return {name: "keep" if name in stays else "drop" if name in fitness_by_id else "undecided" for name in pool}

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)

    def _current(self, search: Search) -> str:
        """The current prompt, or the best one if it was vetoed."""
        current = str(search.memory.get("now", search.archive.baseline.id))
        alive = {candidate.id for candidate in search.archive.alive}
        return current if current in alive else fittest(search, ACCURACY)


@dataclass(kw_only=True)
class HillClimbing(LocalSearch):
    """Moves to the best neighbor if it is better."""

    name = "hill-climbing"

    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        return max(fitness_by_id, key=lambda name: (fitness_by_id[name], name == current))


@dataclass(kw_only=True)
class SimulatedAnnealing(LocalSearch):
    """Moves to the best neighbor if it is no worse, else with probability exp(-loss / temperature).

    Args:
        temperature: Initial temperature, in score units in [0, 1].
        cooling: Factor per round.
    """

    name = "annealing"

    temperature: float = 0.1
    cooling: float = 0.85

    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        others = [name for name in fitness_by_id if name != current]
        if not others:
            return current
        best = max(others, key=lambda name: fitness_by_id[name])
        loss = fitness_by_id[current] - fitness_by_id[best]
        warmth = self.temperature * self.cooling ** (search.memory["rounds"] - 1)
        chance = 1.0 if loss <= 0 else math.exp(-loss / warmth) if warmth > 0 else 0.0
        return best if search.rng("accept").random() < chance else current


@dataclass(kw_only=True)
class TabuSearch(LocalSearch):
    """Moves to the best neighbor, even a worse one, that does not undo one of the last moves.

    A move makes some pairs of neighboring words and breaks others; to reverse that is tabu for `tenure` moves, unless
    it leads to a new best. If all neighbors are tabu, the search stays and tries others.

    Args:
        tenure: Moves that stay tabu.
    """

    name = "tabu"

    tenure: int = 5

    def choose_next(self, search: Search, current: str, fitness_by_id: Mapping[str, float]) -> str:
        archive, past = search.archive, search.memory.setdefault("moves", [])
        record = search.memory.get("best", current)
        # After a move to a worse prompt the best one is in no pool; compare all on the same examples.
        values = fitness(search, list(dict.fromkeys([*fitness_by_id, record])), ACCURACY)
        best = max(values[current], values.get(record, values[current]))
        moves = {name: _word_pair_changes(archive[current], archive[name]) for name in fitness_by_id if name != current}
        free = [name for name, move in moves.items() if values[name] > best or not _undoes_move(move, past)]
        if not free:
            return current
        chosen = max(free, key=lambda name: values[name])
        search.memory["moves"] = [*past, moves[chosen]][-self.tenure :]
        return chosen


def _word_pair_changes(parent: Candidate, child: Candidate) -> list[list[list[str]]]:
    """The word pairs that a move made and broke, as JSON."""
    before, after = _word_pairs(parent), _word_pairs(child)
    return [[list(pair) for pair in sorted(after - before)], [list(pair) for pair in sorted(before - after)]]


def _undoes_move(move: list[list[list[str]]], past: list[list[list[list[str]]]]) -> bool:
    added, broken = move
    return any(pair in then[1] for then in past for pair in added) or any(
        pair in then[0] for then in past for pair in broken
    )


def _word_pairs(candidate: Candidate) -> set[tuple[str, str]]:
    """Neighboring words of the whole prompt; a demo counts as one word."""
    pairs: set[tuple[str, str]] = set()
    for prompt in candidate.program.prompts.values():
        words = [
            "",
            *split_tokens(f"{prompt.system} {instruction_text(prompt)}".casefold()),
            *(demo.input for demo in prompt.demos),
            "",
        ]
        pairs |= set(pairwise(words))
    return pairs
