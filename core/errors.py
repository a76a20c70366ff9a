"""Every error a user can meet: what happened, where, what was possible, what to do.

MaieuticError
├── UsageError            wrong words on the command line, unknown names        exit 2
│   └── TaskError         a task, its data, its prompt or its contract           exit 2
├── NeedsError            a recipe's declared need that this run does not have   exit 2
├── RunFailed             the run itself failed                                  exit 1
│   └── PluginError       a plugin failed: named by distribution and stage       exit 1
├── RunStopped            stopped or interrupted, can be resumed                 exit 3
├── ModelError            the endpoint is unusable                               exit 4
└── BudgetSpent           control flow: the next call does not fit; never shown
"""

from __future__ import annotations

from collections.abc import Sequence


class MaieuticError(Exception):
    """The base of them all. `str(error)` is the whole block that a person reads."""

    code = "error"
    exit_code = 1

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
    code = "usage"
    exit_code = 2


class TaskError(UsageError):
    code = "task"


class NeedsError(UsageError):
    code = "needs"


class RunFailed(MaieuticError):
    code = "run_failed"
    exit_code = 1


class PluginError(RunFailed):
    code = "plugin"


class RunStopped(MaieuticError):
    code = "stopped"
    exit_code = 3


class ModelError(MaieuticError):
    """`retryable` tells whether the same request may succeed later (429, 5xx, time-out)."""

    code = "model"
    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        possible: Sequence[str] = (),
        remedy: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, possible=possible, remedy=remedy)
        self.retryable = retryable
        self.retry_after = retry_after


class BudgetSpent(MaieuticError):
    code = "budget"
