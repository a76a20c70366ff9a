"""Queries for events, dialogue and directives, all append-only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from ...core.directives import Directive, directive_adapter
from ...core.errors import RunFailed
from ...core.events import Event
from .connection import now
from .records import DialogueTurn
from .writing_connection import redactor_of

_EVENT = "SELECT run, number, key, kind, step, data, at FROM events WHERE run = ?"
_TURN = 'SELECT number, step, place, "order", role, skill, messages, raw, parsed, at FROM dialogue WHERE'
_TURNS_AFTER = "run = ? AND number > ? ORDER BY number"


def append_events(db: sqlite3.Connection, events: Sequence[Event]) -> list[Event]:
    """As stored: numbered without gaps within each run, and stamped. An existing key returns its first event.

    The number is taken inside the transaction, so that no other writer can take it.
    """
    return [_first_of_key(db, event) or _append(db, event) for event in events]


def events(
    db: sqlite3.Connection,
    run: str,
    *,
    after: int = 0,
    limit: int | None = None,
    unreadable: dict[int, str] | None = None,
) -> list[Event]:
    """The events after a number, in order.

    unreadable: where a display goes on without a damaged record, number → why it cannot be read. Raises RunFailed for
    one where it is not given: a run cannot go on without one of its facts.
    """
    rows = db.execute(f"{_EVENT} AND number > ? ORDER BY number LIMIT ?", (run, after, -1 if limit is None else limit))
    events: list[Event] = []
    for row in rows:
        try:
            events.append(_event(row))
        except (ValueError, RecursionError) as error:
            number, reason = int(row[1]), f"{type(error).__name__}: {error}".partition("\n")[0][:200]
            if unreadable is None:
                raise RunFailed(
                    f"event {number} of the run {run} cannot be read: {reason}",
                    remedy="restore the store from a copy, or begin a new run; what was paid for stays in the cache",
                ) from error
            unreadable[number] = reason
    return events


def add_directive(db: sqlite3.Connection, run: str, directive: Directive) -> int:
    """The directive's number, the cursor of `directives`."""
    cursor = db.execute(
        "INSERT INTO directives (run, kind, data, at) VALUES (?, ?, ?, ?)",
        (run, directive.kind, json.dumps(directive.model_dump(mode="json")), now()),
    )
    return int(cursor.lastrowid or 0)


def directives(db: sqlite3.Connection, run: str, *, after: int = 0) -> list[tuple[int, Directive]]:
    """The directives after a number, in order."""
    rows = db.execute("SELECT id, data FROM directives WHERE run = ? AND id > ? ORDER BY id", (run, after))
    return [(number, directive_adapter.validate_json(data)) for number, data in rows]


def save_dialogue(db: sqlite3.Connection, run: str, turn: DialogueTurn) -> int:
    """The turn's number. Idempotent by (run, step, place): an existing turn stays, and its number is returned."""
    db.execute(
        'INSERT INTO dialogue (run, step, place, "order", role, skill, messages, raw, parsed, at) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            run,
            turn.step,
            turn.place,
            turn.order,
            turn.role,
            turn.skill,
            json.dumps(redactor_of(db).json(turn.messages)),
            redactor_of(db).text(turn.raw),
            None if turn.parsed is None else json.dumps(redactor_of(db).json(dict(turn.parsed))),
            turn.at or now(),
        ),
    )
    row = db.execute(
        "SELECT number FROM dialogue WHERE run = ? AND step = ? AND place = ?", (run, turn.step, turn.place)
    ).fetchone()
    return int(row[0])


def dialogue(db: sqlite3.Connection, run: str, *, after: int = 0) -> list[DialogueTurn]:
    """The turns after a number, in order."""
    return select_turns(db, _TURNS_AFTER, (run, after))


def select_turns(db: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[DialogueTurn]:
    """The turns that fulfil a constant SQL condition; user data goes into `values`."""
    return [
        DialogueTurn(
            number=number,
            step=step,
            place=place,
            order=order,
            role=role,
            skill=skill,
            messages=json.loads(messages),
            raw=raw,
            parsed=None if parsed is None else json.loads(parsed),
            at=at,
        )
        for number, step, place, order, role, skill, messages, raw, parsed, at in db.execute(f"{_TURN} {where}", values)
    ]


def _first_of_key(db: sqlite3.Connection, event: Event) -> Event | None:
    row = db.execute(f"{_EVENT} AND key = ?", (event.run, event.key)).fetchone()
    return _event(row) if row else None


def _append(db: sqlite3.Connection, event: Event) -> Event:
    last = db.execute("SELECT max(number) FROM events WHERE run = ?", (event.run,)).fetchone()[0] or 0
    data = redactor_of(db).json(dict(event.data))
    stored = event.model_copy(update={"number": last + 1, "at": event.at or now(), "data": data})
    db.execute(
        "INSERT INTO events (run, number, key, kind, step, data, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (stored.run, stored.number, stored.key, stored.kind, stored.step, json.dumps(data), stored.at),
    )
    return stored


def _event(row: tuple[Any, ...]) -> Event:
    run, number, key, kind, step, data, at = row
    return Event(run=run, number=number, key=key, kind=kind, step=step, data=json.loads(data), at=at)
