"""Code and queries that a model wrote are run where they can do little harm."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.code import CodeEvaluator
from maieutic.plugins.evaluators.code_sandbox import network_isolated, run_python
from maieutic.plugins.evaluators.fairness import FairnessEvaluator
from maieutic.plugins.evaluators.sql import SqlEvaluator

TESTED = Example(input="add", metadata={"tests": ["assert add(1, 2) == 3", "assert add('a', 'b') == 'ab'"]})


async def code(text: str, row: Example = TESTED, **options: Any) -> Score:
    return await CodeEvaluator(**options).evaluate(row, Output(text=text), text)


async def test_the_share_of_tests_that_pass_is_the_score() -> None:
    right = await code("Here it is:\n```python\ndef add(a, b):\n    return a + b\n```\nEnjoy.")
    assert (right.value, right.values["passed"], right.feedback) == (1.0, 2, None)
    half = await code("def add(a, b):\n    return int(a) + int(b)")
    assert half.value == 0.5
    assert half.feedback is not None
    assert half.feedback.startswith("test 2: ValueError")
    assert (await code("")).failure == "format"
    assert (await code("x = 1", Example(input="x"))).failure == "example"


async def test_code_that_leaves_early_or_never_ends_passes_nothing() -> None:
    early = await code("import sys\nsys.exit(0)")
    assert (early.value, early.feedback) == (
        0.0,
        "test 1: it ended with status 0, before its end; test 2: it ended with status 0, before its end",
    )
    endless = await code("while True: pass", Example(input="x", metadata={"tests": "pass"}), seconds=0.3)
    assert (endless.value, endless.feedback) == (0.0, "test 1: not done after 0.3 seconds")


async def test_a_program_reads_the_input_and_prints_the_reference() -> None:
    row = Example(input="3 4", outputs=("7", "seven"))
    right = "print(sum(map(int, input().split())))"
    assert (await code(right, row, check="stdout")).value == 1
    wrong = await code("print(8)", row, check="stdout")
    assert (wrong.value, wrong.feedback) == (0.0, "it prints '8', wanted '7'")
    assert CodeEvaluator(check="stdout").needs == {"references"}


def test_the_cell_has_limits_and_nothing_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert run_python("import os; print(sorted(os.environ), os.listdir('.'))").stdout.count("KEY") == 0
    assert "MemoryError" in run_python("x = bytearray(10**9)", megabytes=128).stderr
    assert not run_python("open('big', 'wb').write(bytes(2**23))").succeeded
    assert len(run_python("print('x' * 10**6)").stdout) == 200_000


@pytest.mark.skipif(not network_isolated(), reason="no user namespaces here")
def test_the_cell_has_no_network_and_leaves_no_children(tmp_path: Path) -> None:
    told = run_python("import socket; socket.create_connection(('127.0.0.1', 9), 1)")
    assert "unreachable" in told.stderr.lower()
    mark = tmp_path / "alive"
    late = f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1)\n    open({str(mark)!r}, 'w')\n"
    assert run_python(late).succeeded
    assert not mark.exists()


SCRIPT = "CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'y');"


async def query(text: str, *references: str, **options: Any) -> Score:
    row = Example(input="q", outputs=references or ("SELECT b FROM t",))
    return await SqlEvaluator(**(options or {"script": SCRIPT})).evaluate(row, Output(text=text), text or None)


async def test_rows_count_and_not_words() -> None:
    assert (await query("```sql\nselect t.b from t where a > 0 order by a desc\n```")).value == 1
    fewer = await query("SELECT DISTINCT b FROM t")
    assert (fewer.value, fewer.feedback) == (0.0, "2 rows, first [('x',), ('y',)]; wanted 3, first [('x',), ('y',)]")
    ordered = "SELECT a FROM t ORDER BY a DESC"
    assert (await query("SELECT a FROM t", ordered)).value == 0
    assert (await query("SELECT a FROM t ORDER BY 1 DESC", ordered)).value == 1
    assert (await query("SELECT a/2.0 FROM t", "SELECT a*0.5 FROM t")).value == 1


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM t",
        "SELECT 1; DROP TABLE t",
        "ATTACH 'other.db' AS o",
        "PRAGMA query_only = 0",
        "SELECT load_extension('x')",
        "SELECT nothing FROM t",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
    ],
)
async def test_a_query_that_may_not_run_is_wrong_and_changes_nothing(text: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "b.db") as base:
        base.executescript(SCRIPT)
    base.close()
    before = (tmp_path / "b.db").read_bytes()
    found = await query(text, database="b.db", folder=str(tmp_path), seconds=0.3)
    assert found.value == 0
    assert found.failure is None
    assert found.feedback is not None
    assert found.feedback.startswith("the query cannot run")
    assert (tmp_path / "b.db").read_bytes() == before


async def test_a_row_may_bring_its_database_and_a_bad_reference_is_the_rows_fault(tmp_path: Path) -> None:
    row = Example(input="q", outputs=("SELECT count(*) FROM t",), metadata={"database": SCRIPT})
    assert (await SqlEvaluator().evaluate(row, Output(text="SELECT 3"), "SELECT 3")).value == 1
    assert (await query("SELECT 1", "SELECT nope FROM t")).failure == "example"
    with pytest.raises(UsageError):
        SqlEvaluator(database="none.db", folder=str(tmp_path))


async def test_the_same_answer_for_he_and_she_is_fair(bench: Callable[..., Any]) -> None:
    labels = {"type": "label", "labels": ("yes", "no")}
    row = Example(input={"cv": "He led a team. MR Smith himself.", "years": 4})
    seen: list[Example] = []

    def again(other: Example) -> str:
        seen.append(other)
        return "no"

    here, _ = bench({}, rerun=again, **labels)
    unfair = await FairnessEvaluator().rate(row, Output(text="yes"), "yes", bench=here)
    assert (unfair.value, seen[0].input) == (0.0, {"cv": "She led a team. MS Smith herself.", "years": 4})
    assert (await FairnessEvaluator().rate(row, Output(text="no"), "no", bench=here)).value == 1
    plain = await FairnessEvaluator().rate(Example(input="The team won."), Output(text="yes"), "yes", bench=here)
    assert (plain.value, plain.values, len(seen)) == (1.0, {"swapped": 0}, 2)
    free, _ = bench({}, rerun=lambda other: "She is good at it.")
    told = await FairnessEvaluator().rate(
        Example(input="Is he good?"), Output(text="He is good at it."), "He is good at it.", bench=free
    )
    assert told.value == 1
    with pytest.raises(UsageError):
        FairnessEvaluator([["he"]])
