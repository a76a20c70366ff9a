"""`show` and `scoreboard` say the same of a candidate, whatever the log said when fewer rows were measured."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from maieutic.core.events import Event
from maieutic.runtime.store import Store


def test_show_gives_the_best_as_the_scoreboard_has_it(call: Any, ids: Any, folder: Path) -> None:
    then = {"score": 0.55, "low": 0.39, "high": 0.71, "n": 4}
    start = Event(run=ids.run, kind="baseline_measured", key="2", data={"candidate": ids.start, **then})
    best = Event(run=ids.run, kind="best_changed", key="3", data={"candidate": ids.best, **then})
    with Store.open(folder) as store:
        asyncio.run(store.append_events([start, best]))
    board = {row["id"]: row for row in call("scoreboard", ids.run, "--json").json}
    shown = {line.split()[0]: line for line in call("show", ids.run).out.splitlines() if line}
    for name, candidate in (("best", ids.best), ("baseline", ids.start)):
        row = board[candidate]
        assert f"{row['score']:.2f} [{row['low']:.2f}, {row['high']:.2f}] on 8 examples" in shown[name]
