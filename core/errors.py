"""Every error that a user can see: what happened, where, what was possible, what to do.

MaieuticError
├── UsageError            wrong arguments, unknown names                         exit 2
│   ├── TaskError         a task, its data, its prompt or its answer contract    exit 2
│   ├── TrustError        a task would run code, or send a key, without consent  exit 2
│   └── NeedsError        the run lacks what a recipe or a plugin needs          exit 2
├── RunFailed             the run itself failed                                  exit 1
│   └── PluginError       a plugin failed: named by distribution and stage       exit 1
├── RunStopped            stopped or interrupted; can be resumed                 exit 3
├── ModelError            the endpoint is unusable                               exit 4
└── BudgetSpent           control flow: the next call does not fit; never shown
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from .trace import TraceStep


class ErrorDetails(TypedDict, total=False):
    """The optional parts of an error: where it happened, what was possible, what to do."""

    where: str | None
    possible: Sequence[str]
    remedy: str | None


class MaieuticError(Exception):
    """The base class. `str(error)` is the whole block that a person reads.

    Attributes:
        what: What happened.
        where: The place, such as a file with a line or an option.
        possible: What would have been possible.
        remedy: What to do.
        trace: What an application did before it failed, where it tells.
    """

    code = "error"
    exit_code = 1
    trace: tuple[TraceStep, ...] = ()

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        possible: Sequence[str] = (),
        remedy: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.possible = tuple(possible)
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.possible:
            lines.append(f"  possible: {', '.join(self.possible)}")
        if self.remedy:
            lines.append(f"  what to do: {self.remedy}")
        return "\n".join(lines)


class UsageError(MaieuticError):
    """Wrong arguments or unknown names."""

    code = "usage"
    exit_code = 2


class TaskError(UsageError):
    """A task, its data, its prompt or its answer contract is wrong."""

    code = "task"


class TrustError(UsageError):
    """A task would run code or send a key to a host of its own, and nobody has agreed to that."""

    code = "trust"


class NeedsError(UsageError):
    """The run lacks what a recipe or a plugin needs."""

    code = "needs"


class RunFailed(MaieuticError):
    """The run itself failed."""

    code = "run_failed"
    exit_code = 1


class PluginError(RunFailed):
    """A plugin failed."""

    code = "plugin"


class RunStopped(MaieuticError):
    """The run was stopped or interrupted and can be resumed."""

    code = "stopped"
    exit_code = 3


class ModelError(MaieuticError):
    """The endpoint is unusable.

    Attributes:
        retryable: Whether the same request may succeed later (429, 5xx, timeout).
        retry_after: Seconds to wait, if the endpoint says so.
    """

    code = "model"
    exit_code = 4

    def __init__(
        self, what: str, *, retryable: bool = False, retry_after: float | None = None, **details: Unpack[ErrorDetails]
    ) -> None:
        super().__init__(what, **details)
        self.retryable = retryable
        self.retry_after = retry_after


class BudgetSpent(MaieuticError):
    """The next call does not fit into the budget. Control flow; never shown."""

    code = "budget"
