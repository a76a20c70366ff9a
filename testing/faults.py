"""What can go wrong at an endpoint, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One request that goes wrong. `drop` breaks the connection after the request was read and counted; `hang` never
    answers; otherwise `status` is returned with `text` and, where given, `Retry-After`."""

    status: int = 500
    text: str = "the stub was told to fail"
    retry_after: str | None = None
    how: Literal["status", "drop", "hang"] = "status"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A parameter that the endpoint does not take, or not above a value; `system` is the role of a message."""

    parameter: str
    text: str
    status: int = 400
    above: int | None = None

    def concerns(self, body: Mapping[str, Any]) -> bool:
        """Whether the request has the parameter."""
        if self.parameter == "system":
            return any(message["role"] == "system" for message in body["messages"])
        return self.parameter in body and (self.above is None or body[self.parameter] > self.above)


FaultSchedule = Mapping[int, Fault] | Sequence[Fault | None] | Callable[[int], Fault | None]
"""Which request fails, and how: by number from 0 as a mapping or a function, or one entry after the other."""


def fault_for(schedule: FaultSchedule, number: int) -> Fault | None:
    if callable(schedule):
        return schedule(number)
    if isinstance(schedule, Mapping):
        return schedule.get(number)
    return schedule[number] if number < len(schedule) else None
