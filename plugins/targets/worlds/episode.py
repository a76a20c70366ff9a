"""What a world is: it tells what is to be seen, hears what the model does, and says how far that has brought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ....core.dataset import Example


@dataclass(frozen=True, kw_only=True)
class Move:
    """What became of one action. progress: towards the goal, in [0, 1]; partial credit if the episode ends here.
    note: what was wrong with the action, in words, for authors alone; empty where nothing was."""

    observation: str
    progress: float
    done: bool = False
    note: str = ""


class Episode(Protocol):
    """One play of one row. The same actions give the same moves: chance belongs into the row."""

    def begin(self) -> str:
        """The first observation."""
        ...

    def act(self, said: str) -> Move:
        """The model's words are the action. What cannot be read is a move too, with a note; it raises nothing."""
        ...


class World(Protocol):
    """Begins an episode from a row; a class or a function. Raises TaskError for a row that is none of its own."""

    def __call__(self, example: Example) -> Episode: ...
