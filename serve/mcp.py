"""The verbs of the command line as tools of the Model Context Protocol, over stdio.

Each call is the command itself in a process of its own: what an agent does is what a person would have done, and no
defect of one call reaches another.
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
    """One argument or option of a command. option: how it is written, empty for a word by its place. off: how a flag is
    denied, where it can be. many: it may be
    given several times."""

    name: str
    option: str
    negation: str = ""
    kind: JsonType = "string"
    help: str = ""
    required: bool = False
    repeatable: bool = False
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        one: dict[str, Any] = {"type": self.kind, **({"enum": list(self.choices)} if self.choices else {})}
        return {**({"type": "array", "items": one} if self.repeatable else one), "description": self.help}

    def to_arguments(self, value: Any) -> list[str]:
        if self.kind == "boolean":
            written = self.option if value else self.negation
            return [written] if written else []
        values = value if self.repeatable and isinstance(value, list) else [value]
        return [word for one in values for word in ([self.option] if self.option else []) + [str(one)]]


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """One command. words: how it is called. always: words that every call carries. apart: it runs for long, and goes on
    in the background."""

    name: str
    help: str
    command_words: tuple[str, ...]
    parameters: tuple[ToolParameter, ...] = ()
    fixed_options: tuple[str, ...] = ()
    background: bool = False

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {one.name: one.schema() for one in self.parameters},
            "required": [one.name for one in self.parameters if one.required],
            "additionalProperties": False,
        }

    def command_line(self, given: Mapping[str, Any]) -> list[str]:
        """The words of a command line: options before `--`, so that no text is read as one. Raises UsageError."""
        known = {one.name: one for one in self.parameters}
        if strange := sorted(set(given) - set(known)):
            raise UsageError(f"{self.name} takes no {', '.join(strange)}", possible=sorted(known))
        if missing := [one.name for one in self.parameters if one.required and given.get(one.name) is None]:
            raise UsageError(f"{self.name} needs {', '.join(missing)}")
        said = [one for one in self.parameters if given.get(one.name) is not None]
        options = [word for one in said if one.option for word in one.to_arguments(given[one.name])]
        placed = [word for one in said if not one.option for word in one.to_arguments(given[one.name])]
        return [*self.command_words, *self.fixed_options, *options, *(["--", *placed] if placed else [])]


async def run_server(verbs: Sequence[ToolSpec]) -> None:
    """Serve until the client closes stdin. Raises NeedsError where the library is not installed."""
    try:
        import mcp.types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError as error:
        raise NeedsError(
            "the server speaks through a library that is not installed",
            where=str(error.name),
            remedy="pip install 'maieutic[mcp]'",
        ) from error

    known = {verb.name: verb for verb in verbs}

    async def list_tools(context: Any, params: Any) -> Any:
        return types.ListToolsResult(
            tools=[types.Tool(name=one.name, description=one.help, input_schema=one.schema()) for one in verbs]
        )

    async def call_tool(context: Any, params: Any) -> Any:
        try:
            if params.name not in known:
                raise UsageError(f"no tool is called {params.name!r}", possible=sorted(known))
            verb = known[params.name]
            code, out = await _run_command(verb, verb.command_line(params.arguments or {}))
        except UsageError as error:
            code, out = error.exit_code, str(error)
        structured = _parse_structured(out) if code == 0 else None
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=out)],
            structured_content=structured,
            is_error=code != 0,
        )

    server = Server(
        "maieutic",
        instructions="Improve prompts and prove the gain on sealed data. Runs go on in the background: look with show.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def _run_command(verb: ToolSpec, line: Sequence[str]) -> tuple[int, str]:
    """Exit code and what was said: stdout, or stderr where it failed without a word there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __package__.partition(".")[0],
        *line,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL if verb.background else asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if verb.background else asyncio.subprocess.PIPE,
        start_new_session=verb.background,
    )
    if verb.background:
        return 0, json.dumps({"started": " ".join(line), "pid": process.pid})
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    code = process.returncode or 0
    said, told = (text.decode(errors="replace").strip() for text in (out, err))
    return code, said or told if code else said


def _parse_structured(out: str) -> dict[str, Any] | None:
    try:
        value = json.loads(out)
    except ValueError:
        return None
    return value if isinstance(value, dict) else {"result": value}
