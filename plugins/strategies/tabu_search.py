"""Tabu search (Glover 1986), as Plum uses it on phrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ...core.candidate import Candidate
from ...core.render import instruction_text
from ...core.search_types import Search
from ..algorithms.fitness import fitness
from .local_search import ACCURACY, LocalSearch


@dataclass(kw_only=True)
class TabuSearch(LocalSearch):
    """To the best neighbour, even a worse one, that does not undo one of the last moves.

    A move makes some pairs of neighbouring words and breaks others; to break what was made or make what was broken is
    tabu for `tenure` moves, unless it leads to a new best. Where all neighbours are tabu the walk stays and looks at
    others.
    """

    name: str = field(default="tabu", init=False)
    tenure: int = 5

    def choose_next(self, search: Search, now: str, told: Mapping[str, float]) -> str:
        archive, past = search.archive, search.memory.setdefault("moves", [])
        record = search.memory.get("best", now)
        # A walk that went downhill has left the best behind, which is in no pool: one ruler for all.
        known = fitness(search, list(dict.fromkeys([*told, record])), ACCURACY)
        best = max(known[now], known.get(record, known[now]))
        moves = {name: _word_pair_changes(archive[now], archive[name]) for name in told if name != now}
        free = [name for name, move in moves.items() if known[name] > best or not _undoes_move(move, past)]
        if not free:
            return now
        chosen = max(free, key=lambda name: known[name])
        search.memory["moves"] = [*past, moves[chosen]][-self.tenure :]
        return chosen


def _word_pair_changes(parent: Candidate, child: Candidate) -> list[list[list[str]]]:
    """The pairs of words that were made and that were broken, as JSON."""
    before, after = _word_pairs(parent), _word_pairs(child)
    return [[list(one) for one in sorted(after - before)], [list(one) for one in sorted(before - after)]]


def _undoes_move(move: list[list[list[str]]], past: list[list[list[list[str]]]]) -> bool:
    made, broken = move
    return any(one in then[1] for then in past for one in made) or any(
        one in then[0] for then in past for one in broken
    )


def _word_pairs(candidate: Candidate) -> set[tuple[str, str]]:
    """Neighbouring words of all that is said; demos count as one word each."""
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
