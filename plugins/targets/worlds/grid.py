"""A grid: find the way around walls to the goal."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from ....core.dataset import Example
from ....core.errors import TaskError
from .episode import Move

Cell = tuple[int, int]
DIRECTIONS: Mapping[str, Cell] = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_DIRECTION_WORD = re.compile(r"\b(up|down|left|right)\b", re.IGNORECASE)
_START, _GOAL, _WALL = "S", "G", "#"


class GridWorld:
    """The input is a map: `S` start, `G` goal, `#` wall, anything else free, one line per row.

    An action names one direction. Progress is the covered share of the shortest path from the start.
    """

    def __init__(self, example: Example) -> None:
        lines = [line.strip() for line in example.text.splitlines() if line.strip()]
        self._cells = {(row, column): mark for row, line in enumerate(lines) for column, mark in enumerate(line)}
        marked = {mark: place for place, mark in self._cells.items() if mark in (_START, _GOAL)}
        self._distance_to_goal = self._shortest_distances(marked[_GOAL]) if len(marked) == 2 else {}
        if not marked.keys() >= {_START, _GOAL} or marked[_START] not in self._distance_to_goal:
            raise TaskError(
                "a map needs a start S and a goal G with a way between them",
                where=f"example {example.id}",
                remedy="draw it with S, G, # for walls and . for free cells",
            )
        self._position, self._goal = marked[_START], marked[_GOAL]
        self._initial_distance = self._distance_to_goal[self._position]

    def begin(self) -> str:
        return self._observation("You walk on a grid to a goal, one cell at a time.")

    def act(self, action: str) -> Move:
        named = {word.lower() for word in _DIRECTION_WORD.findall(action)}
        if len(named) != 1:
            several = f"several directions were named: {', '.join(sorted(named))}"
            note = several if named else "no direction was named"
            return self._move_result("That was no move: name one direction.", note)
        (direction,) = named
        place = self._neighbour(direction)
        if not self._is_free(place):
            return self._move_result(f"There is a wall {direction}. You stay.", f"walked into a wall: {direction}")
        nearer = self._distance_to_goal[place] < self._distance_to_goal[self._position]
        self._position = place
        return self._move_result(f"You went {direction}.", "" if nearer else f"went away from the goal: {direction}")

    def _move_result(self, message: str, note: str) -> Move:
        progress = (
            1 - self._distance_to_goal[self._position] / self._initial_distance if self._initial_distance else 1.0
        )
        done = self._position == self._goal
        observation = f"{message} You are at the goal." if done else self._observation(message)
        return Move(observation=observation, progress=max(0.0, progress), done=done, note=note)

    def _observation(self, message: str) -> str:
        rows, columns = (self._goal[axis] - self._position[axis] for axis in (0, 1))
        ways = [f"{abs(rows)} {'down' if rows > 0 else 'up'}"] if rows else []
        ways += [f"{abs(columns)} {'right' if columns > 0 else 'left'}"] if columns else []
        free = [name for name in DIRECTIONS if self._is_free(self._neighbour(name))]
        return f"{message} The goal is {' and '.join(ways)}. Free: {', '.join(free)}."

    def _neighbour(self, direction: str) -> Cell:
        row, column = DIRECTIONS[direction]
        return self._position[0] + row, self._position[1] + column

    def _is_free(self, place: Cell) -> bool:
        return self._cells.get(place, _WALL) != _WALL and place in self._distance_to_goal

    def _shortest_distances(self, goal: Cell) -> dict[Cell, int]:
        """Steps to the goal from every cell with a path to it."""
        distances, waiting = {goal: 0}, deque([goal])
        while waiting:
            at = waiting.popleft()
            for row, column in DIRECTIONS.values():
                place = at[0] + row, at[1] + column
                if place not in distances and self._cells.get(place, _WALL) != _WALL:
                    distances[place] = distances[at] + 1
                    waiting.append(place)
        return distances
