"""What can go wrong at an endpoint, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One request that goes wrong. `drop` breaks the connection after the request was read and counted; `hang` never
    answers; otherwise `status` is returned with `text` and, where given, `Retry-After`."""

    status: int = 500
    text: str = "the stub was told to fail"
    retry_after: str | None = None
    how: Literal["status", "drop", "hang"] = "status"


FaultSchedule = Mapping[int, Fault] | Sequence[Fault | None] | Callable[[int], Fault | None]
"""Which request fails, and how: by number from 0 as a mapping or a function, or one entry after the other."""


def fault_for(schedule: FaultSchedule, number: int) -> Fault | None:
    if callable(schedule):
        return schedule(number)
    if isinstance(schedule, Mapping):
        return schedule.get(number)
    return schedule[number] if number < len(schedule) else None
