"""L8: a broken plugin is named (distribution, version, stage) and never takes the command down unless the run asked for
it by name."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import BudgetSpent, PluginError, UsageError
from maieutic.core.models import Output
from maieutic.core.task import EvaluatorSpec
from maieutic.plugins.system.registry import Registry
from maieutic.testing.run_harness import RunHarness

Install = Callable[[str, str], None]

HOOK = """
from maieutic.plugins.system.hookspecs import hookimpl
from maieutic.core.score import Score
api = 1
class Mine:
    name, needs = "mine", frozenset()
    async def evaluate(self, example, output, answer):
        return Score(value=1.0)
@hookimpl
def maieutic_evaluators(register):
    register("mine", Mine)
"""
LOADING = {
    "import": ("raise RuntimeError('no CUDA')", "import", "no CUDA"),
    "endless import": ("while True: pass", "import", "longer than"),
    "exit": ("raise SystemExit(3)", "import", "SystemExit"),
    "newer": (HOOK.replace("api = 1", "api = 9"), "api", "version 9"),
    "hook": (HOOK + "    1 / 0\n", "register", "ZeroDivisionError"),
    "endless hook": (HOOK + "    while True: pass\n", "register", "longer than"),
    "hook's signature": (HOOK.replace("(register)", "(registry)"), "register", "registry"),
}
MAKING = {
    "constructor": ("def __init__(self): raise OSError('no file')", "create", "no file"),
    "endless constructor": ("def __init__(self):\n        while True: pass", "create", "longer than"),
    "signature": ("async def evaluate(self, text): ...", "contract", "called with 3 arguments"),
    "needs": ("needs = frozenset({'magic'})", "contract", "magic"),
    "method": ("evaluate = None", "contract", "no method 'evaluate'"),
}
CALLING = {
    "raises": ("1 / 0", "ZeroDivisionError"),
    "no score": ("return 0.5", "it returned 0.5, not Score"),
    "out of range": ("return Score(value=7)", "ValidationError"),
    "endless loop": ("while True: pass", "longer than"),
    "stubborn loop": ("while True:\n            try: pass\n            except Exception: pass", "longer than"),
    "never answers": ("import asyncio; await asyncio.Event().wait()", "longer than"),
    "exits": ("raise SystemExit(1)", "SystemExit"),
}


def making(body: str) -> str:
    return HOOK.replace("@hookimpl", f"    {body}\n@hookimpl")


def calling(body: str) -> str:
    return HOOK.replace("return Score(value=1.0)", body)


def clock(said: str) -> float:
    """Short for what hangs alone: on a busy machine anything else may take a while."""
    return 0.3 if said == "longer than" else 60.0


def loaded(said: str = "") -> Registry:
    return Registry.load(seconds=clock(said))


ROW, SAID = Example(input="a", outputs=("red",)), Output(text="red")


@pytest.fixture(autouse=True)
def _no_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIEUTIC_PLUGINS", raising=False)
    monkeypatch.delenv("MAIEUTIC_PLUGINS_STRICT", raising=False)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def one(distribution: str, source: str) -> None:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(source)
        info = site / f"{module}-4.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 4.2\n")
        (info / "entry_points.txt").write_text(f"[maieutic]\nbroken = {module}\n")
        modules.append(module)

    yield one
    for module in modules:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("wrong", LOADING)
def test_what_cannot_be_loaded_is_named_and_the_rest_goes_on(install: Install, wrong: str) -> None:
    source, stage, said = LOADING[wrong]
    install("broken-thing", source)
    registry = loaded(said)
    assert "exact" in registry.names("evaluator")
    (failure,) = registry.failures
    assert (failure.distribution, failure.version, failure.stage) == ("broken-thing", "4.2", stage)
    assert said in failure.error
    assert not registry.has("evaluator", "mine")


@pytest.mark.parametrize("wrong", LOADING)
def test_what_cannot_be_loaded_is_an_error_for_the_run_that_named_it(install: Install, wrong: str) -> None:
    source, stage, said = LOADING[wrong]
    install("broken-thing", source)
    with pytest.raises(PluginError, match=rf"broken-thing 4\.2, stage {stage}") as caught:
        Registry.load(["broken-thing"], seconds=clock(said))
    assert said in caught.value.what


@pytest.mark.parametrize("wrong", MAKING)
def test_what_cannot_be_made_or_has_another_form_is_named_before_it_is_used(install: Install, wrong: str) -> None:
    body, stage, said = MAKING[wrong]
    install("broken-thing", making(body))
    with pytest.raises(PluginError, match=rf"broken-thing 4\.2, stage {stage}") as caught:
        loaded(said).create("evaluator", "mine")
    assert said in caught.value.what


@pytest.mark.parametrize("wrong", CALLING)
async def test_what_fails_in_a_call_is_named_and_the_next_call_finds_a_new_room(install: Install, wrong: str) -> None:
    body, said = CALLING[wrong]
    install("broken-thing", calling(f"if answer is None: return Score(value=0.5)\n        {body}"))
    mine = loaded(said).create("evaluator", "mine")
    with pytest.raises(PluginError, match=r"broken-thing 4\.2, stage call") as caught:
        await mine.evaluate(ROW, SAID, "red")
    assert said in caught.value.what
    assert (await mine.evaluate(ROW, SAID, None)).value == 0.5


def test_a_search_that_never_decides_is_stopped(install: Install) -> None:
    source = """
from maieutic.plugins.system.hookspecs import hookimpl
class Endless:
    name, needs = "endless", frozenset()
    def ask(self, search):
        while True: pass
    def pool(self, search, new): return []
    def tell(self, search, pool, verdicts): return {}
    def final(self, search): return "c"
@hookimpl
def maieutic_strategies(register):
    register("endless", Endless)
"""
    install("broken-thing", source)
    with pytest.raises(PluginError, match="failed in ask"):
        loaded("longer than").create("strategy", "endless").ask(None)


async def test_waiting_for_a_model_is_no_hanging_and_a_spent_budget_goes_through(install: Install) -> None:
    source = """
from maieutic.plugins.system.hookspecs import hookimpl
class Patient:
    name, needs, calls = "patient", frozenset(), 1
    async def propose(self, request, team):
        await team.act(None)
        return []
@hookimpl
def maieutic_operators(register):
    register("patient", Patient, seconds=0.2)
"""
    install("slow-thing", source)
    patient = loaded().create("operator", "patient")

    class Slow:
        async def act(self, ask: Any) -> None:
            await asyncio.sleep(0.5)

    class Poor:
        async def act(self, ask: Any) -> None:
            raise BudgetSpent("nothing left")

    assert await patient.propose(None, Slow()) == []
    with pytest.raises(BudgetSpent):
        await patient.propose(None, Poor())


async def test_a_run_that_names_none_of_it_ends_well_and_one_that_does_says_who(
    harness: RunHarness, install: Install
) -> None:
    install("broken-thing", LOADING["import"][0])
    install("worse-thing", calling("1 / 0"))
    assert (await harness.run("ape", calls=40, registry=loaded())).state == "finished"
    task = harness.task().model_copy(update={"evaluators": (EvaluatorSpec(use="worse-thing:mine"),)})
    with pytest.raises(PluginError, match=r"worse-thing 4\.2, stage call"):
        await harness.run("ape", calls=40, task=task, registry=loaded())


def test_strict_mode_takes_no_broken_plugin(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("broken-thing", LOADING["import"][0])
    with pytest.raises(PluginError, match="broken-thing"):
        Registry.load(strict=True)
    monkeypatch.setenv("MAIEUTIC_PLUGINS_STRICT", "1")
    with pytest.raises(PluginError, match="broken-thing"):
        Registry.load()
    assert Registry.load(()).names("evaluator")
    with pytest.raises(UsageError):
        Registry.load(()).require(["broken-thing"])
