"""The whole command, in a process of its own, against a stand-in model on loopback."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

TASK = """
name = "parity"
prompt = "Say yes or no."
[data]
path = "rows.jsonl"
[answer]
type = "label"
labels = ["yes", "no"]
[models]
target = "openai/stub@{base}"
optimizer = "openai/stub@{base}"
"""
CALLS = 90


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer(ScriptedModel({}, otherwise="yes"), latency=0.01) as server:
        yield server


@pytest.fixture
def slow() -> Iterator[StubServer]:
    with StubServer(ScriptedModel({}, otherwise="yes"), latency=0.15) as server:
        yield server


def command(folder: Path, server: StubServer, *words: str) -> list[str]:
    rows = [json.dumps({"input": f"row {n}", "output": "yes" if n % 2 else "no"}) for n in range(40)]
    (folder / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "task.toml").write_text(TASK.format(base=server.base), encoding="utf-8")
    return [sys.executable, "-m", "maieutic", *words, "--no-plugins"]


def run(words: list[str], folder: Path) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_optimize_as_json_ends_with_run_finished(tmp_path: Path, stub: StubServer) -> None:
    words = command(tmp_path, stub, "optimize", ".", "--calls", str(CALLS), "--json")
    code, lines, error = run(words, tmp_path)
    assert (code, error) == (0, "")
    last = lines[-1]
    assert last["event"] == "run_finished"
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    with Store.open(tmp_path / ".maieutic", read_only=True) as store:
        assert store.run("latest").id == last["run"]
        used = store.ledger_sums(last["run"]).used
    assert 0 < sum(cost.calls for cost in used.values()) <= CALLS
    assert stub.count <= CALLS


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_resume_ends(tmp_path: Path, slow: StubServer) -> None:
    words = command(tmp_path, slow, "optimize", ".", "--calls", str(CALLS), "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stdout is not None
        begun = next(line for line in child.stdout if json.loads(line)["event"] == "round_started")
        os.kill(child.pid, signal.SIGINT)
        out, error = child.communicate(timeout=120)
    name = json.loads(begun)["run"]
    assert child.returncode == 3
    assert f"maieutic resume {name}" in error
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "stopped"
    paid = slow.count
    code, lines, _ = run([sys.executable, "-m", "maieutic", "resume", name, "--json"], tmp_path)
    assert code == 0
    assert (lines[-1]["event"], lines[-1]["run"]) == ("run_finished", name)
    assert paid <= slow.count <= CALLS


def test_an_unusable_endpoint_ends_with_4(tmp_path: Path, stub: StubServer) -> None:
    words = command(tmp_path, stub, "optimize", ".", "--target", f"openai/other@{stub.base}", "--calls", "20", "--json")
    code, lines, _ = run(words, tmp_path)
    assert code == 4
    assert lines[-1]["error"]["code"] == "model"


def test_without_a_budget_it_says_which(tmp_path: Path, stub: StubServer) -> None:
    words = command(tmp_path, stub, "optimize", ".", "--recipe", "random-demos", "--set", "rounds=1", "--plain")
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "--calls 400" in done.stderr
    assert "held-out test examples" in done.stdout
    assert "before\n" in done.stdout
    assert "maieutic export" in done.stdout


def test_eval_scores_a_prompt_of_a_file(tmp_path: Path, stub: StubServer) -> None:
    (tmp_path / "other.txt").write_text("Always yes.", encoding="utf-8")
    words = command(tmp_path, stub, "eval", ".", "--prompt", "other.txt", "--split", "val", "--json")
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["low"] <= found["score"] <= found["high"]
    assert (found["split"], found["n"], stub.count) == ("val", found["of"], found["of"])


def test_estimate_says_what_can_be_seen_and_spends_nothing(tmp_path: Path, stub: StubServer) -> None:
    words = command(tmp_path, stub, "estimate", ".", "--calls", "100", "--json")
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(found["calls"].values()) == 100
    assert found["calls"]["sealed"] == 2 * found["sealed_rows"] == 2 * found["rows"]["test"]
    assert (found["sealed_rows"], found["detectable_gain"]) == (14, None)
    assert found["usd"] is None
    assert stub.count == 0


def test_detach_outlives_its_parent_and_can_be_stopped(tmp_path: Path, slow: StubServer) -> None:
    """The budget outlasts the time that a second command needs to begin: a search that is over refuses the stop."""
    words = command(tmp_path, slow, "optimize", ".", "--calls", "4000", "--detach", "--json")
    code, (begun,), _ = run(words, tmp_path)
    assert code == 0
    over = os.pidfd_open(begun["pid"])
    stop = [sys.executable, "-m", "maieutic", "stop", begun["run"], "--no-report"]
    assert subprocess.run(stop, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    assert select.select([over], [], [], 120)[0] == [over]
    os.close(over)
    with Store.open(tmp_path / ".maieutic", read_only=True) as store:
        record = store.run("latest")
        assert (record.id, record.state) == (begun["run"], "stopped")
        assert store.report(record.id) is None
        assert not store.evaluations(record.id, split="test")
    *_, event, last = (json.loads(line) for line in Path(tmp_path, begun["log"]).read_text().splitlines())
    assert (event["event"], last["error"]["code"]) == ("run_stopped", "stopped")


def test_fork_starts_from_a_candidate_with_the_options_of_its_parent(tmp_path: Path, stub: StubServer) -> None:
    first, _, error = run(command(tmp_path, stub, "optimize", ".", "--calls", "60", "--seed", "3", "--json"), tmp_path)
    assert (first, error) == (0, "")
    fork = [sys.executable, "-m", "maieutic", "fork", "latest", "best", "--run", "child", "--seed", "0", "--json"]
    code, lines, error = run(
        [*fork, "--recipe", "random-demos", "--observe", "mlflow", "--executor", "nobody"], tmp_path
    )
    assert (code, lines[-1]["error"]["code"]) == (2, "usage")
    code, lines, error = run([*fork, "--recipe", "random-demos", "--concurrency", "2"], tmp_path)
    assert (code, lines[-1]["event"]) == (0, "run_finished")
    with Store.open(tmp_path / ".maieutic", read_only=True) as store:
        child, parent = store.runs()
        assert (child.id, child.recipe, child.seed, parent.seed) == ("child", "random-demos", 0, 3)
        assert child.options["origin"]["run"] == parent.id
        assert (child.options["concurrency"], child.budget_json) == (2, parent.budget_json)
