"""Tabu search (Glover 1986), as Plum uses it on phrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ...core.candidate import Candidate
from ...core.render import instruction_text
from ...core.search_types import Search
from ..algorithms.fitness import fitness
from .local_search import ACCURACY, LocalSearch


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
        # A walk that went downhill has left the best behind, which is in no pool: one ruler for all.
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
    made, broken = move
    return any(pair in then[1] for then in past for pair in made) or any(
        pair in then[0] for then in past for pair in broken
    )


def _word_pairs(candidate: Candidate) -> set[tuple[str, str]]:
    """Neighboring words of the whole prompt; a demo counts as one word."""
    pairs: set[tuple[str, str]] = set()
    for prompt in candidate.program.prompts.values():
        words = [
            "",
            *f"{prompt.system} {instruction_text(prompt)}".casefold().split(),
            *(demo.input for demo in prompt.demos),
            "",
        ]
        pairs |= set(pairwise(words))
    return pairs
