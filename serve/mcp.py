"""The commands as MCP tools, over stdio.

Each call runs the command in a separate process: an agent does exactly what a person would do, and a defect of one
call cannot affect another.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..core.errors import NeedsError, UsageError

JsonType = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True, kw_only=True)
class ToolParameter:
    """One argument or option of a command.

    option: its spelling, empty for a positional argument. negation: the spelling that turns a flag off, if there is
    one. repeatable: whether it can be given several times.
    """

    name: str
    option: str
    negation: str = ""
    kind: JsonType = "string"
    help: str = ""
    required: bool = False
    repeatable: bool = False
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        item: dict[str, Any] = {"type": self.kind, **({"enum": list(self.choices)} if self.choices else {})}
        return {**({"type": "array", "items": item} if self.repeatable else item), "description": self.help}

    def to_arguments(self, value: Any) -> list[str]:
        if self.kind == "boolean":
            flag = self.option if value else self.negation
            return [flag] if flag else []
        values = value if self.repeatable and isinstance(value, list) else [value]
        return [word for item in values for word in ([self.option] if self.option else []) + [str(item)]]


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """One command.

    command_words: its name on the command line. fixed_options: options of every call. background: whether it runs for
    long and continues after the call returns. hidden: whether it can be called but is not listed.
    """

    name: str
    help: str
    command_words: tuple[str, ...]
    parameters: tuple[ToolParameter, ...] = ()
    fixed_options: tuple[str, ...] = ()
    background: bool = False
    hidden: bool = False

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {parameter.name: parameter.schema() for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }

    def command_line(self, values: Mapping[str, Any]) -> list[str]:
        """The arguments of the process: options before `--`, so that no text is read as one. Raises UsageError."""
        names = {parameter.name for parameter in self.parameters}
        if unknown := sorted(set(values) - names):
            raise UsageError(f"{self.name} takes no {', '.join(unknown)}", possible=sorted(names))
        present = [parameter for parameter in self.parameters if values.get(parameter.name) is not None]
        if missing := [
            parameter.name for parameter in self.parameters if parameter.required and parameter not in present
        ]:
            raise UsageError(f"{self.name} needs {', '.join(missing)}")
        options = [
            word for parameter in present if parameter.option for word in parameter.to_arguments(values[parameter.name])
        ]
        positional = [
            word
            for parameter in present
            if not parameter.option
            for word in parameter.to_arguments(values[parameter.name])
        ]
        return [*self.command_words, *self.fixed_options, *options, *(["--", *positional] if positional else [])]


async def run_server(tools: Sequence[ToolSpec]) -> None:
    """Serve until the client closes stdin. Raises NeedsError if the library `mcp` is not installed."""
    try:
        import mcp.types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError as error:
        raise NeedsError(
            "the MCP server needs a library that is not installed",
            where=str(error.name),
            remedy="pip install 'maieutic[mcp]'",
        ) from error

    tools_by_name = {tool.name: tool for tool in tools}

    async def list_tools(context: Any, params: Any) -> Any:
        return types.ListToolsResult(
            tools=[
                types.Tool(name=tool.name, description=tool.help, input_schema=tool.schema())
                for tool in tools
                if not tool.hidden
            ]
        )

    async def call_tool(context: Any, params: Any) -> Any:
        try:
            if params.name not in tools_by_name:
                raise UsageError(f"unknown tool {params.name!r}", possible=sorted(tools_by_name))
            tool = tools_by_name[params.name]
            exit_code, output = await _run_command(tool, tool.command_line(params.arguments or {}))
        except UsageError as error:
            exit_code, output = error.exit_code, str(error)
        structured = _parse_structured(output) if exit_code == 0 else None
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=output)],
            structured_content=structured,
            is_error=exit_code != 0,
        )

    server = Server(
        "maieutic",
        instructions="Optimize prompts, and measure the gain on held-out data. Runs continue in the background (show).",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


async def _run_command(tool: ToolSpec, arguments: Sequence[str]) -> tuple[int, str]:
    """Exit code and output: stdout, or stderr if the command failed without any."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __package__.partition(".")[0],
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL if tool.background else asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if tool.background else asyncio.subprocess.PIPE,
        start_new_session=tool.background,
    )
    if tool.background:
        return 0, json.dumps({"started": " ".join(arguments), "pid": process.pid})
    try:
        stdout, stderr = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    code = process.returncode or 0
    output, errors = (stream.decode(errors="replace").strip() for stream in (stdout, stderr))
    return code, output or errors if code else output


def _parse_structured(output: str) -> dict[str, Any] | None:
    try:
        value = json.loads(output)
    except ValueError:
        return None
    return value if isinstance(value, dict) else {"result": value}
