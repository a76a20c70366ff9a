"""The store: everything a run remembers, as methods of one object."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from ...core.errors import RunFailed, UsageError
from ...core.models import Reply
from . import archive as _archive
from . import calls as _calls
from . import dashboard_queries as _dashboard
from . import ends as _ends
from . import leases as _leases
from . import log as _log
from . import measures as _measures
from . import preferences as _preferences
from . import runs as _runs
from .connection import ReaderPool, check_readable, open_writer
from .redaction import Redactor
from .reply_limits import storable_reply
from .writer import Writer

DATABASE = "maieutic.db"

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[sqlite3.Connection, P], T]


def _reads(query: Query[P, T]) -> Callable[Concatenate[Store, P], T]:
    """A method that runs the query on a read-only connection."""

    @wraps(query)
    def method(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._read(query, *args, **kwargs)

    return method


def _writes(query: Query[P, T]) -> Callable[Concatenate[Store, P], Coroutine[Any, Any, T]]:
    """A coroutine method that returns the query's result once its transaction is committed."""

    @wraps(query)
    async def method(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._write(query, *args, **kwargs)

    return method


class Store:
    """One SQLite file that any number of processes may open.

    The queries are functions of the modules beside this one, where they are documented; a method passes its arguments
    on to them. Writes are coroutines: they return when the data is durable, and a failed one raises RunFailed and
    changes nothing. Reads are plain calls, allowed from any thread, that see all committed data. An unknown run reads
    as empty, except by `run`.
    """

    # Runs and their examples
    create_run = _writes(_runs.create_run)
    update_run = _writes(_runs.update_run)
    run = _reads(_runs.run)
    runs = _reads(_runs.runs)
    has_run = _reads(_runs.has_run)
    save_examples = _writes(_runs.save_examples)
    replace_example = _writes(_runs.replace_example)
    examples = _reads(_runs.examples)
    example = _reads(_runs.example)
    prior_test_uses = _reads(_runs.prior_test_uses)

    # The ends of runs and their reports
    claim_run = _writes(_ends.claim_run)
    end_run = _writes(_ends.end_run)
    interrupt_run = _writes(_ends.interrupt_run)
    continue_run = _writes(_ends.continue_run)
    run_end = _reads(_ends.run_end)
    save_report = _writes(_ends.save_report)
    report = _reads(_ends.report)
    pending_report = _reads(_ends.pending_report)

    # Candidates and their scores
    save_candidates = _writes(_archive.save_candidates)
    save_programs = _writes(_archive.save_programs)
    save_status_changes = _writes(_archive.save_status_changes)
    program = _reads(_archive.program)
    candidates = _reads(_archive.candidates)
    candidate = _reads(_archive.candidate)
    save_evaluations = _writes(_archive.save_evaluations)
    replace_evaluations = _writes(_archive.replace_evaluations)
    evaluations = _reads(_archive.evaluations)
    save_responses = _writes(_archive.save_responses)
    responses = _reads(_archive.responses)

    # What measures found
    save_measure = _writes(_measures.save_measure)
    measures = _reads(_measures.measures)

    # Model calls
    cached_reply = _reads(_calls.cached_reply)
    begin_attempt = _writes(_calls.begin_attempt)
    begin_leased_attempt = _writes(_leases.begin_leased_attempt)
    is_leased = _reads(_leases.is_leased)
    release_lease = _writes(_leases.release_lease)
    finish_attempt = _writes(_calls.finish_attempt)
    withdraw_attempt = _writes(_calls.withdraw_attempt)
    charge_cached = _writes(_calls.charge_cached)
    largest_bills = _reads(_calls.largest_bills)
    answer_counts = _reads(_calls.answer_counts)
    is_charged = _reads(_calls.is_charged)
    mark_lost = _writes(_calls.mark_lost)
    ledger_sums = _reads(_calls.ledger_sums)
    spending_by_role = _reads(_calls.spending_by_role)

    # The log
    append_events = _writes(_log.append_events)
    events = _reads(_log.events)
    add_directive = _writes(_log.add_directive)
    directives = _reads(_log.directives)
    save_dialogue = _writes(_log.save_dialogue)
    dialogue = _reads(_log.dialogue)

    # What displays read
    tallies = _reads(_dashboard.tallies)
    example_tallies = _reads(_dashboard.example_tallies)
    evaluations_on_example = _reads(_dashboard.evaluations_on_example)
    turns_of_step = _reads(_dashboard.turns_of_step)

    # Preferences and rules
    save_preferences = _writes(_preferences.save_preferences)
    preferences = _reads(_preferences.preferences)
    duel_outcomes = _reads(_preferences.duel_outcomes)
    save_rules = _writes(_preferences.save_rules)
    rules = _reads(_preferences.rules)

    def __init__(self, path: Path, writer: Writer | None) -> None:
        self.path = path
        self._writer = writer
        self._readers = ReaderPool(path)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Store:
        """The store of a `.maieutic` folder, created where it is missing.

        Raises UsageError where it cannot be opened, and with `read_only` where there is none.
        """
        path = Path(folder) / DATABASE
        if read_only:
            check_readable(path)
            return cls(path, None)
        return cls(path, Writer(open_writer(path, _migrate)))

    def close(self) -> None:
        """Finish pending writes, then close the file. May be called twice."""
        if self._writer is not None:
            self._writer.close()
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def storable_reply(self, reply: Reply, model: str = "") -> Reply:
        """The reply as this store keeps it: a run uses the same text now that a resumed one reads from the cache."""
        return storable_reply(reply, self._writer.redactor if self._writer else Redactor(), model)

    async def _write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            raise UsageError("this store was opened for reading only", where=str(self.path))
        try:
            return await self._writer.submit(lambda connection: query(connection, *args, **kwargs))
        except sqlite3.Error as error:
            raise self._failed("written", error) from error

    def _read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._readers.borrow() as connection:
            try:
                return query(connection, *args, **kwargs)
            except sqlite3.Error as error:
                raise self._failed("read", error) from error

    def _failed(self, verb: str, error: sqlite3.Error) -> RunFailed:
        unknown = "FOREIGN KEY" in str(error)
        return RunFailed(
            f"the store could not be {verb}: {error}",
            where=str(self.path),
            remedy="save the run and its candidates before what refers to them"
            if unknown
            else "check the disk's free space and the folder's permissions, then resume the run",
        )


def _migrate(connection: sqlite3.Connection, where: str) -> None:
    """Only a store that is new or old imports the table builder, which is slow to load."""
    from .schema import migrate

    migrate(connection, where)
