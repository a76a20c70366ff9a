"""Queries for model calls: the cache, and the record of all spending (L1, L3, L4).

`calls` has one reply per key, for good. `attempts` has one row per request sent, with the run that paid for it.
`charges` has one row per run and key that the run consumed, paid for or from the cache.
"""

from __future__ import annotations

import json
import sqlite3

from ...core.budget import Cost, Payer
from ...core.models import Reply
from .connection import now
from .records import AnswerCounts, Attempt, LedgerSums, RoleSpending
from .reply_limits import storable_reply
from .writing_connection import redactor_of

_SUMS = """
SELECT payer, 1, count(*), sum(max(tokens, 0)), sum(max(usd, 0.0)) FROM attempts
WHERE run = ?1 AND state IN ('answered', 'failed') GROUP BY payer
UNION ALL
SELECT payer, 0, sum(calls), sum(max(tokens, 0)), sum(max(usd, 0.0)) FROM charges
WHERE run = ?1 AND cached = 1 GROUP BY payer
"""
_END_LEASE = "DELETE FROM leases WHERE key = ? AND run = ?"
_LOST = """
SELECT payer, state, count(*), sum(worst_tokens), sum(worst_usd) FROM attempts
WHERE run = ? AND state IN ('sent', 'lost') GROUP BY payer, state
"""


def cached_reply(db: sqlite3.Connection, key: str) -> Reply | None:
    """The reply to a call, whichever run paid for it, with `cached` set."""
    # Earlier versions stored what the endpoint sent, negative usage included.
    row = db.execute("SELECT reply FROM calls WHERE key = ?", (key,)).fetchone()
    return storable_reply(Reply(**{**json.loads(row[0]), "cached": True}), redactor_of(db)) if row else None


def begin_attempt(db: sqlite3.Connection, attempt: Attempt) -> int:
    """Record a request before it is sent; returns its id. An unrecorded request would be spent without a trace."""
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


def finish_attempt(db: sqlite3.Connection, attempt_id: int, *, reply: Reply | None, error: str | None) -> None:
    """With a reply, the call is answered for good and charged to its run; without one, the attempt failed.

    An attempt with an outcome keeps it. A lost one may still get its outcome.
    """
    row = db.execute(
        "SELECT run, key, model, payer FROM attempts WHERE id = ? AND state IN ('sent', 'lost')", (attempt_id,)
    ).fetchone()
    if row is None:
        return
    run, key, model, payer = row
    db.execute(_END_LEASE, (key, run))
    at = now()
    if reply is None:
        db.execute(
            "UPDATE attempts SET state = 'failed', error = ?, finished = ? WHERE id = ?",
            (redactor_of(db).text(error or ""), at, attempt_id),
        )
        return
    reply = storable_reply(reply, redactor_of(db), model)
    db.execute(
        "UPDATE attempts SET state = 'answered', tokens = ?, usd = ?, finished = ? WHERE id = ?",
        (reply.tokens, reply.usd, at, attempt_id),
    )
    db.execute(
        "INSERT INTO calls (key, run, model, reply, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key, run, model, json.dumps(reply.model_dump(exclude={"cached"})), at),
    )
    _charge(db, run, key, payer, Cost(calls=1, tokens=reply.tokens, usd=reply.usd), cached=False)


def withdraw_attempt(db: sqlite3.Connection, attempt_id: int, reason: str) -> None:
    """The request never reached an endpoint, so it is in no sum."""
    row = db.execute("SELECT key, run FROM attempts WHERE id = ?", (attempt_id,)).fetchone()
    if row is not None:
        db.execute(_END_LEASE, row)
    db.execute(
        "UPDATE attempts SET state = 'withdrawn', error = ?, finished = ? WHERE id = ? AND state IN ('sent', 'lost')",
        (redactor_of(db).text(reason), now(), attempt_id),
    )


def charge_cached(db: sqlite3.Connection, run: str, key: str, payer: Payer, cost: Cost) -> bool:
    """The run uses a cached reply. False where it used the reply before: that is free."""
    return _charge(db, run, key, payer, cost, cached=True)


def largest_bills(db: sqlite3.Connection, run: str) -> dict[str, Cost]:
    """Model → the most that one answer was billed beyond its worst case, in tokens and dollars; without the others."""
    rows = db.execute(
        "SELECT model, max(iif(tokens > worst_tokens, tokens, 0)), max(iif(usd > worst_usd, usd, 0.0)) FROM attempts "
        "WHERE run = ? AND state = 'answered' AND (tokens > worst_tokens OR usd > worst_usd) GROUP BY model",
        (run,),
    ).fetchall()
    return {str(model): Cost(tokens=int(tokens), usd=float(usd)) for model, tokens, usd in rows}


def answer_counts(db: sqlite3.Connection, run: str) -> AnswerCounts:
    """Of the target's answers that the run used, paid for or from the cache."""
    row = db.execute(
        "SELECT count(*), "
        "sum(json_extract(reply, '$.finish') = 'length' AND json_extract(reply, '$.completion_tokens') > 0), "
        "sum(json_extract(reply, '$.finish') = 'length' AND json_extract(reply, '$.completion_tokens') = 0), "
        "sum(json_extract(reply, '$.finish') = 'content_filter') "
        "FROM charges JOIN calls USING (key) WHERE charges.run = ? AND charges.payer = 'target'",
        (run,),
    ).fetchone()
    total, cut, too_long, filtered = (int(count or 0) for count in row)
    return AnswerCounts(total=total, cut=cut, too_long=too_long, filtered=filtered)


def spending_by_role(db: sqlite3.Connection, run: str) -> list[RoleSpending]:
    """What a run paid for, by role and model, the most calls first."""
    rows = db.execute(
        "SELECT role, model, count(*), sum(max(tokens, 0)), sum(max(usd, 0.0)) FROM attempts "
        "WHERE run = ? AND state IN ('answered', 'failed') GROUP BY role, model ORDER BY count(*) DESC, role, model",
        (run,),
    )
    return [
        RoleSpending(role=role, model=model, calls=calls, tokens=tokens, usd=usd)
        for role, model, calls, tokens, usd in rows
    ]


def _charge(db: sqlite3.Connection, run: str, key: str, payer: Payer, cost: Cost, *, cached: bool) -> bool:
    cursor = db.execute(
        "INSERT INTO charges (run, key, payer, cached, calls, tokens, usd) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (run, key, payer, int(cached), cost.calls, cost.tokens, cost.usd),
    )
    return cursor.rowcount == 1


def is_charged(db: sqlite3.Connection, run: str, key: str) -> bool:
    """Whether the run has used this reply before, paid for or from the cache."""
    return db.execute("SELECT 1 FROM charges WHERE run = ? AND key = ?", (run, key)).fetchone() is not None


def mark_lost(db: sqlite3.Connection, run: str) -> int:
    """Mark what a dead process left in flight as lost; returns the count. Only where no process runs the run."""
    db.execute("DELETE FROM leases WHERE run = ?", (run,))
    cursor = db.execute(
        "UPDATE attempts SET state = 'lost', finished = ? WHERE run = ? AND state = 'sent'", (now(), run)
    )
    return cursor.rowcount


def ledger_sums(db: sqlite3.Connection, run: str) -> LedgerSums:
    """The sums over a run's attempts and charges."""
    used: dict[Payer, Cost] = {}
    paid: dict[Payer, Cost] = {}
    worst: dict[Payer, Cost] = {}
    lost = in_flight = 0
    db.execute("BEGIN")
    try:
        sums, unfinished = db.execute(_SUMS, (run,)).fetchall(), db.execute(_LOST, (run,)).fetchall()
    finally:
        db.execute("COMMIT")
    for payer, is_attempt, calls, tokens, usd in sums:
        cost = Cost(calls=calls, tokens=tokens, usd=usd)
        used[payer] = used.get(payer, Cost()) + cost
        if is_attempt:
            paid[payer] = cost
    for payer, state, calls, tokens, usd in unfinished:
        worst[payer] = worst.get(payer, Cost()) + Cost(calls=calls, tokens=tokens, usd=usd)
        lost += calls
        in_flight += calls if state == "sent" else 0
    return LedgerSums(used=used, paid=paid, lost=lost, lost_worst=worst, in_flight=in_flight)
