"""The store: one SQLite file per project folder with all runs, model calls and dialogues."""

from .dashboard_queries import ExampleTally, StepTally
from .records import (
    Attempt,
    DialogueTurn,
    LedgerSums,
    MeasureRecord,
    PreferenceRow,
    RoleSpending,
    RuleRow,
    RunEnd,
    RunRecord,
    RunState,
    StatusChange,
)
from .redaction import redact
from .store import DATABASE, Store

__all__ = [
    "DATABASE",
    "Attempt",
    "DialogueTurn",
    "ExampleTally",
    "LedgerSums",
    "MeasureRecord",
    "PreferenceRow",
    "RoleSpending",
    "RuleRow",
    "RunEnd",
    "RunRecord",
    "RunState",
    "StatusChange",
    "StepTally",
    "Store",
    "redact",
]
