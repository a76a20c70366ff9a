"""Commands that serve: the winning prompt in front of a model, and the command line's verbs for agents."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .lookup import find_candidate
from .options import DEFAULT_FOLDER, AsJson, Folder, NoPlugins, RunName, load_registry, open_store

if TYPE_CHECKING:
    from ..core.models import ModelRef
    from ..serve.served_program import ServedProgram

_DEFAULT_PORT = 8642


def serve(
    run: RunName = "latest",
    candidate: Annotated[str, typer.Option(metavar="CANDIDATE", help="best, start, or an id")] = "best",
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="in front of another model than the run's")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = _DEFAULT_PORT,
    own_key: Annotated[
        bool, typer.Option("--own-key", help="use the key in this environment instead of the client's")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Serve a run's winning prompt as an OpenAI-compatible model on this machine, until interrupted."""
    import asyncio

    from ..core.models import ModelRef
    from ..core.task import Task
    from ..graphs.run_config import create_target
    from ..serve.served_program import ServedProgram

    with open_store(folder) as store:
        record = store.run(run)
        program = find_candidate(store, record, candidate).program
    task = Task.model_validate_json(record.task_json)
    target = create_target(load_registry(task, no_plugins=no_plugins), task)
    winner = ServedProgram(run=record.id, task=task, program=program, target=target)
    ref = ModelRef.parse(model) if model else task.models.target
    if not own_key:
        ref = ref.model_copy(update={"key_env": None})
    try:
        asyncio.run(_serve(winner, ref, port, own_key=own_key, as_json=as_json))
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be had: {error.strerror or error}", where="--port", remedy="name another, or 0"
        ) from error


async def _serve(winner: ServedProgram, model: ModelRef, port: int, *, own_key: bool, as_json: bool) -> None:
    import asyncio

    from aiohttp import web

    from ..runtime.models.client import ModelClient
    from ..serve.proxy import ChatProxy

    over = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, over.set)
    async with ModelClient() as door:
        runner = web.AppRunner(
            ChatProxy(served=winner, model=model, client=door, own_key=own_key).app(), access_log=None
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            if as_json:
                typer.echo(json.dumps({"base": base, "model": winner.name, "in_front_of": str(model)}))
            else:
                typer.echo(f"{winner.name} answers at {base}, in front of {model}; Ctrl-C ends it")
            await over.wait()
        finally:
            await runner.cleanup()


def mcp(context: typer.Context) -> None:
    """Serve the commands as tools of the Model Context Protocol over stdio, for agents."""
    import asyncio

    from ..serve.mcp import run_server
    from .mcp_tools import command_tools

    root = context.find_root().command
    asyncio.run(run_server(command_tools(root)))
