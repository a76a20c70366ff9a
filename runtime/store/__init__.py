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

__all__ = [
    "DATABASE",
    "Attempt",
    "DialogueTurn",
    "LedgerRows",
    "OperatorStat",
    "PreferenceRow",
    "RuleRow",
    "RunRecord",
    "RunState",
    "Store",
    "Verdict",
    "redact",
]
