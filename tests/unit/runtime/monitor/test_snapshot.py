"""Snapshots for live displays: the numbers are the scoreboard's, and parts of a log give what the whole log gives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.events import Event
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.stats.intervals import mean_interval
from maieutic.runtime.monitor import snapshot as snapshots
from maieutic.runtime.monitor.snapshot import LiveSource
from maieutic.runtime.store import RunRecord, Store
from maieutic.tui.lines.scoreboard import rank_candidates

SCORES = {"c-start": [0.2, 0.5, 0.6, 0.3], "c-graded": [0.45, 0.47, 0.52, 0.55], "c-sure": [0.44, 0.46, 0.45, 0.47]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    async def fill(store: Store) -> None:
        await store.create_run(RunRecord(id="r", task="t", recipe="auto", state="stopped", best="c-graded"))
        examples = [Example(id=f"e-{n}", input=f"x{n}") for n in range(4)]
        await store.save_examples("r", [("val", example) for example in examples])
        parents = {name: () if name == "c-start" else ("c-start",) for name in SCORES}
        candidates = [
            Candidate(id=name, program=Program.of(name), operator="start" if not above else "rewrite", parents=above)
            for name, above in parents.items()
        ]
        await store.save_candidates("r", candidates)
        await store.save_evaluations(
            "r",
            [
                Evaluation(candidate=name, example=f"e-{n}", split="val", output="", answer="", score=score)
                for name, scores in SCORES.items()
                for n, score in enumerate(scores)
            ],
        )
        await store.append_events(
            [
                Event(run="r", kind="run_started", key="0", data={"budget": {"calls": 9}}),
                *(
                    Event(
                        run="r",
                        kind="candidate_proposed",
                        key=name,
                        data={"candidate": name, "operator": "rewrite", "parents": ["c-start"]},
                    )
                    for name in ("c-graded", "c-sure")
                ),
            ]
        )

    with Store.open(tmp_path) as store:
        asyncio.run(fill(store))
    return tmp_path


def test_a_graded_score_has_the_interval_of_the_scoreboard(folder: Path) -> None:
    with Store.open(folder, read_only=True) as store:
        snapshot = LiveSource(store, "r").read_all()
    for name, scores in SCORES.items():
        tally, interval = snapshot.leaderboard.get(name), mean_interval(scores)
        assert tally is not None
        assert tally.interval == pytest.approx((interval.low, interval.high))
    best = snapshot.view.best
    assert best is not None
    assert (best.candidate, best.n, best.low) == ("c-graded", 4, pytest.approx(mean_interval(SCORES["c-graded"]).low))
    ranked = [candidate.id for candidate, _ in rank_candidates(snapshot)]
    assert ranked == sorted(SCORES, key=lambda name: -mean_interval(SCORES[name]).low)


def test_a_log_that_is_read_in_parts_gives_the_same_snapshot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(folder, read_only=True) as store:
        whole = LiveSource(store, "r").read_all()
        monkeypatch.setattr(snapshots, "EVENTS_PER_READ", 1)
        source = LiveSource(store, "r")
        assert source.read().catching_up
        assert source.read_all() == whole


def test_a_candidate_is_found_by_what_a_person_types(folder: Path) -> None:
    with Store.open(folder, read_only=True) as store:
        snapshot = LiveSource(store, "r").read_all()
    assert [snapshot.find_candidate(word) for word in ("c-g", "start", "c-sure")] == ["c-graded", "c-start", "c-sure"]
    with pytest.raises(UsageError, match="several candidates"):
        snapshot.find_candidate("c-s")
    with pytest.raises(UsageError, match="no candidate"):
        snapshot.find_candidate("c-x")
