"""The store: one SQLite file per project folder that remembers every run, call and word."""

from .dashboard_queries import ExampleTally, StepTally
from .records import (
    Attempt,
    DialogueTurn,
    LedgerSums,
    OperatorStat,
    PreferenceRow,
    RuleRow,
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
    "OperatorStat",
    "PreferenceRow",
    "RuleRow",
    "RunRecord",
    "RunState",
    "StatusChange",
    "StepTally",
    "Store",
    "redact",
]
