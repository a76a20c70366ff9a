"""What the store says of earlier looks at sealed rows, and which run is the latest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example, Split
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.runtime.store import RunRecord, Store

ONE = Candidate(id="c", program=Program.of("say"), operator="start")
ROWS = [Example(id=f"t{n}", input=f"word {n}", outputs=("red",)) for n in range(4)]


async def begun(store: Store, run: str, rows: Sequence[Example] = ROWS, **fields: str) -> None:
    await store.create_run(RunRecord(**{"id": run, "task": "colours", "recipe": "auto", **fields}))
    await store.save_candidates(run, [ONE])
    await store.save_examples(run, [("test", row) for row in rows])


async def measured(store: Store, run: str, rows: Sequence[Example], split: Split = "test") -> None:
    some = [
        Evaluation(candidate="c", example=row.id, split=split, output="red", answer="red", score=1.0) for row in rows
    ]
    await store.save_evaluations(run, some)


async def test_other_runs_that_measured_on_the_same_test_rows_are_counted(tmp_path: Path) -> None:
    ids = [row.id for row in ROWS[:3]]
    with Store.open(tmp_path) as store:
        await begun(store, "mine")
        await measured(store, "mine", ROWS)
        assert store.prior_test_uses("mine", ids) == (0, 0)
        await begun(store, "earlier")
        await measured(store, "earlier", ROWS[1:])
        await measured(store, "earlier", ROWS[:1], "val")
        assert store.prior_test_uses("mine", ids) == (1, 2)
        await begun(store, "scored", (), recipe="eval")
        await measured(store, "scored", ROWS[:1])
        assert store.prior_test_uses("mine", ids) == (2, 3)


@pytest.mark.parametrize("says", [ROWS, ()])
async def test_a_row_of_another_task_under_the_same_id_is_another_row(tmp_path: Path, says: Sequence[Example]) -> None:
    theirs = [row.model_copy(update={"input": "something else"}) for row in says]
    with Store.open(tmp_path) as store:
        await begun(store, "mine")
        await begun(store, "other", theirs, task="shapes")
        await measured(store, "other", ROWS)
        assert store.prior_test_uses("mine", ["t0"]) == (0, 0)


async def test_the_latest_is_the_last_run_that_began(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.create_run(RunRecord(id="refused", task="colours", recipe="auto", state="failed"))
        assert store.run("latest").id == "refused"
        await begun(store, "broken", state="failed")
        await store.create_run(RunRecord(id="refused-too", task="colours", recipe="auto", state="failed"))
        assert store.run("latest").id == "broken"
        await store.create_run(RunRecord(id="beginning", task="colours", recipe="auto"))
        assert store.run("latest").id == "beginning"
