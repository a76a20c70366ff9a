"""A store with one run in it. The tables are built once and copied, which is what keeps these tests quick."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from maieutic.core.candidate import Candidate
from maieutic.core.program import Program
from maieutic.runtime.store import DATABASE, RunRecord, Store

RUN = "r-one"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / ".maieutic"
    with Store.open(folder) as store:
        asyncio.run(_fill(store))
    return folder / DATABASE


@pytest.fixture
def folder(tmp_path: Path, built: Path) -> Path:
    """A `.maieutic` folder whose store holds the run `r-one` with the candidate `c-start`."""
    made = tmp_path / ".maieutic"
    made.mkdir()
    shutil.copy(built, made / DATABASE)
    return made


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[Store]:
    """One store for all the examples of a property; each brings its own run."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copy(built, folder / DATABASE)
    with Store.open(folder) as opened:
        yield opened


async def _fill(store: Store) -> None:
    await store.create_run(RunRecord(id=RUN, task="reviews", recipe="auto"))
    start = Candidate(id="c-start", program=Program.of("Judge the review."), operator="start")
    await store.save_candidates(RUN, [start])
