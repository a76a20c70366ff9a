"""A store holds examples, prompts and answers: other accounts of the machine cannot read what is made today."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from maieutic.cli.app import app
from maieutic.graphs.checkpoints import open_checkpointer
from maieutic.runtime.steering.service import start_process
from maieutic.runtime.store import DATABASE, RunRecord, Store
from maieutic.runtime.store.permissions import exposed_paths, restrict_paths
from typer.testing import CliRunner

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def _usual_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def _fill(folder: Path) -> dict[str, int]:
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id="r", task="t", recipe="auto"))
        async with open_checkpointer(folder) as saver:
            await saver.setup()
            return {path.name: mode(path) for path in sorted(folder.iterdir())}  # noqa: ASYNC240


def test_a_new_folder_and_all_its_files_belong_to_one_account(tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".maieutic"
    modes = asyncio.run(_fill(folder))
    assert {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "checkpoints.db"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert mode(folder) == 0o700
    assert mode(folder.parent) == 0o755
    start_process(["true"], folder / "run.log")
    assert mode(folder / "run.log") == 0o600
    assert exposed_paths(folder) == []


def test_a_crash_report_belongs_to_one_account(tmp_path: Path) -> None:
    from maieutic.cli.errors import _crash_error

    folder = tmp_path / ".maieutic"
    _crash_error(ValueError("half a pair \ud83d"), folder)
    (log,) = folder.glob("crash-*.log")
    assert (mode(folder), mode(log)) == (0o700, 0o600)


def test_doctor_says_who_may_read_an_older_store_and_upgrade_closes_it(tmp_path: Path) -> None:
    folder = tmp_path / ".maieutic"
    asyncio.run(_fill(folder))
    folder.chmod(0o755)
    (folder / DATABASE).chmod(0o644)
    (folder / "notes.txt").write_text("mine")
    runner = CliRunner()
    told = runner.invoke(app, ["doctor", "--folder", str(folder)]).stdout
    assert f"other accounts may read .maieutic, {DATABASE}" in told
    assert "maieutic doctor --upgrade" in told
    assert mode(folder / DATABASE) == 0o644
    told = runner.invoke(app, ["doctor", "--upgrade", "--folder", str(folder)]).stdout
    assert "only this account can read the store" in told
    assert (mode(folder), mode(folder / DATABASE), mode(folder / "notes.txt")) == (0o700, 0o600, 0o644)


def test_a_project_folder_that_holds_a_store_stays_open(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir(0o755)
    asyncio.run(_fill(folder))
    for name in ("main.py", "build.log", DATABASE):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    restrict_paths(folder)
    assert [mode(folder / name) for name in ("main.py", "build.log", DATABASE)] == [0o644, 0o644, 0o600]
    assert mode(folder) == 0o755
