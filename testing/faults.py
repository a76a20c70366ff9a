"""What can go wrong at an endpoint, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

WrongBody = Literal[
    "wrong_type",
    "no_object",
    "deep",
    "invalid_utf8",
    "empty_choices",
    "null",
    "refusal",
    "huge",
    "surrogates",
    "echo_key",
    "usage_negative",
    "usage_text",
    "usage_nan",
    "usage_list",
    "usage_zero",
    "usage_huge",
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One request that goes wrong. `drop` breaks the connection after the request was read and counted; `hang` never
    answers; `truncated` breaks it in the middle of the answer; `drip` sends the answer in small pieces; `body` answers
    with the `body` of that kind; otherwise `status` is returned with `text` and, where given, `Retry-After`."""

    status: int = 500
    text: str = "the stub was told to fail"
    retry_after: str | None = None
    how: Literal["status", "drop", "hang", "truncated", "drip", "body"] = "status"
    body: WrongBody = "null"

    @property
    def name(self) -> str:
        """What to call it in a log."""
        retry = " with Retry-After" if self.retry_after is not None else ""
        return {"status": f"status {self.status}{retry}", "body": self.body}.get(self.how, self.how)


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
