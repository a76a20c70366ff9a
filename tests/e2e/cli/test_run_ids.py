"""An id that a person gives: every command can name the run by it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.detach import spawn_detached
from maieutic.core.errors import UsageError
from maieutic.graphs.api import check_run_id

from .conftest import Call

WRONG = ("latest", "a/b c", "..", "", "-x", "r:c", "new\nline")


@pytest.mark.parametrize("name", WRONG)
def test_a_name_that_no_command_could_say_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no run can be called"):
        check_run_id(name)


@pytest.mark.parametrize("name", ["r", "20261121-104530-3f9a", "my_run.2", "Latest"])
def test_plain_names_stand(name: str) -> None:
    assert check_run_id(name) == name


@pytest.mark.parametrize("name", ["latest", "../a"])
@pytest.mark.parametrize("more", [(), ("--detach",)])
def test_optimize_refuses_it_before_it_reads_the_task(call: Call, name: str, more: tuple[str, ...]) -> None:
    refused = call("optimize", "no-such-task", "--calls", "20", "--run", name, *more)
    assert refused.code == 2
    assert f"no run can be called {name!r}" in refused.err


def test_fork_refuses_it_before_a_live_run_is_told(call: Call, ids: Any) -> None:
    refused = call("fork", ids.other, "best", "--calls", "20", "--run", "latest")
    assert refused.code == 2
    assert "no run can be called 'latest'" in refused.err


def test_no_process_is_begun_for_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        spawn_detached(["fork"], folder=tmp_path / "home", run="a/b")
    assert not (tmp_path / "home").exists()
