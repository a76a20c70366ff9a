"""Calls: the cache, and the truth about spending (laws L1, L3, L4).

`calls` holds one answer per key, for good. `attempts` holds one row per request that was sent, by whoever paid.
`charges` holds one row per run and key that the run consumed, paid for or not.
"""

from __future__ import annotations

import json
import sqlite3

from ...core.budget import Cost, Payer
from ...core.models import Reply
from .clock import now
from .records import Attempt, LedgerSums
from .redaction import redact

_SUMS = """
SELECT payer, 1, count(*), sum(tokens), sum(usd) FROM attempts
WHERE run = ?1 AND state IN ('answered', 'failed') GROUP BY payer
UNION ALL
SELECT payer, 0, sum(calls), sum(tokens), sum(usd) FROM charges WHERE run = ?1 AND cached = 1 GROUP BY payer
"""
_LOST = """
SELECT payer, state, count(*), sum(worst_tokens), sum(worst_usd) FROM attempts
WHERE run = ? AND state IN ('sent', 'lost') GROUP BY payer, state
"""


def cached_reply(db: sqlite3.Connection, key: str) -> Reply | None:
    row = db.execute("SELECT reply FROM calls WHERE key = ?", (key,)).fetchone()
    return Reply(**{**json.loads(row[0]), "cached": True}) if row else None


def begin_attempt(db: sqlite3.Connection, attempt: Attempt) -> int:
    cursor = db.execute(
        "INSERT INTO attempts (run, key, model, payer, role, state, worst_tokens, worst_usd, tokens, usd, started) "
        "VALUES (?, ?, ?, ?, ?, 'sent', ?, ?, 0, 0, ?)",
        (
            attempt.run,
            attempt.key,
            attempt.model,
            attempt.payer,
            attempt.role,
            attempt.worst.tokens,
            attempt.worst.usd,
            now(),
        ),
    )
    return int(cursor.lastrowid or 0)


def finish_attempt(db: sqlite3.Connection, attempt_id: int, reply: Reply | None, error: str | None) -> None:
    """An attempt that has its outcome keeps it; one that was given up as lost may still get it."""
    row = db.execute(
        "SELECT run, key, model, payer FROM attempts WHERE id = ? AND state IN ('sent', 'lost')", (attempt_id,)
    ).fetchone()
    if row is None:
        return
    run, key, model, payer = row
    at = now()
    if reply is None:
        db.execute(
            "UPDATE attempts SET state = 'failed', error = ?, finished = ? WHERE id = ?",
            (redact(error or ""), at, attempt_id),
        )
        return
    db.execute(
        "UPDATE attempts SET state = 'answered', tokens = ?, usd = ?, finished = ? WHERE id = ?",
        (reply.tokens, reply.usd, at, attempt_id),
    )
    db.execute(
        "INSERT INTO calls (key, run, model, reply, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key, run, model, json.dumps(reply.model_dump(exclude={"cached"})), at),
    )
    charge(db, run, key, payer, Cost(calls=1, tokens=reply.tokens, usd=reply.usd), cached=False)


def withdraw_attempt(db: sqlite3.Connection, attempt_id: int, reason: str) -> None:
    db.execute(
        "UPDATE attempts SET state = 'withdrawn', error = ?, finished = ? WHERE id = ? AND state IN ('sent', 'lost')",
        (redact(reason), now(), attempt_id),
    )


def charge(db: sqlite3.Connection, run: str, key: str, payer: Payer, cost: Cost, *, cached: bool = True) -> bool:
    """True where the run had not consumed this answer before."""
    cursor = db.execute(
        "INSERT INTO charges (run, key, payer, cached, calls, tokens, usd) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (run, key, payer, int(cached), cost.calls, cost.tokens, cost.usd),
    )
    return cursor.rowcount == 1


def is_charged(db: sqlite3.Connection, run: str, key: str) -> bool:
    return db.execute("SELECT 1 FROM charges WHERE run = ? AND key = ?", (run, key)).fetchone() is not None


def mark_lost(db: sqlite3.Connection, run: str) -> int:
    cursor = db.execute(
        "UPDATE attempts SET state = 'lost', finished = ? WHERE run = ? AND state = 'sent'", (now(), run)
    )
    return cursor.rowcount


def ledger_rows(db: sqlite3.Connection, run: str) -> LedgerSums:
    used: dict[Payer, Cost] = {}
    paid: dict[Payer, Cost] = {}
    worst: dict[Payer, Cost] = {}
    lost = in_flight = 0
    db.execute("BEGIN")
    try:
        sums, open_ends = db.execute(_SUMS, (run,)).fetchall(), db.execute(_LOST, (run,)).fetchall()
    finally:
        db.execute("COMMIT")
    for payer, asked, calls, tokens, usd in sums:
        cost = Cost(calls=calls, tokens=tokens, usd=usd)
        used[payer] = used.get(payer, Cost()) + cost
        if asked:
            paid[payer] = cost
    for payer, state, calls, tokens, usd in open_ends:
        worst[payer] = worst.get(payer, Cost()) + Cost(calls=calls, tokens=tokens, usd=usd)
        lost += calls
        in_flight += calls if state == "sent" else 0
    return LedgerSums(used=used, paid=paid, lost=lost, lost_worst=worst, in_flight=in_flight)
