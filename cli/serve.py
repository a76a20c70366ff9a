"""`maieutic serve` and `mcp`: a run's best prompt as an endpoint, and the commands as tools for agents."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError
from .completion import complete_models
from .consent import require_task_consent
from .lookup import find_candidate, open_store, run_registry
from .options import DEFAULT_FOLDER, AsJson, CandidateName, Folder, NoPlugins, RunName, Trust
from .printer import echo, echo_json

if TYPE_CHECKING:
    from ..core.models import ModelRef
    from ..serve.served_program import ServedProgram

_DEFAULT_PORT = 8642


def serve(
    run: RunName = "latest",
    candidate: CandidateName = "best",
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="model to call; default: the run's target model", autocompletion=complete_models
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free port")] = _DEFAULT_PORT,
    own_key: Annotated[
        bool, typer.Option("--own-key", help="use the key of this environment, not the client's")
    ] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
    trust: Trust = False,
) -> None:
    """Serve a run's best prompt as an OpenAI-compatible local endpoint."""
    import asyncio

    from ..core.models import ModelRef
    from ..core.task import Task
    from ..graphs.run_config import create_target
    from ..plugins.system.task_access import access_of_task
    from ..serve.served_program import ServedProgram

    with open_store(folder) as store:
        record = store.run(run)
        program = find_candidate(store, record, candidate).program
    task = Task.model_validate_json(record.task_json)
    if model is None or access_of_task(task).code:  # another model is called in place of the run's
        require_task_consent(task, trust=trust)
    target = create_target(run_registry(record, no_plugins=no_plugins), task)
    served = ServedProgram(run=record.id, task=task, program=program, target=target)
    ref = ModelRef.parse(model) if model else task.models.target
    if not own_key:
        ref = ref.model_copy(update={"key_env": None})
    try:
        asyncio.run(_serve(served, ref, port, own_key=own_key, as_json=as_json))
    except OSError as error:
        raise UsageError(
            f"port {port} is not available: {error.strerror or error}", where="--port", remedy="choose another, or 0"
        ) from error


async def _serve(served: ServedProgram, model: ModelRef, port: int, *, own_key: bool, as_json: bool) -> None:
    import asyncio

    from aiohttp import web

    from ..runtime.models.client import ModelClient
    from ..serve.proxy import ChatProxy

    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    async with ModelClient() as client:
        proxy = ChatProxy(served=served, model=model, client=client, own_key=own_key)
        runner = web.AppRunner(proxy.app(), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            if as_json:
                echo_json({"base": base, "model": served.name, "in_front_of": str(model)})
            else:
                echo(f"serving {served.name} at {base} with {model}; Ctrl-C stops it")
            await interrupted.wait()
        finally:
            await runner.cleanup()


def mcp(context: typer.Context) -> None:
    """Serve the commands as MCP tools over stdio."""
    import asyncio

    from ..serve.mcp import run_server
    from .mcp_tools import command_tools

    root = context.find_root().command
    asyncio.run(run_server(command_tools(root)))
