"""`maieutic mcp` through the official client: the verbs of the command line, with their arguments and their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.task import Task
from maieutic.serve.mcp import ToolParameter, ToolSpec

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

        async def call(name: str, **arguments: Any) -> Any:
            return await client.call_tool(name, arguments)

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
