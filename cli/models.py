"""`maieutic models`: the embedded model, and a test call to any model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import RunStopped
from .options import AsJson
from .output import print_json
from .printer import echo

if TYPE_CHECKING:
    from ..core.models import ModelRef, Reply

models = typer.Typer(help="Manage the embedded model; test whether a model answers.", no_args_is_help=False)

_TEST_PROMPT = "reply with the single word ready"
# The prompt wants one word; a cold local server may need most of the minute to load its weights.
_TEST_MAX_TOKENS = 8
_TEST_TIMEOUT_SECONDS = 60.0


@models.callback(invoke_without_command=True)
def models_callback(context: typer.Context, as_json: AsJson = False) -> None:
    """Manage the embedded model; test whether a model answers."""
    if context.invoked_subcommand is None:
        list_models(as_json=as_json)


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Show the path and size of the embedded model's weights."""
    status = embedded_model_status()
    if as_json:
        print_json([status])
        return
    weights = (
        f"{status['path']} ({status['megabytes']} MB)" if status["path"] else "not downloaded: maieutic models pull"
    )
    echo(f"{status['model']}  {weights}")
    echo("name any other model provider/model, as litellm does, or openai/NAME@http://HOST/v1")


@models.command()
def pull(as_json: AsJson = False) -> None:
    """Download the embedded model's weights now."""
    from ..runtime.models.embedded.weights import ensure_weights

    ensure_weights()
    if as_json:
        print_json(embedded_model_status())
    else:
        echo(f"ready: {embedded_model_status()['path']}")


@models.command("test")
def check_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="provider/model")] = "local/smollm2",
    as_json: AsJson = False,
) -> None:
    """Make one small call to a model."""
    from ..core.models import ModelRef
    from .interrupt import run_until_interrupted

    command = f"maieutic models test {model}"
    reply = run_until_interrupted(_send_test_call(ModelRef.parse(model)), continue_with=lambda: command)
    if reply is None:
        raise RunStopped("the call was interrupted", remedy=command)
    if as_json:
        print_json({"model": model, **reply.model_dump(include={"text", "seconds", "usd"}), "tokens": reply.tokens})
    else:
        echo(f"{model} answers in {reply.seconds:.2f} s: {' '.join(reply.text.split())[:80]}")


def embedded_model_status() -> dict[str, Any]:
    """The embedded model's name, the path of its weights (None before the download) and their size."""
    from ..core.models import EMBEDDED
    from ..runtime.models.embedded.weights import find_weights

    path = find_weights()
    size = round(path.stat().st_size / 1e6) if path else None
    return {"model": EMBEDDED, "path": str(path) if path else None, "megabytes": size}


async def _send_test_call(model: ModelRef) -> Reply:
    """One short answer, without run or cache. Raises ModelError."""
    from ..core.models import Call, Sampling
    from ..runtime.models.client import ModelClient

    call = Call(
        model=model,
        messages=({"role": "user", "content": _TEST_PROMPT},),
        sampling=Sampling(max_tokens=_TEST_MAX_TOKENS),
    )
    async with ModelClient() as client:
        await client.check(model)
        return await client.send(call, _TEST_TIMEOUT_SECONDS)
