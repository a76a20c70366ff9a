"""`maieutic mcp` through the official client: the verbs of the command line, with their arguments and their errors."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.detach import with_options
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.task import Task
from maieutic.runtime.store import Store
from maieutic.serve.mcp import ToolParameter, ToolSpec

TASK_BASE = re.compile(r'target = "([^"]*)"')
Stored = Callable[..., tuple[Path, Task]]


async def test_an_agent_looks_at_runs_and_steers_them(stored: Stored) -> None:
    mcp = pytest.importorskip("mcp")
    folder, _ = stored(Program.of("Say yes."))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "maieutic", "mcp"], env=env, cwd=folder)
    async with mcp.Client(server) as client:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        assert {"optimize", "resume", "runs", "show", "report", "export", "steer", "recipes"} <= set(tools)
        assert not {"watch", "serve", "mcp", "init"} & set(tools)

        async def call(tool: str, /, **arguments: Any) -> Any:
            return await client.call_tool(tool, arguments)

        runs = await call("runs", folder=str(folder))
        assert [one["task"] for one in runs.structured_content["result"]] == ["task"]
        exported = await call("export", folder=str(folder), form="text")
        assert exported.content[0].text == "Say yes.\n\n{input}"
        refused = await call("show", run="nobody", folder=str(folder))
        assert refused.is_error
        assert "nobody" in refused.content[0].text
        wrong = await call("show", colour="red")
        assert wrong.is_error
        assert "takes no colour" in wrong.content[0].text


def finished(folder: Path, run: str) -> bool:
    with Store.open(folder, read_only=True) as store:
        return store.run(run).state in ("finished", "failed")


@pytest.mark.slow
async def test_every_tool_is_called_by_the_official_client(task_folder: Path) -> None:
    mcp = pytest.importorskip("mcp")
    store_folder, task = task_folder / "runs", str(task_folder)
    home = {name: str(task_folder / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    env = {**os.environ, **home, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "maieutic", "mcp"], env=env, cwd=task_folder)
    called: set[str] = set()
    async with mcp.Client(server) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}

        async def call(tool: str, /, **arguments: Any) -> Any:
            called.add(tool)
            if "folder" in listed[tool].input_schema["properties"]:
                arguments.setdefault("folder", str(store_folder))
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, (tool, result.content[0].text)
            return result.structured_content or result.content[0].text

        async def wait_for(run: str) -> None:
            async with asyncio.timeout(120):
                while not finished(store_folder, run):  # noqa: ASYNC110 - another process finishes it
                    await asyncio.sleep(0.1)

        await call("data", source=str(task_folder / "train.jsonl"))
        await call("estimate", task=task, calls=60)
        trusted = {"trust": True} if "trust" in listed["optimize"].input_schema["properties"] else {}
        run = (await call("optimize", task=task, calls=60, recipe="random-demos", **trusted))["run"]
        await wait_for(run)
        fork = (await call("fork", run=run, candidate="best", calls=60, **trusted))["run"]
        await wait_for(fork)
        for name in ("show", "lineage", "scoreboard", "examples", "dialogue", "events", "report", "resume"):
            await call(name, run=run)
        for name in ("runs", "directives", "recipes", "doctor", "plugins_list", "models_list"):
            await call(name)
        assert "Say the colour." in await call("export", run=run, form="text")
        with Store.open(store_folder, read_only=True) as store:
            first, *_ = store.candidates(run)
        await call("diff", a=first.id, b=first.id, run=run)
        await call("eval", task=task, **trusted)
        for name in ("a", "b"):
            (task_folder / f"{name}.txt").write_text(f"Say the colour {name}.")
        await call("compare", task=task, a=str(task_folder / "a.txt"), b=str(task_folder / "b.txt"), **trusted)
        spread = await call("measure", subject=run, names=["format-spread"], calls=60, **trusted)
        assert "format-spread" in str(spread)
        await call("plugins_show", name="exact")
        await call("plugins_new", name="my-plugin")
        stub_name = str(TASK_BASE.findall((task_folder / "task.toml").read_text())[0])
        await call("models_test", model=stub_name)
        # The run is over, nobody judges, the prompt is the task's own, and the model writes none: an error in words.
        for name in ("stop", "steer", "duel", "improve", "transfer"):
            called.add(name)
            known = {
                "run": run,
                "action": "hint",
                "words": ["be brief"],
                "prompt": "Say it.",
                "task": task,
                "optimizer": stub_name,
                "folder": str(store_folder),
            }
            arguments = {key: known[key] for key in known.keys() & listed[name].input_schema["properties"].keys()}
            answer = (await client.call_tool(name, arguments)).content[0].text
            assert "Traceback" not in answer, (name, answer)
            assert "takes no" not in answer, (name, answer)
    # These download weights, or run a project's own tests.
    assert set(listed) - called <= {"models_pull", "plugins_check", "trust"}


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["optimize", "t"], ["optimize", "t", "--run", "r"]),
        (["optimize", "--json", "--", "t", "--json"], ["optimize", "--run", "r", "--", "t", "--json"]),
        (["--plain", "fork", "--", "-x", "best"], ["fork", "--run", "r", "--", "-x", "best"]),
    ],
)
def test_options_of_a_command_in_the_background_stand_before_its_texts(
    arguments: list[str], command: list[str]
) -> None:
    assert with_options(arguments, ["--run", "r"], drop={"--json", "--plain"}) == command


VERB = ToolSpec(
    name="show",
    help="",
    command_words=("show",),
    fixed_options=("--json",),
    parameters=(
        ToolParameter(name="run", option="", required=True),
        ToolParameter(name="words", option="", repeatable=True),
        ToolParameter(name="deep", option="--deep", negation="--no-deep", kind="boolean"),
        ToolParameter(name="set", option="--set", repeatable=True),
    ),
)


def test_what_an_agent_says_is_never_read_as_an_option() -> None:
    said = VERB.command_line({"run": "--help", "words": ["-x", "y"], "deep": False, "set": ["a=1", "b=2"]})
    assert said == ["show", "--json", "--no-deep", "--set", "a=1", "--set", "b=2", "--", "--help", "-x", "y"]


@pytest.mark.parametrize(("given", "says"), [({}, "needs run"), ({"run": "r", "colour": 1}, "takes no colour")])
def test_wrong_arguments_are_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        VERB.command_line(given)


def test_the_schema_says_what_is_needed() -> None:
    schema = VERB.schema()
    assert schema["required"] == ["run"]
    assert schema["properties"]["set"]["type"] == "array"
