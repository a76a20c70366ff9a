"""What a guest's code does to the process that runs it is none of the command's doing."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.progress import Watcher
from maieutic.cli.running import carry_out
from maieutic.core.errors import RunFailed


def test_an_exit_in_a_guest_is_a_run_that_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1, "asyncio")  # it tells of the task that ended so, once it is collected

    async def leaves(watch: Watcher) -> Any:
        sys.exit(0)

    with pytest.raises(RunFailed, match=r"ended the process: sys.exit\(0\)"):
        carry_out(leaves, folder=tmp_path, plain=True, as_json=False)
    gc.collect()
