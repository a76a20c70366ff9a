"""L8: code that is not Maieutic's neither ends the process in silence nor changes Python for the run."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import PluginError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.callable import CallableEvaluator
from maieutic.plugins.system.discovery import Plugin
from maieutic.plugins.system.sandbox import PluginThread, proxy_for
from maieutic.plugins.targets.callable import CallableTarget
from maieutic.testing.run_harness import RunHarness

EXAMPLE, OUTPUT = Example(input="rose", outputs=("red",)), Output(text="red")
PLUGIN = Plugin(name="p", module="p", distribution="odd-parts", version="4.2", state="loaded")


class OwnEnd(BaseException):
    """What no `except Exception` catches."""


def leave(*_: Any) -> float:
    os._exit(0)


def become_another_program(*_: Any) -> float:
    os.execv(sys.executable, [sys.executable, "-c", ""])


def raise_own(*_: Any) -> float:
    raise OwnEnd("mine")


def replace_len(*_: Any) -> float:
    builtins.len = lambda value: 1
    return 1.0


MISDEEDS = {
    leave: "os._exit(0)",
    become_another_program: "os.execv(",
    raise_own: "OwnEnd('mine')",
    replace_len: "it replaced len of Python's builtins",
}


def plugin_that(misdeed: Any, *, asynchronous: bool) -> Any:
    class Mine:
        name, needs = "mine", frozenset[str]()

        async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
            return Score(value=misdeed())

    class Sync(Mine):
        def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:  # type: ignore[override]
            return Score(value=misdeed())

    return proxy_for("evaluator", "mine", (Mine if asynchronous else Sync)(), PLUGIN, PluginThread("mine", 60))


@pytest.mark.parametrize("misdeed", MISDEEDS)
@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_plugin_is_named_with_what_it_did(misdeed: Any, asynchronous: bool) -> None:
    before = dict(vars(builtins))
    with pytest.raises(PluginError) as caught:
        await plugin_that(misdeed, asynchronous=asynchronous).evaluate(EXAMPLE, OUTPUT, "red")
    assert MISDEEDS[misdeed] in caught.value.what
    assert caught.value.where == "odd-parts 4.2, stage call"
    assert vars(builtins) == before


async def test_a_plugin_that_cancels_itself_does_not_cancel_the_run() -> None:
    import asyncio

    def cancel() -> float:
        raise asyncio.CancelledError

    with pytest.raises(PluginError, match="CancelledError, and nobody had cancelled it"):
        await plugin_that(cancel, asynchronous=True).evaluate(EXAMPLE, OUTPUT, "red")


@pytest.mark.parametrize("misdeed", MISDEEDS)
@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_metric_is_named_with_what_it_did(misdeed: Any, asynchronous: bool) -> None:
    async def in_coroutine(output: str) -> float:
        return misdeed()  # type: ignore[no-any-return]

    def in_thread(output: str) -> float:
        return misdeed()  # type: ignore[no-any-return]

    metric = CallableEvaluator(in_coroutine if asynchronous else in_thread)
    before = dict(vars(builtins))
    score = await metric.evaluate(EXAMPLE, OUTPUT, "red")
    assert (score.value, score.failure) == (0.0, "example")
    assert MISDEEDS[misdeed] in score.reason
    assert metric.name in score.reason
    assert vars(builtins) == before


@pytest.mark.parametrize("value", [7.0, float("nan")])
async def test_a_score_that_was_made_without_validation_is_no_score(value: float) -> None:
    with pytest.raises(PluginError, match="returned Score with value"):
        await CallableEvaluator(lambda output: Score.model_construct(value=value)).evaluate(EXAMPLE, OUTPUT, "red")


async def test_an_app_that_leaves_is_named(harness: RunHarness) -> None:
    target = CallableTarget(lambda messages: os._exit(0))
    task = harness.task()
    with pytest.raises(PluginError, match=r"the target <lambda> failed: RuntimeError: it called os._exit\(0\)"):
        await target.run(task.program, EXAMPLE, task.models.target, None)  # type: ignore[arg-type]


def test_a_file_that_leaves_while_it_is_imported_ends_the_command_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text(
        'name = "t"\nprompt = "Say red."\n[data]\ntrain = "r.jsonl"\nval = "r2.jsonl"\n[[evaluators]]\nuse = "m.py:f"\n'
    )
    (tmp_path / "r.jsonl").write_text('{"input": "a", "output": "red"}\n')
    (tmp_path / "r2.jsonl").write_text('{"input": "b", "output": "red"}\n{"input": "c", "output": "red"}\n')
    (tmp_path / "m.py").write_text("import os\nos._exit(0)\n")
    command = [sys.executable, "-m", "maieutic", "estimate", str(tmp_path / "task.toml")]
    environment = {**os.environ, "MAIEUTIC_TRUST": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode not in (0, 3, 4)
    assert "m.py cannot be imported: it called os._exit(0)" in done.stderr


def test_a_forked_child_may_end_as_it_always_did() -> None:
    script = (
        "import os\nfrom maieutic.plugins.system.process_guard import running\n"
        "with running('mine'):\n"
        "    child = os.fork()\n"
        "    if not child: os._exit(7)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"
