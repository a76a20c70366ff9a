"""Finding runs and candidates by what a person types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import RunFailed, UsageError

if TYPE_CHECKING:
    from ..core.candidate import Candidate
    from ..core.report import Report
    from ..runtime.store import RunRecord, Store

_MAX_LISTED = 12


def find_candidate(store: Store, record: RunRecord, word: str) -> Candidate:
    """By id, by a beginning that only one id has, or `start` or `best`. Raises UsageError naming what there is."""
    known = {one.id: one for one in store.candidates(record.id)}
    if not known:
        raise _not_started_error(store, record)
    if word in known:
        return known[word]
    if word == "start":
        return next(iter(known.values()))
    if word == "best" and (best := record.best or next(iter(known), None)) in known:
        return known[best]
    found = [name for name in known if name.startswith(word)]
    if len(found) == 1:
        return known[found[0]]
    raise UsageError(
        f"{word!r} is the beginning of {len(found)} candidates" if found else f"there is no candidate {word!r}",
        where=f"run {record.id}",
        possible=(found or ["start", "best", *known])[:_MAX_LISTED],
        remedy="write more of the id" if found else f"see them all: maieutic show {record.id}",
    )


def find_run_and_candidate(store: Store, run: str, ref: str) -> tuple[RunRecord, Candidate]:
    """`CANDIDATE` of a run, `RUN:CANDIDATE`, or `RUN` alone for its best."""
    owner, colon, word = ref.partition(":")
    if colon:
        record = store.run(owner)
        return record, find_candidate(store, record, word)
    record = store.run(run)
    try:
        return record, find_candidate(store, record, ref)
    except UsageError as error:
        try:
            other = store.run(ref)
        except UsageError:
            raise error from None
        return other, find_candidate(store, other, "best")


def find_report(store: Store, record: RunRecord) -> Report:
    """Raises UsageError for a run without one, RunFailed where it cannot be read."""
    from pydantic import ValidationError

    from ..core.report import Report

    text = store.report(record.id)
    if text is None and record.state == "failed" and not store.candidates(record.id):
        raise _not_started_error(store, record)
    if text is None:
        raise UsageError(
            f"run {record.id} has no report yet; it is {record.state}",
            remedy=f"maieutic stop {record.id} ends it with one, maieutic resume {record.id} takes it up again",
        )
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        raise RunFailed(f"the report of run {record.id} cannot be read: {error}") from error


def _not_started_error(store: Store, record: RunRecord) -> UsageError:
    """For a run without even its start prompt: it was refused, or has only just been started."""
    if record.state != "failed":
        return UsageError(
            f"run {record.id} has no candidates yet; it is {record.state}",
            remedy=f"wait until it has begun: maieutic show {record.id}",
        )
    said = next((one.data.get("reason") for one in store.events(record.id)[::-1] if one.kind == "run_failed"), None)
    why = " ".join(str(said).split()) if said else "its log does not say why"
    return UsageError(
        f"run {record.id} was refused before it began: {why}",
        remedy=f"put that right, then maieutic resume {record.id}; see maieutic runs for the others",
    )
