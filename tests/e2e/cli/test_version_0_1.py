"""What version 0.1 wrote goes on working: a store, a task with a plugin file, a plugin wheel, a scaffolded plugin.

The files were made by 0.1 and stand in `tests/data/v0_1`. Its models are at `http://models.test/v1`, which the stub
answers as a proxy: so neither tasks nor addresses in the cache need to know the stub's port.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pydantic
import pytest
from maieutic.core.render import Message
from maieutic.runtime.store import Store
from maieutic.testing import Answer, StubServer
from maieutic.testing.simulated_models import SimulatedOptimizer, SimulatedTarget

DATA = Path(__file__).parents[2] / "data" / "v0_1"
NAMES = json.loads((DATA / "names.json").read_text(encoding="utf-8"))
MEMBERS = json.loads((DATA / "members.json").read_text(encoding="utf-8"))
FINISHED, SEARCHING, MEASURING = "20261130-100000-done", "20261130-120000-early", "20261130-110000-half"


class BothModels:
    """Target and optimizer behind one address: whoever is asked for a tagged block is the optimizer."""

    def __init__(self) -> None:
        self.target, self.optimizer = SimulatedTarget(), SimulatedOptimizer()

    def answer(self, messages: Sequence[Message], draw: int = 0) -> Answer:
        model = self.optimizer if any("</" in message["content"] for message in messages) else self.target
        return model.answer(messages, draw)


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer(BothModels(), names=("target", "author")) as server:
        yield server


def maieutic(*words: str, at: Path, stub: StubServer, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {
        "STUB_KEY": "k",
        "MAIEUTIC_NOISE_KEY": "k",
        "NO_COLOR": "1",
        "http_proxy": stub.base.removesuffix("/v1"),
    }
    environment["PYTHONPATH"] = os.pathsep.join([*([str(site)] if site else []), *sys.path])
    environment.pop("MAIEUTIC_PLUGINS", None)
    command = [sys.executable, "-m", "maieutic", *words]
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=False)


# Limits on the length of a reply: there are none any more.
GONE = {"LONGEST", "LONGEST_ITEM"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with zipfile.ZipFile(DATA / "store.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / ".maieutic"


def test_a_finished_run_is_shown(store: Path, stub: StubServer) -> None:
    upgraded = maieutic("doctor", "--upgrade", at=store.parent, stub=stub)
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    listed = maieutic("runs", "--json", at=store.parent, stub=stub)
    assert listed.returncode == 0, listed.stderr
    assert {run["id"] for run in json.loads(listed.stdout)} == {FINISHED, SEARCHING, MEASURING}
    for words in (["report", FINISHED], ["scoreboard", FINISHED], ["show", FINISHED, "best"]):
        shown = maieutic(*words, "--json", at=store.parent, stub=stub)
        assert shown.returncode == 0, shown.stderr
        assert json.loads(shown.stdout)
    assert stub.count == 0


@pytest.mark.parametrize("run", [SEARCHING, MEASURING])
def test_an_interrupted_run_is_resumed_and_nothing_is_paid_twice(store: Path, stub: StubServer, run: str) -> None:
    with Store.open(store) as before:  # brings the tables up to date, if need be
        candidates, evaluations = before.candidates(run), before.evaluations(run)
        paid_before = calls_paid(before, run)
    resumed = maieutic("resume", run, "--plain", at=store.parent, stub=stub)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    with Store.open(store, read_only=True) as after:
        assert after.run(run).state == "finished"
        assert after.report(run)
        assert {candidate.id for candidate in candidates} <= {candidate.id for candidate in after.candidates(run)}
        kept = {(row.candidate, row.example): row.score for row in after.evaluations(run)}
        assert all(kept[row.candidate, row.example] == row.score for row in evaluations)
        assert stub.count <= calls_paid(after, run) - paid_before
    if run == MEASURING:  # only the held-out test was left, and half of it was known from the finished run
        assert stub.count == 12


def calls_paid(store: Store, run: str) -> int:
    return sum(cost.calls for cost in store.ledger_sums(run).paid.values())


def test_a_task_with_a_plugin_file_runs(tmp_path: Path, stub: StubServer) -> None:
    shutil.copytree(DATA / "task", tmp_path / "task")
    words = ["--plain", "--calls", "60", "--set", "operators=add-rule"]
    done = maieutic("optimize", "task", *words, at=tmp_path, stub=stub)
    assert done.returncode == 0, done.stdout + done.stderr
    with Store.open(tmp_path / ".maieutic", read_only=True) as store:
        run = store.run("latest").id
        assert "add-rule" in {candidate.operator for candidate in store.candidates(run)}
        assert {name for row in store.evaluations(run) for name in row.scores} == {"first-letter"}


def test_a_plugin_wheel_is_found_checked_and_makes_its_parts(tmp_path: Path, stub: StubServer) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(DATA / "maieutic_wordle-1.0.0-py3-none-any.whl") as wheel:
        wheel.extractall(site)
    assert "maieutic-wordle" in maieutic("plugins", "list", at=tmp_path, stub=stub, site=site).stdout
    checked = maieutic("plugins", "check", "maieutic-wordle", at=tmp_path, stub=stub, site=site)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "broken" not in checked.stdout


@pytest.mark.slow
def test_a_scaffolded_plugin_passes_its_own_tests(tmp_path: Path) -> None:
    shutil.copytree(DATA / "plugin_scaffold", tmp_path / "plugin")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "plugin"), *sys.path])}
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path / "plugin"), str(tmp_path / "plugin" / "tests")]
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", NAMES)
def test_old_modules_have_their_names(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = importlib.import_module(module)
        assert [name for name in NAMES[module] if not hasattr(old, name) and name not in GONE] == []


@pytest.mark.parametrize("place", MEMBERS)
def test_old_classes_have_their_members(place: str) -> None:
    module, _, name = place.rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        cls = getattr(importlib.import_module(module), name)
        fields = set(getattr(cls, "__annotations__", ()))
        if issubclass(cls, pydantic.BaseModel):
            fields |= set(cls.model_fields)
        assert [member for member in MEMBERS[place] if member not in fields and not hasattr(cls, member)] == []
