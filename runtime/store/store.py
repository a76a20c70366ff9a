"""The store's front: everything a run remembers, behind one object."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from ...core.budget import Cost, Payer
from ...core.candidate import Candidate
from ...core.dataset import Example, Split
from ...core.directives import Directive
from ...core.errors import RunFailed, UsageError
from ...core.events import Event
from ...core.models import Reply
from ...core.program import Program
from ...core.score import Evaluation, Response
from . import amending, archive, calls, log, runs
from . import dashboard_queries as window
from . import preferences as lessons
from .connection import ReaderPool, check_readable, open_writer
from .dashboard_queries import ExampleTally, StepTally
from .records import (
    Attempt,
    DialogueTurn,
    LedgerSums,
    OperatorStat,
    PreferenceRow,
    RuleRow,
    RunRecord,
    StatusChange,
)
from .writer import Writer

DATABASE = "maieutic.db"

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """One SQLite file that any number of processes may open.

    What is written is awaited, and durable when the wait is over; failing writes raise RunFailed and leave
    everything else as it was. What is read is synchronous and may be called from any thread; it sees all that was
    committed. Unknown runs read as empty, except by `run`.
    """

    def __init__(self, path: Path, writer: Writer | None) -> None:
        self.path = path
        self._writer = writer
        self._readers = ReaderPool(path)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Store:
        """The store of a `.maieutic` folder, made where it is missing.

        Raises UsageError where it cannot be opened, and with `read_only` where there is none.
        """
        path = Path(folder) / DATABASE
        if read_only:
            check_readable(path)
            return cls(path, None)
        return cls(path, Writer(open_writer(path)))

    def close(self) -> None:
        """Carry out what still waits to be written, then let go of the file. May be called twice."""
        if self._writer is not None:
            self._writer.close()
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs and their rows

    async def create_run(self, run: RunRecord) -> None:
        """Raises UsageError where the id is taken."""
        await self._write(runs.create_run, run)

    async def update_run(self, run_id: str, **fields: Any) -> None:
        """Fields of RunRecord by name. Raises UsageError for an unknown run."""
        await self._write(runs.update_run, run_id, fields)

    def run(self, ref: str) -> RunRecord:
        """By id, by a beginning that only one id has, or `latest`: the last search that began, or the last scored
        prompt where nothing was searched. Raises UsageError naming what there is."""
        return self._read(runs.run, ref)

    def runs(self) -> list[RunRecord]:
        """Newest first."""
        return self._read(runs.runs)

    def has_run(self, run_id: str) -> bool:
        return self._read(runs.has_run, run_id)

    async def save_report(self, run: str, data: str) -> None:
        """The report as JSON; a later one replaces it."""
        await self._write(runs.save_report, run, data)

    def report(self, run: str) -> str | None:
        """The report as JSON, or None before it is written."""
        return self._read(runs.report, run)

    async def save_examples(self, run: str, rows: Iterable[tuple[Split, Example]]) -> None:
        """Idempotent by (run, split, id)."""
        await self._write(runs.save_examples, run, list(rows))

    def examples(self, run: str, split: Split | None = None) -> list[tuple[Split, Example]]:
        """In the order they were saved."""
        return self._read(runs.examples, run, split)

    async def replace_example(self, run: str, split: Split, row: Example) -> None:
        """The row under its id, for example with another output or in another split."""
        await self._write(amending.replace_example, run, split, row)

    def example(self, run: str, example_id: str) -> Example | None:
        return self._read(runs.example, run, example_id)

    def prior_test_uses(self, run: str, rows: Sequence[str]) -> tuple[int, int]:
        """How many other runs measured a prompt on sealed rows of this one, and on how many of `rows`, by id."""
        return self._read(runs.prior_test_uses, run, rows)

    # The archive

    async def save_candidates(self, run: str, candidates: Sequence[Candidate]) -> None:
        """With program, prompts and lineage. Idempotent by (run, id): what is there stays as it was."""
        await self._write(archive.save_candidates, run, candidates)

    async def save_programs(self, programs: Sequence[Program]) -> None:
        """By content: a program that is there already is the same."""
        await self._write(archive.save_programs, programs)

    def program(self, name: str) -> Program | None:
        """A program by its id."""
        return self._read(archive.program, name)

    async def save_status_changes(self, run: str, verdicts: Sequence[StatusChange]) -> None:
        """By (run, candidate, step); the same step may change its mind when it is run again."""
        await self._write(archive.save_status_changes, run, verdicts)

    def candidates(self, run: str, *, before_step: int | None = None) -> list[Candidate]:
        """Those made before a step, in the order they came, with the status and reason they had when it began."""
        return self._read(archive.candidates, run, before_step)

    async def save_evaluations(self, run: str, evaluations: Sequence[Evaluation]) -> None:
        """Idempotent by (run, candidate, example, split): what is there stays as it was."""
        await self._write(archive.save_evaluations, run, evaluations)

    async def replace_evaluations(self, run: str, evaluations: Sequence[Evaluation]) -> None:
        """Scored anew, in place of those there are; each stays under the step of its first measurement."""
        await self._write(amending.replace_evaluations, run, evaluations)

    def evaluations(
        self, run: str, *, before_step: int | None = None, split: str | None = None, candidate: str | None = None
    ) -> list[Evaluation]:
        """In the order they came."""
        return self._read(archive.evaluations, run, before_step, split, candidate)

    async def save_responses(self, run: str, responses: Sequence[Response]) -> None:
        """What nothing scores. Idempotent by (run, candidate, example, split)."""
        await self._write(archive.save_responses, run, responses)

    def responses(self, run: str, *, before_step: int | None = None) -> list[Response]:
        """In the order they came."""
        return self._read(archive.responses, run, before_step)

    # Calls

    def cached_reply(self, key: str) -> Reply | None:
        """The answer to a call, whichever run paid for it, with `cached` set."""
        return self._read(calls.cached_reply, key)

    async def begin_attempt(self, attempt: Attempt) -> int:
        """Await it before the request is sent: a request that nobody wrote down would be spent unseen."""
        return await self._write(calls.begin_attempt, attempt)

    async def finish_attempt(self, attempt_id: int, *, reply: Reply | None, error: str | None) -> None:
        """With a reply, the call is answered for good and charged to its run; without, the attempt failed."""
        await self._write(calls.finish_attempt, attempt_id, reply, error)

    async def withdraw_attempt(self, attempt_id: int, reason: str) -> None:
        """The request never left (nothing listened): no endpoint counted it, so it is in no sum."""
        await self._write(calls.withdraw_attempt, attempt_id, reason)

    async def charge_cached(self, run: str, key: str, payer: Payer, cost: Cost) -> bool:
        """The run uses an answer that was paid for already. False where it had used it before: free then."""
        return await self._write(calls.charge, run, key, payer, cost)

    def is_charged(self, run: str, key: str) -> bool:
        """Whether the run has used this answer already, paid for or not."""
        return self._read(calls.is_charged, run, key)

    async def mark_lost(self, run: str) -> int:
        """Give up what a dead process left in flight; how many those were. Only where no process runs the run."""
        return await self._write(calls.mark_lost, run)

    def ledger_sums(self, run: str) -> LedgerSums:
        return self._read(calls.ledger_rows, run)

    # The log

    async def append_events(self, events: Sequence[Event]) -> list[Event]:
        """As stored: numbered without gaps within each run, and stamped. A key that a run has said already
        stays said once, and comes back as it was stored first."""
        return await self._write(log.append_events, events)

    def events(self, run: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        return self._read(log.events, run, after, limit)

    async def add_directive(self, run: str, directive: Directive) -> int:
        """The directive's number, the cursor of `directives`."""
        return await self._write(log.add_directive, run, directive)

    def directives(self, run: str, *, after: int = 0) -> list[tuple[int, Directive]]:
        return self._read(log.directives, run, after)

    async def save_dialogue(self, run: str, turn: DialogueTurn) -> int:
        """The turn's number. Idempotent by (run, step, place)."""
        return await self._write(log.save_dialogue, run, turn)

    def dialogue(self, run: str, *, after: int = 0) -> list[DialogueTurn]:
        return self._read(log.dialogue, run, after)

    # Windows for whoever watches

    def tallies(self, run: str, *, after: int = 0) -> list[StepTally]:
        """Sums over the val measurements since a cursor, by candidate and step; the last row holds the next cursor."""
        return self._read(window.tallies, run, after)

    def example_tallies(self, run: str) -> list[ExampleTally]:
        """How all candidates together did on each row of train and val."""
        return self._read(window.example_tallies, run)

    def evaluations_on_example(self, run: str, example: str, *, limit: int = 200) -> list[Evaluation]:
        """What candidates answered on one row, the worst first."""
        return self._read(window.evaluations_on_example, run, example, limit)

    def candidate(self, run: str, name: str) -> Candidate | None:
        """One candidate as it stands, without reading the others."""
        return self._read(window.candidate, run, name)

    def turns_of_step(self, run: str, step: int, *, limit: int = 50) -> list[DialogueTurn]:
        """What was said in one step, in order."""
        return self._read(window.turns_of_step, run, step, limit)

    # Lessons

    async def save_preferences(self, run: str, rows: Sequence[PreferenceRow]) -> None:
        await self._write(lessons.save_preferences, run, rows)

    def preferences(self, run: str, *, before_step: int | None = None) -> list[PreferenceRow]:
        return self._read(lessons.preferences, run, before_step)

    async def save_rules(self, run: str, rows: Sequence[RuleRow]) -> None:
        await self._write(lessons.save_rules, run, rows)

    def rules(self, run: str, *, before_step: int | None = None) -> list[RuleRow]:
        return self._read(lessons.rules, run, before_step)

    async def save_operator_stats(self, run: str, rows: Sequence[OperatorStat]) -> None:
        await self._write(lessons.save_operator_stats, run, rows)

    def operator_stats(self, run: str, *, before_step: int | None = None) -> list[OperatorStat]:
        return self._read(lessons.operator_stats, run, before_step)

    async def _write(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._writer is None:
            raise UsageError("this store was opened for reading only", where=str(self.path))
        try:
            return await self._writer.submit(lambda connection: work(connection, *args, **kwargs))
        except sqlite3.Error as error:
            raise self._failed("written", error) from error

    def _read(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._readers.borrow() as connection:
            try:
                return work(connection, *args, **kwargs)
            except sqlite3.Error as error:
                raise self._failed("read", error) from error

    def _failed(self, how: str, error: sqlite3.Error) -> RunFailed:
        unknown = "FOREIGN KEY" in str(error)
        return RunFailed(
            f"the store could not be {how}: {error}",
            where=str(self.path),
            remedy="save the run and its candidates before what belongs to them"
            if unknown
            else "check the disk's free space and the folder's permissions, then resume the run",
        )
