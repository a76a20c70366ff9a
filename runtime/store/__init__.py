"""The store: one SQLite file per project folder that remembers every run, call and word."""

from .records import (
    Attempt,
    DialogueTurn,
    LedgerRows,
    OperatorStat,
    PreferenceRow,
    RuleRow,
    RunRecord,
    RunState,
    Verdict,
)
from .redaction import redact
from .store import DATABASE, Store
from .window import ExampleTally, TallyRow

__all__ = [
    "DATABASE",
    "Attempt",
    "DialogueTurn",
    "ExampleTally",
    "LedgerRows",
    "OperatorStat",
    "PreferenceRow",
    "RuleRow",
    "RunRecord",
    "RunState",
    "Store",
    "TallyRow",
    "Verdict",
    "redact",
]
