"""The contract of an environment: it gives observations, takes actions and reports progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ....core.dataset import Example


@dataclass(frozen=True, kw_only=True)
class Move:
    """The result of one action.

    Attributes:
        observation: What the model sees next.
        progress: Towards the goal, in [0, 1]; partial credit if the episode ends here.
        done: Whether the episode is over.
        note: What was wrong with the action, for the optimizer only; empty if nothing was.
    """

    observation: str
    progress: float
    done: bool = False
    note: str = ""


class Episode(Protocol):
    """One episode of one example. It is deterministic: randomness belongs into the example."""

    def begin(self) -> str:
        """The first observation."""
        ...

    def act(self, action: str) -> Move:
        """Apply the model's text as the action. Unreadable text is a move too, with a note; nothing is raised."""
        ...


class World(Protocol):
    """Starts an episode from an example; a class or a function. Raises TaskError for an unsuitable example."""

    def __call__(self, example: Example) -> Episode: ...
