"""What a terminal says after the UI was left: where the run stands, and how to come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from maieutic.cli.watch import farewell_lines


@pytest.mark.parametrize(
    ("state", "says", "command"),
    [
        ("running", "run r-1 goes on", "  maieutic watch r-1"),
        ("asking", "run r-1 waits for your answer", "  maieutic watch r-1"),
        ("dead", "run r-1 has no process any more; what was paid for is kept", "  maieutic resume r-1"),
        ("finished", "run r-1 is finished", "  maieutic report r-1"),
    ],
)
def test_two_lines_say_what_goes_on_and_how_to_come_back(state: str, says: str, command: str) -> None:
    assert farewell_lines("r-1", state, Path(".maieutic")) == (says, command)
    assert farewell_lines("r-1", state, Path("my runs"))[1] == f"{command} --folder 'my runs'"
