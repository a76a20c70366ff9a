"""`maieutic models`: the embedded model, and a test call to any model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import ModelError, RunStopped
from .model_overrides import parse_key_values, with_model_options
from .options import AsJson
from .output import print_json
from .printer import echo

if TYPE_CHECKING:
    from ..core.models import ModelRef, Reply
    from ..runtime.models.profile import ModelProfile

models = typer.Typer(help="Manage the embedded model; test whether a model answers.", no_args_is_help=False)

_TEST_PROMPT = "reply with the single word ready"
_TEST_SYSTEM = "You answer in one word."
_TEST_LOGPROBS = 20  # as for tasks with labels, whose answers are compared by likelihood
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
    model_option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="option of the model, e.g. max_output_tokens=4000"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Call a model as a run would, and show what it takes and can do."""
    from ..core.models import ModelRef
    from .interrupt import run_until_interrupted

    command = f"maieutic models test {model}"
    settings = parse_key_values(model_option or [], "--model-option")
    ref = with_model_options(ModelRef.parse(model), settings, "--model-option")
    trial = run_until_interrupted(_send_test_call(ref), continue_with=lambda: command)
    if trial is None:
        raise RunStopped("the call was interrupted", remedy=command)
    reply, profile = trial
    if as_json:
        answer = reply.model_dump(include={"text", "reasoning", "finish", "seconds", "usd"})
        print_json({"model": model, **answer, "tokens": reply.tokens, "profile": profile.model_dump(mode="json")})
    else:
        text = " ".join(reply.text.split())[:80] or "nothing"
        echo(f"{model} answers in {reply.seconds:.2f} s: {text}")
        for name, value in _profile_lines(profile):
            echo(f"  {name:<18} {value}")
    _refuse_silence(ref, reply)


def _profile_lines(profile: ModelProfile) -> Iterator[tuple[str, str]]:
    """What is known, and what is not."""

    def tokens(count: int | None) -> str:
        return "unknown" if count is None else f"{count:,} tokens"

    yield "context", tokens(profile.context)
    yield "longest answer", tokens(profile.max_output_tokens)
    yield "reasons", "yes" if profile.reasons else "no"
    for name in ("logprobs", "tools", "images", "structured_output"):
        value = getattr(profile, name)
        yield name.replace("_", " "), "unknown" if value is None else "yes" if value else "no"
    price = profile.price
    yield "price", "unknown" if price is None else f"${price[0]:g} and ${price[1]:g} per million tokens"
    yield "figures from", profile.source
    for line in profile.refused:
        yield "refuses", line


def _refuse_silence(model: ModelRef, reply: Reply) -> None:
    """Raises ModelError for an answer that is empty, or cut where one word was asked for."""
    if reply.text.strip() and (reply.finish != "length" or model.provider == "local"):
        return
    what = "was cut" if reply.finish == "length" else "is empty"
    thought = " while it was still thinking" if reply.reasoning and reply.finish == "length" else ""
    raise ModelError(
        f"the answer of {model.id} {what}{thought} ({reply.completion_tokens:,} tokens)",
        where=f"model {model}",
        remedy=f"set --model-option max_output_tokens={4 * max(1024, reply.completion_tokens)}, or "
        "reasoning_effort=low; for a run, target.max_output_tokens and so on",
    )


def embedded_model_status() -> dict[str, Any]:
    """The embedded model's name, the path of its weights (None before the download) and their size."""
    from ..core.models import EMBEDDED
    from ..runtime.models.embedded.weights import find_weights

    path = find_weights()
    size = round(path.stat().st_size / 1e6) if path else None
    return {"model": EMBEDDED, "path": str(path) if path else None, "megabytes": size}


async def _send_test_call(model: ModelRef) -> tuple[Reply, ModelProfile]:
    """One short answer to what runs send, without run or cache, and what it shows. Raises ModelError."""
    from ..core.models import Call, Sampling
    from ..runtime.models.client import ModelClient
    from ..runtime.models.profile import answer_tokens, profile_of

    call = Call(
        model=model,
        messages=({"role": "system", "content": _TEST_SYSTEM}, {"role": "user", "content": _TEST_PROMPT}),
        sampling=Sampling(max_tokens=answer_tokens(model, _TEST_MAX_TOKENS), seed=0, top_logprobs=_TEST_LOGPROBS),
    )
    async with ModelClient() as client:
        await client.check(model)
        reply = await client.send(call, _TEST_TIMEOUT_SECONDS)
        limits = client.limits_of(model)
    profile = profile_of(model)
    return reply, profile.model_copy(
        update={
            "reasons": profile.reasons or bool(reply.reasoning),
            "logprobs": bool(reply.top_logprobs),
            "refused": tuple(limits.describe()),
            "context": limits.context or profile.context,
            "max_output_tokens": limits.max_output_tokens or profile.max_output_tokens,
        }
    )
