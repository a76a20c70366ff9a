"""What a plugin does to its process changes neither the command's exit code nor its output."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.evaluate import run_evaluation
from maieutic.cli.foreground import run_foreground
from maieutic.cli.options import DisplayOptions
from maieutic.cli.progress import LineProgress, ProgressDisplay, progress_display
from maieutic.core.errors import RunFailed
from maieutic.core.events import Event
from maieutic.plugins.system.imports import call_function


def test_an_exit_in_a_guest_is_a_run_that_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1, "asyncio")  # it tells of the task that ended so, once it is collected

    async def leaves(watch: ProgressDisplay) -> Any:
        sys.exit(0)

    with pytest.raises(RunFailed, match=r"ended the process: sys.exit\(0\)"):
        run_foreground(leaves, DisplayOptions(folder=tmp_path, plain=True))
    with pytest.raises(RunFailed, match="then: maieutic eval"):
        run_evaluation(leaves(LineProgress()), what="evaluation", retry_with="maieutic eval t")
    gc.collect()


def test_what_a_metric_prints_is_no_line_of_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display(folder=tmp_path, plain=False, as_json=True) as watch:
        watch(Event(run="r", kind="run_started", key="1", number=1))
        asyncio.run(call_function(print, "so this row was odd"))
        watch(Event(run="r", kind="run_finished", key="2", number=2))
    print("the last word")
    said = capsys.readouterr()
    *lines, last = said.out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["run_started", "run_finished"]
    assert (last, said.err) == ("the last word", "so this row was odd\n")


def test_what_a_metric_prints_is_no_part_of_a_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_evaluation(call_function(lambda: print("loud") or 1.0), what="evaluation", retry_with="") == 1.0
    assert capsys.readouterr() == ("", "loud\n")
