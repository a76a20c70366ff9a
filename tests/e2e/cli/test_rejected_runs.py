"""A run that was refused before it began has nothing to show, and whoever asks is told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.lookup import find_candidate, find_report, find_run_and_candidate
from maieutic.core.errors import UsageError
from maieutic.core.events import Event
from maieutic.runtime.store import RunRecord, Store

LOOKS: list[Callable[[Store, RunRecord], Any]] = [
    lambda store, record: find_candidate(store, record, "best"),
    lambda store, record: find_candidate(store, record, "start"),
    lambda store, record: find_run_and_candidate(store, record.id, "best"),
    find_report,
]


@pytest.mark.parametrize("look", LOOKS)
async def test_why_it_was_refused_is_said(tmp_path: Path, look: Callable[[Store, RunRecord], Any]) -> None:
    with Store.open(tmp_path) as store:
        record = RunRecord(id="r", task="t", recipe="auto", state="failed")
        await store.create_run(record)
        failed = Event(run="r", kind="run_failed", key="k", step=0, data={"reason": "model: nothing answers"})
        await store.append_events([failed])
        with pytest.raises(UsageError, match="rejected before it started: model: nothing answers"):
            look(store, record)


async def test_a_run_that_was_only_just_started_is_no_refusal(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        record = RunRecord(id="r", task="t", recipe="auto", state="running")
        await store.create_run(record)
        with pytest.raises(UsageError, match="no candidates yet; its state is running"):
            find_candidate(store, record, "best")
        with pytest.raises(UsageError, match="no report yet"):
            find_report(store, record)
